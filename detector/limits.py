"""What is known beforehand of where in a picture a sign can be, and how large; nothing where nothing is known."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detector.boxes import Boxes

TOLERANCE = 0.7
"""Side of a region over that of the sign whose box it is to become, or the other way round: beside each other by more,
they overlap by less than a half."""


@dataclass(frozen=True, slots=True, eq=False)
class Limits:
    """A grid over the picture; of each cell the sides that a sign whose middle is in it can have, in picture widths.

    Raises ValueError where the two grids differ in shape or are none.
    """

    smallest: NDArray[np.float32]
    """(rows, columns), infinite where there can be no sign."""
    largest: NDArray[np.float32]
    """(rows, columns)."""

    def __post_init__(self) -> None:
        if self.smallest.ndim != 2 or not self.smallest.size or self.smallest.shape != self.largest.shape:
            raise ValueError(f"limits are two grids, got {self.smallest.shape} and {self.largest.shape}")

    def rows(self, height_px: int, margin_px: int) -> slice:
        """The rows of a picture that can show a sign, and `margin_px` more on either side."""
        (possible,) = np.nonzero(np.isfinite(self.smallest).any(axis=1))
        first, last = (possible[0], possible[-1] + 1) if len(possible) else (0, 0)
        cell = height_px / len(self.smallest)
        return slice(max(int(first * cell) - margin_px, 0), min(int(np.ceil(last * cell)) + margin_px, height_px))

    def possible(self, boxes_xywh_px: Boxes, size_px: tuple[int, int]) -> NDArray[np.bool_]:
        """Which boxes (n, 4) in a picture of this width and height can be signs where they are: (n,)."""
        width, height = size_px
        rows, columns = self.smallest.shape
        middle = boxes_xywh_px[:, :2] + boxes_xywh_px[:, 2:] / 2
        column = np.clip((middle[:, 0] * (columns / width)).astype(np.intp), 0, columns - 1)
        row = np.clip((middle[:, 1] * (rows / height)).astype(np.intp), 0, rows - 1)
        side = np.sqrt(boxes_xywh_px[:, 2] * boxes_xywh_px[:, 3]) / width
        small, large = self.smallest[row, column] * TOLERANCE, self.largest[row, column] / TOLERANCE
        return np.asarray((side >= small) & (side <= large))
