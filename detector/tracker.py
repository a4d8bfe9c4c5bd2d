"""Signs over time: the same physical sign followed from frame to frame, with votes on what it is.

    detections -> camera's shake -> association -> motion and evidence of each track -> confirmed, ended

Where a sign will be is for `detector.motion`, which detection is which track for `detector.association`, and what is
known of its class and when that is enough for `detector.evidence`. Here is what lasts: which tracks there are, when
one begins, and when and why one ends.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from detector.association import SHAKE_SHARE, associate
from detector.boxes import Boxes, contained
from detector.detections import Detections
from detector.evidence import (
    CHANGING_FROM,
    CONFIRMING_HITS,
    CONFIRMING_SHARE,
    REFUTED_BELOW,
    Evidence,
    another_vote,
    confirmable,
    first_vote,
)
from detector.motion import Motion, correct, first_seen, measured, moved, predict

State = Literal["tentative", "confirmed"]
End = Literal["left", "lost", "refuted", "double"]
"""It went out of the picture; it wasn't seen for too long; what is seen now speaks against the confirmed class and for
no other one enough, so the track has slipped to something else; it was tentative and lies on a confirmed one."""

FIRST_CONFIDENCE = 0.85
"""Of a detection that begins a track; one that goes on may be less sure."""
MAX_GAP_S = 0.5
"""A track that is a sign and was not seen for longer ends; a lorry's mirror or a blurred frame is bridged."""
MAX_DOUBTFUL_GAP_S = 0.3
LIKELY_SIGN = 0.9
"""Probability of being a sign from which on the longer gap is bridged, confirmed or not."""
SAME_THING_SHARE = 0.5
"""What lies by more than this share inside a track's box, or holds as much of it, is that thing again."""
SAME_SIGN_SHARE = 0.35
"""Likewise, where it is read as the same sign too: two on one pole hardly touch."""
USUAL_WIDTH_PX = 1360
MOST_TRACKS = 100
"""Alive at once; what else a picture shows then waits. No street has as many, but noise can look like it, and the time
that a frame takes must not grow with it."""


@dataclass(slots=True)
class Track:
    """One physical sign. Changes from frame to frame; read it, don't keep it."""

    number: int
    """From 1, never used again."""
    motion: Motion
    evidence: Evidence
    seen_s: float
    """When it was last detected."""
    detected_xywh_px: tuple[float, float, float, float]
    """Its box in that detection alone, which no earlier frame has drawn anywhere."""
    hits: int = 1
    """Frames in which it was detected."""
    age: int = 1
    """Frames since it was first detected, that one included."""
    measured: bool = True
    """Whether the newest frame showed it; else its box is predicted."""
    state: State = "tentative"
    confirmed_class: int | None = None
    former_class: int | None = None
    """What it was confirmed as before, where that has changed."""

    @property
    def posterior(self) -> NDArray[np.float64]:
        """(classes,) probability of each class given all frames so far; what is missing to 1 is that it is no sign."""
        return self.evidence.posterior

    @property
    def class_id(self) -> int:
        """The confirmed class, or the likeliest while tentative."""
        return self.confirmed_class if self.confirmed_class is not None else int(self.posterior.argmax())

    @property
    def confidence(self) -> float:
        """Probability that it is a sign, and of `class_id`."""
        return float(self.posterior[self.class_id])

    @property
    def box_xywh_px(self) -> tuple[float, float, float, float]:
        """Where it is now."""
        return self.motion.box_xywh_px


@dataclass(frozen=True, slots=True)
class Ended:
    """A track that is no more, and why."""

    track: Track
    reason: End


class Tracker:
    """Tracks of one camera. Hand it each frame's detections with the frame's time; it reads no clock.

    Args:
        limits: Speed of each class that is a speed limit: to take one for a higher one is the worse error.
    """

    def __init__(self, limits: Mapping[int, float] | None = None) -> None:
        limits = limits or {}
        self._lower_limits = {
            class_id: [lower for lower, slower in limits.items() if slower < speed]
            for class_id, speed in limits.items()
        }
        self._tracks: list[Track] = []
        self._next_number = 1
        self.ended: list[Ended] = []
        """Tracks that the newest frame ended."""

    @property
    def begun(self) -> int:
        """Tracks that have begun so far: the number of the newest."""
        return self._next_number - 1

    def expected(self, time_s: float, size_px: tuple[int, int]) -> Boxes:
        """Boxes (n, 4) where the signs that are followed should be at a time in a picture of a width and height.

        `update` with the frame of that time comes next: what was predicted for it is kept.
        """
        for track in self._tracks:
            track.motion = predict(track.motion, time_s)
        return _boxes(track for track in self._tracks if track.motion.lies_in((0, 0, *size_px)))

    def update(self, detections: Detections, time_s: float, size_px: tuple[int, int] | None = None) -> list[Track]:
        """Take in a frame; gives the tracks that are alive, oldest first.

        Args:
            detections: What the frame shows.
            time_s: When it was taken, in seconds; never goes back.
            size_px: Width and height of the picture. Where it isn't said, a sign that leaves is only lost, and the
                camera shakes as one of `USUAL_WIDTH_PX` does.
        """
        shake_px = SHAKE_SHARE * (size_px[0] if size_px else USUAL_WIDTH_PX)
        values = measured(detections.boxes_xywh_px)
        for track in self._tracks:
            track.motion = predict(track.motion, time_s)
            track.age += 1
            track.measured = False
        found = associate(
            [track.motion for track in self._tracks],
            np.array([track.evidence.class_shares for track in self._tracks]),
            values,
            detections.class_probabilities,
            shake_px,
        )
        for track in self._tracks:
            track.motion = moved(track.motion, found.shift_xy_px)
        for position, row in found.pairs:
            track = self._tracks[position]
            track.motion = correct(track.motion, values[row], shake_px, found.shift_xy_px)
            track.evidence = another_vote(track.evidence, *_vote(detections, row), time_s - track.seen_s)
            track.seen_s = time_s
            track.detected_xywh_px = _box(detections, row)
            track.hits += 1
            track.measured = True
        self._begin(detections, values, {row for _, row in found.pairs}, time_s)
        alike = Counter(track.class_id for track in self._tracks if track.measured)
        for track in self._tracks:
            self._decide(track, alike[track.class_id])
        doubles = _doubles(self._tracks)
        ends = [
            (track, "double" if double else _end(track, time_s, size_px))
            for track, double in zip(self._tracks, doubles, strict=True)
        ]
        self.ended = [Ended(track, reason) for track, reason in ends if reason is not None]
        self._tracks = [track for track, reason in ends if reason is None]
        return list(self._tracks)

    def _begin(self, detections: Detections, values: NDArray[np.float64], taken: set[int], time_s: float) -> None:
        followed = _boxes(track for track in self._tracks if track.measured)
        shared = contained(detections.boxes_xywh_px, followed).max(axis=1, initial=0.0)
        for row in np.flatnonzero((detections.confidence >= FIRST_CONFIDENCE) & (shared <= SAME_THING_SHARE)).tolist():
            if row in taken or len(self._tracks) >= MOST_TRACKS:
                continue
            evidence = first_vote(*_vote(detections, row))
            motion = first_seen(values[row], time_s)
            self._tracks.append(Track(self._next_number, motion, evidence, time_s, _box(detections, row)))
            self._next_number += 1

    def _decide(self, track: Track, alike: int) -> None:
        if not track.measured or track.hits < max(CONFIRMING_HITS, CONFIRMING_SHARE * track.age):
            return
        enough = confirmable(track.evidence, self._lower_limits, alike)
        if enough is not None and enough != track.confirmed_class:
            track.state = "confirmed"
            track.confirmed_class, track.former_class = enough, track.confirmed_class


def _vote(detections: Detections, row: int) -> tuple[NDArray[np.float32], float, float]:
    """What a frame says of a track: probabilities of the classes, that it is a sign at all, and its side in pixels."""
    side_px = float(np.sqrt(np.prod(detections.boxes_xywh_px[row, 2:])))
    return detections.class_probabilities[row], float(detections.existence[row]), side_px


def _box(detections: Detections, row: int) -> tuple[float, float, float, float]:
    x, y, w, h = detections.boxes_xywh_px[row].tolist()
    return x, y, w, h


def _boxes(tracks: Iterable[Track]) -> Boxes:
    return np.array([track.box_xywh_px for track in tracks], np.float32).reshape(-1, 4)


def _doubles(tracks: Sequence[Track]) -> list[bool]:
    """Of each track, whether it is a tentative one on a confirmed one that is seen: a poor box began it, and it would
    go on to take the other's detections.
    """
    confirmed = [track for track in tracks if track.state == "confirmed" and track.measured]
    classes, others = (np.array([track.class_id for track in some], np.intp) for some in (tracks, confirmed))
    most = np.where(classes[:, None] == others[None, :], SAME_SIGN_SHARE, SAME_THING_SHARE)
    on_one = np.any(contained(_boxes(tracks), _boxes(confirmed)) > most, axis=1)
    return [track.state == "tentative" and bool(double) for track, double in zip(tracks, on_one, strict=True)]


def _end(track: Track, time_s: float, size_px: tuple[int, int] | None) -> End | None:
    """Why the track ends, or None where it goes on."""
    if track.confirmed_class is not None:
        posterior = track.posterior
        if posterior[track.confirmed_class] < REFUTED_BELOW and posterior.max() < CHANGING_FROM:
            return "refuted"
    if track.measured:
        return None
    if size_px and not track.motion.lies_in((0, 0, *size_px)):
        return "left"
    likely = track.state == "confirmed" or track.evidence.existence >= LIKELY_SIGN
    longest = MAX_GAP_S if likely else MAX_DOUBTFUL_GAP_S
    return "lost" if time_s - track.seen_s > longest else None
