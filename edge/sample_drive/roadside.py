"""Everything flat that faces the camera - trees, posts, posters, grass - prepared as arrays.

A view looks at hundreds of them, so their places are projected together and only those that show
are drawn one by one.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.sample_drive.art_buildings import (
    draw_direction_board,
    draw_guide_post,
    draw_pole,
    draw_poster,
)
from edge.sample_drive.art_plants import broadleaf, bush, conifer, soft_shadow, tall_grass
from edge.sample_drive.camera import View
from edge.sample_drive.compositing import Image, Light, Texture, clearness, halvings, paste
from edge.sample_drive.daylight import Daylight
from edge.sample_drive.layout import Upright

NEAREST_M = 2.5
FARTHEST_M = 210.0
_FADE_IN_M = 12.0
_REACH_HEIGHTS = 60.0  # how many heights away a thing may be before it fades out
_SMALL_FARTHEST_M = 45.0
_SHADOW_FARTHEST_M = 80.0
_LEAST_PX = 4.0

_VARIANTS: dict[str, tuple[Callable[[np.random.Generator], Texture], int]] = {
    "broadleaf": (broadleaf, 5),
    "conifer": (conifer, 3),
    "bush": (bush, 4),
    "tall grass": (tall_grass, 4),
    "poster": (draw_poster, 6),
    "direction board": (draw_direction_board, 2),
    "guide post": (lambda _: draw_guide_post(), 1),
    "pole": (lambda _: draw_pole(), 1),
}
Shares: TypeAlias = tuple[float, float, float, float]

_ONE_WAY_ROUND = ("poster", "direction board")


@dataclass(frozen=True, slots=True)
class Pasting:
    """One thing to draw: its station for the order of drawing, its texture, and where it shows."""

    station_m: float
    texture: Texture
    quad_px: NDArray[np.float64]
    light: Light
    smear_px: tuple[float, float]

    def draw(self, picture: Image) -> None:
        """Draw it into the picture (h, w, 3)."""
        paste(picture, self.texture, self.quad_px, self.light, self.smear_px)


def _trimmed(texture: Texture) -> tuple[Texture, Shares]:
    """Cut the empty margins off; also give what is left, as shares (left, top, right, bottom)."""
    sharpest = texture.levels[0]
    rows, columns = sharpest.shape[:2]
    x, y, width, height = cv2.boundingRect(np.ascontiguousarray(sharpest[..., 3]))
    kept = np.ascontiguousarray(sharpest[y : y + height, x : x + width])
    shares = (x / columns, y / rows, (x + width) / columns, (y + height) / rows)
    return halvings(kept), shares


def _corners(upright: Upright, content: Shares) -> list[list[float]]:
    half = upright.width_m / 2.0
    left, right = upright.offset_m - half, upright.offset_m + half
    if upright.variant % 2 and upright.kind not in _ONE_WAY_ROUND:
        left, right = right, left
    low, high = upright.base_m, upright.base_m + upright.height_m
    x0, y0, x1, y1 = content
    left, right = left + (right - left) * x0, left + (right - left) * x1
    low, high = high - (high - low) * y1, high - (high - low) * y0
    station = upright.station_m
    return [[left, high, station], [right, high, station], [right, low, station],
            [left, low, station]]  # fmt: skip


def _shadow_corners(upright: Upright) -> list[list[float]]:
    """Lay the shadow out to the right and a little behind: the sun stands on the left."""
    radius = upright.shadow_m
    left, right = upright.offset_m - 0.8 * radius, upright.offset_m + 1.7 * radius
    near, far = upright.station_m - 0.7 * radius, upright.station_m + 0.9 * radius
    return [[left, 0.0, far], [right, 0.0, far], [right, 0.0, near], [left, 0.0, near]]


class Roadside:
    """The uprights of a layout with their textures."""

    def __init__(self, rng: np.random.Generator, uprights: tuple[Upright, ...], daylight: Daylight) -> None:
        art = {kind: [_trimmed(grow(rng)) for _ in range(count)] for kind, (grow, count) in _VARIANTS.items()}
        chosen = [art[upright.kind][upright.variant // 2 % len(art[upright.kind])] for upright in uprights]
        self._textures = [texture for texture, _ in chosen]
        self._corners = np.array(
            [_corners(upright, content) for upright, (_, content) in zip(uprights, chosen, strict=True)]
        )
        self._stations = np.array([upright.station_m for upright in uprights])
        self._gains = daylight.at(self._stations)
        self._reach = np.array(
            [min(FARTHEST_M, max(_REACH_HEIGHTS * upright.height_m, _SMALL_FARTHEST_M)) for upright in uprights]
        )
        shading = [upright for upright in uprights if upright.shadow_m > 0.0]
        self._shadow = soft_shadow()
        self._shadow_corners = np.array([_shadow_corners(upright) for upright in shading])

    def shadows(self, view: View) -> Iterator[Pasting]:
        """Give the shadows that show in the view."""
        nearest = self._shadow_corners[:, 2, 2] - view.station_m
        (chosen,) = np.nonzero((nearest > NEAREST_M) & (nearest < _SHADOW_FARTHEST_M))
        quads = view.project(self._shadow_corners[chosen])
        for index in np.flatnonzero(_showing(quads, view)):
            clear = clearness(float(nearest[chosen[index]]))
            yield Pasting(0.0, self._shadow, quads[index], Light(1.0, clear), (0.0, 0.0))

    def things(self, view: View) -> Iterator[Pasting]:
        """Give the uprights that show in the view."""
        ahead = self._stations - view.station_m
        (chosen,) = np.nonzero((ahead > NEAREST_M) & (ahead < self._reach))
        quads = view.project(self._corners[chosen])
        middles = quads.mean(axis=1)
        for index in np.flatnonzero(_showing(quads, view)):
            which = chosen[index]
            distance = float(ahead[which])
            fade = min((self._reach[which] - distance) / _FADE_IN_M, 1.0)
            light = Light(float(self._gains[which]), clearness(distance), float(fade))
            smear = view.smear_px(middles[index], distance)
            station = float(self._stations[which])
            yield Pasting(station, self._textures[which], quads[index], light, smear)


def _showing(quads: NDArray[np.float64], view: View) -> NDArray[np.bool_]:
    """Tell which quads (n, 4, 2) reach into the picture and are wide enough to matter."""
    low, high = quads.min(axis=1), quads.max(axis=1)
    inside = np.all((high > -8.0) & (low < np.array(view.size_wh) + 8.0), axis=1)
    tall_enough = high[:, 1] - low[:, 1] >= _LEAST_PX
    return np.asarray(inside & tall_enough, np.bool_)
