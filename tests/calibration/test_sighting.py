"""From a box to the angle under which its sign is seen, through any lens and in any mounting."""

import math

import numpy as np
import pytest

from calibration.camera import Accuracy, Camera
from calibration.mounting import Mounting
from calibration.sighting import FOCAL_STD, BoxXywh, Sighting, focal_std, sights

MATRIX = np.array([[900.0, 0, 640], [0, 900.0, 350], [0, 0, 1]])
CAMERAS = {
    "straight": Camera("c", (1280, 720), "pinhole", MATRIX, np.zeros(5)),
    "bent": Camera("c", (1280, 720), "pinhole", MATRIX, np.array([-0.25, 0.08, 0.001, -0.001, 0.0])),
    "fisheye": Camera("c", (1280, 720), "fisheye", MATRIX, np.array([-0.02, 0.001, 0.0, 0.0])),
}
SIZE_M = 0.6


def sight(camera: Camera, mounting: Mounting | None, box: BoxXywh) -> Sighting | None:
    (found,) = sights(camera, mounting, [box])
    return found


def box_of(
    camera: Camera, mounting: Mounting, place_m: tuple[float, float, float]
) -> tuple[float, float, float, float]:
    """The box of a disc of `SIZE_M` that faces the vehicle; forward, left and up from below the camera."""
    turns = np.linspace(0, 2 * math.pi, 72)
    rim = np.stack([np.zeros(72), np.cos(turns), np.sin(turns)], axis=1) * (SIZE_M / 2)
    centre = np.array(place_m) - [0, 0, mounting.height_m]
    points = camera.project(mounting.to_camera(rim + centre)) + 0.5  # a box's pixel i covers i to i + 1
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    return left, top, right - left, bottom - top


@pytest.mark.parametrize("camera", CAMERAS.values(), ids=CAMERAS)
@pytest.mark.parametrize("mounting", [Mounting(1.3), Mounting(1.3, 4, 0, -6), Mounting(1.3, -3, 5, 8)])
@pytest.mark.parametrize("place_m", [(60.0, -4.0, 2.5), (15.0, -4.0, 2.5), (25.0, 5.0, 3.0), (30.0, 0.0, 6.0)])
def test_a_box_says_where_its_sign_is(camera: Camera, mounting: Mounting, place_m: tuple[float, float, float]) -> None:
    found = sight(camera, mounting, box_of(camera, mounting, place_m))
    assert found is not None
    ahead = SIZE_M / found.tangent
    assert ahead == pytest.approx(place_m[0], rel=0.02)
    place = ahead * found.lengthening * found.direction + [0, 0, mounting.height_m]
    assert place == pytest.approx(place_m, rel=0.02, abs=0.15)


def test_a_bearing_is_from_the_cameras_axis_and_to_the_right() -> None:
    mounting = Mounting(1.3, yaw_deg=10)
    box = box_of(CAMERAS["straight"], mounting, (30.0, 0.0, 1.3))
    found = sight(CAMERAS["straight"], mounting, box)
    assert found is not None
    assert found.bearing_deg == pytest.approx(10, abs=0.05), "it looks to the left, so ahead is to the right"


def test_without_a_mounting_the_camera_is_taken_for_level() -> None:
    camera = CAMERAS["bent"]
    box = box_of(camera, Mounting(1.3), (20.0, -3.0, 2.0))
    bare, mounted = sight(camera, None, box), sight(camera, Mounting(1.3), box)
    assert bare is not None
    assert mounted is not None
    assert bare.tangent == mounted.tangent


def test_what_the_lens_does_not_reach_is_nowhere() -> None:
    folded = Camera("c", (1280, 720), "pinhole", MATRIX, np.array([-0.4, 0.0, 0.0, 0.0, 0.0]))
    assert sight(folded, None, (5000.0, 300.0, 40.0, 40.0)) is None
    assert sight(folded, None, (600.0, 300.0, 0.0, 40.0)) is None, "nothing has no size"


def test_a_focal_length_is_as_sure_as_its_calibration() -> None:
    assert focal_std(CAMERAS["straight"]) == FOCAL_STD
    known = Camera(
        "c", (1280, 720), "pinhole", MATRIX, np.zeros(5), Accuracy(17, 0.5, 0.5, (9.0, 4.5, 1.0, 1.0), (0.0,) * 5)
    )
    assert focal_std(known) == pytest.approx(0.01)


def test_many_boxes_say_what_each_says() -> None:
    camera, mounting = CAMERAS["bent"], Mounting(1.3, 4, 0, -6)
    boxes = [box_of(camera, mounting, (ahead, -4.0, 2.5)) for ahead in (12.0, 20.0, 50.0)]
    assert sights(camera, mounting, []) == []
    for box, found in zip(boxes, sights(camera, mounting, boxes), strict=True):
        alone = sight(camera, mounting, box)
        assert found is not None
        assert alone is not None
        assert (found.tangent, found.bearing_deg) == pytest.approx((alone.tangent, alone.bearing_deg))
