"""How straight what is straight comes out, once the lens's distortion is taken out: measured on the board's rows."""

from dataclasses import dataclass

import numpy as np

from calibration.adjustment import Solution, Values
from calibration.intrinsics import Calibration


@dataclass(frozen=True, slots=True)
class Straightness:
    """Distances in px of corners from the straight line through their row or column, in pictures without distortion."""

    rms_px: float
    max_px: float


def straightness(calibration: Calibration, *, flattened: bool) -> Straightness:
    """How far the corners of all views used are from the lines that best fit their rows and columns.

    Args:
        calibration: Of which camera, from which views.
        flattened: First take out by how much the board's own bend, as found, moves each corner. Without, a bent
            board's rows are as crooked as they really are.
    """
    camera, problem, solution = calibration.camera, calibration.problem, calibration.solution
    points = _on_plane(camera.rays(problem.points_px))
    if flattened:
        flat = Solution(solution.intrinsics, np.zeros_like(solution.print_terms), solution.bends[:0], solution.poses)
        points += _on_plane(camera.rays(problem.project(flat))) - _on_plane(camera.rays(problem.project(solution)))
    points *= np.diag(camera.matrix)[:2]
    rows, columns = np.divmod(problem.corners, problem.board.columns)
    off = [
        _off_line(points[(problem.view_of_corner == view) & (lines == line)])
        for lines in (rows, columns)
        for view in range(len(problem.views))
        for line in range(int(lines.max()) + 1)
    ]
    distances = np.concatenate(off)
    return Straightness(float(np.sqrt((distances**2).mean())), float(distances.max()))


def _on_plane(rays: Values) -> Values:
    """(n, 2): where rays (n, 3) meet the plane at distance 1, on which lines are straight; NaN for those beside it."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(rays[:, 2:] > 0.1, rays[:, :2] / rays[:, 2:], np.nan)


def _off_line(points: Values) -> Values:
    """Distances of points (n, 2) from the line that best fits them; none where any would fit."""
    points = points[np.isfinite(points).all(axis=1)]
    if len(points) < 3:
        return np.zeros(0)
    around = points - points.mean(axis=0)
    return np.asarray(np.abs(around @ np.linalg.svd(around, full_matrices=False)[2][1]))
