"""A picture with what a mounting says drawn into it, for people to see whether it is true."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from calibration.mounting import MountedCamera, horizon_px
from edge.overlay import CONFIRMED, TENTATIVE

LANE_HALF_M = 1.75
"""To either side of straight ahead: the edges of a usual lane."""
LANE_M = np.geomspace(4.0, 80.0, 40)


def draw_horizon(image: NDArray[np.uint8], mounted: MountedCamera) -> NDArray[np.uint8]:
    """A copy of a frame (height, width, 3) uint8 BGR with the horizon, a cross straight ahead, and a lane of 3.5 m.

    Raises ValueError where the picture has another shape than the camera's, or the mounting isn't known.
    """
    mounting = mounted.mounting
    if mounting is None:
        raise ValueError("without a mounting there is no horizon")
    camera = mounted.camera.scaled_to((image.shape[1], image.shape[0]))
    drawn = image.copy()
    thickness = max(1, round(image.shape[1] / 640))
    _line(drawn, horizon_px(camera, mounting), TENTATIVE, thickness)
    for aside in (-LANE_HALF_M, LANE_HALF_M):
        road = np.stack([LANE_M, np.full(len(LANE_M), aside), np.full(len(LANE_M), -mounting.height_m)], axis=1)
        _line(drawn, camera.project(mounting.to_camera(road)), CONFIRMED, thickness)
    (ahead,) = camera.project(mounting.to_camera(np.array([[1.0, 0.0, 0.0]])))
    if math.isfinite(ahead[0]):
        at = round(float(ahead[0])), round(float(ahead[1]))
        cv2.drawMarker(drawn, at, TENTATIVE, cv2.MARKER_CROSS, 20 * thickness, thickness)
    return drawn


def _line(image: NDArray[np.uint8], points: NDArray[np.float64], colour: tuple[int, int, int], thickness: int) -> None:
    """Draw a line through points (n, 2), without those beyond the lens's reach or far out of the picture."""
    limit = 4 * max(image.shape)
    near = np.isfinite(points).all(axis=1) & (np.abs(np.nan_to_num(points)) < limit).all(axis=1)
    cv2.polylines(image, [np.rint(points[near]).astype(np.int32)], False, colour, thickness, cv2.LINE_AA)
