"""Which detection is which track: all pairs together, and what the camera shook taken out before.

A pair costs the squared distance between prediction and detection in standard deviations, in place, side and aspect,
and what speaks against the two being of one class. The assignment that costs least in all is found by the
Jonker-Volgenant algorithm ("A shortest augmenting path algorithm for dense and sparse linear assignment problems",
Computing 38, 1987), from the package `lap`.

A camera that shakes or turns moves all signs alike from one frame to the next. A far sign is 14 px large and stands
15 px above the next one, so a shake of that size makes one look like the other. What the picture as a whole has moved
beyond what the tracks predict is therefore estimated first, where two tracks or more agree on it: of the shifts that
any pair would have, the one at which most tracks find their detection, each as likely as it fits, and the less likely
the larger it is (a Cauchy distribution: cameras tremble, and now and then they jolt). One track alone can't tell its
own motion from the camera's; its prediction counts as so much less sure.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import lap
import numpy as np
from numpy.typing import NDArray

from detector.motion import Motion, measurement_variance

SHAKE_SHARE = 3.0 / 1360
"""Standard deviation of the camera's shake from frame to frame, right and down, by the picture's width."""
GATE = 20.0
"""Squared standard deviations over place, side and aspect together: the true pair is farther apart once in 2000."""
NEAR_SIDES, NEAR_SIZE_RATIO = 0.8, 1.6
"""A detection so near a track and so much alike in size may be it, however sure the prediction is: a pothole or a
braking car is not in its model. Such a pair costs as much as one at the gate."""
FARTHEST_SIDES = 1.5
"""However little is known of a track, its detection is no farther away."""
NO_PAIR = 28.0
"""What leaving a track and a detection apart costs: more than the worst pair that agrees on the class."""
MOST_DISAGREEMENT = 24.0
"""What two that can't be of one class cost more than two that agree. Networks err, so they are a pair where place and
size agree within two standard deviations; farther off it is the other sign on the pole."""
AGREEING = 2
"""Tracks that must find their detection for a shift to be the camera's."""
MOST_SHAKES = 25.0
"""No shift is larger than so many standard deviations of the shake."""
MOST_SHIFTS = 48
"""Shifts that are tried, the smallest first, so that a picture full of detections takes no longer."""


@dataclass(frozen=True, slots=True)
class Association:
    """Pairs of a frame."""

    pairs: list[tuple[int, int]]
    """Position of a track and row of its detection; no position and no row twice."""
    shift_xy_px: NDArray[np.float64]
    """(2,) how much farther right and down everything lies than the tracks say; 0 where fewer than two tracks agree."""


def associate(
    motions: Sequence[Motion],
    class_shares: NDArray[np.float64],
    values: NDArray[np.float64],
    class_probabilities: NDArray[np.float32],
    shake_px: float,
) -> Association:
    """Pair tracks with detections.

    Args:
        motions: Of each track (n), predicted for the time of the detections.
        class_shares: (n, classes) probability of each class by what each track has seen.
        values: (m, 4) detections, as `detector.motion.measured` gives them.
        class_probabilities: (m, classes) of each detection.
        shake_px: Standard deviation of the camera's shake.
    """
    if not len(motions) or not len(values):
        return Association([], np.zeros(2))
    predicted = np.array([motion.value for motion in motions])
    variance = np.array([motion.value_variance + measurement_variance(motion.side_px) for motion in motions])
    variance[:, :2] += shake_px**2
    offsets = values[None, :, :] - predicted[:, None, :]
    agreement = class_shares @ class_probabilities.astype(np.float64).T
    pairs = _Pairs(
        offsets[..., :2],
        variance[:, None, :2],
        (offsets[..., 2:] ** 2 / variance[:, None, 2:]).sum(axis=2),
        np.minimum(-2 * np.log(np.maximum(agreement, 1e-9)), MOST_DISAGREEMENT),
        np.abs(offsets[..., 2:]).max(axis=2) <= np.log(NEAR_SIZE_RATIO),
        np.exp(predicted[:, 2])[:, None],
    )
    shift = _shift(pairs, shake_px)
    # A large number and not infinity, which lap takes for an error.
    costs = np.minimum(pairs.costs(shift), 10 * NO_PAIR)
    _, rows, _ = lap.lapjv(costs, extend_cost=True, cost_limit=NO_PAIR)
    return Association([(track, int(row)) for track, row in enumerate(rows) if row >= 0], shift)


@dataclass(frozen=True, slots=True)
class _Pairs:
    """What is known of each pair of track (n) and detection (m) before the camera's shake is."""

    offsets_xy_px: NDArray[np.float64]
    """(n, m, 2)"""
    place_variance: NDArray[np.float64]
    """(n, 1, 2)"""
    shape: NDArray[np.float64]
    """(n, m) squared distance in side and aspect."""
    disagreement: NDArray[np.float64]
    """(n, m)"""
    alike: NDArray[np.bool_]
    """(n, m) whether side and aspect are near."""
    sides_px: NDArray[np.float64]
    """(n, 1)"""

    def costs(self, shifts_xy_px: NDArray[np.float64]) -> NDArray[np.float64]:
        """Of each pair at each shift (…, 2), infinite where it can't be one: (…, n, m)."""
        offsets = self.offsets_xy_px - shifts_xy_px[..., None, None, :]
        distance = (offsets**2 / self.place_variance).sum(axis=-1) + self.shape
        sides = np.hypot(offsets[..., 0], offsets[..., 1]) / self.sides_px
        possible = (sides <= NEAR_SIDES) & self.alike | (distance <= GATE) & (sides <= FARTHEST_SIDES)
        return np.where(possible, np.minimum(distance, GATE) + self.disagreement, np.inf)


def _shift(pairs: _Pairs, shake_px: float) -> NDArray[np.float64]:
    near = np.hypot(pairs.offsets_xy_px[..., 0], pairs.offsets_xy_px[..., 1]) <= MOST_SHAKES * shake_px
    hypotheses = pairs.offsets_xy_px[near & (pairs.shape <= GATE)]
    smallest = np.argsort((hypotheses**2).sum(axis=1), kind="stable")[:MOST_SHIFTS]
    hypotheses = np.concatenate([np.zeros((1, 2)), hypotheses[smallest]])
    gains = np.maximum(NO_PAIR - pairs.costs(hypotheses), 0)
    # What an assignment would gain is no more than what tracks gain, or detections, each with the best of the others.
    likely = np.minimum(gains.max(axis=2).sum(axis=1), gains.max(axis=1).sum(axis=1))
    likely -= 2 * np.log1p((hypotheses**2).sum(axis=1) / (2 * shake_px**2))
    agreeing = np.minimum((gains > 0).any(axis=2).sum(axis=1), (gains > 0).any(axis=1).sum(axis=1))
    likely[1:][agreeing[1:] < AGREEING] = -np.inf
    best = int(likely.argmax())
    if agreeing[best] < AGREEING:
        return np.zeros(2)
    found = np.flatnonzero(gains[best].any(axis=1))
    rows = gains[best, found].argmax(axis=1)
    weights = 1 / pairs.place_variance[found, 0, 0]
    total = (weights[:, None] * pairs.offsets_xy_px[found, rows]).sum(axis=0)
    return np.asarray(total / weights.sum(), np.float64)
