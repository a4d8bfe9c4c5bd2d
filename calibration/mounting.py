"""How a camera is mounted on the vehicle: from its axes to the vehicle's, and where the horizon is.

Vehicle axes are those of ISO 8855: x forward, y to the left, z up, right-handed, with the origin on the road below the
camera. Angles are of the camera as it sits in them, positive as the right hand turns: yaw about z looks to the left,
pitch about y looks down, roll about x leans to the right (the camera's right side lower than its left).
"""

import math
from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from calibration.camera import Camera
from calibration.lens import Points, Rays

CAMERA_TO_LEVEL = np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]])
"""From camera axes (x right, y down, z forward) to the vehicle's, for a camera that looks straight ahead."""
HEIGHT_M = (0.2, 5.0)
"""Of a camera on anything from a robot to a lorry."""
MOST_PITCH_DEG, MOST_ROLL_DEG, MOST_YAW_DEG = 30.0, 30.0, 60.0
"""A camera that is turned further doesn't look along the road."""
MOST_STD_DEG = 10.0
BY_HAND_HEIGHT_STD_M = 0.05
BY_HAND_STD_DEG = 1.0
"""Standard deviation of an angle that was measured by hand."""


@dataclass(frozen=True)
class Mounting:
    """Where a camera is and which way it looks. Raises ValueError for what no mounting can be."""

    height_m: float
    """Of the camera above the road."""
    pitch_deg: float = 0.0
    """Positive where it looks down."""
    roll_deg: float = 0.0
    """Positive where its right side is the lower one."""
    yaw_deg: float = 0.0
    """Positive where it looks to the left of where the vehicle drives."""
    height_std_m: float = BY_HAND_HEIGHT_STD_M
    pitch_std_deg: float = BY_HAND_STD_DEG
    roll_std_deg: float = BY_HAND_STD_DEG
    yaw_std_deg: float = BY_HAND_STD_DEG

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
                raise ValueError(f"{field.name} is {value!r}; it takes a number")
        if not HEIGHT_M[0] <= self.height_m <= HEIGHT_M[1]:
            raise ValueError(f"height_m is {self.height_m:g}; it takes {HEIGHT_M[0]:g} to {HEIGHT_M[1]:g} m")
        for name, most in (("pitch_deg", MOST_PITCH_DEG), ("roll_deg", MOST_ROLL_DEG), ("yaw_deg", MOST_YAW_DEG)):
            if abs(getattr(self, name)) > most:
                raise ValueError(f"{name} is {getattr(self, name):g}; it takes {-most:g} to {most:g} degrees")
        if not 0 <= self.height_std_m <= self.height_m:
            raise ValueError(f"height_std_m is {self.height_std_m:g}; it takes 0 m to the height itself")
        for name in ("pitch_std_deg", "roll_std_deg", "yaw_std_deg"):
            if not 0 <= getattr(self, name) <= MOST_STD_DEG:
                raise ValueError(f"{name} is {getattr(self, name):g}; it takes 0 to {MOST_STD_DEG:g} degrees")

    @cached_property
    def rotation(self) -> NDArray[np.float64]:
        """(3, 3) from camera axes to the vehicle's."""
        return np.asarray(turn(self.yaw_deg, self.pitch_deg, self.roll_deg) @ CAMERA_TO_LEVEL)

    def to_vehicle(self, rays: Rays) -> Rays:
        """Rays (n, 3) in camera axes, in the vehicle's."""
        return np.asarray(rays @ self.rotation.T)

    def to_camera(self, directions: NDArray[np.float64]) -> Rays:
        """Directions (n, 3) in the vehicle's axes, in the camera's."""
        return np.asarray(directions @ self.rotation)


@dataclass(frozen=True, slots=True)
class MountedCamera:
    """A camera and, where that is known, its mounting."""

    camera: Camera
    mounting: Mounting | None = None


def turn(yaw_deg: float, pitch_deg: float, roll_deg: float) -> NDArray[np.float64]:
    """(3, 3) rotation by roll about x, then pitch about y, then yaw about z (ISO 8855)."""
    (cy, sy), (cp, sp), (cr, sr) = (
        (math.cos(math.radians(angle)), math.sin(math.radians(angle))) for angle in (yaw_deg, pitch_deg, roll_deg)
    )
    about_z = np.array([[cy, -sy, 0.0], [sy, cy, 0.0], [0.0, 0.0, 1.0]])
    about_y = np.array([[cp, 0.0, sp], [0.0, 1.0, 0.0], [-sp, 0.0, cp]])
    about_x = np.array([[1.0, 0.0, 0.0], [0.0, cr, -sr], [0.0, sr, cr]])
    return np.asarray(about_z @ about_y @ about_x)


def bearing_deg(directions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of directions (n, 3) in the vehicle's axes, against straight ahead: (n,), positive to the right."""
    return np.asarray(np.degrees(np.arctan2(-directions[:, 1], directions[:, 0])))


def elevation_deg(directions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of directions (n, 3) in the vehicle's axes, against the horizon: (n,), positive upwards."""
    return np.asarray(np.degrees(np.arctan2(directions[:, 2], np.hypot(directions[:, 0], directions[:, 1]))))


def horizon_px(camera: Camera, mounting: Mounting, count: int = 65) -> Points:
    """The horizon as the camera sees it: (count, 2) px from left to right, NaN where the lens doesn't reach."""
    ahead = np.linspace(-MOST_YAW_DEG, MOST_YAW_DEG, count)
    bearings = np.radians(ahead - mounting.yaw_deg)
    level = np.stack([np.cos(bearings), -np.sin(bearings), np.zeros(count)], axis=1)
    return camera.project(mounting.to_camera(level))
