"""The board that a camera is calibrated with, and the shape that its print really has.

Paper is never flat, and no printer is true to a thousandth. Both bend what is computed from it: from a sheet bent by a
tenth of a square, a focal length comes out a hundredth off, and no view looks wrong for it. So the shape is computed
along with the camera (Strobl and Hirzinger, "More accurate pinhole camera calibration with imperfect planar
target", ICCV 2011), here as a smooth surface, which a few views are enough for.
"""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

Kind = Literal["chessboard", "charuco"]
DICTIONARY = "5X5_1000"
"""Of ChArUco's markers, by OpenCV's name; the first of them are those of its smaller dictionaries."""
MARKER_SHARE = 0.7
"""Of a square's width, of the marker in it."""
LEAST_CORNERS, MOST_CORNERS = 3, 40

BEND_POWER = 4
_POWERS = [(total - power, power) for total in range(2, BEND_POWER + 1) for power in range(total + 1)]
BEND_TERMS = len(_POWERS)
"""Coefficients of a bent sheet: the terms of second to fourth power in two variables."""
PRINT_TERMS = 2
"""Coefficients of an untrue print: how much wider than high a square is, and how oblique."""


@dataclass(frozen=True, slots=True)
class Board:
    """A board of black and white squares. Lengths are in squares here; in the end the camera doesn't depend on them.

    Raises ValueError for a board of too few or too many corners.
    """

    columns: int
    """Inner corners in a row: squares less one."""
    rows: int
    """Inner corners in a column."""
    kind: Kind = "chessboard"

    def __post_init__(self) -> None:
        if not all(LEAST_CORNERS <= count <= MOST_CORNERS for count in (self.columns, self.rows)):
            raise ValueError(
                f"a board of {self.columns}x{self.rows} inner corners can't be used; it takes {LEAST_CORNERS} to "
                f"{MOST_CORNERS} each way"
            )
        if self.kind not in get_args(Kind):
            raise ValueError(f"{self.kind} is no kind of board; it takes {' or '.join(get_args(Kind))}")

    @property
    def corners(self) -> NDArray[np.float64]:
        """(rows * columns, 2) float64: x, y of the inner corners in squares, row by row, 0, 0 in the middle."""
        y, x = np.mgrid[: self.rows, : self.columns].reshape(2, -1)
        return np.stack([x - (self.columns - 1) / 2, y - (self.rows - 1) / 2], axis=1).astype(np.float64)

    def __str__(self) -> str:
        """As a user names it: `9x6 chessboard`."""
        return f"{self.columns}x{self.rows} {self.kind}"


def bend_terms(board: Board) -> NDArray[np.float64]:
    """(corners, BEND_TERMS) float64: what each coefficient of a bent sheet adds to a corner's height, in squares."""
    x, y = (board.corners / ((max(board.columns, board.rows) - 1) / 2)).T
    return np.stack([x**i * y**j for i, j in _POWERS], axis=1)


def shaped(board: Board, print_terms: NDArray[np.float64], heights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Where corners really are, in squares.

    Args:
        board: Whose corners.
        print_terms: (PRINT_TERMS,) float64, shares of a square.
        heights: (…, corners) float64, squares towards positive z.

    Returns:
        (…, corners, 3) float64.
    """
    stretch, skew = print_terms.tolist()
    x, y = board.corners.T
    flat = np.stack([x * (1 + stretch) + y * skew, y], axis=1)
    return np.concatenate([np.broadcast_to(flat, (*heights.shape, 2)), heights[..., None]], axis=-1)
