"""Camera, board and the board's places found together, by least squares over all corners (bundle adjustment).

What is minimised is the distance in the picture between each corner as found and as the camera projects it. Steps are
Levenberg's and Marquardt's, with the places taken out of the equations first (Triggs et al., "Bundle adjustment: a
modern synthesis", 2000). Derivatives are differences: two models of a lens then need no derivation each.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from calibration.board import BEND_TERMS, PRINT_TERMS, Board, bend_terms, shaped
from calibration.camera import Model
from calibration.lens import fisheye_points, pinhole_points

Values = NDArray[np.float64]

STEP = 1e-6
"""Of differences, in radians, squares and the coefficients' own units; of px, this times the focal length."""
MAX_STEPS = 100
ENOUGH = 1e-6
"""A step that takes a smaller share off the sum of squares is the last."""
FIRST_DAMPING, LARGEST_DAMPING = 1e-3, 1e9
BEND_STD, PRINT_STD = 0.1, 0.005
"""What is expected of boards before any is seen: a bend of a tenth of a square, a print true to half a hundredth."""
CORNER_STD_PX = 0.3
"""What is expected of corners; only weighs what is seen against what is expected of boards."""
POSE_TERMS = 6


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """Corners of the board that were found in one picture."""

    name: str
    points_px: Values
    """(n, 2) float64."""
    corners: NDArray[np.intp]
    """(n,): which of `Board.corners` each is."""


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """Everything that is found together, as arrays of float64."""

    intrinsics: Values
    """(4 + coefficients,): fx, fy, cx, cy in px, then the distortion."""
    print_terms: Values
    """(PRINT_TERMS,): see `calibration.board.shaped`."""
    bends: Values
    """(shapes, BEND_TERMS): of each shape that the board had; none for a board taken to be flat and true."""
    poses: Values
    """(views, POSE_TERMS): rotation vector, and translation in squares, from board to camera axes."""

    @property
    def shared(self) -> Values:
        """(s,): what all views share and what is not known beforehand."""
        if not len(self.bends):
            return self.intrinsics
        return np.concatenate([self.intrinsics, self.print_terms, self.bends.ravel()])

    def moved(self, shared: Values, poses: Values) -> "Solution":
        """This with (s,) or, where only poses are found, (0,) added to what is shared, and (views, POSE_TERMS)."""
        if not len(shared):
            return Solution(self.intrinsics, self.print_terms, self.bends, self.poses + poses)
        intrinsics, rest = np.split(shared, [len(self.intrinsics)])
        if not len(self.bends):
            return Solution(self.intrinsics + intrinsics, self.print_terms, self.bends, self.poses + poses)
        return Solution(
            self.intrinsics + intrinsics,
            self.print_terms + rest[:PRINT_TERMS],
            self.bends + rest[PRINT_TERMS:].reshape(self.bends.shape),
            self.poses + poses,
        )


@dataclass(frozen=True, eq=False)
class Problem:
    """What is to be explained.

    Args:
        board: As it was meant.
        model: Of the lens.
        views: Pictures of the board.
        shapes: (views,): which shape the board had in each, from 0; not looked at where it is taken to be flat.
    """

    board: Board
    model: Model
    views: Sequence[View]
    shapes: NDArray[np.intp]

    @cached_property
    def view_of_corner(self) -> NDArray[np.intp]:
        """(corners of all views,)."""
        return np.repeat(np.arange(len(self.views)), [len(view.corners) for view in self.views])

    @cached_property
    def corners(self) -> NDArray[np.intp]:
        """(corners of all views,): which of `Board.corners` each is."""
        return np.concatenate([view.corners for view in self.views])

    @cached_property
    def points_px(self) -> Values:
        """(corners of all views, 2) float64: as found."""
        return np.concatenate([view.points_px for view in self.views])

    @cached_property
    def _bend_terms(self) -> Values:
        return bend_terms(self.board)

    def project(self, solution: Solution) -> Values:
        """(corners of all views, 2) float64 in px, view after view; NaN where the lens takes none."""
        if len(solution.bends):
            shapes = shaped(self.board, solution.print_terms, solution.bends @ self._bend_terms.T)
            on_board = shapes[self.shapes[self.view_of_corner], self.corners]
        else:
            on_board = shaped(self.board, solution.print_terms, np.zeros(len(self._bend_terms)))[self.corners]
        turns = rotations(solution.poses[:, :3])[self.view_of_corner]
        rays = np.einsum("nij,nj->ni", turns, on_board) + solution.poses[self.view_of_corner, 3:]
        bend = fisheye_points if self.model == "fisheye" else pinhole_points
        return bend(rays, solution.intrinsics[4:]) * solution.intrinsics[:2] + solution.intrinsics[2:4]

    def errors(self, solution: Solution) -> Values:
        """(corners of all views, 2) float64: as projected less as found, in px."""
        return self.project(solution) - self.points_px

    def rms_of_views(self, solution: Solution) -> Values:
        """(views,) float64: root mean square distance in each, in px."""
        squares = (self.errors(solution) ** 2).sum(axis=1)
        return np.sqrt(np.bincount(self.view_of_corner, squares) / np.bincount(self.view_of_corner))


def rms(errors: Values) -> float:
    """Root mean square length of (n, 2)."""
    return float(np.sqrt((errors**2).sum(axis=1).mean()))


@dataclass(frozen=True, slots=True, eq=False)
class Equations:
    """Normal equations about a solution, by what v views share (s parameters) and the pose of each."""

    shared: Values
    """(s, s)"""
    mixed: Values
    """(v, s, POSE_TERMS)"""
    poses: Values
    """(v, POSE_TERMS, POSE_TERMS)"""
    shared_gradient: Values
    """(s,)"""
    pose_gradients: Values
    """(v, POSE_TERMS)"""

    def step(self, damping: float) -> tuple[Values, Values]:
        """How far to go: (s,) and (v, POSE_TERMS)."""
        poses = self.poses * (1 + damping * np.eye(POSE_TERMS))
        across = np.linalg.solve(poses, self.mixed.transpose(0, 2, 1))
        along = np.linalg.solve(poses, self.pose_gradients[..., None])[..., 0]
        left = self.shared * (1 + damping * np.eye(len(self.shared))) - np.einsum("vsp,vpt->st", self.mixed, across)
        shared = np.linalg.solve(left, np.einsum("vsp,vp->s", self.mixed, along) - self.shared_gradient)
        return shared, -along - across @ shared

    def information(self) -> Values:
        """(s, s): the inverse of the covariance of what is shared, for errors of 1 px."""
        across = np.linalg.solve(self.poses, self.mixed.transpose(0, 2, 1))
        return np.asarray(self.shared - np.einsum("vsp,vpt->st", self.mixed, across))


def adjust(problem: Problem, start: Solution, *, only_poses: bool = False) -> Solution:
    """The solution with the least squares that steps down from `start` lead to.

    Args:
        problem: What is to be explained.
        start: Where to begin. Its number of bends, none or one a shape, is kept.
        only_poses: Keep camera and board as they are.
    """
    solution, cost, damping = start, _cost(problem, start), FIRST_DAMPING
    for _ in range(MAX_STEPS):
        equations = linearise(problem, solution, only_poses=only_poses)
        while damping < LARGEST_DAMPING:
            moved = solution.moved(*equations.step(damping))
            new_cost = _cost(problem, moved)
            if new_cost <= cost:  # which it never is where a corner left what the lens takes: then it is no number
                break
            damping *= 10
        else:
            return solution
        gained, cost = cost - new_cost, new_cost
        solution, damping = moved, damping / 10
        if gained <= ENOUGH * cost:
            break
    return solution


def linearise(problem: Problem, solution: Solution, *, only_poses: bool = False) -> Equations:
    """Normal equations about a solution; `only_poses` as of `adjust`."""
    errors = problem.errors(solution)
    shared = np.zeros((*errors.shape, 0)) if only_poses else _shared_slopes(problem, solution)
    poses = pose_slopes(problem, solution)
    weights = _weights(solution)[: shared.shape[-1]]
    expected = weights**2 * solution.shared[: len(weights)]
    first = np.searchsorted(problem.view_of_corner, np.arange(len(problem.views)))
    return Equations(
        np.einsum("ncs,nct->st", shared, shared) + np.diag(weights**2),
        np.add.reduceat(np.einsum("ncs,ncp->nsp", shared, poses), first),
        np.add.reduceat(np.einsum("ncp,ncq->npq", poses, poses), first),
        np.einsum("ncs,nc->s", shared, errors) + expected,
        np.add.reduceat(np.einsum("ncp,nc->np", poses, errors), first),
    )


def pose_slopes(problem: Problem, solution: Solution) -> Values:
    """(corners, 2, POSE_TERMS): how the corners move with the pose of their view."""
    nothing = np.zeros(0)
    base = problem.project(solution)
    slopes = [
        (problem.project(solution.moved(nothing, np.tile(step, (len(problem.views), 1)))) - base) / STEP
        for step in STEP * np.eye(POSE_TERMS)
    ]
    return np.stack(slopes, axis=-1)


def bend_slopes(problem: Problem, solution: Solution) -> Values:
    """(corners, 2, BEND_TERMS): how the corners move with the shape of their own view's board."""
    base = problem.project(solution)
    slopes = []
    for step in STEP * np.eye(BEND_TERMS):
        bends = solution.bends + step
        moved = Solution(solution.intrinsics, solution.print_terms, bends, solution.poses)
        slopes.append((problem.project(moved) - base) / STEP)
    return np.stack(slopes, axis=-1)


def standard_deviations(problem: Problem, solution: Solution) -> Values:
    """(intrinsics,) float64: of the intrinsics, as errors of corners that know nothing of each other make them.

    Infinite where the views don't tell.
    """
    information = linearise(problem, solution).information()
    errors = problem.errors(solution)
    free = max(1, errors.size - len(information) - solution.poses.size)
    scale = np.sqrt(np.clip(np.diag(information), 1e-300, None))
    try:
        covariance = np.linalg.inv(information / np.outer(scale, scale)) / np.outer(scale, scale)
    except np.linalg.LinAlgError:
        return np.full(len(solution.intrinsics), np.inf)
    variances = np.diag(covariance)[: len(solution.intrinsics)] * (errors**2).sum() / free
    return np.asarray(np.sqrt(np.where(variances > 0, variances, np.inf)))


def rotations(vectors: Values) -> Values:
    """Rotation matrices (n, 3, 3) of rotation vectors (n, 3), by Rodrigues' formula."""
    angle = np.linalg.norm(vectors, axis=1)[:, None, None]
    x, y, z = vectors.T
    nought = np.zeros_like(x)
    cross = np.stack([nought, -z, y, z, nought, -x, -y, x, nought], axis=1).reshape(-1, 3, 3)
    return np.asarray(
        np.eye(3) + np.sinc(angle / np.pi) * cross + 0.5 * np.sinc(angle / (2 * np.pi)) ** 2 * (cross @ cross)
    )


def _cost(problem: Problem, solution: Solution) -> float:
    """Sum of squares in px², of all corners and of how far the board is from what is expected of boards."""
    return float((problem.errors(solution) ** 2).sum() + ((_weights(solution) * solution.shared) ** 2).sum())


def _weights(solution: Solution) -> Values:
    """(s,): by how many px what is shared speaks against itself, for each of its units."""
    known = len(solution.shared) - len(solution.intrinsics)
    stds = np.repeat([PRINT_STD, BEND_STD], [PRINT_TERMS, known - PRINT_TERMS] if known else [0, 0])
    return np.concatenate([np.zeros(len(solution.intrinsics)), CORNER_STD_PX / stds])


def _shared_slopes(problem: Problem, solution: Solution) -> Values:
    """(corners, 2, s): how the corners move with what is shared."""
    count = len(solution.intrinsics) + (PRINT_TERMS if len(solution.bends) else 0)
    steps = np.full(count, STEP)
    steps[:4] *= solution.intrinsics[0]
    base, still = problem.project(solution), np.zeros_like(solution.poses)
    every = np.zeros(len(solution.shared))
    slopes = np.zeros((*base.shape, len(every)))
    for place, step in enumerate(steps):
        change = every.copy()
        change[place] = step
        slopes[..., place] = (problem.project(solution.moved(change, still)) - base) / step
    if len(solution.bends):
        own = bend_slopes(problem, solution)
        shape_of_corner = problem.shapes[problem.view_of_corner]
        for shape in range(len(solution.bends)):
            first = count + shape * BEND_TERMS
            slopes[..., first : first + BEND_TERMS] = np.where((shape_of_corner == shape)[:, None, None], own, 0.0)
    return slopes
