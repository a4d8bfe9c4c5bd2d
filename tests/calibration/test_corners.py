import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from calibration.board import Board
from calibration.camera import Camera
from calibration.corners import edge_width_px, find_corners, find_roughly, similar_board
from calibration.undistortion import undistorted
from tests.calibration.boards import BOARD, FISHEYE, PINHOLE, picture, views

CHARUCO = Board(9, 6, "charuco")
POSE = np.array([0.3, -0.4, 0.15, 0.5, -0.5, 17.0])
CLOSE = np.array([0.05, 0.05, 0.0, 0.8, -0.6, 14.5])
ASIDE = np.array([0.1, 0.5, 0.1, 6.0, 0.3, 8.0])
"""Where a fisheye bends the board."""


def errors_px(camera: Camera, pose: NDArray[np.float64], board: Board) -> NDArray[np.float64]:
    corners = find_corners(picture(camera, pose, board), board)
    assert corners is not None
    truth = views(camera, pose[None], noise_px=0, board=board)[0].points_px[corners.numbers]
    return np.asarray(np.linalg.norm(corners.points_px - truth, axis=1))


@pytest.mark.parametrize("board", [BOARD, CHARUCO], ids=str)
@pytest.mark.parametrize(("camera", "pose"), [(PINHOLE, POSE), (FISHEYE, ASIDE)], ids=["pinhole", "fisheye"])
def test_corners_are_found_to_a_fraction_of_a_pixel(camera: Camera, pose: NDArray[np.float64], board: Board) -> None:
    errors = errors_px(camera, pose, board)
    assert len(errors) >= (54 if board is BOARD else 20)
    assert np.sqrt((errors**2).mean()) < 0.3


def test_a_turned_board_has_the_same_first_corner() -> None:
    image = picture(PINHOLE, POSE)
    upright, turned = find_corners(image, BOARD), find_corners(np.ascontiguousarray(image[::-1, ::-1]), BOARD)
    assert upright is not None and turned is not None
    np.testing.assert_allclose(turned.points_px, np.array([639, 359]) - upright.points_px, atol=0.1)


def test_a_board_that_is_cut_off_is_none_but_charuco_is_seen_in_part() -> None:
    assert find_corners(picture(PINHOLE, POSE)[:, :330], BOARD) is None
    part = find_corners(picture(PINHOLE, POSE, CHARUCO)[:, :330], CHARUCO)
    assert part is not None and 8 <= len(part.numbers) < 54


def test_no_board_is_none() -> None:
    wall = np.full((360, 640, 3), 128, np.uint8)
    assert find_corners(wall, BOARD) is None and find_corners(wall, CHARUCO) is None


def test_a_corner_that_is_painted_over_is_not_guessed() -> None:
    image = picture(PINHOLE, POSE)
    x, y = views(PINHOLE, POSE[None], noise_px=0)[0].points_px[20].astype(int).tolist()
    cv2.circle(image, (x, y), 5, (220, 220, 220), -1)
    corners = find_corners(image, BOARD)
    assert corners is None or 20 not in corners.numbers


def test_who_counts_squares_is_told_the_corners() -> None:
    assert similar_board(picture(PINHOLE, POSE), Board(10, 7)) == BOARD


def test_blur_widens_edges() -> None:
    image = picture(PINHOLE, POSE)
    corners = find_roughly(image, BOARD)
    assert corners is not None
    sharp = edge_width_px(image, corners)
    blurred = edge_width_px(np.asarray(cv2.GaussianBlur(image, (0, 0), 2.5), np.uint8), corners)
    assert sharp < 3 < 4.5 < blurred


@pytest.mark.parametrize(("camera", "pose"), [(PINHOLE, CLOSE), (FISHEYE, ASIDE)], ids=["pinhole", "fisheye"])
def test_rows_are_straight_once_undistorted(camera: Camera, pose: NDArray[np.float64]) -> None:
    def most_off_line(image: NDArray[np.uint8]) -> float:
        corners = find_corners(image, BOARD)
        assert corners is not None and len(corners.numbers) == 54
        lines = corners.points_px.reshape(6, 9, 2)
        around = lines - lines.mean(axis=1, keepdims=True)
        return float(max(np.abs(line @ np.linalg.svd(line)[2][1]).max() for line in around))

    image = picture(camera, pose)
    assert most_off_line(image) > 1
    assert most_off_line(undistorted(image, camera)) < 0.5


def test_a_scaled_picture_is_undistorted_and_one_of_another_shape_refused() -> None:
    assert undistorted(np.zeros((180, 320, 3), np.uint8), PINHOLE).shape == (180, 320, 3)
    with pytest.raises(ValueError, match="another shape"):
        undistorted(np.zeros((480, 640, 3), np.uint8), PINHOLE)
