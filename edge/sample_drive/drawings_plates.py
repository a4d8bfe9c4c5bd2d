"""The plates of the signs: outlines, rims and borders, by the proportions of the real ones.

Proportions follow the German sign catalogue (Verkehrszeichenkatalog, VzKat) by eye: a disc is
600 mm across, a triangle 900 mm along its side, the stop sign 900 mm across.
"""

from enum import Enum

import numpy as np

from edge.sample_drive.drawings_canvas import (
    BLACK,
    BLUE,
    RED,
    WHITE,
    YELLOW,
    Canvas,
    Colour,
    Points,
    arc,
    points,
    rounded_polygon,
)


class Plate(Enum):
    """The kinds of plate among the 43 signs."""

    RED_RING = "red ring"
    RED_DISC = "red disc"
    BLUE_DISC = "blue disc"
    END_DISC = "end disc"
    DANGER = "danger triangle"
    YIELD = "yield triangle"
    OCTAGON = "octagon"
    DIAMOND = "diamond"


WIDTH_M = {
    Plate.RED_RING: 0.6,
    Plate.RED_DISC: 0.6,
    Plate.BLUE_DISC: 0.6,
    Plate.END_DISC: 0.6,
    Plate.DANGER: 0.9,
    Plate.YIELD: 0.9,
    Plate.OCTAGON: 0.9,
    Plate.DIAMOND: 0.84,  # 0.6 m along the side, stood on its corner
}
"""Width of each plate's outline in metres."""

TRIANGLE_HEIGHT = 0.88
"""Height of a triangle's outline as a share of its width, rounded corners included."""

TRIANGLE_TOP = (1.0 - TRIANGLE_HEIGHT) / 2.0
"""Where the triangle's outline begins in the sign's square."""

_CENTRE = (0.5, 0.5)
_CORNER_RADIUS = 0.05
_RIM = 0.02


def _triangle(inset: float, radius: float) -> Points:
    """Give the upright triangle whose sides lie `inset` within the plate's."""
    # An equilateral triangle whose rounded outline is exactly one unit wide.
    side = 1.0 + 2.0 * _CORNER_RADIUS * (np.sqrt(3.0) - 1.0)
    bottom = TRIANGLE_TOP + TRIANGLE_HEIGHT
    top = bottom - side * np.sqrt(3.0) / 2.0
    left = 0.5 - side / 2.0
    shift = inset * np.sqrt(3.0)
    corners = points(
        (0.5, top + 2.0 * inset),
        (1.0 - left - shift, bottom - inset),
        (left + shift, bottom - inset),
    )
    return rounded_polygon(corners, radius)


def _upside_down(path: Points) -> Points:
    return np.column_stack([path[:, 0], 1.0 - path[:, 1]])


def _octagon(inset: float) -> Points:
    angles = np.radians(np.arange(8) * 45.0 + 22.5)
    radius = (0.5 - inset) / np.cos(np.radians(22.5))
    corners = 0.5 + radius * np.column_stack([np.cos(angles), np.sin(angles)])
    return rounded_polygon(corners, 0.015)


def _diamond(half: float, radius: float) -> Points:
    corners = points((0.5, 0.5 - half), (0.5 + half, 0.5), (0.5, 0.5 + half), (0.5 - half, 0.5))
    return rounded_polygon(corners, radius)


def outline(plate: Plate) -> Points:
    """Give the edge of the plate in sign coordinates, float64 (n, 2); it spans the full width."""
    match plate:
        case Plate.DANGER:
            return _triangle(0.0, _CORNER_RADIUS)
        case Plate.YIELD:
            return _upside_down(_triangle(0.0, _CORNER_RADIUS))
        case Plate.OCTAGON:
            return _octagon(0.0)
        case Plate.DIAMOND:
            radius = 0.035
            return _diamond(0.5 + radius * (np.sqrt(2.0) - 1.0), radius)
        case _:
            return arc(_CENTRE, 0.5, 0.0, 360.0)[:-1]


def blank_plate(plate: Plate, size_px: int) -> Canvas:
    """Make a canvas of `size_px` with the plate drawn on it, ready for its pictogram."""
    ground: Colour = BLACK if plate is Plate.END_DISC else WHITE
    canvas = Canvas(size_px, outline(plate), ground)
    match plate:
        case Plate.RED_RING:
            canvas.disc(_CENTRE, 0.5 - _RIM, RED)
            canvas.disc(_CENTRE, 0.355, WHITE)
        case Plate.RED_DISC:
            canvas.disc(_CENTRE, 0.5 - _RIM, RED)
        case Plate.BLUE_DISC:
            canvas.disc(_CENTRE, 0.5 - _RIM, BLUE)
        case Plate.END_DISC:
            canvas.disc(_CENTRE, 0.5, WHITE)
            canvas.disc(_CENTRE, 0.487, BLACK)
            canvas.disc(_CENTRE, 0.462, WHITE)
        case Plate.DANGER:
            canvas.polygon(_triangle(_RIM, _CORNER_RADIUS - _RIM), RED)
            canvas.polygon(_triangle(0.105, 0.012), WHITE)
        case Plate.YIELD:
            canvas.polygon(_upside_down(_triangle(_RIM, _CORNER_RADIUS - _RIM)), RED)
            canvas.polygon(_upside_down(_triangle(0.125, 0.012)), WHITE)
        case Plate.OCTAGON:
            canvas.polygon(_octagon(0.045), RED)
        case Plate.DIAMOND:
            canvas.polygon(_diamond(0.487, 0.03), BLACK)
            canvas.polygon(_diamond(0.475, 0.03), WHITE)
            canvas.polygon(_diamond(0.315, 0.012), BLACK)
            canvas.polygon(_diamond(0.303, 0.01), YELLOW)
    return canvas
