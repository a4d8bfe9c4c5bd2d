"""Where in a picture a sign can be, and how large it is there at least and at most.

A sign that stands beside or over the road is within some metres of the vehicle's path. Through a pixel that looks
steeply up, down or aside, such a place can only be near, and there even a small sign looks large. Near the horizon it
may be far, and small.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibration.camera import Camera
from calibration.mounting import Mounting, bearing_deg, elevation_deg

SIZE_M = (0.4, 1.2)
"""Height and width of a sign, from the smallest to the largest."""
HEIGHT_M = (-1.0, 7.0)
"""Of its middle above the road at the vehicle; the road itself rises and falls."""
AHEAD_M = (8.0, 80.0)
"""Nearer, it is passed within .6 s at 50 km/h and has been read. Only what looks steeply up or down is closed by that:
a sign beside the road is seen under angles under which others, further off, are too."""
ASIDE_M = 15.0
BOUNCE_DEG = 1.0
"""By which a vehicle pitches on its springs, and its path ahead bends or rises."""
CELLS = 48
"""Of the grid over the picture, in its longer side."""


@dataclass(frozen=True, slots=True)
class SignField:
    """A grid over the picture, rows from top to bottom; of each cell the sizes that a sign in it can have."""

    smallest: NDArray[np.float32]
    """(rows, columns) side of the smallest, as a share of the picture's width; infinite where there can't be any."""
    largest: NDArray[np.float32]
    """(rows, columns) of the largest, 0 where there can't be any."""


def sign_field(camera: Camera, mounting: Mounting) -> SignField:
    """The field of a camera as it is mounted. What the mounting isn't sure of is left open on either side."""
    width, height = camera.size_px
    columns = max(2, round(CELLS * min(1.0, width / height)))
    rows = max(2, round(CELLS * min(1.0, height / width)))
    x, y = (np.arange(columns) + 0.5) * width / columns, (np.arange(rows) + 0.5) * height / rows
    pixels = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2) - 0.5
    rays = camera.rays(pixels)
    farthest = _farthest_m(rays, mounting)
    px_per_rad = _px_per_rad(camera, pixels, rays)
    # Where the lens has no ray there is nothing to see, and where no place is in reach, nothing to find.
    open_here = np.nan_to_num(farthest * mounting.to_vehicle(rays)[:, 0], nan=0.0) >= AHEAD_M[0]
    with np.errstate(divide="ignore", invalid="ignore"):
        smallest = np.where(open_here, px_per_rad * SIZE_M[0] / farthest / width, np.inf)
        largest = np.where(open_here, px_per_rad * SIZE_M[1] / AHEAD_M[0] / width, 0.0)
    shape = rows, columns
    return SignField(smallest.reshape(shape).astype(np.float32), largest.reshape(shape).astype(np.float32))


def _farthest_m(rays: NDArray[np.float64], mounting: Mounting) -> NDArray[np.float64]:
    """How far along each ray (n, 3) a sign can stand at most; 0 where none can."""
    directions = mounting.to_vehicle(rays)
    bearing, unsure = np.abs(bearing_deg(directions)), 2 * mounting.yaw_std_deg + BOUNCE_DEG
    aside, widest = np.radians(np.clip([bearing - unsure, bearing + unsure], 0.0, 89.0))
    elevation = elevation_deg(directions)
    spare = 2 * np.hypot(mounting.pitch_std_deg, mounting.roll_std_deg * np.sin(np.radians(bearing))) + BOUNCE_DEG
    upwards = np.tan(np.radians(np.clip(np.abs(elevation) - spare, 0.0, 89.0)))
    highest_m = HEIGHT_M[1] - mounting.height_m + 2 * mounting.height_std_m
    lowest_m = mounting.height_m - HEIGHT_M[0] + 2 * mounting.height_std_m
    with np.errstate(divide="ignore"):
        level_m = np.minimum(AHEAD_M[1] / np.cos(widest), ASIDE_M / np.sin(aside))
        along_m = np.minimum(level_m, np.where(elevation > 0, highest_m, lowest_m) / upwards)
    steep = np.tan(np.radians(np.clip(np.abs(elevation), 0.0, 89.0)))
    return np.asarray(np.where(bearing < 89.0, along_m * np.hypot(1.0, steep), 0.0))


def _px_per_rad(camera: Camera, pixels: NDArray[np.float64], rays: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n,) how many pixels the camera has for an angle of one radian, there."""
    square = []
    for axis in (0, 1):
        step = np.zeros(2)
        step[axis] = 0.5
        there, back = camera.rays(pixels + step), camera.rays(pixels - step)
        square.append(np.linalg.norm(there - back, axis=1))
    return np.asarray(1 / np.sqrt(square[0] * square[1]))
