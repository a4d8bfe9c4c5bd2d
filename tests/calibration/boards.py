"""Boards before cameras that are known, as points and as pictures."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from calibration.adjustment import View, rotations
from calibration.board import BEND_TERMS, Board, bend_terms, shaped
from calibration.camera import Camera
from edge.printed_board import squares

PINHOLE = Camera(
    "pinhole",
    (640, 360),
    "pinhole",
    np.array([[520.0, 0, 325], [0, 515, 176], [0, 0, 1]]),
    np.array([-0.25, 0.08, 0.001, -0.0005, -0.01]),
)
FISHEYE = Camera(
    "fisheye",
    (640, 360),
    "fisheye",
    np.array([[215.0, 0, 317], [0, 213, 182], [0, 0, 1]]),
    np.array([-0.03, 0.01, -0.004, 0.0005]),
)
"""Sees 180 degrees across."""
BOARD = Board(9, 6)
SQUARE_PX = 40
"""Of the board's own picture."""
WHITE_SQUARES = 1


def poses(
    count: int, *, near: float = 16.0, far: float = 26.0, aside: float = 0.3, facing: float = 0.0, seed: int = 1
) -> NDArray[np.float64]:
    """(count, 6): the board tilted to all sides; so many squares away, by at most such a tangent to the side.

    `facing` is the share by which it is turned towards a camera that it is aside of.
    """
    generator = np.random.default_rng(seed)
    turns = generator.uniform((-0.55, -0.55, -0.3), (0.55, 0.55, 0.3), (count, 3))
    depth = generator.uniform(near, far, count)
    x, y = generator.uniform((-aside, -0.4 * aside), (aside, 0.4 * aside), (count, 2)).T
    turns[:, 0] -= facing * np.arctan(y)
    turns[:, 1] += facing * np.arctan(x)
    return np.concatenate([turns, np.stack([x * depth, y * depth, depth], axis=1)], axis=1)


def views(
    camera: Camera,
    places: NDArray[np.float64],
    *,
    noise_px: float = 0.1,
    bend: NDArray[np.float64] | None = None,
    board: Board = BOARD,
    seed: int = 2,
    first: int = 0,
) -> list[View]:
    """Corners as a camera sees them, with errors that know nothing of each other."""
    generator = np.random.default_rng(seed)
    heights = bend_terms(board) @ (np.zeros(BEND_TERMS) if bend is None else bend)
    on_board = shaped(board, np.zeros(2), heights)
    numbers = np.arange(len(on_board))
    found = []
    for number, (turn, place) in enumerate(zip(rotations(places[:, :3]), places[:, 3:], strict=True), start=first):
        points = camera.project(on_board @ turn.T + place) + generator.normal(0, noise_px, (len(on_board), 2))
        found.append(View(f"view {number}", points, numbers))
    return found


@cache
def _rays(camera: Camera, finer: int) -> NDArray[np.float64]:
    """(height * width * finer², 3): of each part of a pixel."""
    width, height = camera.size_px
    fine = camera.scaled_to((width * finer, height * finer))
    x, y = np.meshgrid(np.arange(width * finer), np.arange(height * finer))
    return fine.rays(np.stack([x, y], axis=-1).reshape(-1, 2).astype(np.float64))


def picture(camera: Camera, pose: NDArray[np.float64], board: Board = BOARD, finer: int = 2) -> NDArray[np.uint8]:
    """(height, width, 3) uint8: a printed board before a grey wall; `finer` squared samples a pixel."""
    width, height = camera.size_px
    rays = _rays(camera, finer)
    turn = rotations(pose[None, :3])[0]
    across = rays @ turn
    with np.errstate(divide="ignore", invalid="ignore"):
        depth = (pose[3:] @ turn)[2] / across[:, 2]
        on_board = across[:, :2] * depth[:, None] - (pose[3:] @ turn)[:2]
    seen = np.isfinite(depth) & (depth > 0)
    sheet = np.pad(squares(board, SQUARE_PX), WHITE_SQUARES * SQUARE_PX, constant_values=255)
    corner = np.array([board.columns + 1, board.rows + 1]) / 2 + WHITE_SQUARES
    with np.errstate(invalid="ignore"):
        places = np.floor((np.where(seen[:, None], on_board, np.inf) + corner) * SQUARE_PX)
    inside = (places >= 0).all(axis=1) & (places < (sheet.shape[1], sheet.shape[0])).all(axis=1)
    grey = np.full(len(rays), 128.0)
    columns, rows = places[inside].astype(int).T
    grey[inside] = 30 + 0.75 * sheet[rows, columns]
    small = grey.reshape(height, finer, width, finer).mean(axis=(1, 3))
    return np.repeat(small.round().astype(np.uint8)[..., None], 3, axis=2)
