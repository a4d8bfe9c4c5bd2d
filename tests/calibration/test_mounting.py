"""A camera's mounting: axes and signs are those of ISO 8855, and what no mounting can be is refused."""

import math
from typing import Any

import numpy as np
import pytest

from calibration.camera import Camera
from calibration.mounting import Mounting, bearing_deg, elevation_deg, horizon_px

CAMERA = Camera("c", (1280, 720), "pinhole", np.array([[1000.0, 0, 640], [0, 1000.0, 360], [0, 0, 1]]), np.zeros(5))
AHEAD = np.array([[1.0, 0.0, 0.0]])


def ahead_px(**angles: float) -> tuple[float, float]:
    """Where straight ahead is in the picture."""
    x, y = CAMERA.project(Mounting(1.3, **angles).to_camera(AHEAD))[0].tolist()
    return x, y


def test_a_level_camera_sees_straight_ahead_in_its_middle() -> None:
    assert ahead_px() == pytest.approx((640, 360))


def test_a_camera_that_looks_down_sees_straight_ahead_higher_up() -> None:
    assert ahead_px(pitch_deg=5) == pytest.approx((640, 360 - 1000 * math.tan(math.radians(5))))


def test_a_camera_that_looks_to_the_left_sees_straight_ahead_on_the_right() -> None:
    assert ahead_px(yaw_deg=5) == pytest.approx((640 + 1000 * math.tan(math.radians(5)), 360))


def test_a_camera_whose_right_side_is_lower_sees_the_horizon_rise_to_the_right() -> None:
    horizon = horizon_px(CAMERA, Mounting(1.3, roll_deg=4))
    slopes = np.diff(horizon[:, 1]) / np.diff(horizon[:, 0])
    assert slopes == pytest.approx(-math.tan(math.radians(4)))


def test_what_is_above_the_horizon_line_is_above_the_horizon() -> None:
    mounting = Mounting(1.3, pitch_deg=3, roll_deg=-5, yaw_deg=10)
    x, y = horizon_px(CAMERA, mounting)[32]
    above, below = mounting.to_vehicle(CAMERA.rays(np.array([[x, y - 10], [x, y + 10]])))
    assert elevation_deg(above[None])[0] == pytest.approx(-elevation_deg(below[None])[0], abs=0.02)
    assert elevation_deg(above[None])[0] > 0.5


def test_bearings_are_positive_to_the_right_and_elevations_upwards() -> None:
    directions = np.array([[1.0, -1.0, 0.0], [1.0, 1.0, 0.0], [1.0, 0.0, 1.0]])
    assert bearing_deg(directions) == pytest.approx([45, -45, 0])
    assert elevation_deg(directions) == pytest.approx([0, 0, 45])


def test_there_and_back_is_where_it_was() -> None:
    mounting = Mounting(1.3, 4, -3, 20)
    rays = np.random.default_rng(0).normal(size=(20, 3))
    assert mounting.to_camera(mounting.to_vehicle(rays)) == pytest.approx(rays)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"height_m": 0.0}, "height_m is 0"),
        ({"height_m": 130.0}, "height_m is 130"),
        ({"height_m": math.nan}, "height_m is nan"),
        ({"height_m": "1.3"}, "takes a number"),
        ({"height_m": True}, "takes a number"),
        ({"pitch_deg": 31.0}, "pitch_deg is 31"),
        ({"yaw_deg": math.inf}, "yaw_deg is inf"),
        ({"roll_deg": -180.0}, "roll_deg is -180"),
        ({"pitch_std_deg": -1.0}, "pitch_std_deg is -1"),
        ({"height_std_m": 2.0}, "height_std_m is 2"),
    ],
)
def test_what_no_mounting_can_be_is_refused(values: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Mounting(**({"height_m": 1.3} | values))
