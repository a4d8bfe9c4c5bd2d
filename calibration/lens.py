"""Two models of a lens: where a ray meets the plane at distance 1 behind it, and which ray a point there came from.

Both are OpenCV's, so files of other tools fit: the pinhole with radial and tangential distortion (Brown, "Decentering
distortion of lenses", 1966) and the fisheye (Kannala and Brandt, PAMI 2006), which reaches beyond 90 degrees. OpenCV's
own functions stop after five steps or at 90 degrees and give something for rays that the model doesn't reach; here
those are NaN, so that nothing behind the camera turns up in the picture.

Rays are (n, 3) float64 in camera axes (x right, y down, z forward), of any length; points are (n, 2) float64, which
the camera matrix makes pixels of.
"""

import math

import numpy as np
from numpy.typing import NDArray

Rays = NDArray[np.float64]
Points = NDArray[np.float64]

STEPS = 30
"""Of Newton's method; it doubles the digits at each, so the lens is bent beyond use where these don't do."""
TOLERANCE = 1e-10
TABLE = 512


def pinhole_points(rays: Rays, distortion: NDArray[np.float64]) -> Points:
    """Points of rays, by k1, k2, p1, p2, k3; NaN behind the camera and where the distortion would fold the picture."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ideal = rays[:, :2] / rays[:, 2:]
    reached = (rays[:, 2] > 0) & (np.hypot(*ideal.T) < pinhole_reach(distortion))
    points, _ = _distort(np.where(reached[:, None], ideal, 0.0), distortion)
    return np.where(reached[:, None], points, np.nan)


def pinhole_rays(points: Points, distortion: NDArray[np.float64]) -> Rays:
    """Rays of points with z = 1: what `pinhole_points` takes to them; NaN where there are none."""
    ideal = points.copy()
    with np.errstate(all="ignore"):  # what has no ray runs away
        for _ in range(STEPS):
            there, slopes = _distort(ideal, distortion)
            error = there - points
            a, b, c = slopes  # of the symmetric [[a, b], [b, c]]
            step = np.stack([c * error[:, 0] - b * error[:, 1], a * error[:, 1] - b * error[:, 0]], axis=1)
            ideal -= step / (a * c - b * b)[:, None]
            if not np.any(np.abs(error) > TOLERANCE):
                break
        there, _ = _distort(ideal, distortion)
        found = (np.abs(there - points).max(axis=1, initial=0) < TOLERANCE * 10) & (
            np.hypot(*ideal.T) < pinhole_reach(distortion)
        )
    rays = np.concatenate([ideal, np.ones((len(points), 1))], axis=1)
    return np.where(found[:, None], rays, np.nan)


def pinhole_reach(distortion: NDArray[np.float64]) -> float:
    """The tangent of the angle up to which the radial distortion grows; infinite where it always does."""
    k1, k2, _, _, k3 = distortion.tolist()
    return math.sqrt(_first_root([1, 3 * k1, 5 * k2, 7 * k3], math.inf))


def fisheye_points(rays: Rays, distortion: NDArray[np.float64]) -> Points:
    """Points of rays, by k1 to k4; NaN beyond the angle up to which the model grows, which may exceed 90 degrees."""
    across = np.hypot(rays[:, 0], rays[:, 1])
    angle = np.arctan2(across, rays[:, 2])
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = np.where(across > 0, _bent(angle, distortion) / across, 0.0)
    # Straight behind no direction is left to go out in.
    reached = (angle <= fisheye_reach(distortion)) & ((across > 0) | (rays[:, 2] > 0))
    return np.where(reached[:, None], rays[:, :2] * scale[:, None], np.nan)


def fisheye_rays(points: Points, distortion: NDArray[np.float64]) -> Rays:
    """Unit rays of points: what `fisheye_points` takes to them; NaN where there are none."""
    reach = fisheye_reach(distortion)
    bent = np.hypot(points[:, 0], points[:, 1])
    angles = np.linspace(0.0, reach, TABLE)
    angle = np.interp(bent, _bent(angles, distortion), angles, right=np.nan)
    for _ in range(3):  # from a table so dense three steps are exact
        error = _bent(angle, distortion) - bent
        slope = _slope(angle, distortion)
        angle = np.clip(angle - np.divide(error, slope, out=np.zeros_like(error), where=slope > TOLERANCE), 0.0, reach)
    with np.errstate(divide="ignore", invalid="ignore"):
        direction = np.where(bent[:, None] > 0, points / bent[:, None], 0.0)
    return np.concatenate([direction * np.sin(angle)[:, None], np.cos(angle)[:, None]], axis=1)


def fisheye_reach(distortion: NDArray[np.float64]) -> float:
    """The angle from the axis, in radians, up to which the distance from the centre grows; at most pi."""
    k1, k2, k3, k4 = distortion.tolist()
    return min(math.pi, math.sqrt(_first_root([1, 3 * k1, 5 * k2, 7 * k3, 9 * k4], math.pi**2)))


def _distort(
    ideal: Points, distortion: NDArray[np.float64]
) -> tuple[Points, tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]]:
    """The distorted points, and of their derivatives by x and y the three that differ."""
    k1, k2, p1, p2, k3 = distortion.tolist()
    x, y = ideal[:, 0], ideal[:, 1]
    square = x * x + y * y
    radial = 1 + square * (k1 + square * (k2 + square * k3))
    growth = 2 * (k1 + square * (2 * k2 + square * 3 * k3))
    points = np.stack(
        [
            x * radial + 2 * p1 * x * y + p2 * (square + 2 * x * x),
            y * radial + p1 * (square + 2 * y * y) + 2 * p2 * x * y,
        ],
        axis=1,
    )
    slopes = (
        radial + growth * x * x + 2 * p1 * y + 6 * p2 * x,
        growth * x * y + 2 * p1 * x + 2 * p2 * y,
        radial + growth * y * y + 6 * p1 * y + 2 * p2 * x,
    )
    return points, slopes


def _bent(angle: NDArray[np.float64], distortion: NDArray[np.float64]) -> NDArray[np.float64]:
    """Distance from the centre of rays at an angle from the axis."""
    square = angle * angle
    k1, k2, k3, k4 = distortion.tolist()
    return np.asarray(angle * (1 + square * (k1 + square * (k2 + square * (k3 + square * k4)))))


def _slope(angle: NDArray[np.float64], distortion: NDArray[np.float64]) -> NDArray[np.float64]:
    """By how much that grows with the angle."""
    square = angle * angle
    k1, k2, k3, k4 = distortion.tolist()
    return np.asarray(1 + square * (3 * k1 + square * (5 * k2 + square * (7 * k3 + square * 9 * k4))))


def _first_root(rising: list[float], default: float) -> float:
    """The smallest positive root of a polynomial, lowest power first; `default` where it has none."""
    roots = np.roots(rising[::-1])
    real = roots.real[(np.abs(roots.imag) < 1e-9 * np.maximum(1, np.abs(roots))) & (roots.real > 0)]
    return float(real.min(initial=default))
