"""Whether a camera still looks where its mounting says: the direction of travel is looked at now and then."""

from collections import deque
from statistics import median

import numpy as np
from numpy.typing import NDArray

from calibration.camera import Camera
from calibration.mounting import Mounting, bearing_deg, elevation_deg
from calibration.picture_pairs import PicturePairs
from calibration.travel import follow, travel

INTERVAL_S = 1.5
"""Between looks; a look is two pictures."""
FEATURES = 200
"""Corners that are followed: the vehicle's path waits for them."""
WIDTH_PX = 240
"""Of the pictures that are looked at, or up to twice as wide."""
LOOKS, ENOUGH = 11, 5
"""Newest looks that count, and how many there must be."""
MOST_PITCH_DEG, MOST_YAW_DEG = 1.5, 3.0
"""By which the median of the looks may be off, beside twice the mounting's own standard deviation. On a straight road
it is off by some tenths; in long bends the vehicle drives aside of where it points."""
STRAIGHT_DEG_S = 3.0
"""What turns faster says nothing of the yaw."""


class MountingWatch:
    """Watches the mounting of one camera. Reads no clock: the time of each picture is handed to it."""

    def __init__(self, mounting: Mounting) -> None:
        self._mounting = mounting
        self._pairs = PicturePairs(INTERVAL_S, WIDTH_PX)
        self._pitch: deque[float] = deque(maxlen=LOOKS)
        self._yaw: deque[float] = deque(maxlen=LOOKS)

    @property
    def off_deg(self) -> tuple[float, float] | None:
        """How far down and to the left of its mounting the camera looks, as seen lately; None before it is known."""
        if len(self._pitch) < ENOUGH:
            return None
        return median(self._pitch), median(self._yaw) if len(self._yaw) >= ENOUGH else 0.0

    @property
    def moved(self) -> bool:
        """Whether the camera has been looking elsewhere for a while."""
        off = self.off_deg
        if off is None:
            return False
        return (
            abs(off[0]) > MOST_PITCH_DEG + 2 * self._mounting.pitch_std_deg
            or abs(off[1]) > MOST_YAW_DEG + 2 * self._mounting.yaw_std_deg
        )

    def look(self, camera: Camera, image: NDArray[np.uint8], time_s: float) -> None:
        """Take in a picture (height, width, 3) uint8 BGR of `camera`, which has its size; most are let pass.

        Times go on evenly; after a step back or a long gap it looks anew.
        """
        pair = self._pairs.take(image, time_s)
        if pair is None:
            return
        points = [pair.in_full(found, camera.size_px) for found in follow(pair.first, pair.second, FEATURES)]
        seen = travel(camera, *points)
        if seen is None:
            return
        towards = self._mounting.to_vehicle(seen.direction[None])
        # What is driven towards lies higher in the picture of a camera that has tipped down.
        self._pitch.append(float(elevation_deg(towards)[0]))
        if abs(np.degrees(seen.turn_rad[1])) < STRAIGHT_DEG_S * pair.apart_s:
            self._yaw.append(float(bearing_deg(towards)[0]))
