"""An anti-aliased drawing surface in sign coordinates, and the paths that signs are made of.

Sign coordinates run from (0, 0) at the top left to (1, 1) at the bottom right of a sign's square.
Shapes are drawn several times larger than wanted and averaged down, which gives clean edges at any
size. Colours are RGB here, as Pillow has them.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

Colour: TypeAlias = tuple[int, int, int]
Points: TypeAlias = NDArray[np.float64]

# Retro-reflective sheeting as a camera sees it by day, not the pure RAL shades of the catalogue.
RED: Colour = (190, 20, 35)
BLUE: Colour = (0, 80, 160)
YELLOW: Colour = (250, 200, 0)
GREEN: Colour = (0, 125, 80)
WHITE: Colour = (240, 240, 240)
BLACK: Colour = (22, 22, 24)

_LEAST_DRAWN_PX = 512
_LEAST_OVERSAMPLING = 4


def points(*xy: tuple[float, float]) -> Points:
    """Gather (x, y) pairs into a float64 array (n, 2)."""
    return np.array(xy, np.float64)


def arc(centre: tuple[float, float], radius: float, from_deg: float, to_deg: float, ratio: float = 1.0) -> Points:
    """Sample an arc: angles clockwise from the right as seen (y runs down), `ratio` = ry / rx."""
    angles = np.radians(np.linspace(from_deg, to_deg, 33))
    return np.column_stack(
        [
            centre[0] + radius * np.cos(angles),
            centre[1] + radius * ratio * np.sin(angles),
        ]
    )


def smooth(through: Points, closed: bool = False) -> Points:
    """Run a Catmull-Rom curve through the points (n, 2); eight samples between neighbours."""
    if closed:
        padded = np.vstack([through[-1:], through, through[:2]])
    else:
        padded = np.vstack([through[:1], through, through[-1:]])
    t = np.linspace(0.0, 1.0, 8, endpoint=False)[:, None]
    pieces = [
        0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
        for a, b, c, d in zip(padded, padded[1:], padded[2:], padded[3:], strict=False)
    ]
    if not closed:
        pieces.append(through[-1:])
    return np.vstack(pieces)


def rounded_polygon(corners: Points, radius: float) -> Points:
    """Round the corners (n, 2) of a convex polygon with arcs of `radius` tangent to its sides."""
    if radius <= 0.0:
        return corners
    count = len(corners)
    path: list[Points] = []
    for index in range(count):
        corner = corners[index]
        before = corners[index - 1] - corner
        after = corners[(index + 1) % count] - corner
        before /= np.linalg.norm(before)
        after /= np.linalg.norm(after)
        half_angle = np.arccos(np.clip(np.dot(before, after), -1.0, 1.0)) / 2.0
        bisector = (before + after) / np.linalg.norm(before + after)
        centre = corner + bisector * radius / np.sin(half_angle)
        start = corner + before * radius / np.tan(half_angle) - centre
        end = corner + after * radius / np.tan(half_angle) - centre
        first = np.arctan2(start[1], start[0])
        sweep = np.arctan2(end[1], end[0]) - first
        sweep = (sweep + np.pi) % (2 * np.pi) - np.pi
        angles = first + np.linspace(0.0, 1.0, 13) * sweep
        path.append(centre + radius * np.column_stack([np.cos(angles), np.sin(angles)]))
    return np.vstack(path)


class Canvas:
    """A square picture that is drawn on in sign coordinates and delivered as RGBA.

    `outline` (n, 2) is the sign's edge: everything outside it stays transparent, and the colour
    under the transparent part is `ground`, so that no dark seam appears when it is resampled.
    """

    def __init__(self, size_px: int, outline: Points, ground: Colour) -> None:
        self._factor = max(_LEAST_OVERSAMPLING, -(-_LEAST_DRAWN_PX // size_px))
        side_px = size_px * self._factor
        self._picture = Image.new("RGB", (side_px, side_px), ground)
        self._draw = ImageDraw.Draw(self._picture)
        self._mask = Image.new("L", (side_px, side_px), 0)
        self._side_px = side_px
        self._origin = np.zeros(2)
        self._scale = np.ones(2)
        ImageDraw.Draw(self._mask).polygon(self._pixels(outline), fill=255)

    def use_box(self, x: float, y: float, width: float, height: float) -> None:
        """Take coordinates from here on as fractions of this box of the sign's square."""
        self._origin = np.array([x, y])
        self._scale = np.array([width, height])

    def polygon(self, corners: Points, colour: Colour) -> None:
        """Fill the polygon (n, 2)."""
        self._draw.polygon(self._pixels(corners), fill=colour)

    def disc(self, centre: tuple[float, float], radius: float, colour: Colour) -> None:
        """Fill a disc; the radius is in units of the current box's width and stays round."""
        aspect = float(self._scale[0] / self._scale[1])
        self.polygon(arc(centre, radius, 0.0, 360.0, aspect), colour)

    def ring(self, centre: tuple[float, float], radius: float, width: float, colour: Colour) -> None:
        """Stroke a circle whose centre line has `radius`."""
        aspect = float(self._scale[0] / self._scale[1])
        self.stroke(arc(centre, radius, 0.0, 360.0, aspect), width, colour, round_ends=True)

    def stroke(self, path: Points, width: float, colour: Colour, round_ends: bool = False) -> None:
        """Draw the path (n, 2) as a band, `width` in units of the current box's width.

        Joints are round; ends are cut square unless `round_ends`.
        """
        half = width * self._scale[0] * self._side_px / 2.0
        pixels = np.array(self._pixels(path))
        for start, end in pairwise(pixels):
            along = end - start
            length = float(np.hypot(*along))
            if length < 1e-9:
                continue
            across = np.array([-along[1], along[0]]) / length * half
            quad = [start + across, end + across, end - across, start - across]
            self._draw.polygon([(float(p[0]), float(p[1])) for p in quad], fill=colour)
        for x, y in pixels if round_ends else pixels[1:-1]:
            self._draw.ellipse((x - half, y - half, x + half, y + half), fill=colour)

    def finish(self) -> NDArray[np.uint8]:
        """Average down and return the picture, uint8 (size_px, size_px, 4), RGBA."""
        self._picture.putalpha(self._mask)
        red, green, blue, alpha = (band.reduce(self._factor) for band in self._picture.split())
        return np.array(Image.merge("RGBA", (red, green, blue, alpha)))

    def _pixels(self, path: Points) -> Sequence[tuple[float, float]]:
        # Pillow puts pixel centres on whole numbers, hence the half pixel.
        xy = (path * self._scale + self._origin) * self._side_px - 0.5
        return [(float(x), float(y)) for x, y in xy]
