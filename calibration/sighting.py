"""What a box in the picture says of the thing in it: under which angle it is seen, and in which direction."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibration.camera import Camera
from calibration.mounting import CAMERA_TO_LEVEL, Mounting, bearing_deg, turn

BoxXywh = tuple[float, float, float, float]
"""Left, top, width and height in px."""
LEAST_FORWARD = 0.05
"""Of a unit vector: what is seen further aside than 87 degrees has no distance ahead."""
FOCAL_STD = 0.02
"""Standard deviation of a focal length of which the calibration doesn't tell, as a share of it."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """A flat thing that faces the vehicle, as one box shows it."""

    tangent: float
    """Root of width times height, over its distance ahead along the vehicle's axis."""
    direction: NDArray[np.float64]
    """(3,) unit vector in the vehicle's axes (`calibration.mounting`); without a mounting, in those of a camera that
    is level and looks straight ahead."""
    bearing_deg: float
    """From the camera's axis, level, positive to the right."""

    @property
    def lengthening(self) -> float:
        """Distance of the thing over its distance ahead."""
        return 1 / float(self.direction[0])


def sights(camera: Camera, mounting: Mounting | None, boxes_xywh_px: Sequence[BoxXywh]) -> list[Sighting | None]:
    """What boxes say, one for each; None where the lens has no rays there, or the thing isn't ahead.

    A box's pixel i covers i to i + 1. All at once, because a lens bends many points as quickly as one.
    """
    if not boxes_xywh_px:
        return []
    x, y, width, height = np.array(boxes_xywh_px, np.float64).T
    middle_x, middle_y = x + width / 2, y + height / 2
    points = np.array(
        [(middle_x, middle_y), (x, middle_y), (x + width, middle_y), (middle_x, y), (middle_x, y + height)]
    )
    rays = camera.rays(points.transpose(2, 0, 1).reshape(-1, 2) - 0.5)
    rotation = CAMERA_TO_LEVEL if mounting is None else mounting.rotation
    directions = (rays @ rotation.T).reshape(-1, 5, 3)
    forward = directions[..., 0]
    ahead = np.min(forward, axis=1) > LEAST_FORWARD  # NaN isn't either
    flat = directions[..., 1:] / np.where(ahead[:, None], forward, 1.0)[..., None]
    # The whole length of each side, because in a camera that leans a box's sides lean too.
    across, down = (np.linalg.norm(flat[:, far] - flat[:, near], axis=1) for near, far in ((1, 2), (3, 4)))
    tangents = np.sqrt(across * down)
    seen = directions[:, 0] @ turn(0.0 if mounting is None else -mounting.yaw_deg, 0.0, 0.0).T
    bearings = bearing_deg(seen)
    return [
        Sighting(float(tangent), direction, float(bearing)) if good and tangent > 0 else None
        for good, tangent, direction, bearing in zip(ahead, tangents, directions[:, 0], bearings, strict=True)
    ]


def focal_std(camera: Camera) -> float:
    """Standard deviation of the camera's focal length, as a share of it."""
    if camera.accuracy is None:
        return FOCAL_STD
    shares = np.array(camera.accuracy.matrix_std_px[:2]) / np.diag(camera.matrix)[:2]
    return float(shares.max())
