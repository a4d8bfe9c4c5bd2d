from dataclasses import replace

import cv2
import numpy as np
import pytest

from calibration.camera import Camera
from calibration.errors import CalibrationError
from tests.calibration.boards import FISHEYE, PINHOLE

CAMERAS = pytest.mark.parametrize("camera", [PINHOLE, FISHEYE], ids=lambda camera: camera.name)


def grid(camera: Camera) -> np.ndarray:
    width, height = camera.size_px
    return np.stack(np.meshgrid(np.linspace(0, width - 1, 17), np.linspace(0, height - 1, 9)), -1).reshape(-1, 2)


@CAMERAS
def test_a_ray_meets_the_pixel_that_sees_it(camera: Camera) -> None:
    rays = camera.rays(grid(camera))
    np.testing.assert_allclose(np.linalg.norm(rays, axis=1), 1)
    np.testing.assert_allclose(camera.project(3 * rays), grid(camera), atol=1e-8)


def test_pinhole_projects_as_opencv_does() -> None:
    rays = PINHOLE.rays(grid(PINHOLE))
    expected, _ = cv2.projectPoints(rays, np.zeros(3), np.zeros(3), PINHOLE.matrix, PINHOLE.distortion)
    np.testing.assert_allclose(PINHOLE.project(rays), expected[:, 0], atol=1e-9)


def test_fisheye_projects_as_opencv_does_where_that_can() -> None:
    rays = FISHEYE.rays(grid(FISHEYE))
    rays = rays[rays[:, 2] > 0.1]
    expected, _ = cv2.fisheye.projectPoints(rays[:, None], np.zeros(3), np.zeros(3), FISHEYE.matrix, FISHEYE.distortion)
    np.testing.assert_allclose(FISHEYE.project(rays), expected[:, 0], atol=1e-9)


def test_axes_are_right_down_and_forward() -> None:
    centre, right, down = PINHOLE.rays(np.array([[325, 176], [425, 176], [325, 276]]))
    np.testing.assert_allclose(centre, [0, 0, 1], atol=1e-12)
    assert right[0] > 0.1 and down[1] > 0.1


def test_what_is_behind_is_not_in_the_picture() -> None:
    assert np.isnan(PINHOLE.project(np.array([[0, 0, -1], [1, 0, 0]]))).all()
    assert np.isnan(FISHEYE.project(np.array([[0, 0, -1]]))).all()


def test_a_fisheye_sees_what_is_beside_and_a_little_behind() -> None:
    wide = replace(FISHEYE, matrix=np.array([[160.0, 0, 317], [0, 160, 182], [0, 0, 1]]))
    aside = np.array([[1, 0, -0.1]])
    np.testing.assert_allclose(wide.rays(wide.project(aside)), aside / np.linalg.norm(aside), atol=1e-9)


def test_where_distortion_folds_there_is_no_ray_and_no_pixel() -> None:
    folding = replace(PINHOLE, distortion=np.array([-0.4, 0, 0, 0, 0]))
    tangent = 0.92  # 1 - 3 * 0.4 * r² is 0 at .913
    assert np.isnan(folding.project(np.array([[tangent, 0, 1]]))).all()
    assert np.isfinite(folding.project(np.array([[tangent - 0.02, 0, 1]]))).all()
    assert np.isnan(folding.rays(np.array([[2000, 176]]))).all()


@CAMERAS
def test_a_scaled_stream_sees_the_same_directions(camera: Camera) -> None:
    half = camera.scaled_to((320, 180))
    edges = np.array([[-0.5, -0.5], [319.5, 179.5]])
    np.testing.assert_allclose(half.rays(edges), camera.rays(np.array([[-0.5, -0.5], [639.5, 359.5]])), atol=1e-9)
    assert half.size_px == (320, 180)


@pytest.mark.parametrize("size_px", [(640, 480), (360, 640), (640, 350)])
def test_a_stream_of_another_shape_is_refused(size_px: tuple[int, int]) -> None:
    with pytest.raises(CalibrationError, match=r"pinhole was calibrated at 640x360.*another shape"):
        PINHOLE.scaled_to(size_px)


def test_a_pixel_more_or_less_is_rounding() -> None:
    assert replace(PINHOLE, size_px=(640, 361)).scaled_to((641, 361)).size_px == (641, 361)
    assert PINHOLE.scaled_to((427, 240)).size_px == (427, 240)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"size_px": (360, 640)}, "far from the middle"),
        ({"size_px": (0, 360)}, "width and height"),
        ({"matrix": np.diag([1.0, np.nan, 1])}, "finite"),
        ({"matrix": np.array([[325.0, 0, 520], [0, 515, 176], [0, 0, 1]])}, "far from the middle"),
        ({"matrix": np.array([[520.0, 0, 176], [0, 515, 325], [0, 0, 1]])}, "far from the middle"),
        ({"matrix": np.array([[520.0, 0, 325], [0, 51.5, 176], [0, 0, 1]])}, "differ by more"),
        ({"matrix": np.array([[5.2, 0, 325], [0, 5.15, 176], [0, 0, 1]])}, "no focal lengths"),
        ({"matrix": PINHOLE.matrix.T}, "is not fx 0 cx"),
        ({"distortion": PINHOLE.distortion[[2, 3, 0, 1, 4]]}, "no lens has"),
        ({"distortion": np.array([-9.0, 0, 0, 0, 0])}, "fold"),
        ({"distortion": np.zeros(4)}, "takes 5 numbers: k1, k2, p1, p2, k3"),
        ({"model": "fisheye"}, "takes 4 numbers"),
    ],
)
def test_what_no_camera_can_be_is_refused(wrong: dict[str, object], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        replace(PINHOLE, **wrong)  # type: ignore[arg-type]


def test_nobody_changes_a_camera() -> None:
    with pytest.raises(ValueError, match="read-only"):
        PINHOLE.matrix[0, 0] = 1
