"""What is done, in one file that survives kill -9 and a full disk: SQLite, one transaction a step.

It holds what is known of each file, what came of pieces of unfinished recordings, and of each finished one all that
the tables say of it. So the tables can be written anew from it alone, and nothing can be in them twice: a recording is
known by its path and camera, and what was found in it by the hash of its content, the software and the settings.
"""

import fcntl
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import msgspec

from edge.archive.finding import Recording
from edge.archive.piece import Piece, PieceResult
from edge.archive.summary import Finished, Known
from edge.archive.survey import Survey
from edge.errors import SinkError

FILE = "archive.sqlite"
LOCK = "archive.lock"
VERSION = 1
"""Of the tables below."""
MOST_WAIT_S = 30.0
"""For whoever is reading the file."""

_TABLES = """
CREATE TABLE files (path TEXT PRIMARY KEY, bytes INTEGER, changed_ns INTEGER, piece_s REAL, survey BLOB) STRICT;
CREATE TABLE pieces (reading TEXT, piece TEXT, result BLOB, PRIMARY KEY (reading, piece)) STRICT;
CREATE TABLE finished (
    path TEXT, camera TEXT, name TEXT, reading TEXT, known BLOB, recording BLOB, PRIMARY KEY (path, camera)
) STRICT;
CREATE INDEX finished_by_reading ON finished (reading);
"""


class Memory:
    """The memory of one archive; a context manager. One process at a time may have it.

    Args:
        folder: Of the archive; made where it isn't there.

    Raises:
        SinkError: Where it can't be written, is of another version, or another process has it.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock: IO[bytes] = (folder / LOCK).open("ab")
        except OSError as error:
            raise SinkError(f"{folder}: can't be written ({error.strerror})") from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._lock.close()
            raise SinkError(f"{folder}: another `signwatch archive` is writing there; wait for it") from error
        try:
            with self._told():
                self._file = sqlite3.connect(self._path, timeout=MOST_WAIT_S, isolation_level=None)
                self._prepare()
        except SinkError:
            self._lock.close()
            raise

    def __enter__(self) -> Self:
        """Give the memory itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self._file.close()
        self._lock.close()

    def survey_of(self, recording: Recording, stamp: tuple[int, int], piece_s: float) -> Survey | None:
        """What was found of a file when it was as large and old as it is now."""
        row = self._one(
            "SELECT survey FROM files WHERE path = ? AND bytes = ? AND changed_ns = ? AND piece_s = ?",
            (recording.path, *stamp, piece_s),
        )
        return None if row is None else msgspec.msgpack.decode(row[0], type=Survey)

    def keep_survey(self, recording: Recording, stamp: tuple[int, int], piece_s: float, survey: Survey) -> None:
        """Remember it."""
        self._change(
            "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?)", recording.path, *stamp, piece_s, _coded(survey)
        )

    def pieces_of(self, reading: str) -> dict[Piece, PieceResult]:
        """What came of the pieces of an unfinished recording."""
        with self._told():
            rows = self._file.execute("SELECT piece, result FROM pieces WHERE reading = ?", (reading,)).fetchall()
        return {msgspec.json.decode(piece, type=Piece): _decoded(result) for piece, result in rows}

    def keep_piece(self, reading: str, piece: Piece, result: PieceResult) -> None:
        """Remember it."""
        self._change(
            "INSERT OR REPLACE INTO pieces VALUES (?, ?, ?)",
            reading,
            msgspec.json.encode(piece).decode(),
            _coded(result),
        )

    def known(self, reading: str) -> Known | None:
        """What is to be known of a recording with this content that was read so, if there is one."""
        row = self._one("SELECT path, known FROM finished WHERE reading = ?", (reading,))
        if row is None:
            return None
        return msgspec.structs.replace(msgspec.msgpack.decode(row[1], type=Known), path=row[0])

    def finished(self, reading: str) -> Finished:
        """All that was found in it."""
        row = self._one("SELECT recording FROM finished WHERE reading = ?", (reading,))
        assert row is not None
        return msgspec.msgpack.decode(row[0], type=Finished)

    def finish(self, recording: Recording, camera: str | None, reading: str, finished: Finished) -> None:
        """Remember a recording in place of whatever was known of its path, and forget its pieces."""
        known = Known(recording.path, finished.again, finished.fault, finished.beside)
        with self._told(), self._transaction():
            self._file.execute(
                "INSERT OR REPLACE INTO finished VALUES (?, ?, ?, ?, ?, ?)",
                (recording.path, camera or "", recording.name, reading, _coded(known), _coded(finished)),
            )
            self._file.execute("DELETE FROM pieces WHERE reading = ?", (reading,))

    def forget_others(self, recording: Recording, cameras: list[str | None]) -> None:
        """Forget cameras that a file had before it was written anew."""
        shown = [camera or "" for camera in cameras]
        marks = ", ".join("?" * len(shown))
        self._change(f"DELETE FROM finished WHERE path = ? AND camera NOT IN ({marks})", recording.path, *shown)

    def move(self, before: str, recording: Recording) -> None:
        """Know a recording by another path, because it was moved."""
        with self._told(), self._transaction():
            self._file.execute(
                "UPDATE OR REPLACE finished SET path = ?, name = ? WHERE path = ?",
                (recording.path, recording.name, before),
            )

    def all_finished(self) -> Iterator[tuple[str, Finished]]:
        """Every recording's name, with what was found, by names."""
        with self._told():
            for name, camera, content in self._file.execute(
                "SELECT name, camera, recording FROM finished ORDER BY name, camera"
            ):
                shown = f"{name}#{camera}" if camera else name
                yield shown, msgspec.msgpack.decode(content, type=Finished)

    def _prepare(self) -> None:
        (version,) = self._file.execute("PRAGMA user_version").fetchone()
        if version == VERSION:
            return
        if version != 0:
            raise SinkError(f"{self._path}: made by another version of Signwatch; give another --out, or remove it")
        with self._transaction():
            for statement in _TABLES.split(";"):
                self._file.execute(statement)
            self._file.execute(f"PRAGMA user_version = {VERSION}")

    def _one(self, question: str, values: tuple[object, ...]) -> tuple[Any, ...] | None:
        with self._told():
            row: tuple[Any, ...] | None = self._file.execute(question, values).fetchone()
        return row

    def _change(self, statement: str, *values: object) -> None:
        with self._told():
            self._file.execute(statement, values)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._file.execute("BEGIN")
        try:
            yield
        except BaseException:
            if self._file.in_transaction:  # a full disk has ended it already
                self._file.execute("ROLLBACK")
            raise
        self._file.execute("COMMIT")

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What SQLite and the disk say, as the user meets it."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            mend = "make room and give the same command again" if "full" in str(error) else "is the disk whole?"
            raise SinkError(f"{self._path}: can't be used ({error}); {mend}") from error


def _coded(thing: Survey | PieceResult | Finished | Known) -> bytes:
    return msgspec.msgpack.encode(thing)


def _decoded(content: bytes) -> PieceResult:
    return msgspec.msgpack.decode(content, type=PieceResult)
