"""Pictograms made of arrows and bars: directions, bends, narrowing, and the bars of an end."""

import numpy as np

from edge.sample_drive.drawings_canvas import BLACK, WHITE, Canvas, Points, arc, points, smooth


def _mirrored(path: Points) -> Points:
    return np.column_stack([1.0 - path[:, 0], path[:, 1]])


def _arrow(canvas: Canvas, path: Points, width: float, head: float, swept: float) -> None:
    """Draw a white arrow along the path; its head is `head` across and swept back by `swept`."""
    tip = path[-1]
    along = tip - path[-2]
    along = along / np.linalg.norm(along)
    across = np.array([-along[1], along[0]])
    neck = tip - along * width * 1.2
    canvas.stroke(np.vstack([path[:-1], neck[None]]), width, WHITE)
    barb = width * 1.35
    half = head / 2.0
    corners = [
        tip,
        tip + across * half - along * (half + swept),
        tip + across * half - along * (half + swept + barb),
        tip - along * barb,
        tip - across * half - along * (half + swept + barb),
        tip - across * half - along * (half + swept),
    ]
    canvas.polygon(np.array(corners), WHITE)


def draw_ahead(canvas: Canvas) -> None:
    """Draw sign 209-30: straight ahead."""
    _arrow(canvas, points((0.5, 0.84), (0.5, 0.5), (0.5, 0.14)), 0.095, 0.44, -0.01)


def draw_turn_ahead(canvas: Canvas, to_left: bool) -> None:
    """Draw sign 209: turn right (or left) ahead."""
    path = np.vstack(
        [
            points((0.375, 0.83)),
            arc((0.575, 0.53), 0.20, 180.0, 268.0),
            points((0.65, 0.33), (0.835, 0.33)),
        ]
    )
    _arrow(canvas, _mirrored(path) if to_left else path, 0.095, 0.36, -0.02)


def draw_ahead_or_turn(canvas: Canvas, to_left: bool) -> None:
    """Draw sign 214: straight ahead or right (or left)."""
    ahead = points((0.43, 0.86), (0.43, 0.5), (0.43, 0.11))
    branch = np.vstack(
        [
            points((0.43, 0.78)),
            arc((0.60, 0.73), 0.17, 190.0, 268.0),
            points((0.66, 0.56), (0.87, 0.56)),
        ]
    )
    for path, width, head in ((ahead, 0.085, 0.33), (branch, 0.075, 0.29)):
        _arrow(canvas, _mirrored(path) if to_left else path, width, head, -0.02)


def draw_keep(canvas: Canvas, to_left: bool) -> None:
    """Draw sign 222: keep right (or left) of the obstacle."""
    path = points((0.235, 0.275), (0.5, 0.495), (0.79, 0.735))
    _arrow(canvas, _mirrored(path) if to_left else path, 0.125, 0.40, -0.04)


def draw_roundabout(canvas: Canvas) -> None:
    """Draw sign 215: three arrows that chase each other anticlockwise."""
    for start_deg in (18.0, 138.0, 258.0):
        bow = arc((0.5, 0.5), 0.285, start_deg, start_deg - 78.0)
        angle = np.radians(start_deg - 78.0)
        outward = np.array([np.cos(angle), np.sin(angle)])
        forward = np.array([np.sin(angle), -np.cos(angle)])
        tip = bow[-1] + forward * 0.125 - outward * 0.03
        _arrow(canvas, np.vstack([bow, tip[None]]), 0.072, 0.25, -0.01)


def draw_bend(canvas: Canvas, to_right: bool) -> None:
    """Draw sign 103: a bend, its shaft notched at the foot and pointed at the head."""
    shape = np.vstack(
        [
            points((0.315, 0.555), (0.415, 0.505), (0.475, 0.505)),
            arc((0.505, 0.60), 0.095, -90.0, 0.0),
            points((0.600, 0.80), (0.550, 0.765), (0.500, 0.80), (0.500, 0.67)),
            arc((0.45, 0.655), 0.05, 0.0, -90.0),
            points((0.415, 0.605)),
        ]
    )
    canvas.polygon(_mirrored(shape) if to_right else shape, BLACK)


def draw_double_bend(canvas: Canvas) -> None:
    """Draw sign 105: a double bend, the first to the left."""
    shape = points(
        (0.430, 0.435), (0.465, 0.40), (0.512, 0.445), (0.512, 0.575), (0.585, 0.540),
        (0.620, 0.548), (0.640, 0.580), (0.640, 0.805), (0.600, 0.770), (0.560, 0.805),
        (0.560, 0.645), (0.490, 0.680), (0.455, 0.675), (0.430, 0.640),
    )  # fmt: skip
    canvas.polygon(shape, BLACK)


def draw_priority_crossing(canvas: Canvas) -> None:
    """Draw sign 301: the broad way has right of way over the thin one."""
    shaft = points((0.50, 0.38), (0.575, 0.475), (0.575, 0.80), (0.50, 0.745), (0.425, 0.80), (0.425, 0.475))
    canvas.polygon(shaft, BLACK)
    canvas.stroke(points((0.335, 0.59), (0.665, 0.59)), 0.055, BLACK)


def draw_narrowing(canvas: Canvas) -> None:
    """Draw sign 121: the road narrows from the right."""
    canvas.stroke(points((0.435, 0.44), (0.435, 0.80)), 0.058, BLACK)
    right = points(
        (0.505, 0.44), (0.555, 0.44), (0.555, 0.555), (0.625, 0.66), (0.625, 0.80),
        (0.568, 0.80), (0.568, 0.68), (0.505, 0.575),
    )  # fmt: skip
    canvas.polygon(right, BLACK)


def draw_bumps(canvas: Canvas) -> None:
    """Draw sign 112: an uneven road."""
    crest = smooth(
        points(
            (0.30, 0.775), (0.36, 0.745), (0.41, 0.685), (0.455, 0.70), (0.50, 0.745),
            (0.545, 0.70), (0.59, 0.685), (0.64, 0.745), (0.70, 0.775),
        )
    )  # fmt: skip
    canvas.polygon(np.vstack([crest, points((0.73, 0.815), (0.27, 0.815))]), BLACK)


def draw_end_bars(canvas: Canvas) -> None:
    """Draw the five slanted bars that end a rule (signs 278 to 282), from edge to edge."""
    along = np.array([np.cos(np.radians(48.0)), -np.sin(np.radians(48.0))])
    across = np.array([-along[1], along[0]])
    for place in (-2, -1, 0, 1, 2):
        middle = 0.5 + across * place * 0.050
        reach = np.sqrt(0.470**2 - (place * 0.050) ** 2)
        canvas.stroke(np.array([middle - along * reach, middle + along * reach]), 0.026, BLACK)
