"""Reading one piece of a recording: what goes to a worker, and what comes back.

A piece is read from its beginning, with nothing followed yet, until some frame after its end in which nothing is
followed any more: there it can be joined with what comes next (`edge.archive.joining`).
"""

import time
import zlib
from dataclasses import replace

import msgspec
import numpy as np
from numpy.typing import NDArray

from calibration.cast import Cast, CastMemory, DriveCast, Gains
from edge.archive.finding import Recording
from edge.archive.settings import Settings, placing_of, reader_of, settings_hash, software
from edge.archive.sightings import Sighting, Sightings
from edge.archive.stretch import JumpMissed, frames_of
from edge.archive.survey import Anchor
from edge.errors import SignwatchError, SourceError
from edge.frame import Frame
from edge.reader import SignReader
from edge.seeing import Seeing

DIGEST_STEP = 16
"""Of a picture every 16th pixel across and down tells it from others."""


class Piece(msgspec.Struct, frozen=True):
    """What is to be read of a recording. The same piece is read alike everywhere."""

    anchor: Anchor | None = None
    """A frame by which the beginning is found; None for the recording's beginning."""
    after_anchor: bool = False
    """Whether the anchor has been read already, and reading begins with the next frame."""
    until: int | None = None
    """It ends with the first frame from this number on in which nothing is followed; None for the recording's end."""
    most: int | None = None
    """… and at this number at the latest, joined or not."""
    light: CastMemory | None = None
    """What is known of the drive's light; None where it is found out by looking at what comes before."""


class Job(msgspec.Struct, frozen=True):
    """A piece with all that a worker must know."""

    recording: Recording
    camera: str | None
    piece: Piece
    settings: Settings
    software: str
    settings_hash: str


class Blank(msgspec.Struct, frozen=True):
    """Frames in a row after each of which nothing was followed."""

    first: int
    last: int
    last_s: float
    begun: int
    """Tracks that had begun in this piece: numbers of later ones are above."""


class Look(msgspec.Struct, frozen=True):
    """A picture by which the drive's light was judged."""

    frame: int
    time_s: float
    cast: Cast | None
    gains: Gains | None
    """In force from it on."""


class PieceResult(msgspec.Struct, frozen=True):
    """What came of a piece."""

    sightings: tuple[Sighting, ...] = ()
    blanks: tuple[Blank, ...] = ()
    looks: tuple[Look, ...] = ()
    degraded: tuple[tuple[int, tuple[str, ...]], ...] = ()
    """From each of these frames on, what was wrong with the pictures."""
    numbers: bytes = b""
    """int64 of each frame that was read …"""
    digests: bytes = b""
    """… and uint32 of its picture."""
    last_s: float = 0.0
    size_px: tuple[int, int] = (0, 0)
    """Width and height of the first frame."""
    first_s: float = 0.0
    first_captured_ns: int = 0
    first_gains: Gains | None = None
    """In force before the first look."""
    ended: bool = False
    """Whether the recording ended."""
    fault: str | None = None
    """Why it ended before its time, in one line."""
    jump_missed: bool = False
    """The anchor could not be found; nothing was read."""
    processing_s: float = 0.0
    """Of processor time."""

    @property
    def frame_numbers(self) -> NDArray[np.int64]:
        """(n,) of the frames that were read."""
        return np.frombuffer(self.numbers, np.int64)

    @property
    def picture_digests(self) -> NDArray[np.uint32]:
        """(n,) of their pictures."""
        return np.frombuffer(self.digests, np.uint32)


class OtherSoftware(SignwatchError):
    """A worker has other software or weights than the machine that asked it."""


def read_piece(job: Job) -> PieceResult:
    """Read a piece. Raises OtherSoftware where this machine would read it otherwise than the one that asks."""
    here = software(), settings_hash(job.settings)
    if here != (job.software, job.settings_hash):
        raise OtherSoftware(
            f"a worker has {here[0]} with settings {here[1]}, this machine {job.software} with {job.settings_hash}; "
            "install the same on all"
        )
    started = time.process_time()
    reading = _Reading(job)
    fault: str | None = None
    ended = True
    try:
        for frame in frames_of(job.recording, job.camera, job.piece.anchor):
            if reading.take(frame):
                ended = False
                break
    except JumpMissed:
        return PieceResult(jump_missed=True)
    except (SourceError, OSError) as error:
        fault = str(error)
    return reading.result(ended, fault, time.process_time() - started)


class _Reading:
    """A piece as it is read."""

    def __init__(self, job: Job) -> None:
        self._piece = job.piece
        self._begun = job.piece.anchor is None
        self._seeing = Seeing()
        self._signs = SignReader(
            reader_of(job.settings), job.recording.name, placing=placing_of(job.settings), seeing=self._seeing
        )
        self._sightings = Sightings()
        self._told: list[Sighting] = []
        self._blanks: list[Blank] = []
        self._looks: list[Look] = []
        self._degraded: list[tuple[int, tuple[str, ...]]] = []
        self._numbers: list[int] = []
        self._digests: list[int] = []
        self._first: Frame | None = None
        """Without its picture."""
        self._size_px = (0, 0)
        self._first_gains: Gains | None = None
        self._last_s = 0.0

    def take(self, frame: Frame) -> bool:
        """Take in the next frame; True where the piece ends with it."""
        if not self._begun:
            anchor = self._piece.anchor
            self._begun = anchor is not None and frame.number >= anchor.number + self._piece.after_anchor
            if not self._begun:
                self._seeing.look(frame.image, frame.time_s)
                return False
        if self._first is None:
            if self._piece.light is not None:
                self._seeing.know(DriveCast(self._piece.light))
            self._first, self._first_gains = replace(frame, image=frame.image[:0]), self._seeing.gains
            self._size_px = frame.image.shape[1], frame.image.shape[0]
        counts = self._seeing.cast.counts(frame.time_s)
        message = self._signs.read(frame)
        assert self._signs.insight is not None
        if counts:
            self._looks.append(Look(frame.number, frame.time_s, self._seeing.cast.newest, self._seeing.gains))
        if message.degraded != (self._degraded[-1][1] if self._degraded else ()):
            self._degraded.append((frame.number, message.degraded))
        self._told += self._sightings.take(frame, message.signs, self._signs.insight.tracks)
        self._numbers.append(frame.number)
        self._digests.append(zlib.crc32(frame.image[::DIGEST_STEP, ::DIGEST_STEP].tobytes()))
        self._last_s = frame.time_s
        blank = not message.signs
        if blank:
            self._note_blank(frame)
        return self._ends(frame.number, blank)

    def _note_blank(self, frame: Frame) -> None:
        begun = self._signs.tracks_begun
        before = self._blanks[-1] if self._blanks else None
        goes_on = before is not None and len(self._numbers) > 1 and before.last == self._numbers[-2]
        if before is not None and goes_on and before.begun == begun:
            self._blanks[-1] = Blank(before.first, frame.number, frame.time_s, begun)
        else:
            self._blanks.append(Blank(frame.number, frame.number, frame.time_s, begun))

    def _ends(self, number: int, blank: bool) -> bool:
        piece = self._piece
        if piece.until is None or number < piece.until:
            return False
        return blank or (piece.most is not None and number >= piece.most)

    def result(self, ended: bool, fault: str | None, processing_s: float) -> PieceResult:
        """What came of it."""
        if ended:
            self._told += self._sightings.end()
        return PieceResult(
            sightings=tuple(self._told),
            blanks=tuple(self._blanks),
            looks=tuple(self._looks),
            degraded=tuple(self._degraded),
            numbers=np.array(self._numbers, np.int64).tobytes(),
            digests=np.array(self._digests, np.uint32).tobytes(),
            first_gains=self._first_gains,
            last_s=self._last_s,
            size_px=self._size_px,
            first_captured_ns=self._first.captured_ns if self._first else 0,
            first_s=self._first.time_s if self._first else 0.0,
            ended=ended,
            fault=fault,
            processing_s=processing_s,
        )
