"""Pairs of pictures of a stream, a short time apart: what a flow is measured between."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

LEAST_APART_S, MOST_APART_S = 0.08, 0.5
"""Long enough for a flow of some pixels, short enough to find the same corners again."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two grey pictures (height, width) uint8 of one size, and the seconds between them."""

    first: NDArray[np.uint8]
    second: NDArray[np.uint8]
    apart_s: float

    def in_full(self, points_px: NDArray[np.float64], size_px: tuple[int, int]) -> NDArray[np.float64]:
        """Points (n, 2) of these pictures as they are in those of full size."""
        scale = np.array(size_px) / self.first.shape[::-1]
        return np.asarray((points_px + 0.5) * scale - 0.5)


class PicturePairs:
    """Takes a pair now and then. Reads no clock: the time of each picture is handed to it.

    Args:
        interval_s: From the first picture of a pair to that of the next.
        width_px: Pictures are halved and so on, as long as they stay wider.
    """

    def __init__(self, interval_s: float, width_px: int) -> None:
        self._interval_s = interval_s
        self._width_px = width_px
        self._first: NDArray[np.uint8] | None = None
        self._first_s = -float("inf")

    def take(self, image: NDArray[np.uint8], time_s: float) -> Pair | None:
        """Take in a picture (height, width, 3) uint8 BGR; gives a pair where it is the second of one.

        Times go on evenly; after a step back it begins anew.
        """
        apart_s = time_s - self._first_s
        if self._first is None:
            if not 0 <= apart_s < self._interval_s:
                self._first, self._first_s = self._small(image), time_s
            return None
        if 0 <= apart_s < LEAST_APART_S:
            return None
        first, self._first = self._first, None
        if not 0 < apart_s <= MOST_APART_S:
            return None
        second = self._small(image)
        return Pair(first, second, apart_s) if first.shape == second.shape else None

    def _small(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        grey = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8)
        while grey.shape[1] >= 2 * self._width_px:
            size = grey.shape[1] // 2, grey.shape[0] // 2
            grey = np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)
        return grey
