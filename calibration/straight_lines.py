"""What straight lines in a picture say of the camera's mounting: lane lines run ahead, and poles and walls stand up.

A line in the picture and the camera's centre span a plane. Lines that are parallel on the road have planes that all
hold one direction, their vanishing point (Barnard, "Interpreting perspective images", 1983).
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from calibration.camera import Camera
from calibration.lens import Rays
from calibration.mounting import CAMERA_TO_LEVEL

LEAST_LENGTH = 0.03
"""Of the picture's width: shorter lines are texture."""
LINE_ERROR_PX = 0.7
"""Standard deviation across a line of its ends."""
LANE_WITHIN_DEG = 2.0
"""How far a lane line may pass from where the flow says that the vehicle drives."""
LANE_BELOW_DEG = 2.0
"""Lane lines are looked for so far below the horizon: above, they are short, and bent by the road."""
LANE_SCALE_DEG = 0.25
"""By which a lane line may miss the common point before it counts less."""
LEAST_LANE_LINES = 3
UPRIGHT_WITHIN_DEG = 20.0
UPRIGHT_SCALE_DEG = 0.7
LEAST_UPRIGHTS = 40
"""In all pictures of a drive together."""
LEAST_AGREEING = 0.25
"""Of their length, that stands within two of `UPRIGHT_SCALE_DEG` of the common lean; scattered at random, a fourteenth
would."""
STEPS = 10


@dataclass(frozen=True, slots=True)
class Lines:
    """Straight lines of one picture."""

    normals: NDArray[np.float64]
    """(n, 3) unit, in camera axes: of the plane through each line and the camera's centre."""
    middles: Rays
    """(n, 3) unit, in camera axes: where each line's middle is seen."""
    lengths_px: NDArray[np.float64]
    """(n,)."""

    def take(self, chosen: NDArray[np.bool_]) -> "Lines":
        """Some of them."""
        return Lines(self.normals[chosen], self.middles[chosen], self.lengths_px[chosen])


def find_lines(camera: Camera, grey: NDArray[np.uint8]) -> Lines:
    """Line segments of a grey picture (height, width), in the camera's rays, so that a bent lens bends none.

    By von Gioi et al., "LSD: a fast line segment detector", PAMI 2010.
    """
    found: NDArray[np.float32] | None = cv2.createLineSegmentDetector().detect(grey)[0]  # type: ignore[assignment]
    ends = np.zeros((0, 2, 2)) if found is None else np.asarray(found, np.float64).reshape(-1, 2, 2)
    lengths = np.linalg.norm(ends[:, 1] - ends[:, 0], axis=1)
    ends, lengths = (part[lengths >= LEAST_LENGTH * grey.shape[1]] for part in (ends, lengths))
    rays = camera.rays(ends.reshape(-1, 2)).reshape(-1, 2, 3)
    seen = np.isfinite(rays).all(axis=(1, 2))
    first, last = rays[seen, 0], rays[seen, 1]
    normals, middles = np.cross(first, last), first + last
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    middles /= np.linalg.norm(middles, axis=1, keepdims=True)
    return Lines(normals, middles, lengths[seen])


def lane_direction(camera: Camera, lines: Lines, towards: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """The direction (3,) in camera axes in which the lane lines run; None where a picture doesn't show enough of them.

    `towards` is about where, (3,) unit.
    """
    down = math.sin(math.radians(LANE_BELOW_DEG))
    near = np.abs(lines.normals @ towards) < math.sin(math.radians(LANE_WITHIN_DEG))
    lanes = lines.take(near & (lines.middles[:, 1] - towards[1] > down))
    apart = np.arccos(np.clip(lanes.middles @ towards, -1, 1))
    std = LINE_ERROR_PX / camera.matrix[0, 0] * (1 + 2 * apart * camera.matrix[0, 0] / lanes.lengths_px)
    scale = np.hypot(std, math.radians(LANE_SCALE_DEG))
    direction = towards
    weight = np.zeros(len(apart))
    for step in range(STEPS):
        error = lanes.normals @ direction
        spread = scale * max(1.0, 2.0 ** (4 - step))
        weight = 1 / (1 + (error / spread) ** 2)
        slopes = lanes.normals[:, :2] / std[:, None]
        information = slopes.T @ (slopes * weight[:, None]) + np.eye(2)
        move = np.linalg.solve(information, -slopes.T @ (weight * error / std))
        direction = direction + np.append(move, 0.0)
        direction = direction / np.linalg.norm(direction)
    leaning = lanes.normals[:, 0] * np.sign(lanes.normals[:, 1])
    good = weight > 0.3
    # Lines of one side alone cross anywhere.
    if good.sum() < LEAST_LANE_LINES or not ((leaning[good] > 0.1).any() and (leaning[good] < -0.1).any()):
        return None
    return np.asarray(direction)


def leans_deg(lines: Lines, towards: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The roll (n,) of the camera by which each line that is nearly upright would stand straight up, in degrees, and
    the length (n,) of each in px.

    `towards` is the direction of travel in camera axes, (3,) unit.
    """
    forward, left, up = CAMERA_TO_LEVEL @ towards
    tan_pitch = up / math.hypot(forward, left)
    ahead, across, above = (lines.normals @ CAMERA_TO_LEVEL.T).T
    tilt = np.hypot(across, above)
    with np.errstate(invalid="ignore", divide="ignore"):
        roll = np.arcsin(np.clip(ahead * tan_pitch / tilt, -1, 1)) - np.arctan2(above, across)
    roll = (roll + math.pi / 2) % math.pi - math.pi / 2  # a plane has two normals
    leans = np.degrees(roll)
    upright = np.isfinite(leans) & (np.abs(leans) < UPRIGHT_WITHIN_DEG)
    return leans[upright], lines.lengths_px[upright]


def common_lean_deg(leans: NDArray[np.float64], lengths_px: NDArray[np.float64]) -> tuple[float, float] | None:
    """The roll that the lines of a drive agree on, and its standard deviation; None where there are too few, or no
    more agree than by chance.
    """
    if len(leans) < LEAST_UPRIGHTS:
        return None
    tried = np.arange(-UPRIGHT_WITHIN_DEG, UPRIGHT_WITHIN_DEG, 0.1)
    votes = (lengths_px[:, None] / (1 + ((leans[:, None] - tried) / UPRIGHT_SCALE_DEG) ** 2)).sum(axis=0)
    common = float(tried[votes.argmax()])
    for _ in range(STEPS):
        weight = lengths_px / (1 + ((leans - common) / UPRIGHT_SCALE_DEG) ** 2) ** 2
        common = float((weight * leans).sum() / weight.sum())
    agreeing = np.abs(leans - common) < 2 * UPRIGHT_SCALE_DEG
    if lengths_px[agreeing].sum() < LEAST_AGREEING * lengths_px.sum():
        return None
    # The same pole is seen in many pictures, so a tenth of the lines are taken for independent ones.
    return common, float(leans[agreeing].std() / math.sqrt(max(agreeing.sum() / 10, 1)))
