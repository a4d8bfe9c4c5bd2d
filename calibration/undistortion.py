"""Pictures without the lens's distortion, to be looked at: straight things come out straight."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from calibration.camera import Camera

WIDEST_DEG = 65.0
"""From the axis to the edge. A flat picture stretches ever more towards 90 degrees."""
STRIP_ROWS = 64
"""Mapped at once."""


def undistorted(image: NDArray[np.uint8], camera: Camera) -> NDArray[np.uint8]:
    """The picture that a lens without distortion would have given.

    Args:
        image: (height, width, 3) uint8, of the camera, perhaps scaled.
        camera: Which took it.

    Returns:
        Of the same size. The middles of the four edges are still in it, up to `WIDEST_DEG`; black where nothing was
        seen.

    Raises CalibrationError for a picture of another shape than the camera's.
    """
    height, width = image.shape[:2]
    camera = camera.scaled_to((width, height))
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    pixels = np.stack([x, y], axis=-1).astype(np.float64)
    rays = np.concatenate([(pixels - camera.matrix[:2, 2]) / _focal_px(camera), np.ones((height, width, 1))], axis=-1)
    places = np.concatenate(
        [camera.project(strip.reshape(-1, 3)) for strip in np.array_split(rays, -(-height // STRIP_ROWS))]
    )
    places = np.nan_to_num(places, nan=-1e6).reshape(height, width, 2).astype(np.float32)
    return np.asarray(cv2.remap(image, places[..., 0], places[..., 1], cv2.INTER_LINEAR), np.uint8)


def _focal_px(camera: Camera) -> float:
    """The focal length at which the middles of the picture's edges stay in it."""
    width, height = camera.size_px
    cx, cy = camera.matrix[:2, 2].tolist()
    edges = [(0.0, cy, cx), (width - 1.0, cy, width - 1 - cx), (cx, 0.0, cy), (cx, height - 1.0, height - 1 - cy)]
    rays = camera.rays(np.array([(x, y) for x, y, _ in edges]))
    angles = np.arctan2(np.hypot(rays[:, 0], rays[:, 1]), rays[:, 2])
    widest = np.minimum(np.nan_to_num(angles, nan=math.pi), math.radians(WIDEST_DEG))
    return min(float(room / math.tan(angle)) for (_, _, room), angle in zip(edges, widest.tolist(), strict=True))
