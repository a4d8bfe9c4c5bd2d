"""One run over an archive: what is known is left alone, what is new is cut, read, joined and remembered."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from calibration.errors import CalibrationError
from edge.archive.finding import Recording
from edge.archive.joining import Joined, join, planned, unreadable
from edge.archive.memory import Memory
from edge.archive.piece import Job, OtherSoftware, Piece, PieceResult, read_piece
from edge.archive.positions import places_of, stamp_beside
from edge.archive.settings import Settings, is_watched, settings_hash, software
from edge.archive.summary import Finished
from edge.archive.survey import Camera, Survey, survey
from edge.archive.workers import ATTEMPTS, Calls, Workers
from edge.errors import SourceError
from edge.progress import Report, progress_bar
from models.errors import ModelError

UNREADABLE = "unreadable"
"""Beside the words of messages: pictures of a folder or an MCAP file that can't be read."""
NOT_OF_ONE_RECORDING = (OtherSoftware, ModelError, CalibrationError)
"""What a worker raises that would be the same for every other recording."""


@dataclass(slots=True)
class Counts:
    """What came of a run."""

    recordings: int = 0
    known: int = 0
    """Of them, read by an earlier run."""
    duplicates: int = 0
    """Of them, the same as another one."""
    frames: int = 0
    """Of what this run has finished."""
    faults: list[str] = field(default_factory=list)
    """What is wrong with recordings, known ones too, a line each."""


@dataclass(slots=True)
class _Reading:
    """One camera's recording on the way to be done."""

    recording: Recording
    survey: Survey
    camera: Camera
    key: str
    results: dict[Piece, PieceResult]
    again: bool = False
    """Whether a later run shall try once more."""

    @property
    def name(self) -> str:
        return f"{self.recording.name}#{self.camera.name}" if self.camera.name else self.recording.name

    def said(self, fault: str) -> str:
        """What is wrong with it, in a line that names it."""
        named = fault.replace(self.recording.path, self.name)
        return named if named.startswith(self.name) else f"{self.name}: {named}"


class ArchiveRun:
    """Reads recordings into a memory.

    Args:
        memory: Of what earlier runs did, and this one does.
        workers: Who read.
        settings: With what.
        say: Is told at once, in a line, what is wrong with a recording.
    """

    def __init__(self, memory: Memory, workers: Workers, settings: Settings, say: Callable[[str], None]) -> None:
        self._memory = memory
        self._workers = workers
        self._settings = settings
        self._say = say
        self._software = software()
        self._settings_hash = settings_hash(settings)
        self._in_one_piece = is_watched(settings)
        self.counts = Counts()

    def go(self, recordings: list[Recording]) -> None:
        """Read what is new.

        Raises:
            SinkError: Where the memory can't be written.
            WireError: Where the workers are gone.
            OtherSoftware, ModelError, CalibrationError: Where a worker or the weights or the camera's file won't do.
        """
        self.counts.recordings = len(recordings)
        readings = list(self._unread(self._surveyed(recordings)))
        with progress_bar("frames", sum(reading.camera.frames for reading in readings)) as report:
            self._read(readings, report)

    def _surveyed(self, recordings: list[Recording]) -> Iterator[tuple[Recording, Survey]]:
        """Each recording with what it is; those that can't be looked at are told and left out."""
        found: dict[str, Survey] = {}
        stamps: dict[Recording, tuple[int, int]] = {}
        for recording in recordings:
            try:
                stamp = recording.stamp()
            except OSError as error:
                self._fault(f"{recording.name}: can't be read: {error.strerror}")
                continue
            known = self._memory.survey_of(recording, stamp, self._settings.piece_s)
            if known is None:
                stamps[recording] = stamp
            else:
                found[recording.path] = known
        with progress_bar("looking through recordings", len(stamps)) as report:
            calls = Calls(self._workers, _survey, ((recording, self._settings.piece_s) for recording in stamps))
            for done, ((recording, piece_s), answer) in enumerate(calls.answers(), 1):
                if isinstance(answer, BaseException):
                    self._fault(f"{recording.name}: {_cause(answer)}")
                else:
                    self._memory.keep_survey(recording, stamps[recording], piece_s, answer)
                    found[recording.path] = answer
                report(done, len(stamps))
        return ((recording, found[recording.path]) for recording in recordings if recording.path in found)

    def _unread(self, surveyed: Iterator[tuple[Recording, Survey]]) -> Iterator[_Reading]:
        """What has to be read, each content once."""
        begun: dict[str, str] = {}
        for recording, found in surveyed:
            cameras = found.cameras or (Camera(None, 0, None, ()),)
            self._memory.forget_others(recording, [camera.name for camera in cameras])
            for camera in cameras:
                whole = msgspec.structs.replace(camera, starts=()) if self._in_one_piece else camera
                key = self._key(found.content_hash, camera.name)
                reading = _Reading(recording, found, whole, key, self._memory.pieces_of(key))
                if key in begun:
                    self._say_duplicate(reading.name, begun[key])
                elif self._is_known(reading):
                    continue
                elif found.fault is not None:
                    self._finish(reading, unreadable(found.fault))
                else:
                    begun[key] = reading.name
                    yield reading

    def _is_known(self, reading: _Reading) -> bool:
        known = self._memory.known(reading.key)
        if known is None:
            return False
        if known.path != reading.recording.path:
            if Path(known.path).exists():
                self._say_duplicate(reading.name, known.path)
                return True
            self._memory.move(known.path, reading.recording)
        if known.again:
            return False
        self.counts.known += 1
        if known.beside != stamp_beside(reading.recording):
            finished = self._memory.finished(reading.key)
            self._memory.finish(reading.recording, reading.camera.name, reading.key, self._placed(reading, finished))
        if known.fault is not None:
            self._fault(reading.said(known.fault))
        return True

    def _read(self, readings: list[_Reading], report: Report) -> None:
        total = sum(reading.camera.frames for reading in readings)
        told = 0
        of_job = {(reading.recording.path, reading.camera.name): reading for reading in readings}
        missing = ((reading, piece) for reading in readings for piece in _unread_pieces(reading))
        calls = Calls(self._workers, read_piece, (self._job(reading, piece) for reading, piece in missing))
        for reading in readings:
            if not _unread_pieces(reading):  # a run ended just before it was joined
                self._go_on(reading, calls)
        for job, answer in calls.answers():
            reading = of_job[job.recording.path, job.camera]
            result = self._result(reading, job, answer)
            reading.results[job.piece] = result
            told += _length(reading.camera, job.piece)
            report(min(told, total), total)
            if not _unread_pieces(reading):
                self._go_on(reading, calls)

    def _result(self, reading: _Reading, job: Job, answer: PieceResult | BaseException) -> PieceResult:
        if isinstance(answer, PieceResult):
            self._memory.keep_piece(reading.key, job.piece, answer)
            return answer
        if isinstance(answer, NOT_OF_ONE_RECORDING):
            raise answer
        reading.again = True
        if isinstance(answer, self._workers.died):
            return _failed(f"its reader crashed {ATTEMPTS} times")
        return _failed(f"reading it failed ({_cause(answer)})")

    def _go_on(self, reading: _Reading, calls: Calls[Job, PieceResult]) -> None:
        """Join what was read, or have read what that takes."""
        joined = join(reading.camera, reading.results)
        if isinstance(joined, Joined):
            self._finish(reading, joined)
            reading.results = {}
        else:
            for piece in joined:
                calls.ask(self._job(reading, piece))

    def _job(self, reading: _Reading, piece: Piece) -> Job:
        camera = reading.camera.name
        return Job(reading.recording, camera, piece, self._settings, self._software, self._settings_hash)

    def _finish(self, reading: _Reading, joined: Joined) -> None:
        recording, camera = reading.recording, reading.camera
        started_ns = joined.first_captured_ns if recording.format == "mcap" else reading.survey.started_ns
        degraded = dict(joined.degraded)
        if recording.format != "video" and joined.fault is None and joined.frames < camera.frames:
            degraded[UNREADABLE] = camera.frames - joined.frames
        finished = Finished(
            content_hash=reading.survey.content_hash,
            format=recording.format,
            frames=joined.frames,
            fps=camera.fps,
            duration_s=joined.duration_s,
            size_px=joined.size_px,
            started_ns=started_ns or None,
            sightings=joined.sightings,
            places=(),
            beside=None,
            degraded=degraded,
            fault=joined.fault,
            again=reading.again,
            pieces=joined.pieces,
            processing_s=joined.processing_s,
            software=self._software,
            settings_hash=self._settings_hash,
        )
        self._memory.finish(recording, camera.name, reading.key, self._placed(reading, finished))
        self.counts.frames += joined.frames
        if joined.fault is not None:
            self._fault(reading.said(joined.fault))

    def _placed(self, reading: _Reading, finished: Finished) -> Finished:
        """With the places of its signs, as far as a file beside it tells them."""
        try:
            places = places_of(reading.recording, finished)
        except SourceError as error:
            self._fault(str(error))
            places = (None,) * len(finished.sightings)
        return msgspec.structs.replace(finished, places=places, beside=stamp_beside(reading.recording))

    def _key(self, content_hash: str, camera: str | None) -> str:
        """By which a reading is known: the same content, camera, software and settings give the same signs."""
        parts = (content_hash, camera or "", self._software, self._settings_hash)
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()

    def _say_duplicate(self, name: str, other: str) -> None:
        self.counts.duplicates += 1
        self._say(f"{name}: the same recording as {other}; counted once")

    def _fault(self, text: str) -> None:
        self.counts.faults.append(text)
        self._say(text)


def _survey(question: tuple[Recording, float]) -> Survey:
    return survey(*question)


def _unread_pieces(reading: _Reading) -> list[Piece]:
    """Those that were planned, unless the recording is read in one piece by now."""
    return [piece for piece in planned(reading.camera) if piece not in reading.results]


def _length(camera: Camera, piece: Piece) -> int:
    """Frames that a planned piece adds; what is read anew adds none."""
    if piece not in planned(camera):
        return 0
    end = camera.frames if piece.until is None else piece.until
    return end - (piece.anchor.number if piece.anchor else 0)


def _failed(fault: str) -> PieceResult:
    return PieceResult(ended=True, fault=fault)


def _cause(error: BaseException) -> str:
    if isinstance(error, OSError):
        return f"can't be read: {error.strerror or error}"
    return f"{type(error).__name__}: {error}".splitlines()[0]
