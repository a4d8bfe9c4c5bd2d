"""Where two runs over the same frames differ in what a vehicle would act on: their confirmed signs."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from detector.boxes import overlaps
from edge.errors import MessageError, SourceError
from edge.messages import FRAME_TOPIC, MAX_MESSAGE_BYTES, FrameMessage, Sign, decode
from edge.sources import RECORDING_SUFFIX

SAME_PLACE = 0.3
"""Intersection over union from which on two boxes are of one sign."""

Box = tuple[float, float, float, float]
FrameKey = tuple[str, int, str | None]
"""Source, number and file of a frame."""


@dataclass(frozen=True, slots=True)
class SeenSign:
    """A confirmed sign of one frame, as far as runs are compared."""

    class_id: int
    name: str
    box: Box
    """x, y, width, height in px."""


@dataclass(frozen=True, slots=True)
class FrameDifference:
    """What differs in one frame. Either run may lack it."""

    source: str
    frame: int
    file: str | None
    missing: str | None
    """`before` or `now` where that run has no such frame; its signs are then neither gained nor lost."""
    gained: tuple[SeenSign, ...] = ()
    lost: tuple[SeenSign, ...] = ()
    changed: tuple[tuple[SeenSign, SeenSign], ...] = ()
    """Another class in the same place: before, now."""
    moved: tuple[tuple[SeenSign, SeenSign], ...] = ()
    """The same class in a box that is further away than is tolerated: before, now."""


class RunComparison:
    """Compares a run's messages, one by one, with those of a run before.

    Frames are the same where source, number and file are.

    Args:
        before: The messages of the run before.
        box_tolerance_px: How far an edge of a box may have moved.
    """

    def __init__(self, before: Iterable[FrameMessage], box_tolerance_px: float) -> None:
        self.box_tolerance_px = box_tolerance_px
        self.frames = 0
        """Compared so far."""
        self._before = {_key(message): _confirmed(message) for message in before}
        self._compared: set[FrameKey] = set()
        self._found: list[FrameDifference] = []

    def take(self, message: FrameMessage) -> None:
        """Compare one more message."""
        key = _key(message)
        self.frames += 1
        before = self._before.get(key)
        if before is None:
            self._found.append(FrameDifference(*key, "before"))
            return
        self._compared.add(key)
        difference = _difference(key, before, _confirmed(message), self.box_tolerance_px)
        if difference is not None:
            self._found.append(difference)

    def differences(self) -> list[FrameDifference]:
        """All of them, in the order of the frames; call it after the last message."""
        left = [FrameDifference(*key, "now") for key in self._before if key not in self._compared]
        return self._found + left

    def facts(self) -> dict[str, Any]:
        """The same as plain values, with counts."""
        differences = self.differences()
        return {
            "frames": self.frames,
            "box_tolerance_px": self.box_tolerance_px,
            "differing": len(differences),
            "only_now": sum(one.missing == "before" for one in differences),
            "only_before": sum(one.missing == "now" for one in differences),
            **{kind: sum(len(getattr(one, kind)) for one in differences) for kind in KINDS},
            "differences": [_as_facts(one) for one in differences],
        }


KINDS = ("gained", "lost", "changed", "moved")


def messages_before(path: Path, report: Callable[[str], object]) -> Iterator[FrameMessage]:
    """The frames' messages that a run wrote as JSON lines, or that lie in an MCAP recording.

    Args:
        path: Of either.
        report: Is told, in one line, where a recording is cut off or damaged; what can be read of it is given.

    Raises:
        SourceError: Where the file can't be read or holds something else.
    """
    if path.suffix == RECORDING_SUFFIX:
        yield from _recorded_messages(path, report)
        return
    try:
        with path.open("rb") as file:
            number = 0
            while line := file.readline(MAX_MESSAGE_BYTES + 2):
                number += 1
                yield _decoded(line.rstrip(b"\r\n"), f"{path}, line {number}")
    except OSError as error:
        raise SourceError(f"{path} can't be read: {error.strerror}") from error


def _recorded_messages(path: Path, report: Callable[[str], object]) -> Iterator[FrameMessage]:
    from edge.recording.reader import Recording  # what reads MCAP is loaded only where it is read

    recording = Recording(path)
    for message in recording.messages():
        if message.topic == FRAME_TOPIC.decode():
            yield _decoded(message.data, str(path))
    if recording.fault is not None:
        report(recording.fault)


def _decoded(payload: bytes, where: str) -> FrameMessage:
    try:
        return decode(payload)
    except MessageError as error:
        raise SourceError(f"{where}: {error}") from error


def _key(message: FrameMessage) -> FrameKey:
    return message.source, message.frame, message.file


def _confirmed(message: FrameMessage) -> tuple[SeenSign, ...]:
    return tuple(_seen(sign) for sign in message.signs if sign.state == "confirmed")


def _seen(sign: Sign) -> SeenSign:
    return SeenSign(sign.class_id, sign.name, sign.box)


def _difference(
    key: FrameKey, before: tuple[SeenSign, ...], now: tuple[SeenSign, ...], tolerance_px: float
) -> FrameDifference | None:
    lost, gained = list(before), list(now)
    pairs = []
    for one, other in _same_places(before, now):
        lost.remove(one)
        gained.remove(other)
        pairs.append((one, other))
    changed = tuple((one, other) for one, other in pairs if one.class_id != other.class_id)
    moved = tuple(
        (one, other)
        for one, other in pairs
        if one.class_id == other.class_id and _moved_px(one.box, other.box) > tolerance_px
    )
    if not (lost or gained or changed or moved):
        return None
    return FrameDifference(*key, None, tuple(gained), tuple(lost), changed, moved)


def _same_places(before: tuple[SeenSign, ...], now: tuple[SeenSign, ...]) -> list[tuple[SeenSign, SeenSign]]:
    """Pairs of one place, the best fitting first; of two that fit alike, the one of the same class."""
    if not before or not now:
        return []
    with np.errstate(all="ignore"):  # nobody says that boxes of a file are any that a picture can have
        found = overlaps(*(np.array([sign.box for sign in signs], np.float32) for signs in (before, now)))
    fits = sorted(
        (
            (float(found[row, column]), before[row].class_id == now[column].class_id, int(row), int(column))
            for row, column in np.argwhere(found >= SAME_PLACE)
        ),
        reverse=True,
    )
    rows: set[int] = set()
    columns: set[int] = set()
    pairs = []
    for _, _, row, column in fits:
        if row not in rows and column not in columns:
            rows.add(row)
            columns.add(column)
            pairs.append((before[row], now[column]))
    return pairs


def _moved_px(one: Box, other: Box) -> float:
    """How far the edge is away that is furthest."""
    edges = [(box[0], box[1], box[0] + box[2], box[1] + box[3]) for box in (one, other)]
    return max(abs(before - now) for before, now in zip(edges[0], edges[1], strict=True))


def _as_facts(one: FrameDifference) -> dict[str, Any]:
    return {
        "source": one.source,
        "frame": one.frame,
        "file": one.file,
        "missing": one.missing,
        "gained": [_sign_facts(sign) for sign in one.gained],
        "lost": [_sign_facts(sign) for sign in one.lost],
        "changed": [{"before": _sign_facts(before), "now": _sign_facts(now)} for before, now in one.changed],
        "moved": [
            {"before": _sign_facts(before), "now": _sign_facts(now), "by_px": round(_moved_px(before.box, now.box), 1)}
            for before, now in one.moved
        ],
    }


def _sign_facts(sign: SeenSign) -> dict[str, Any]:
    return {"class_id": sign.class_id, "name": sign.name, "box": list(sign.box)}
