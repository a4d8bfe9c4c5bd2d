"""Which pictures of a stream become views: those where the board is still, sharp and somewhere new."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from calibration.adjustment import View
from calibration.board import Board
from calibration.corners import Corners
from calibration.intrinsics import distance_px

STILL_SHARE = 0.03
"""Of the picture's diagonal in a second: a board that is held still, and blurs by less than half a pixel in 1/100 s."""
NEW_SHARE = 0.05
"""Of the picture's diagonal: mean distance of the corners from where they were in every view so far."""
SHARP_PX = 4.0
"""From black to white; a sharp camera's edges take 2."""
CELLS = (3, 4)
"""Rows and columns of fields that corners should be seen in."""
TILT = 1.1
"""One side of the board so much longer than the opposite one: tilted to tell the focal length."""
SIDES = ("left", "right", "top", "bottom")
_PLACES = (
    ("upper left", "upper middle", "upper middle", "upper right"),
    ("left", "middle", "middle", "right"),
    ("lower left", "lower middle", "lower middle", "lower right"),
)


class ViewCollector:
    """Takes views by itself.

    Args:
        board: What is shown.
        size_px: Width and height of the pictures.
    """

    def __init__(self, board: Board, size_px: tuple[int, int]) -> None:
        self.views: list[View] = []
        self._board = board
        self._size_px = size_px
        self._before: tuple[View, float] | None = None

    def is_still(self, corners: Corners, time_s: float) -> bool:
        """Whether the board moves little since it was last seen; call it with each picture that shows one.

        Args:
            corners: As found, also roughly.
            time_s: When the picture was taken, by any clock that doesn't jump.
        """
        now = View("", corners.points_px, corners.numbers)
        before, self._before = self._before, (now, time_s)
        if before is None or time_s <= before[1]:
            return False
        return distance_px(now, before[0]) / (time_s - before[1]) < STILL_SHARE * math.hypot(*self._size_px)

    def is_new(self, corners: Corners) -> bool:
        """Whether no view so far shows the board there."""
        now = View("", corners.points_px, corners.numbers)
        limit = NEW_SHARE * math.hypot(*self._size_px)
        return all(distance_px(now, view) >= limit for view in self.views)

    def take(self, name: str, corners: Corners, edge_width_px: float) -> bool:
        """Keep a view if it is sharp; tells whether it was."""
        if edge_width_px > SHARP_PX:
            return False
        self.views.append(View(name, corners.points_px, corners.numbers))
        return True

    def coverage(self) -> NDArray[np.intp]:
        """`CELLS`: how many corners were seen in each field of the picture."""
        return coverage(self.views, self._size_px)

    def tilts(self) -> set[str]:
        """To which of `SIDES` the board was tilted so far: that side was nearer to the camera."""
        found: set[str] = set()
        for view in self.views:
            grid = np.full((self._board.rows, self._board.columns, 2), np.nan)
            grid[np.divmod(view.corners, self._board.columns)] = view.points_px
            sides = [grid[:, 0], grid[:, -1], grid[0], grid[-1]]
            lengths = dict(zip(SIDES, (float(np.linalg.norm(side[-1] - side[0])) for side in sides), strict=True))
            for side, opposite in (SIDES[:2], SIDES[1::-1], SIDES[2:], SIDES[:1:-1]):
                if lengths[side] > TILT * lengths[opposite]:  # not where a corner wasn't seen
                    found.add(side)
        return found

    def wish(self) -> str | None:
        """What to show next, in words; None where nothing is missing."""
        empty = np.argwhere(self.coverage() == 0)
        if len(empty):
            row, column = empty[0].tolist()
            return f"show the board at the {_PLACES[row][column]}"
        missing = [side for side in SIDES if side not in self.tilts()]
        return f"tilt the board with its {missing[0]} side towards the camera" if missing else None


def coverage(views: Sequence[View], size_px: tuple[int, int]) -> NDArray[np.intp]:
    """`CELLS`: how many corners of views were seen in each field of the picture."""
    points = np.concatenate([np.zeros((0, 2)), *(view.points_px for view in views)])
    rows, columns = CELLS
    places = np.clip((points + 0.5) / size_px, 0, 1 - 1e-9) * (columns, rows)
    counts = np.bincount(places[:, 1].astype(int) * columns + places[:, 0].astype(int), minlength=rows * columns)
    return counts.reshape(CELLS)
