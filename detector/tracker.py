"""Signs over time: the same physical sign followed from frame to frame, with votes on what it is.

Each track predicts where its sign will be (constant velocity of the centre, constant rate of growth: an alpha-beta
filter), takes the detection that fits best, and sums evidence. Two questions are kept apart: is it a sign at all, and
which. A sign is confirmed only when both are answered consistently over several frames.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from detector.detections import Detections

State = Literal["tentative", "confirmed"]

CONFIRMING_HITS = 5
CONFIRMING_POSTERIOR = 0.95
CONFIRMING_AGREEMENT = 0.7
"""Share of the votes, by weight, that the class must have won in single frames."""
CONFIRMING_EXISTENCE = 0.99
"""Mean existence over the track's hits, weighted alike."""
CHANGING_POSTERIOR = 0.99
"""A confirmed class gives way only to one that is this much surer. Where what is seen now speaks so strongly against
the confirmed class but for no other one consistently, the track ends: it has slipped to something else."""
MAX_GAP_S = 0.5
"""A track that was not seen for longer ends; a lorry's mirror or a blurred frame is bridged."""
MAX_TENTATIVE_GAP_S = 0.2
GATE = 0.8
"""Farthest that a detection's centre may lie from the prediction, in sizes of the sign."""
MAX_SIZE_RATIO = 1.6
POSITION_GAIN, VELOCITY_GAIN = 0.6, 0.25
EVIDENCE_SHARE = 0.35
MAX_LOOKS = 3.0
"""Neighbouring frames show nearly the same picture, so each counts for this much of an independent look, and all of
them together for no more than this many: a misreading that lasts must not grow into certainty."""
FULL_VOTE_SIDE_PX = 32.0
"""Larger views count more: a vote weighs side / 32 px, between 0.3 and 1.5."""


@dataclass(slots=True)
class Track:
    """One physical sign. Changes from frame to frame; read it, don't keep it."""

    number: int
    """From 1, never used again."""
    geometry: NDArray[np.float64]
    """Centre x, centre y in pixels, logarithm of width and height."""
    velocity: NDArray[np.float64]
    """Of `geometry`, per second."""
    log_evidence: NDArray[np.float64]
    """(classes,) sum of weighted log-probabilities."""
    votes: NDArray[np.float64]
    """(classes,) weight of the frames that each class won."""
    first_s: float
    seen_s: float
    predicted_s: float
    hits: int = 0
    """Frames in which it was detected."""
    age: int = 0
    """Frames since it was first detected, that one included."""
    measured: bool = True
    """Whether the newest frame showed it; else its box is predicted."""
    state: State = "tentative"
    confirmed_class: int | None = None
    existence_sum: float = 0.0
    weight_sum: float = 0.0

    @property
    def posterior(self) -> NDArray[np.float64]:
        """(classes,) probability of each class given all frames so far."""
        looks = min(self.weight_sum * EVIDENCE_SHARE, MAX_LOOKS)
        mean = self.log_evidence / max(self.weight_sum, 1e-9)
        shifted = np.exp((mean - mean.max()) * looks)
        return np.asarray(shifted / shifted.sum())

    @property
    def class_id(self) -> int:
        """The confirmed class, or the likeliest while tentative."""
        return self.confirmed_class if self.confirmed_class is not None else int(self.log_evidence.argmax())

    @property
    def existence(self) -> float:
        """Mean probability over its hits that it is a sign."""
        return self.existence_sum / max(self.weight_sum, 1e-9)

    @property
    def confidence(self) -> float:
        """Probability that it is a sign, and of `class_id`."""
        return float(self.existence * self.posterior[self.class_id])

    @property
    def box_xywh_px(self) -> tuple[float, float, float, float]:
        """Where it is now."""
        width, height = np.exp(self.geometry[2:]).tolist()
        return float(self.geometry[0] - width / 2), float(self.geometry[1] - height / 2), width, height


class Tracker:
    """Tracks of one camera. Hand it each frame's detections with the frame's time; it reads no clock."""

    def __init__(self) -> None:
        self._tracks: list[Track] = []
        self._next_number = 1

    def update(self, detections: Detections, time_s: float) -> list[Track]:
        """Take in a frame; gives the tracks that are alive, oldest first. Times never go back, in seconds."""
        for track in self._tracks:
            _predict(track, time_s)
        measurements = _geometry(detections)
        pairs = _match(self._tracks, measurements)
        for track in self._tracks:
            track.age += 1
            track.measured = False
        for track, row in pairs:
            _correct(track, measurements[row], time_s)
            _vote(track, detections, row)
        taken = {row for _, row in pairs}
        for row in range(len(detections)):
            if row not in taken:
                self._tracks.append(self._begin(detections, measurements[row], row, time_s))
        self._tracks = [track for track in self._tracks if time_s - track.seen_s <= _longest_gap_s(track)]
        for track in self._tracks:
            _decide(track)
        self._tracks = [track for track in self._tracks if not _is_refuted(track)]
        return list(self._tracks)

    def _begin(self, detections: Detections, geometry: NDArray[np.float64], row: int, time_s: float) -> Track:
        classes = detections.class_probabilities.shape[1]
        track = Track(
            self._next_number,
            geometry,
            np.zeros(4),
            np.zeros(classes),
            np.zeros(classes),
            time_s,
            time_s,
            time_s,
            age=1,
        )
        self._next_number += 1
        _vote(track, detections, row)
        return track


def _geometry(detections: Detections) -> NDArray[np.float64]:
    boxes = detections.boxes_xywh_px.astype(np.float64)
    return np.concatenate([boxes[:, :2] + boxes[:, 2:] / 2, np.log(np.maximum(boxes[:, 2:], 1.0))], axis=1)


def _predict(track: Track, time_s: float) -> None:
    track.geometry = track.geometry + track.velocity * (time_s - track.predicted_s)
    track.predicted_s = time_s


def _match(tracks: list[Track], measurements: NDArray[np.float64]) -> list[tuple[Track, int]]:
    """Nearest pairs first, within the gates of place and size."""
    costs = []
    for position, track in enumerate(tracks):
        offset = measurements - track.geometry
        side = np.exp(track.geometry[2:].mean())
        distance = np.hypot(offset[:, 0], offset[:, 1]) / side
        change = np.abs(offset[:, 2:]).max(axis=1, initial=0.0)
        fits = (distance <= GATE) & (change <= np.log(MAX_SIZE_RATIO))
        costs += [(float(distance[row] + change[row]), position, int(row)) for row in np.flatnonzero(fits)]
    pairs: list[tuple[Track, int]] = []
    used_tracks: set[int] = set()
    used_rows: set[int] = set()
    for _, position, row in sorted(costs):
        if position not in used_tracks and row not in used_rows:
            used_tracks.add(position)
            used_rows.add(row)
            pairs.append((tracks[position], row))
    return pairs


def _correct(track: Track, measured: NDArray[np.float64], time_s: float) -> None:
    error = measured - track.geometry
    track.geometry = track.geometry + POSITION_GAIN * error
    elapsed = time_s - track.seen_s
    if elapsed > 0:
        track.velocity = track.velocity + VELOCITY_GAIN * error / elapsed
    track.seen_s = time_s
    track.measured = True


def _vote(track: Track, detections: Detections, row: int) -> None:
    side = float(np.sqrt(np.prod(detections.boxes_xywh_px[row, 2:])))
    weight = float(np.clip(side / FULL_VOTE_SIDE_PX, 0.3, 1.5))
    probabilities = detections.class_probabilities[row].astype(np.float64)
    track.log_evidence = track.log_evidence + weight * np.log(np.maximum(probabilities, 1e-3))
    track.votes[int(probabilities.argmax())] += weight
    track.existence_sum += weight * float(detections.existence[row])
    track.weight_sum += weight
    track.hits += 1


def _longest_gap_s(track: Track) -> float:
    return MAX_GAP_S if track.state == "confirmed" else MAX_TENTATIVE_GAP_S


def _decide(track: Track) -> None:
    best = int(track.log_evidence.argmax())
    consistent = (
        track.hits >= CONFIRMING_HITS
        and track.votes[best] >= CONFIRMING_AGREEMENT * track.weight_sum
        and track.existence >= CONFIRMING_EXISTENCE
    )
    needed = CONFIRMING_POSTERIOR if track.confirmed_class is None else CHANGING_POSTERIOR
    if consistent and best != track.confirmed_class and track.posterior[best] >= needed:
        track.state = "confirmed"
        track.confirmed_class = best


def _is_refuted(track: Track) -> bool:
    if track.confirmed_class is None:
        return False
    return bool(track.posterior[track.confirmed_class] < 1 - CHANGING_POSTERIOR)
