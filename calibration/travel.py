"""Which way the vehicle drives, as the camera sees it: from the flow between two pictures.

Everything that stands moves away from one point of the picture, the focus of expansion, once the camera's own turning
is taken off. Where the vehicle drives straight ahead, that point is the direction straight ahead, so it holds the
camera's pitch and yaw (Longuet-Higgins and Prazdny, "The interpretation of a moving retinal image", 1980). What moves
by itself doesn't fit and is weighed away.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from calibration.camera import Camera
from calibration.lens import Points, Rays

FEATURES = 600
"""Corners that are looked for in a picture."""
LEAST_QUALITY = 0.004
"""Of a corner, against the picture's best."""
WINDOW_PX = (15, 15)
"""In which a corner is found again."""
FEATURE_SPACING = 1 / 100
"""Of the picture's width, between them."""
LEAST_FEATURES = 40
LEAST_FLOW_DEG = 0.12
"""Of the quickest quarter of corners: below it, the vehicle stands or creeps."""
THERE_AND_BACK_PX = 0.5
"""How far a corner that is followed there and back may come out from where it was."""
TYPICAL_ERROR_RAD = 3e-4
"""By which the flow of what stands misses the model, about a third of a pixel; ten times that is something else."""
STEPS = 12


@dataclass(frozen=True, slots=True)
class Travel:
    """The camera's motion between two pictures."""

    direction: NDArray[np.float64]
    """(3,) unit vector in camera axes: where to."""
    covariance: NDArray[np.float64]
    """(2, 2) of the direction's x and y, radians squared."""
    turn_rad: NDArray[np.float64]
    """(3,) of the camera about its own x, y, z axes, right-handed: about y is to the right."""


def follow(first: NDArray[np.uint8], second: NDArray[np.uint8], features: int = FEATURES) -> tuple[Points, Points]:
    """Corners of a grey picture (height, width) and where they are in the next one: two (n, 2) in px."""
    spacing = max(4.0, FEATURE_SPACING * first.shape[1])
    corners: NDArray[np.float32] | None = cv2.goodFeaturesToTrack(first, features, LEAST_QUALITY, spacing)  # type: ignore[assignment]  # of a blank picture, None
    if corners is None:
        return np.empty((0, 2)), np.empty((0, 2))
    there, found, _ = cv2.calcOpticalFlowPyrLK(first, second, corners, np.empty_like(corners), winSize=WINDOW_PX)
    back, found_back, _ = cv2.calcOpticalFlowPyrLK(second, first, there, np.empty_like(corners), winSize=WINDOW_PX)
    missed = np.abs(np.asarray(back) - corners).max(axis=(1, 2))
    good = (np.asarray(found)[:, 0] == 1) & (np.asarray(found_back)[:, 0] == 1) & (missed < THERE_AND_BACK_PX)
    return np.asarray(corners[good, 0], np.float64), np.asarray(np.asarray(there)[good, 0], np.float64)


def travel(camera: Camera, first_px: Points, second_px: Points) -> Travel | None:
    """The motion between two pictures, of points (n, 2) that are seen in both; None where they don't tell it."""
    rays = camera.rays(first_px), camera.rays(second_px)
    seen = np.isfinite(rays[0]).all(axis=1) & np.isfinite(rays[1]).all(axis=1)
    one, other = rays[0][seen], rays[1][seen]
    if len(one) < LEAST_FEATURES:
        return None
    flow = np.linalg.norm(np.cross(one, other), axis=1)
    if np.quantile(flow, 0.75) < np.radians(LEAST_FLOW_DEG):
        return None
    return _fit(one, other)


def _fit(one: Rays, other: Rays) -> Travel | None:
    """Gauss and Newton's steps on the distance of each point from its epipolar plane, weighed after Cauchy."""
    direction, turn = np.array([0.0, 0.0, 1.0]), np.zeros(3)
    scale = 30 * TYPICAL_ERROR_RAD  # what stands is not yet told from what moves
    for _ in range(STEPS):
        beside = np.stack(_beside(direction), axis=1)
        unturned = other - np.cross(turn, other)
        normal = np.cross(one, unturned)
        across = np.hypot(
            np.linalg.norm(np.cross(direction, one), axis=1), np.linalg.norm(np.cross(direction, other), axis=1)
        )
        across = np.maximum(across, 1e-3)
        error = normal @ direction / across
        by_turn = one * (other @ direction)[:, None] - direction * (one * other).sum(axis=1)[:, None]
        slopes = np.concatenate([normal @ beside, by_turn], axis=1) / across[:, None]
        weight = 1 / (1 + (error / scale) ** 2)
        information = slopes.T @ (slopes * weight[:, None])
        try:
            step = np.linalg.solve(information, -slopes.T @ (weight * error))
        except np.linalg.LinAlgError:
            return None
        direction = direction + beside @ step[:2]
        direction /= np.linalg.norm(direction)
        turn = turn + step[2:]
        scale = max(scale / 2, 2 * TYPICAL_ERROR_RAD)
    outwards = ((other - np.cross(turn, other) - one) * (one - direction)).sum(axis=1)
    if direction[2] <= 0 or (weight > 0.2).mean() < 0.4 or (weight * np.sign(outwards)).sum() < 0.5 * weight.sum():
        return None  # it leads behind the camera, most don't obey it, or the vehicle drives backwards
    noise = (weight * error**2).sum() / max(weight.sum() - 5, 1)
    covariance = beside @ np.linalg.inv(information)[:2, :2] @ beside.T * noise
    return Travel(direction, covariance[:2, :2], -turn)  # what is seen turns the other way


def _beside(direction: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Two unit vectors at right angles to a direction that looks forward, and to each other."""
    across = np.cross([0.0, 1.0, 0.0], direction)
    across /= np.linalg.norm(across)
    return across, np.cross(direction, across)
