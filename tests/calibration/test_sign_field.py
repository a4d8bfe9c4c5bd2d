"""Where signs can be: every sign that is there is let through, by any lens in any mounting, and the sky is not."""

import math

import numpy as np
import pytest

from calibration.camera import Camera
from calibration.mounting import Mounting
from calibration.sign_field import AHEAD_M, ASIDE_M, HEIGHT_M, SIZE_M, sign_field

SIZE_PX = (1280, 720)


def pinhole(focal: float, *distortion: float) -> Camera:
    matrix = np.array([[focal, 0, 640], [0, focal, 360], [0, 0, 1.0]])
    return Camera("c", SIZE_PX, "pinhole", matrix, np.array([*distortion, 0, 0, 0, 0, 0][:5]))


FISHEYE = Camera(
    "c", SIZE_PX, "fisheye", np.array([[420.0, 0, 640], [0, 420.0, 360], [0, 0, 1]]), np.array([0.01, 0.0, 0.0, 0.0])
)
CAMERAS = {"narrow": pinhole(1344.0), "wide": pinhole(560.0), "bent": pinhole(800.0, -0.2, 0.04), "fisheye": FISHEYE}
MOUNTINGS = [Mounting(1.3), Mounting(1.3, 9, 2, -6), Mounting(2.6, -5, -3, 12), Mounting(0.6, 14, 0, 0)]


@pytest.mark.parametrize("camera", CAMERAS.values(), ids=CAMERAS)
@pytest.mark.parametrize("mounting", MOUNTINGS)
def test_every_sign_that_can_be_there_is_let_through(camera: Camera, mounting: Mounting) -> None:
    field = sign_field(camera, mounting)
    rows, columns = field.smallest.shape
    generator = np.random.default_rng(0)
    count = 4000
    places = np.stack(
        [
            generator.uniform(*AHEAD_M, count),
            generator.uniform(-ASIDE_M, ASIDE_M, count),
            generator.uniform(*HEIGHT_M, count) - mounting.height_m,
        ],
        axis=1,
    )
    size_m = generator.uniform(*SIZE_M, count)
    half = size_m[:, None, None] / 2 * np.array([[0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]])
    centre = camera.project(mounting.to_camera(places))
    ends = [camera.project(mounting.to_camera(places + half[:, end])) for end in range(4)]
    side = np.sqrt(np.linalg.norm(ends[0] - ends[1], axis=1) * np.linalg.norm(ends[2] - ends[3], axis=1))
    inside = (centre > 0).all(axis=1) & (centre < SIZE_PX).all(axis=1) & np.isfinite(side)
    assert inside.sum() > 300
    column = (centre[inside, 0] / SIZE_PX[0] * columns).astype(int)
    row = (centre[inside, 1] / SIZE_PX[1] * rows).astype(int)
    share = side[inside] / SIZE_PX[0]
    smallest, largest = field.smallest[row, column], field.largest[row, column]
    # A sign faces the vehicle and not the ray, so aside and above it looks smaller than its distance says.
    assert (share >= 0.85 * smallest).mean() > 0.999
    assert (share >= 0.7 * smallest).all()
    assert (share <= 1.1 * largest).all()


def test_signs_are_smallest_at_the_horizon_and_there_is_none_straight_up() -> None:
    field = sign_field(FISHEYE, Mounting(1.3))
    middle = field.smallest[:, field.smallest.shape[1] // 2]
    horizon = len(middle) // 2
    assert middle.argmin() == pytest.approx(horizon, abs=2)
    assert middle[horizon] == pytest.approx(420 * SIZE_M[0] / AHEAD_M[1] / 1280, rel=0.1)
    assert np.isinf(sign_field(pinhole(400.0), Mounting(1.3, -25)).smallest[0]).all(), "67 degrees up"


def test_what_the_mounting_is_not_sure_of_stays_open() -> None:
    sure = sign_field(CAMERAS["wide"], Mounting(1.3, pitch_std_deg=0, roll_std_deg=0, yaw_std_deg=0))
    unsure = sign_field(CAMERAS["wide"], Mounting(1.3, pitch_std_deg=5, roll_std_deg=5, yaw_std_deg=5))
    assert (unsure.smallest <= sure.smallest).all()
    assert np.isfinite(unsure.smallest).sum() > np.isfinite(sure.smallest).sum()


def test_the_field_is_the_same_for_a_scaled_picture() -> None:
    camera, mounting = CAMERAS["bent"], Mounting(1.3, 3, 1, 2)
    whole, half = sign_field(camera, mounting), sign_field(camera.scaled_to((640, 360)), mounting)
    assert half.smallest == pytest.approx(whole.smallest, rel=0.01)


def test_a_sign_as_high_as_a_gantry_is_let_through_close_to_it() -> None:
    field = sign_field(CAMERAS["wide"], Mounting(1.3))
    row = int((360 - 560 * math.tan(math.radians(25))) / 720 * len(field.smallest))
    assert np.isfinite(field.smallest[row]).all()
