"""The sample drive through any camera in any mounting: what a turned and bent lens makes of a level picture."""

import cv2
import numpy as np
from numpy.typing import NDArray

from calibration.camera import Camera
from calibration.mounting import Mounting
from edge.sample_drive.camera import CAMERA_HEIGHT_M, FOCAL_WIDTHS, HORIZON_HEIGHTS
from edge.sample_drive.compositing import Image

_SHARPER = 1.15
"""Pixels of the level picture for each of the lens's: being sampled softens it a little."""
_SPARE = 1.04
_WIDEST = 1.4
"""Tangent of half the field of view, sideways and up and down: what a flat picture can be drawn for."""


def usual_camera(size_wh: tuple[int, int]) -> Camera:
    """The camera that the drive is drawn for where nothing else is said: no distortion, its axis on the horizon."""
    width, height = size_wh
    focal = FOCAL_WIDTHS * width
    matrix = np.array([[focal, 0.0, width / 2 - 0.5], [0.0, focal, HORIZON_HEIGHTS * height - 0.5], [0.0, 0.0, 1.0]])
    return Camera("sample drive", size_wh, "pinhole", matrix, np.zeros(5), software="Signwatch")


def usual_mounting() -> Mounting:
    """How that camera is mounted: level and straight ahead, exactly."""
    return Mounting(CAMERA_HEIGHT_M, height_std_m=0.0, pitch_std_deg=0.0, roll_std_deg=0.0, yaw_std_deg=0.0)


class Lens:
    """Makes a camera's picture of one that is level and flat, the canvas.

    Raises ValueError for a camera whose field of view doesn't fit into a flat picture, and for another height than
    the drive's.

    Attributes:
        size_wh: Width and height of the camera's picture, px.
        canvas_wh: Width and height of the picture that it takes, px.
        focal_widths: Focal length of that, in its widths.
    """

    def __init__(self, camera: Camera, mounting: Mounting) -> None:
        if mounting.height_m != CAMERA_HEIGHT_M:
            raise ValueError(f"the drive's camera is {CAMERA_HEIGHT_M} m above the road, not {mounting.height_m}")
        self._camera, self._mounting = camera, mounting
        self.size_wh = width, height = camera.size_px
        pixels = np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=-1).reshape(-1, 2)
        forward, left, up = mounting.to_vehicle(camera.rays(pixels.astype(np.float64))).T
        with np.errstate(divide="ignore", invalid="ignore"):
            across, down = -left / forward, -up / forward
        if not (forward.min() > 0 and max(np.abs(across).max(), np.abs(down).max()) < _WIDEST):
            raise ValueError(f"the view of {camera.name}, mounted so, is too wide to be drawn")
        self._focal_px = float(camera.matrix[0, 0]) * _SHARPER
        half = np.abs(across).max() * _SPARE
        high = max(-down.min() / HORIZON_HEIGHTS, down.max() / (1 - HORIZON_HEIGHTS)) * _SPARE
        self.canvas_wh = int(np.ceil(2 * half * self._focal_px)), int(np.ceil(high * self._focal_px))
        self.focal_widths = self._focal_px / self.canvas_wh[0]
        self._centre = np.array([self.canvas_wh[0] / 2, HORIZON_HEIGHTS * self.canvas_wh[1]])
        places = np.stack([across, down], axis=1) * self._focal_px + self._centre - 0.5
        self._across, self._down = places.astype(np.float32).T.reshape(2, height, width)

    def picture(self, canvas: Image) -> Image:
        """What the camera sees, uint8 (height, width, 3), of a canvas."""
        return np.asarray(cv2.remap(canvas, self._across, self._down, cv2.INTER_LINEAR), np.uint8)

    def points(self, canvas_px: NDArray[np.float64]) -> NDArray[np.float64]:
        """Points of the canvas (n, 2), in the camera's picture; in both, pixel i covers i to i + 1."""
        across, down = ((canvas_px - self._centre) / self._focal_px).T
        directions = np.stack([np.ones_like(across), -across, -down], axis=1)
        return self._camera.project(self._mounting.to_camera(directions)) + 0.5
