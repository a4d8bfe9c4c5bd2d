"""Distances as messages told them, against those of a drive whose signs are known exactly."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detector.boxes import overlaps
from edge.messages import FrameMessage

MATCHING_OVERLAP = 0.3
INTERVAL_STDS = 1.645
"""Standard deviations to either side of 90 % of a normal distribution."""
WANTED_M = (10.0, 60.0)
"""Nearer, a sign leaves the picture; further, it is some ten pixels wide."""
BANDS_M = ((5.0, 10.0), (10.0, 20.0), (20.0, 40.0), (40.0, 60.0), (60.0, 90.0))


@dataclass(frozen=True, slots=True)
class Distances:
    """Every confirmed sign of every frame that lies on a true one, in the order of the frames."""

    true_m: NDArray[np.float64]
    """(n,) what is true."""
    told_m: NDArray[np.float64]
    """(n,) what was told; NaN where nothing was."""
    std_m: NDArray[np.float64]
    """(n,) the standard deviation that was told with it."""
    ttc_s: NDArray[np.float64]
    """(n,) time to contact; NaN where none was told."""

    def within(self, nearest_m: float, farthest_m: float) -> "Distances":
        """Those of a range of true distances."""
        chosen = (self.true_m >= nearest_m) & (self.true_m < farthest_m)
        return Distances(self.true_m[chosen], self.told_m[chosen], self.std_m[chosen], self.ttc_s[chosen])

    def figures(self) -> dict[str, float | int | None]:
        """Counts and shares; None where there is nothing to count."""
        told = np.isfinite(self.told_m)
        error = self.told_m[told] / self.true_m[told] - 1
        covered = np.abs(self.told_m[told] - self.true_m[told]) <= INTERVAL_STDS * self.std_m[told]
        return {
            "count": len(self.true_m),
            "told": int(told.sum()),
            "median_error": _rounded(np.abs(error), np.median),
            "bias": _rounded(error, np.median),
            "p90_error": _rounded(np.abs(error), lambda errors: np.quantile(errors, 0.9)),
            "in_interval": _rounded(covered.astype(np.float64), np.mean),
            "median_std": _rounded(self.std_m[told] / self.told_m[told], np.median),
        }


def distances(messages: Sequence[FrameMessage], truth: Iterable[str]) -> Distances:
    """Compare a drive's messages with its truth, a line of JSON a frame, as `write_drive` writes it.

    Raises ValueError where the two aren't of the same frames.
    """
    found: list[tuple[float, float, float, float]] = []
    for message, line in zip(messages, truth, strict=True):
        told = json.loads(line)
        if told["frame"] != message.frame:
            raise ValueError(f"frame {message.frame} of the messages is beside frame {told['frame']} of the truth")
        boxes = np.array([sign["box"] for sign in told["signs"]], np.float32).reshape(-1, 4)
        for sign in message.signs:
            overlap = overlaps(np.array([sign.box], np.float32), boxes)[0]
            if sign.state != "confirmed" or overlap.max(initial=0.0) < MATCHING_OVERLAP:
                continue
            true_m = told["signs"][int(overlap.argmax())]["distance_m"]
            found.append((true_m, _number(sign.distance_m), _number(sign.distance_std_m), _number(sign.ttc_s)))
    return Distances(*np.array(found, np.float64).reshape(-1, 4).T)


def _number(value: float | None) -> float:
    return float("nan") if value is None else value


def _rounded(values: NDArray[np.float64], mean: Callable[[NDArray[np.float64]], np.floating]) -> float | None:
    return round(float(mean(values)), 4) if len(values) else None
