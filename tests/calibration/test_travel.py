"""The direction of travel from points that stand, turn and move, without pictures."""

import numpy as np
import pytest

from calibration.camera import Camera
from calibration.mounting import turn
from calibration.travel import follow, travel

CAMERA = Camera(
    "c", (1280, 720), "pinhole", np.array([[1000.0, 0, 640], [0, 1000.0, 360], [0, 0, 1]]),
    np.array([-0.2, 0.05, 0.0, 0.0, 0.0]),
)  # fmt: skip
MOVED_M = 1.1


def scene(
    direction: np.ndarray, turn_rad: np.ndarray, noise_px: float = 0.0, moving: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Where 300 points are seen before and after the camera has moved and turned; the last go their own way."""
    generator = np.random.default_rng(0)
    places = generator.uniform([-20, -6, 8], [20, 1.3, 80], (300, 3))
    first = CAMERA.project(places)
    places = places - MOVED_M * direction
    if moving:
        places[-moving:] += [0.6, 0.0, 1.5]
    angle = np.linalg.norm(turn_rad)
    after = places if angle == 0 else places - np.cross(turn_rad, places)
    second = CAMERA.project(after) + generator.normal(0, noise_px, (300, 2)) if noise_px else CAMERA.project(after)
    seen = (
        np.isfinite(first).all(axis=1)
        & np.isfinite(second).all(axis=1)
        & (abs(first - [640, 360]) < [640, 360]).all(axis=1)
    )
    return first[seen], second[seen]


@pytest.mark.parametrize("direction", [(0.0, 0.0, 1.0), (0.1, -0.06, 1.0), (-0.05, 0.15, 1.0)])
@pytest.mark.parametrize("turned", [(0.0, 0.0, 0.0), (0.002, -0.004, 0.001)])
def test_the_direction_is_found_while_the_camera_turns(
    direction: tuple[float, float, float], turned: tuple[float, float, float]
) -> None:
    true = np.array(direction) / np.linalg.norm(direction)
    found = travel(CAMERA, *scene(true, np.array(turned)))
    assert found is not None
    assert found.direction == pytest.approx(true, abs=0.002)
    assert found.turn_rad == pytest.approx(turned, abs=2e-4)


def test_what_moves_by_itself_is_weighed_away() -> None:
    true = np.array([0.05, -0.03, 1.0]) / np.linalg.norm([0.05, -0.03, 1.0])
    found = travel(CAMERA, *scene(true, np.zeros(3), 0.2, moving=30))
    assert found is not None
    assert found.direction == pytest.approx(true, abs=0.006)
    assert np.sqrt(np.diag(found.covariance)) == pytest.approx([0, 0], abs=0.01)


def test_who_stands_has_no_direction() -> None:
    first, _ = scene(np.array([0.0, 0.0, 1.0]), np.zeros(3))
    assert travel(CAMERA, first, first) is None
    assert travel(CAMERA, first, first + np.random.default_rng(1).normal(0, 0.2, first.shape)) is None


def test_who_drives_backwards_or_sees_noise_is_not_believed() -> None:
    first, second = scene(np.array([0.0, 0.0, 1.0]), np.zeros(3))
    assert travel(CAMERA, second, first) is None
    generator = np.random.default_rng(2)
    assert travel(CAMERA, first, first + generator.normal(0, 25, first.shape)) is None


def test_too_few_points_say_nothing() -> None:
    first, second = scene(np.array([0.0, 0.0, 1.0]), np.zeros(3))
    assert travel(CAMERA, first[:20], second[:20]) is None
    assert travel(CAMERA, np.empty((0, 2)), np.empty((0, 2))) is None


def test_corners_are_followed_and_a_blank_picture_has_none() -> None:
    picture = np.kron(np.random.default_rng(0).integers(0, 256, (30, 40), np.uint8), np.ones((12, 12), np.uint8))
    first, second = follow(picture, np.roll(picture, (2, 3), axis=(0, 1)))
    assert len(first) > 100
    assert np.median(second - first, axis=0) == pytest.approx([3, 2], abs=0.05)
    blank = np.zeros((360, 480), np.uint8)
    assert [len(points) for points in follow(blank, blank)] == [0, 0]


def test_the_turns_are_those_of_the_vehicles_axes() -> None:
    """A camera that turns to the right sees things go to the left."""
    ahead = turn(-1.0, 0, 0) @ np.array([1.0, 0.0, 0.0])
    assert ahead[1] < 0
    found = travel(CAMERA, *scene(np.array([0.0, 0.0, 1.0]), np.array([0.0, 0.004, 0.0])))
    assert found is not None
    assert found.turn_rad[1] == pytest.approx(0.004, abs=2e-4)
