"""One view of a data set, whether it lies unpacked in a folder, in a zip, or as zips in a folder."""

import io
import lzma
import re
import threading
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Self

from models.errors import DataError

MAX_FILE_BYTES = 64 << 20
"""No picture or table of a data set comes near; a zip that claims more is a bomb."""

DAMAGED = (
    OSError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError, RuntimeError, ValueError,
)  # fmt: skip
"""What `zipfile` raises at a zip that is cut off, damaged, encrypted or packed in a way it doesn't know."""


class Archive:
    """Files by their path inside the archive, with `/` between folders.

    A folder gives its files and, where it holds zips, theirs too: that is how the official data sets arrive. Nothing is
    ever unpacked onto the disk; a zip with a path that would lead out of it is refused all the same, with DataError,
    because nobody who means well makes one.
    """

    def __init__(self, path: Path) -> None:
        self._files: dict[str, Path | tuple[zipfile.ZipFile, zipfile.ZipInfo]] = {}
        self._zips: list[zipfile.ZipFile] = []
        self._lock = threading.Lock()
        self._by_ending: dict[str, str] | None = None
        self.path = path
        try:
            self._add(path)
        except BaseException:
            self.close()
            raise

    def _add(self, path: Path) -> None:
        if path.is_dir():
            for file in sorted(path.rglob("*")):
                if file.suffix.lower() == ".zip":
                    self._add_zip(file)
                elif file.is_file():
                    self._files[file.relative_to(path).as_posix()] = file
        elif path.is_file():
            self._add_zip(path)
        else:
            raise DataError(f"{path}: no such file or folder")

    def _add_zip(self, path: Path) -> None:
        try:
            archive = zipfile.ZipFile(path)
        except DAMAGED as error:
            raise DataError(f"{path}: can't be read as a zip ({error}); fetch it again") from error
        self._zips.append(archive)
        for info in archive.infolist():
            if not info.is_dir():
                self._files[_inside(info.filename, path)] = (archive, info)

    def names(self, suffix: str = "") -> list[str]:
        """Sorted paths inside the archive that end in `suffix` (case does not matter)."""
        return sorted(name for name in self._files if name.lower().endswith(suffix.lower()))

    def __contains__(self, name: str) -> bool:
        return name in self._files

    def path_ending(self, ending: str) -> str | None:
        """The one path that ends in `ending`, whole folder names only; None where there is none."""
        if self._by_ending is None:
            self._by_ending = {}
            for name in self._files:
                parts = name.split("/")
                for start in range(len(parts)):
                    self._by_ending.setdefault("/".join(parts[start:]), name)
        return self._by_ending.get(ending)

    def read(self, name: str) -> bytes:
        """The bytes of one file. Raises DataError where it is missing, damaged or larger than 64 MiB."""
        place = self._files.get(name)
        if place is None:
            raise DataError(f"{self.path}: holds no {name}")
        try:
            if isinstance(place, Path):
                with place.open("rb") as file:
                    data = file.read(MAX_FILE_BYTES + 1)
            else:
                archive, info = place
                with self._lock, archive.open(info) as member:
                    data = member.read(MAX_FILE_BYTES + 1)
        except DAMAGED as error:
            raise DataError(f"{self.path}: {name} can't be read ({error})") from error
        if len(data) > MAX_FILE_BYTES:
            raise DataError(f"{self.path}: {name} is larger than {MAX_FILE_BYTES >> 20} MiB")
        return data

    def read_text(self, name: str) -> io.StringIO:
        """One file as text (UTF-8, line ends as they are)."""
        try:
            return io.StringIO(self.read(name).decode("utf-8-sig"), newline="")
        except UnicodeDecodeError as error:
            raise DataError(f"{self.path}: {name} is not text ({error})") from error

    def close(self) -> None:
        """Close every zip."""
        for archive in self._zips:
            archive.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _inside(name: str, path: Path) -> str:
    """A member's path with `/` between folders, as zips made on Windows don't always have it."""
    inside = PurePosixPath(name.replace("\\", "/"))
    if inside.is_absolute() or ".." in inside.parts or re.match("[A-Za-z]:", name):
        raise DataError(f"{path}: holds a path that leads out of it ({name!r}); fetch it again from whom you trust")
    return str(inside)
