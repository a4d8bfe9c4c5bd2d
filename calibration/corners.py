"""The corners of a board in a picture, to a fraction of a pixel.

Chessboards are found by OpenCV's detector by sectors (Duda and Frese, BMVC 2018), in a small picture where that is
enough, and ChArUco boards by their markers. Then each corner is moved, in the whole picture, to where the brightness
around it changes across the rays from it alone (Förstner and Gülch, 1987): more exact than the detector itself.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from calibration.board import DICTIONARY, LEAST_CORNERS, MARKER_SHARE, Board

Grey = NDArray[np.uint8]
"""(height, width) uint8."""

GLANCE_PX = 640
"""Longer side at which a board in motion is followed."""
SMALL_PX, LARGE_PX = 960, 1600
"""Longer side at which a board is looked for at first, and once more."""
MIN_CORNERS = 8
"""Of a ChArUco board that is partly seen."""
WINDOW_SHARE = {"chessboard": 0.25, "charuco": (1 - MARKER_SHARE) / 2}
"""Half of the window about a corner, of the distance to the nearest other one: no other one and no marker is in it."""
LEAST_WINDOW_PX, LARGEST_WINDOW_PX = 2, 5
"""Larger ones see the bend of the lens and of the board."""
PATCH_SHARE, LARGEST_PATCH_PX = 4 / 3, 8
"""Half of what is looked at to tell whether there is a corner, of the window; and at most."""
LEAST_CONTRAST = 4.0
"""Standard deviation of the brightness about a corner, of 255."""
LEAST_SYMMETRY = 0.5
"""Correlation of what is about a corner with the same upside down."""
LEAST_TRUE_SHARE = 0.75
"""Of the corners that a detector gives; at the picture's edge it guesses some."""
CRITERIA = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 100, 1e-4)


@dataclass(frozen=True, slots=True, eq=False)
class Corners:
    """What was found of a board in one picture."""

    points_px: NDArray[np.float64]
    """(n, 2) float64: x, y, 0, 0 in the middle of the first pixel."""
    numbers: NDArray[np.intp]
    """(n,): which of `Board.corners` each is."""


def find_corners(image: NDArray[np.uint8], board: Board) -> Corners | None:
    """Find a board, all of a chessboard, or enough of a ChArUco board.

    Args:
        image: (height, width, 3) uint8 BGR.
        board: What to look for.

    Returns:
        None where it isn't there, or cut off.
    """
    grey = _grey(image)
    for longest_px in (SMALL_PX, LARGE_PX):
        found = find_roughly(grey, board, longest_px)
        refined = None if found is None else _refined(grey, found, WINDOW_SHARE[board.kind])
        if refined is not None:
            return refined
    return None


def find_roughly(image: NDArray[np.uint8], board: Board, longest_px: int = GLANCE_PX) -> Corners | None:
    """The same in a picture shrunk to a longer side of `longest_px`: faster, and good to a pixel or two."""
    grey = _grey(image)
    factor = min(1.0, longest_px / max(grey.shape))
    small = grey
    if factor < 1:
        small = np.asarray(cv2.resize(grey, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), np.uint8)
    found = (_chessboard if board.kind == "chessboard" else _charuco)(small, board)
    if found is None:
        return None
    scale = np.array([grey.shape[1] / small.shape[1], grey.shape[0] / small.shape[0]])
    return Corners((found.points_px + 0.5) * scale - 0.5, found.numbers)


def edge_width_px(image: NDArray[np.uint8], corners: Corners) -> float:
    """How far black takes to turn white at the board's edges, in px: some 2 where they are sharp, the median.

    The rise from black to white about a corner, divided by the steepest rise there.
    """
    grey = _grey(image)
    half = max(2, round(_spacing_px(corners) / 3))
    widths = []
    for point in corners.points_px.tolist():
        patch = _patch(grey, half, point)
        low, high = np.percentile(patch, (5, 95)).tolist()
        steepest = max(float(np.abs(np.diff(patch, axis=0)).max()), float(np.abs(np.diff(patch, axis=1)).max()))
        widths.append((high - low) / max(steepest, 1.0))
    return float(np.median(widths))


def _grey(image: NDArray[np.uint8]) -> Grey:
    return image if image.ndim == 2 else np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8)


def _chessboard(grey: Grey, board: Board) -> Corners | None:
    flags = cv2.CALIB_CB_NORMALIZE_IMAGE | cv2.CALIB_CB_EXHAUSTIVE
    found, points = cv2.findChessboardCornersSB(grey, (board.columns, board.rows), flags=flags)
    if not found:
        return None
    grid = np.asarray(points, np.float64).reshape(board.rows, board.columns, 2)
    # A grid that is turned is a grid as well, but a bent board is not the same board.
    turned = [grid, grid[::-1, ::-1]]
    if board.columns == board.rows:
        turned += [np.rot90(grid), np.rot90(grid, 3)]
    if (board.columns + board.rows) % 2:  # then one corner is between black squares and the opposite one is not
        first = min(turned, key=lambda one: _brightness(grey, one[:2, :2]))
    else:
        first = max(turned, key=lambda one: float(one[0, -1, 0] - one[0, 0, 0]))
    return Corners(first.reshape(-1, 2).copy(), np.arange(board.columns * board.rows))


def _brightness(grey: Grey, square: NDArray[np.float64]) -> float:
    """In the middle of the square between (2, 2, 2) corners."""
    x, y = square.mean(axis=(0, 1)).round().astype(int).tolist()
    return float(grey[max(0, y - 1) : y + 2, max(0, x - 1) : x + 2].mean())


def charuco_board(board: Board) -> cv2.aruco.CharucoBoard:
    """OpenCV's board of this one, its squares 1 wide."""
    dictionary = cv2.aruco.getPredefinedDictionary(getattr(cv2.aruco, f"DICT_{DICTIONARY}"))
    return cv2.aruco.CharucoBoard((board.columns + 1, board.rows + 1), 1.0, MARKER_SHARE, dictionary)


def _charuco(grey: Grey, board: Board) -> Corners | None:
    detector = cv2.aruco.CharucoDetector(charuco_board(board))
    points, numbers = cast(tuple[Any, Any], detector.detectBoard(grey)[:2])  # None where there is none
    if numbers is None or len(numbers) < MIN_CORNERS:
        return None
    found = np.asarray(numbers, np.intp).ravel()
    if min(len(set((found % board.columns).tolist())), len(set((found // board.columns).tolist()))) < 2:
        return None  # one line of corners says nothing of where the board is
    return Corners(np.asarray(points, np.float64).reshape(-1, 2), found)


def _refined(grey: Grey, corners: Corners, share: float) -> Corners | None:
    """Corners moved to where they are, without those that are none; None where these are many."""
    spacing_px = _spacing_px(corners)
    half = int(np.clip(share * spacing_px, LEAST_WINDOW_PX, LARGEST_WINDOW_PX))
    start = np.ascontiguousarray(corners.points_px[:, None], np.float32)
    points = np.asarray(cv2.cornerSubPix(grey, start, (half, half), (-1, -1), CRITERIA), np.float64)[:, 0]
    half = max(LEAST_WINDOW_PX, min(round(PATCH_SHARE * share * spacing_px), LARGEST_PATCH_PX))
    true = np.array([_is_corner(_patch(grey, half, point)) for point in points.tolist()])
    count = int(true.sum())
    if count < max(MIN_CORNERS, LEAST_TRUE_SHARE * len(true)):
        return None
    return Corners(points[true], corners.numbers[true])


def _patch(grey: Grey, half: int, point_xy: Sequence[float]) -> NDArray[np.float32]:
    """(2 half + 1, 2 half + 1) float32: the picture about a point, between pixels."""
    x, y = point_xy
    return np.asarray(cv2.getRectSubPix(grey, (2 * half + 1, 2 * half + 1), (x, y), patchType=cv2.CV_32F), np.float32)


def _is_corner(patch: NDArray[np.float32]) -> bool:
    """Whether a patch looks the same upside down, as where four squares meet, and isn't all of one grey."""
    values = patch.astype(np.float64) - patch.mean()
    power = float((values**2).sum())
    return (
        power > values.size * LEAST_CONTRAST**2 and float((values * values[::-1, ::-1]).sum()) > LEAST_SYMMETRY * power
    )


def _spacing_px(corners: Corners) -> float:
    """The least distance between two corners."""
    apart = np.linalg.norm(corners.points_px[:, None] - corners.points_px[None], axis=2)
    return float(apart[~np.eye(len(apart), dtype=bool)].min())


def similar_board(image: NDArray[np.uint8], board: Board) -> Board | None:
    """A chessboard of nearly as many corners that is in a picture: whoever counts squares is one off."""
    sizes = itertools.product(*(range(count + 1, count - 2, -1) for count in (board.columns, board.rows)))
    for columns, rows in sizes:  # largest first: a part of a board may be taken for a board
        if (columns, rows) != (board.columns, board.rows) and min(columns, rows) >= LEAST_CORNERS:
            other = Board(columns, rows)
            if find_roughly(image, other) is not None:
                return other
    return None
