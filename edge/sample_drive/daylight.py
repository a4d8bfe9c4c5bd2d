"""Changing light: shaded stretches, drifting clouds, and a camera that adapts to them."""

import numpy as np
from numpy.typing import NDArray

_SHADE_DEPTH = 0.46
_EDGE_M = 5.0
_ADAPTATION = 0.55


class Daylight:
    """How much light falls where on the road, and how the camera exposes for it."""

    def __init__(self, rng: np.random.Generator, shaded_m: tuple[tuple[float, float], ...]) -> None:
        self._shaded_m = shaded_m
        self._cloud_phase = float(rng.uniform(0.0, 2 * np.pi))

    def covered(self, station_m: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give how far stations (n,) lie under trees, 0 to 1."""
        covered = np.zeros_like(station_m)
        for start, end in self._shaded_m:
            inside = np.minimum(station_m - start, end - station_m) / _EDGE_M
            covered = np.maximum(covered, np.clip(inside + 0.5, 0.0, 1.0))
        return covered

    def at(self, station_m: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give the light (n,) at stations (n,): 1 in the open, about half under trees."""
        return 1.0 - _SHADE_DEPTH * self.covered(station_m)

    def exposure(self, station_m: float) -> float:
        """Give the camera's gain when it stands at the station; it lags behind the light."""
        seen = float(self.at(station_m + np.linspace(-14.0, 22.0, 19)).mean())
        drift = 1.0 + 0.06 * np.sin(station_m / 38.0 + self._cloud_phase)
        return float(drift * seen**-_ADAPTATION)
