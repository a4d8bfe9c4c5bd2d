"""Dirt on the lens or the windscreen: what stays where it is while the scene moves.

Driving on, all that is seen flows away from a point ahead. An edge along that flow may stay in its place for minutes,
as a lane's marking does; one *across* it can't, unless it moves with the camera. So the gradient of the picture's
logarithm, from the point ahead outward, is averaged over many views: of what passes, its signs cancel out; at the rim
of dirt the mean is nearly as large as the mean size. A view counts only where most of the picture has changed since
the last one that did: before a red light everything stays.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

SIZE_WH = (96, 54)
AHEAD_XY = (0.5, 0.5)
"""Where the scene flows away from, in shares of the picture."""
AHEAD_REACH_PX = 14
"""So near to it nothing flows."""
EDGE_PX = 4
"""At the picture's edges lie frames, and in its lower part …"""
LOWEST_ROW = 42
"""… the bonnet and clocks: neither is looked at."""
CHANGE = 0.08
"""In the logarithm of the level, by which a pixel has changed."""
CHANGED = 0.45
"""Share of the pixels that must have, for a view to count."""
VIEWS = 60
"""So many make the mean: a cleaned lens is clean after as many more."""
LEAST_VIEWS = 40
"""Before nothing is said."""
APART_S = 0.5
"""Between views that count."""
STANDING = 0.85
"""Share of its mean size that the mean gradient must keep."""
LEAST_GRADIENT = 0.06
"""A pixel, in the logarithm of the level."""
DARK_LEVELS = 8.0
"""Added before the logarithm is taken, so that noise in the dark is no contrast."""

_Map = NDArray[np.float32]


class Dirt:
    """Averages over a drive."""

    def __init__(self) -> None:
        self.views = 0
        self._mean = np.zeros(SIZE_WH[::-1], np.float32)
        self._mean_size = np.zeros(SIZE_WH[::-1], np.float32)
        self._last: _Map | None = None
        self._last_s = 0.0
        self._outward_x, self._outward_y, self._looked_at = _flow()

    @property
    def share(self) -> float:
        """Share of the place looked at in which a pattern stands, 0 to 1; 0 before there were enough views."""
        if self.views < LEAST_VIEWS:
            return 0.0
        size = np.abs(self._mean)
        standing = (size > STANDING * self._mean_size) & (size > LEAST_GRADIENT)
        return float(standing[self._looked_at].mean())

    def take(self, samples: NDArray[np.uint8], time_s: float) -> None:
        """Take in samples (162, 288) uint8 of a picture; the same time base for all."""
        if self._last is not None and 0 <= time_s - self._last_s < APART_S:
            return
        light = np.log(cv2.resize(samples, SIZE_WH, interpolation=cv2.INTER_AREA) + np.float32(DARK_LEVELS))
        if self._last is not None and (np.abs(light - self._last) > CHANGE).mean() < CHANGED:
            return
        self._last, self._last_s = light, time_s
        self.views += 1
        across, down = (cv2.Sobel(light, cv2.CV_32F, x, y, scale=1 / 8) for x, y in ((1, 0), (0, 1)))
        outward = self._outward_x * across + self._outward_y * down
        weight = np.float32(1 / min(self.views, VIEWS))
        self._mean += weight * (outward - self._mean)
        self._mean_size += weight * (np.abs(outward) - self._mean_size)


def _flow() -> tuple[_Map, _Map, NDArray[np.bool_]]:
    """The direction of the flow at each pixel, x and y of a unit vector, and where it is looked at."""
    width, height = SIZE_WH
    x = np.arange(width, dtype=np.float32)[None, :] - AHEAD_XY[0] * (width - 1)
    y = np.arange(height, dtype=np.float32)[:, None] - AHEAD_XY[1] * (height - 1)
    away = np.hypot(x, y)
    looked_at = away >= AHEAD_REACH_PX
    looked_at[:EDGE_PX] = looked_at[:, :EDGE_PX] = looked_at[:, -EDGE_PX:] = looked_at[LOWEST_ROW:] = False
    length = np.maximum(away, 1)
    return np.asarray(x / length, np.float32), np.asarray(y / length, np.float32), looked_at
