"""When the board was hung up anew: which views show it in the same shape.

A sheet that is taken from the wall and put back is bent otherwise. Views come in the order in which they were taken, so
a shape belongs to a run of them. About a first solution everything is taken to be linear; then what any run would cost
with a shape of its own is known from sums, and the best cuts follow by dynamic programming.
"""

import numpy as np
from numpy.typing import NDArray

from calibration.adjustment import (
    BEND_STD,
    CORNER_STD_PX,
    POSE_TERMS,
    Problem,
    Solution,
    Values,
    bend_slopes,
    pose_slopes,
)
from calibration.board import BEND_TERMS

MIN_VIEWS = 3
"""Of one shape: so many tell it apart from the place of the board, also where one of them is held out."""
MAX_SHAPES = 8


def find_shapes(problem: Problem, solution: Solution) -> NDArray[np.intp]:
    """(views,): which shape the board had in each, by a solution with one for all.

    How many there are is chosen by Schwarz's criterion (BIC).
    """
    views = len(problem.views)
    information, gradient, cost = _by_view(problem, solution)
    information, gradient, cost = (
        np.cumsum(np.concatenate([one[:1] * 0, one]), axis=0) for one in (information, gradient, cost)
    )
    expected = np.eye(BEND_TERMS) * (CORNER_STD_PX / BEND_STD) ** 2

    def cost_of_run(first: int, after: int) -> float:
        along = gradient[after] - gradient[first]
        freely = np.linalg.solve(information[after] - information[first] + expected, along)
        return float(cost[after] - cost[first] - along @ freely)

    most = max(1, min(MAX_SHAPES, views // MIN_VIEWS))
    costs = np.full((most + 1, views + 1), np.inf)
    costs[0, 0] = 0.0
    cuts = np.zeros((most + 1, views + 1), np.intp)
    for after in range(MIN_VIEWS, views + 1):
        for first in range(0, after - MIN_VIEWS + 1):
            run = cost_of_run(first, after)
            for count in range(1, most + 1):
                if costs[count - 1, first] + run < costs[count, after]:
                    costs[count, after], cuts[count, after] = costs[count - 1, first] + run, first
    numbers = 2 * len(problem.view_of_corner)
    counts = np.arange(1, most + 1)
    criterion = numbers * np.log(np.maximum(costs[1:, views], 1e-12) / numbers) + counts * BEND_TERMS * np.log(numbers)
    count, after = int(counts[np.argmin(criterion)]), views
    shapes = np.zeros(views, np.intp)
    for shape in range(count - 1, -1, -1):
        first = int(cuts[shape + 1, after])
        shapes[first:after] = shape
        after = first
    return shapes


def _by_view(problem: Problem, solution: Solution) -> tuple[Values, Values, Values]:
    """What each view says of a change of the board's shape, its pose being free.

    Returns:
        (views, BEND_TERMS, BEND_TERMS), (views, BEND_TERMS) and (views,): the sum of squares in px² after a change z is
        cost - 2 gradient z + z information z.
    """
    first = np.searchsorted(problem.view_of_corner, np.arange(1, len(problem.views)))
    informations, gradients, costs = [], [], []
    for slopes, poses, errors in zip(
        np.split(bend_slopes(problem, solution), first),
        np.split(pose_slopes(problem, solution), first),
        np.split(problem.errors(solution), first),
        strict=True,
    ):
        basis = np.linalg.qr(poses.reshape(-1, POSE_TERMS))[0]
        own, left = slopes.reshape(-1, BEND_TERMS), -errors.ravel()
        own, left = own - basis @ (basis.T @ own), left - basis @ (basis.T @ left)
        informations.append(own.T @ own)
        gradients.append(own.T @ left)
        costs.append(left @ left)
    return np.stack(informations), np.stack(gradients), np.array(costs)
