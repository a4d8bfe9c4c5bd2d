"""From pieces to the whole recording, sign for sign as one pass would have it.

A reader's state is the tracks that it follows, the light that it knows, and the pictures that it was shown. Where
nothing is followed, a reader that has just begun is in the same state as one that has read everything before, but for
the numbers of its tracks. So each piece is read from its beginning until, after its end, nothing is followed; and if
the next piece, which began at that end, has nothing to follow after that frame either, what it found later is what one
pass would have found. Its tracks' numbers go on from those before. The light is a function of the pictures alone: each
piece says what it saw of it, and from that it is told anew for the whole; and the frames that two pieces read both must
have been the same pictures.

What doesn't fit is not believed. Where the next piece followed something at the join, the stretch from there up to
its next blank frame is read anew; where it took the light to be another, it is read anew with the light as it was;
where its pictures were others, as in files in which nobody can jump exactly, the recording is read in one piece. So a
join can cost time, but never a sign.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
import numpy as np

from calibration.cast import DriveCast, Gains
from edge.archive.piece import Piece, PieceResult
from edge.archive.sightings import Sighting
from edge.archive.survey import Anchor, Camera

TAIL_FRAMES = 3000
"""A piece in which something is followed all the time goes on so far beyond its end at most."""
WHOLE = Piece()
"""A recording in one piece."""


@dataclass(frozen=True, slots=True)
class Joined:
    """A recording, read to its end."""

    sightings: tuple[Sighting, ...]
    degraded: Counter[str]
    """Frames of each reason."""
    frames: int
    duration_s: float
    """From the first frame to the last one."""
    size_px: tuple[int, int]
    """Width and height."""
    first_captured_ns: int
    fault: str | None
    """Why it ended before its time."""
    pieces: int
    processing_s: float
    """Of everything that was read, also twice."""


def planned(camera: Camera) -> list[Piece]:
    """The pieces of a recording, which can all be read at the same time."""
    anchors = [None, *camera.starts]
    ends = [start.number for start in camera.starts]
    pieces = [Piece(anchors[row], until=end, most=end + TAIL_FRAMES) for row, end in enumerate(ends)]
    return [*pieces, Piece(anchors[-1])]


def join(camera: Camera, results: Mapping[Piece, PieceResult]) -> Joined | list[Piece]:
    """The recording, or the pieces that have to be read before it can be joined."""
    pieces = planned(camera)
    if WHOLE in results:
        return _Walk([WHOLE], results).go()
    missing = [piece for piece in pieces if piece not in results]
    return missing or _Walk(pieces, results).go()


def unreadable(fault: str) -> Joined:
    """A recording of which nothing can be read."""
    return Joined((), Counter(), 0, 0.0, (0, 0), 0, fault, 0, 0.0)


@dataclass(frozen=True, slots=True)
class _Joint:
    """A frame after which nothing is followed, in one pass through all."""

    number: int = -1
    time_s: float = 0.0
    begun: int = 0
    """Tracks that had begun."""


class _Walk:
    """One way through a recording, from joint to joint."""

    def __init__(self, pieces: list[Piece], results: Mapping[Piece, PieceResult]) -> None:
        self._pieces = pieces
        self._results = results
        self._joint = _Joint()
        self._light = DriveCast()
        self._gains: Gains | None = None
        self._sightings: list[Sighting] = []
        self._degraded: Counter[str] = Counter()
        self._frames = 0

    def go(self) -> Joined | list[Piece]:
        """To the end, or as far as pieces have been read; gives the ones that are missing."""
        piece, before = self._pieces[0], None
        while True:
            result = self._results.get(piece)
            if result is None:
                return [piece]
            if result.jump_missed or (before is not None and not _same_pictures(before, result)):
                return [WHOLE]
            end = self._end_of(result)
            if end is None or not self._in_this_light(result, end.number):
                piece, before = self._anew(piece.until), None
                continue
            self._accept(result, end)
            if result.ended:
                return self._joined(result)
            piece, before = self._next(), result

    def _end_of(self, result: PieceResult) -> _Joint | None:
        """Up to where a piece is of use: a joint farther on, or the recording's end."""
        numbers = result.frame_numbers
        offset = self._joint.begun - (_begun_at(result, self._joint.number) or 0)
        if result.ended:
            return _Joint(int(numbers[-1]) if len(numbers) else self._joint.number, result.last_s)
        last = result.blanks[-1] if result.blanks else None
        if last is None or last.last <= self._joint.number:
            return None
        return _Joint(last.last, last.last_s, last.begun + offset)

    def _in_this_light(self, result: PieceResult, end: int) -> bool:
        """Whether the piece took the light for what it was, from the joint up to a frame."""
        known = [look.gains for look in result.looks if look.frame <= self._joint.number]
        if (known[-1] if known else result.first_gains) != self._gains:
            return False
        light = DriveCast(self._light.memory)
        for look in result.looks:
            if self._joint.number < look.frame <= end:
                if not light.counts(look.time_s):
                    return False
                light.note(look.cast, look.time_s)
                if light.gains != look.gains:
                    return False
        return True

    def _accept(self, result: PieceResult, end: _Joint) -> None:
        begin = self._joint
        offset = begin.begun - (_begun_at(result, begin.number) or 0)
        for sighting in result.sightings:
            if begin.number < sighting.views[0].frame <= end.number:
                self._sightings.append(_renumbered(sighting, offset))
        numbers = result.frame_numbers
        numbers = numbers[(numbers > begin.number) & (numbers <= end.number)]
        self._frames += len(numbers)
        changes = np.array([number for number, _ in result.degraded], np.int64)
        for row, count in Counter((np.searchsorted(changes, numbers, "right") - 1).tolist()).items():
            if row >= 0:
                self._degraded.update(dict.fromkeys(result.degraded[row][1], count))
        for look in result.looks:
            if begin.number < look.frame <= end.number:
                self._light.note(look.cast, look.time_s)
                self._gains = self._light.gains
        self._joint = end

    def _next(self) -> Piece:
        """What goes on at the joint: the latest piece that had begun, if it is of use there."""
        number = self._joint.number
        begun = [piece for piece in self._pieces if piece.anchor is None or piece.anchor.number <= number + 1]
        piece = begun[-1]
        result = self._results[piece]
        if not len(result.frame_numbers):
            return piece  # nothing of it could be read
        reaches = result.ended or (bool(result.blanks) and result.blanks[-1].last > number)
        if reaches and _begun_at(result, number) is not None:
            return piece
        later = [max(blank.first, number + 1) for blank in result.blanks if blank.last > number]
        return self._anew(later[0] if later else int(result.frame_numbers[-1]) + 1)

    def _anew(self, until: int | None) -> Piece:
        """A piece from the joint on, with all that is known there."""
        joint = self._joint
        if joint.number < 0:
            return Piece(until=until)
        return Piece(Anchor(joint.number, joint.time_s), after_anchor=True, until=until, light=self._light.memory)

    def _joined(self, last: PieceResult) -> Joined:
        first = self._results[self._pieces[0]]
        return Joined(
            sightings=tuple(self._sightings),
            degraded=self._degraded,
            frames=self._frames,
            duration_s=max(0.0, self._joint.time_s - first.first_s) if self._frames else 0.0,
            size_px=first.size_px,
            first_captured_ns=first.first_captured_ns,
            fault=last.fault,
            pieces=len(self._pieces),
            processing_s=sum(result.processing_s for result in self._results.values()),
        )


def _begun_at(result: PieceResult, number: int) -> int | None:
    """How many tracks had begun in a piece by a joint; None where something was followed there."""
    numbers = result.frame_numbers
    if not len(numbers) or numbers[0] > number:
        return 0  # it begins there
    return next((blank.begun for blank in result.blanks if blank.first <= number <= blank.last), None)


def _same_pictures(before: PieceResult, after: PieceResult) -> bool:
    """Whether what both pieces read were the same frames with the same pictures."""
    mine, others = before.frame_numbers, after.frame_numbers
    if not len(others) or others[0] > mine[-1]:
        return True
    mine_shared = (mine >= others[0]) & (mine <= others[-1])
    others_shared = (others >= mine[0]) & (others <= mine[-1])
    return np.array_equal(mine[mine_shared], others[others_shared]) and np.array_equal(
        before.picture_digests[mine_shared], after.picture_digests[others_shared]
    )


def _renumbered(sighting: Sighting, offset: int) -> Sighting:
    return msgspec.structs.replace(
        sighting,
        sign=msgspec.structs.replace(sighting.sign, track=sighting.sign.track + offset),
        best=msgspec.structs.replace(sighting.best, track=sighting.best.track + offset),
    )
