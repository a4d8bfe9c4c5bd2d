"""The 43 signs of the GTSRB benchmark, from geometry of our own after the German StVO signs."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from edge.sample_drive.drawings_arrows import (
    draw_ahead,
    draw_ahead_or_turn,
    draw_bend,
    draw_bumps,
    draw_double_bend,
    draw_end_bars,
    draw_keep,
    draw_narrowing,
    draw_priority_crossing,
    draw_roundabout,
    draw_turn_ahead,
)
from edge.sample_drive.drawings_canvas import (
    BLACK,
    GREEN,
    RED,
    WHITE,
    YELLOW,
    Canvas,
    Colour,
    points,
)
from edge.sample_drive.drawings_figures import (
    draw_children,
    draw_deer,
    draw_pedestrian,
    draw_worker,
)
from edge.sample_drive.drawings_numerals import draw_text
from edge.sample_drive.drawings_plates import (
    TRIANGLE_HEIGHT,
    TRIANGLE_TOP,
    WIDTH_M,
    Plate,
    blank_plate,
    outline,
)
from edge.sample_drive.drawings_vehicles import (
    draw_bicycle,
    draw_car_rear,
    draw_lorry_rear,
    draw_lorry_side,
    draw_skidding_car,
)

CLASS_COUNT = 43
SMALLEST_PX = 8
LARGEST_PX = 2048

_GREY: Colour = (120, 122, 124)


def _number(text: str, colour: Colour = BLACK) -> Callable[[Canvas], None]:
    def draw(canvas: Canvas) -> None:
        if len(text) == 2:
            draw_text(canvas, text, 0.385, 0.635, 0.125, colour)
        else:
            draw_text(canvas, text, 0.36, 0.50, 0.10, colour)

    return draw


def _cars(left: Colour, right: Colour) -> Callable[[Canvas], None]:
    def draw(canvas: Canvas) -> None:
        draw_car_rear(canvas, 0.205, 0.395, 0.275, left)
        draw_car_rear(canvas, 0.525, 0.395, 0.275, right)

    return draw


def _lorry_and_car(left: Colour, right: Colour) -> Callable[[Canvas], None]:
    def draw(canvas: Canvas) -> None:
        draw_lorry_rear(canvas, 0.205, 0.345, 0.265, left)
        draw_car_rear(canvas, 0.535, 0.475, 0.260, right)

    return draw


def _ended(rule: Callable[[Canvas], None]) -> Callable[[Canvas], None]:
    def draw(canvas: Canvas) -> None:
        rule(canvas)
        draw_end_bars(canvas)

    return draw


def _nothing(canvas: Canvas) -> None:
    """Leave the plate as it is: signs 205, 250 and 306 have no pictogram."""


def _stop(canvas: Canvas) -> None:
    draw_text(canvas, "STOP", 0.36, 0.455, 0.115, WHITE)


def _bar(canvas: Canvas) -> None:
    canvas.stroke(points((0.09, 0.5), (0.91, 0.5)), 0.175, WHITE)


def _exclamation(canvas: Canvas) -> None:
    canvas.polygon(points((0.455, 0.36), (0.545, 0.36), (0.525, 0.67), (0.475, 0.67)), BLACK)
    canvas.disc((0.5, 0.36), 0.045, BLACK)
    canvas.disc((0.5, 0.67), 0.025, BLACK)
    canvas.disc((0.5, 0.765), 0.048, BLACK)


def _traffic_lights(canvas: Canvas) -> None:
    for y, colour in ((0.425, RED), (0.585, YELLOW), (0.745, GREEN)):
        canvas.disc((0.5, y), 0.073, BLACK)
        canvas.disc((0.5, y), 0.063, colour)


def _snowflake(canvas: Canvas) -> None:
    centre = np.array([0.5, 0.62])
    squash = np.array([1.0, 1.0 / TRIANGLE_HEIGHT])
    for turn in np.radians(np.arange(6) * 60.0 + 30.0):
        out = np.array([np.cos(turn), np.sin(turn)])
        side = np.array([-out[1], out[0]])
        canvas.stroke(np.array([centre, centre + out * 0.170 * squash]), 0.030, BLACK)
        fork = out * 0.095
        for hand in (-1.0, 1.0):
            twig = fork + out * 0.050 + side * hand * 0.058
            canvas.stroke(np.array([centre + fork * squash, centre + twig * squash]), 0.026, BLACK)


_SIGNS: tuple[tuple[Plate, Callable[[Canvas], None]], ...] = (
    (Plate.RED_RING, _number("20")),
    (Plate.RED_RING, _number("30")),
    (Plate.RED_RING, _number("50")),
    (Plate.RED_RING, _number("60")),
    (Plate.RED_RING, _number("70")),
    (Plate.RED_RING, _number("80")),
    (Plate.END_DISC, _ended(_number("80", _GREY))),
    (Plate.RED_RING, _number("100")),
    (Plate.RED_RING, _number("120")),
    (Plate.RED_RING, _cars(RED, BLACK)),
    (Plate.RED_RING, _lorry_and_car(RED, BLACK)),
    (Plate.DANGER, draw_priority_crossing),
    (Plate.DIAMOND, _nothing),
    (Plate.YIELD, _nothing),
    (Plate.OCTAGON, _stop),
    (Plate.RED_RING, _nothing),
    (Plate.RED_RING, draw_lorry_side),
    (Plate.RED_DISC, _bar),
    (Plate.DANGER, _exclamation),
    (Plate.DANGER, lambda canvas: draw_bend(canvas, to_right=False)),
    (Plate.DANGER, lambda canvas: draw_bend(canvas, to_right=True)),
    (Plate.DANGER, draw_double_bend),
    (Plate.DANGER, draw_bumps),
    (Plate.DANGER, draw_skidding_car),
    (Plate.DANGER, draw_narrowing),
    (Plate.DANGER, draw_worker),
    (Plate.DANGER, _traffic_lights),
    (Plate.DANGER, draw_pedestrian),
    (Plate.DANGER, draw_children),
    (Plate.DANGER, draw_bicycle),
    (Plate.DANGER, _snowflake),
    (Plate.DANGER, draw_deer),
    (Plate.END_DISC, draw_end_bars),
    (Plate.BLUE_DISC, lambda canvas: draw_turn_ahead(canvas, to_left=False)),
    (Plate.BLUE_DISC, lambda canvas: draw_turn_ahead(canvas, to_left=True)),
    (Plate.BLUE_DISC, draw_ahead),
    (Plate.BLUE_DISC, lambda canvas: draw_ahead_or_turn(canvas, to_left=False)),
    (Plate.BLUE_DISC, lambda canvas: draw_ahead_or_turn(canvas, to_left=True)),
    (Plate.BLUE_DISC, lambda canvas: draw_keep(canvas, to_left=False)),
    (Plate.BLUE_DISC, lambda canvas: draw_keep(canvas, to_left=True)),
    (Plate.BLUE_DISC, draw_roundabout),
    (Plate.END_DISC, _ended(_cars(_GREY, _GREY))),
    (Plate.END_DISC, _ended(_lorry_and_car(_GREY, _GREY))),
)


def _sign(class_id: int) -> tuple[Plate, Callable[[Canvas], None]]:
    if not 0 <= class_id < CLASS_COUNT:
        raise ValueError(f"class_id must be from 0 to {CLASS_COUNT - 1}, got {class_id}")
    return _SIGNS[class_id]


def draw_sign(class_id: int, size_px: int) -> NDArray[np.uint8]:
    """Draw one of the 43 signs, uint8 (size_px, size_px, 4), RGBA, transparent off the plate.

    Raises ValueError for a class that is not one of GTSRB's 43 and for a size outside 8 to 2048.
    """
    plate, pictogram = _sign(class_id)
    if not SMALLEST_PX <= size_px <= LARGEST_PX:
        raise ValueError(f"size_px must be from {SMALLEST_PX} to {LARGEST_PX}, got {size_px}")
    canvas = blank_plate(plate, size_px)
    if plate is Plate.DANGER:
        canvas.use_box(0.0, TRIANGLE_TOP, 1.0, TRIANGLE_HEIGHT)
    pictogram(canvas)
    return canvas.finish()


def sign_width_m(class_id: int) -> float:
    """Give the width of the real sign's outline in metres; ValueError for an unknown class."""
    return WIDTH_M[_sign(class_id)[0]]


def sign_outline(class_id: int) -> NDArray[np.float64]:
    """Give the sign's edge, float64 (n, 2), x and y as shares of the picture `draw_sign` gives."""
    return outline(_sign(class_id)[0])
