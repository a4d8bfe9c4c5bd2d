"""Pictograms of vehicles: the cars and lorries of the bans, the skidding car, the bicycle."""

import numpy as np

from edge.sample_drive.drawings_canvas import (
    BLACK,
    WHITE,
    Canvas,
    Colour,
    Points,
    arc,
    points,
    rounded_polygon,
    smooth,
)


def draw_car_rear(canvas: Canvas, x: float, y: float, width: float, colour: Colour, turn_deg: float = 0.0) -> None:
    """Draw a car from behind, its top left at (x, y), turned about its middle."""
    height = width * 0.74

    def place(path: Points) -> Points:
        angle = np.radians(turn_deg)
        turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        centred = (path - 0.5) * np.array([width, height])
        middle = np.array([x + width / 2.0, y + height / 2.0])
        return np.asarray(centred @ turn + middle, np.float64)

    def box(left: float, top: float, right: float, bottom: float, radius: float) -> Points:
        corners = points((left, top), (right, top), (right, bottom), (left, bottom))
        return rounded_polygon(corners, radius)

    cabin = points((0.20, 0.0), (0.80, 0.0), (0.93, 0.42), (0.07, 0.42))
    window = points((0.265, 0.085), (0.735, 0.085), (0.83, 0.40), (0.17, 0.40))
    canvas.polygon(place(rounded_polygon(cabin, 0.05)), colour)
    canvas.polygon(place(rounded_polygon(window, 0.03)), WHITE)
    canvas.polygon(place(box(0.0, 0.38, 1.0, 0.82, 0.07)), colour)
    for left in (0.07, 0.75):
        canvas.polygon(place(box(left, 0.78, left + 0.18, 1.0, 0.03)), colour)


def draw_lorry_rear(canvas: Canvas, x: float, y: float, width: float, colour: Colour) -> None:
    """Draw a lorry from behind, its top left at (x, y)."""
    body = points((x, y), (x + width, y), (x + width, y + width), (x, y + width))
    canvas.polygon(body, colour)
    for left in (0.06, 0.70):
        wheel_x = x + width * left
        low = y + width * 1.24
        canvas.polygon(
            points(
                (wheel_x, y + width * 0.98),
                (wheel_x + width * 0.24, y + width * 0.98),
                (wheel_x + width * 0.24, low),
                (wheel_x, low),
            ),
            colour,
        )


def draw_lorry_side(canvas: Canvas) -> None:
    """Draw sign 253's lorry, seen from the side and facing left."""
    canvas.polygon(points((0.395, 0.375), (0.78, 0.375), (0.78, 0.575), (0.395, 0.575)), BLACK)
    canvas.polygon(points((0.23, 0.595), (0.80, 0.595), (0.80, 0.635), (0.23, 0.635)), BLACK)
    cab = points((0.255, 0.435), (0.385, 0.435), (0.385, 0.62), (0.215, 0.62), (0.215, 0.555), (0.23, 0.53))
    canvas.polygon(cab, BLACK)
    canvas.polygon(points((0.272, 0.455), (0.325, 0.455), (0.325, 0.53), (0.252, 0.53)), WHITE)
    for wheel_x in (0.305, 0.665):
        canvas.disc((wheel_x, 0.640), 0.062, WHITE)
        canvas.disc((wheel_x, 0.640), 0.052, BLACK)
        canvas.disc((wheel_x, 0.640), 0.020, WHITE)


def draw_skidding_car(canvas: Canvas) -> None:
    """Draw sign 114's car over the two wavy tracks it leaves."""
    draw_car_rear(canvas, 0.375, 0.40, 0.265, BLACK, turn_deg=10.0)
    left = points((0.325, 0.74), (0.40, 0.715), (0.465, 0.665), (0.41, 0.72), (0.44, 0.77), (0.36, 0.80))
    right = points((0.545, 0.665), (0.525, 0.70), (0.60, 0.73), (0.625, 0.775), (0.71, 0.77))
    for track in (left, right):
        canvas.stroke(smooth(track), 0.026, BLACK)


def draw_bicycle(canvas: Canvas) -> None:
    """Draw sign 138's bicycle, facing left."""
    back, front, pedals = (0.645, 0.70), (0.365, 0.70), (0.50, 0.705)
    for wheel in (back, front):
        canvas.ring(wheel, 0.100, 0.024, BLACK)
    saddle, head = (0.575, 0.545), (0.425, 0.535)
    tube = 0.024
    canvas.stroke(points(front, head, (0.415, 0.475)), tube, BLACK)
    canvas.stroke(points(head, (0.57, 0.56)), tube, BLACK)
    canvas.stroke(points(head, pedals, back, saddle, pedals), tube, BLACK)
    canvas.stroke(points((0.56, 0.50), saddle), tube, BLACK)
    canvas.stroke(points((0.52, 0.497), (0.61, 0.497)), 0.030, BLACK, round_ends=True)
    canvas.stroke(np.vstack([points((0.475, 0.470)), arc((0.405, 0.495), 0.028, -90.0, -250.0)]), tube, BLACK)
