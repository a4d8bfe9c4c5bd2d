"""From pictures of a board to the camera: which views are good for it, what it is, and how well that is known."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from calibration.adjustment import Problem, Solution, Values, View, adjust, rms, standard_deviations
from calibration.board import BEND_TERMS, PRINT_TERMS, Board, bend_terms
from calibration.camera import DISTORTION, Accuracy, Camera, Model
from calibration.errors import ViewsError
from calibration.lens import Points, fisheye_rays
from calibration.shapes import find_shapes

MIN_VIEWS = 5
ALIKE_SHARE = 0.005
"""Of the picture's diagonal: views whose corners lie nearer to one another on average tell nothing new."""
WORST = 3.0
"""Times the median of all views' errors: a view with more is left out …"""
WORST_PX = 0.5
"""… unless it has less than this."""
LOOSE = 0.03
"""Of the focal length: known no better than this, views are too much alike."""
FIELDS_OF_VIEW_DEG = (25.0, 40.0, 60.0, 80.0, 100.0, 130.0, 160.0, 190.0, 220.0)
"""Across the picture: where the search begins. A pinhole camera sees less than 130."""
HOW_TO = (
    "take 10 to 20 with the board near and far, at the picture's middle and edges, and tilted by 20 to 40 degrees to "
    "all sides"
)

Report = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """A camera, and what it was computed from."""

    camera: Camera
    """With accuracy, without name, date and software."""
    problem: Problem
    """The views used, in their order."""
    solution: Solution
    left_out: dict[str, str]
    """Names of views that were not used, each with the reason."""
    held_out_px: tuple[float, ...]
    """Of each view used: the error of a camera that was computed without it, root mean square."""
    flat_rms_px: float
    """Error of all views if the board is taken to be flat and true; larger than the camera's where it isn't."""

    @property
    def heights(self) -> Values:
        """(shapes, corners) float64: how high the corners of the board really lie, in squares; (0, corners) if flat."""
        return self.solution.bends @ bend_terms(self.problem.board).T


def calibrate(
    board: Board,
    views: Sequence[View],
    size_px: tuple[int, int],
    model: Model = "pinhole",
    *,
    flat: bool = False,
    report: Report = lambda done, total: None,
) -> Calibration:
    """Find the camera that explains views of a board.

    Args:
        board: What is in them.
        views: In the order in which they were taken.
        size_px: Width and height of the pictures.
        model: Of the lens.
        flat: Take the board to be flat and true, as one on glass is, instead of finding its shape too.
        report: Told how many views were held out so far, and of how many.

    Raises ViewsError where the views don't tell what the camera is.
    """
    used, left_out = _unlike(views, size_px)
    _ask_for_enough(used, left_out)
    problem = Problem(board, model, used, np.zeros(len(used), np.intp))
    solution = adjust(problem, _start(problem, size_px))
    problem, solution = _without_worst(problem, solution, left_out)
    flat_rms_px = rms(problem.errors(solution))
    if not flat:
        bent, shaped = _with_shapes(problem, solution)
        if _criterion(bent, shaped) < _criterion(problem, solution):
            problem, solution = _without_worst(bent, shaped, left_out)
    deviations = standard_deviations(problem, solution)
    if not float(deviations[:2].max()) < LOOSE * float(solution.intrinsics[0]):
        raise ViewsError(
            f"the {len(problem.views)} views are too much alike to tell the focal length, even to {LOOSE:.0%}; {HOW_TO}"
        )
    held_out_px = []
    for number in range(len(problem.views)):
        held_out_px.append(_held_out(problem, solution, number))
        report(number + 1, len(problem.views))
    counts = np.bincount(problem.view_of_corner)
    accuracy = Accuracy(
        views=len(problem.views),
        rms_px=rms(problem.errors(solution)),
        held_out_rms_px=math.sqrt(float(np.average(np.square(held_out_px), weights=counts))),
        matrix_std_px=tuple(deviations[:4].tolist()),
        distortion_std=tuple(deviations[4:].tolist()),
    )
    fx, fy, cx, cy = solution.intrinsics[:4].tolist()
    try:
        camera = Camera(
            name="",
            size_px=size_px,
            model=model,
            matrix=np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1]]),
            distortion=solution.intrinsics[4:],
            accuracy=accuracy,
        )
    except ValueError as error:
        raise ViewsError(f"the views lead to what no camera is ({error}); {HOW_TO}") from error
    return Calibration(camera, problem, solution, left_out, tuple(held_out_px), flat_rms_px)


def _unlike(views: Sequence[View], size_px: tuple[int, int]) -> tuple[list[View], dict[str, str]]:
    """The views that each show something new, and why the others don't."""
    limit = ALIKE_SHARE * math.hypot(*size_px)
    used: list[View] = []
    left_out: dict[str, str] = {}
    for view in views:
        same = next((other for other in used if distance_px(view, other) < limit), None)
        if same is None:
            used.append(view)
        else:
            left_out[view.name] = f"shows the board where {same.name} shows it"
    return used, left_out


def distance_px(first: View, second: View) -> float:
    """Mean distance between the corners that two views have in common; infinite where they have none."""
    _, mine, others = np.intersect1d(first.corners, second.corners, return_indices=True)
    if not len(mine):
        return math.inf
    return float(np.linalg.norm(first.points_px[mine] - second.points_px[others], axis=1).mean())


def _ask_for_enough(views: Sequence[View], left_out: dict[str, str]) -> None:
    if len(views) < MIN_VIEWS:
        found = "1 view" if len(views) == 1 else f"{len(views)} views"
        alike = f" ({len(left_out)} more show it in the same place)" if left_out else ""
        raise ViewsError(f"{found} of the board{alike} can't tell what the camera is; {HOW_TO}")


def _start(problem: Problem, size_px: tuple[int, int]) -> Solution:
    """The lens without distortion and of one of several focal lengths that fits best, each view placed by itself."""
    width, height = size_px
    best: tuple[float, Solution] | None = None
    for field_deg in FIELDS_OF_VIEW_DEG:
        half = math.radians(field_deg / 2)
        if problem.model == "pinhole" and field_deg >= 130:
            break
        focal_px = width / 2 / (half if problem.model == "fisheye" else math.tan(half))
        intrinsics = np.zeros(4 + len(DISTORTION[problem.model]))
        intrinsics[:4] = focal_px, focal_px, (width - 1) / 2, (height - 1) / 2
        poses = np.stack([_place(problem, view, intrinsics) for view in problem.views])
        solution = Solution(intrinsics, np.zeros(PRINT_TERMS), np.zeros((0, BEND_TERMS)), poses)
        errors = problem.rms_of_views(solution)
        error = float(np.median(np.where(np.isnan(errors), np.inf, errors)))
        if best is None or error < best[0]:
            best = error, solution
    assert best is not None
    return best[1]


def _place(problem: Problem, view: View, intrinsics: Values) -> Values:
    """(POSE_TERMS,): where the board is in a view, by a lens without distortion."""
    points: Points = (view.points_px - intrinsics[2:4]) / intrinsics[:2]
    on_board = problem.board.corners[view.corners]
    if problem.model == "fisheye":
        rays = fisheye_rays(points, intrinsics[4:])
        ahead = rays[:, 2] > 0.1  # a plane in front shows nothing of what is beside
        points, on_board = rays[ahead, :2] / rays[ahead, 2:], on_board[ahead]
    found = False
    if len(points) >= 4:
        on_plane = np.concatenate([on_board, np.zeros((len(on_board), 1))], axis=1)
        found, turn, place = cv2.solvePnP(on_plane, points, np.eye(3), None, flags=cv2.SOLVEPNP_IPPE)
    return np.concatenate([turn.ravel(), place.ravel()]) if found else np.array([0, 0, 0, 0, 0, 1.0])


def _without_worst(problem: Problem, solution: Solution, left_out: dict[str, str]) -> tuple[Problem, Solution]:
    """Leave out the worst view, as long as it is far worse than the others; notes them in `left_out`."""
    while True:
        errors = problem.rms_of_views(solution)
        worst, usual = int(errors.argmax()), float(np.median(errors))
        if errors[worst] <= max(WORST * usual, WORST_PX):
            return problem, solution
        left_out[problem.views[worst].name] = (
            f"its corners are {errors[worst]:.1f} px off, others' {usual:.1f}: is it blurred, or was the board bent?"
        )
        problem, solution = _without(problem, solution, worst)
        _ask_for_enough(problem.views, {})
        solution = adjust(problem, solution)


def _without(problem: Problem, solution: Solution, number: int) -> tuple[Problem, Solution]:
    """All views but one, before anything is found anew."""
    rest = np.arange(len(problem.views)) != number
    fewer = Problem(
        problem.board,
        problem.model,
        [view for view, kept in zip(problem.views, rest, strict=True) if kept],
        problem.shapes[rest],
    )
    return fewer, Solution(solution.intrinsics, solution.print_terms, solution.bends, solution.poses[rest])


def _with_shapes(problem: Problem, solution: Solution) -> tuple[Problem, Solution]:
    """The board's shape found too, and a new one wherever it was hung up anew."""

    def unbent(shapes: int, start: Solution) -> Solution:
        return Solution(start.intrinsics, start.print_terms, np.zeros((shapes, BEND_TERMS)), start.poses)

    one = adjust(problem, unbent(1, solution))
    shapes = find_shapes(problem, one)
    if not shapes.any():
        return problem, one
    several = Problem(problem.board, problem.model, problem.views, shapes)
    found = adjust(several, unbent(int(shapes.max()) + 1, one))
    return (several, found) if _criterion(several, found) < _criterion(problem, one) else (problem, one)


def _criterion(problem: Problem, solution: Solution) -> float:
    """Schwarz's criterion (BIC): the least is the best of several explanations of the same corners."""
    errors = problem.errors(solution)
    parameters = len(solution.shared) + solution.poses.size
    return float(errors.size * np.log(max((errors**2).mean(), 1e-12)) + parameters * math.log(errors.size))


def _held_out(problem: Problem, solution: Solution, number: int) -> float:
    """Error in px of one view, placed by a camera and a board that the others tell of."""
    fewer, start = _without(problem, solution, number)
    others = adjust(fewer, start)
    alone = Problem(problem.board, problem.model, [problem.views[number]], problem.shapes[[number]])
    placed = Solution(others.intrinsics, others.print_terms, others.bends, solution.poses[[number]])
    return rms(alone.errors(adjust(alone, placed, only_poses=True)))
