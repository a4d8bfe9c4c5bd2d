"""Putting textures into the picture: perspective, averaging, motion blur, haze.

Pictures are BGR uint8, textures BGRA uint8 with premultiplied alpha. Continuous pixel coordinates
count from the picture's corner: pixel i covers i to i + 1.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]

HAZE_BGR = (222.0, 212.0, 203.0)
_HAZE_GREY = 213.0  # what HAZE_BGR is without its tint, which things near enough do not show
HAZE_LENGTH_M = 420.0
_SHORTEST_LEVEL_PX = 4
_LEAST_SMEAR_PX = 1.2
_SIGN_OVERSAMPLING = 4
_PARALLEL_PX = 0.02


@dataclass(frozen=True, slots=True)
class Texture:
    """A picture and its halvings, sharpest first; each uint8 (h, w, 4), premultiplied BGRA."""

    levels: tuple[Image, ...]


@dataclass(frozen=True, slots=True)
class Light:
    """How a thing is lit and seen.

    `gain` multiplies its colours, `clear` is what haze leaves of them, `cover` is its opacity.
    """

    gain: float = 1.0
    clear: float = 1.0
    cover: float = 1.0


def clearness(distance_m: float) -> float:
    """Give the share of a thing's own colour that reaches the camera through the haze."""
    return float(np.exp(-distance_m / HAZE_LENGTH_M))


def make_texture(bgra: Image) -> Texture:
    """Premultiply a BGRA picture (h, w, 4) and build its halvings by area averaging."""
    colour = bgra[..., :3].astype(np.float32) * (bgra[..., 3:].astype(np.float32) / 255.0)
    return halvings(np.dstack([np.rint(colour).astype(np.uint8), bgra[..., 3]]))


def halvings(premultiplied: Image) -> Texture:
    """Build the texture of a picture (h, w, 4) whose alpha is premultiplied already."""
    level = premultiplied
    levels = [level]
    while min(level.shape[:2]) >= 2 * _SHORTEST_LEVEL_PX:
        half = (level.shape[1] // 2, level.shape[0] // 2)
        level = np.asarray(cv2.resize(level, half, interpolation=cv2.INTER_AREA), np.uint8)
        levels.append(level)
    return Texture(tuple(levels))


def opaque(bgr: Image) -> Image:
    """Add a full alpha channel to a BGR picture."""
    return np.dstack([bgr, np.full(bgr.shape[:2], 255, np.uint8)])


def _line_kernel(smear_px: tuple[float, float]) -> NDArray[np.float32]:
    """Spread a unit of light evenly along the smear, with sub-pixel ends."""
    half = int(np.ceil(max(abs(smear_px[0]), abs(smear_px[1])) / 2.0)) + 1
    kernel = np.zeros((2 * half + 2, 2 * half + 2), np.float32)
    places = np.linspace(-0.5, 0.5, 8 * half)
    x = places * smear_px[0] + half
    y = places * smear_px[1] + half
    column, row = np.floor(x).astype(int), np.floor(y).astype(int)
    for dx, dy in ((0, 0), (1, 0), (0, 1), (1, 1)):
        weight = np.abs(1 - dx - (x - column)) * np.abs(1 - dy - (y - row))
        np.add.at(kernel, (row + dy, column + dx), weight.astype(np.float32))
    kernel = kernel[:-1, :-1]
    return np.asarray(kernel / kernel.sum(), np.float32)


def _smear(layer: Image, smear_px: tuple[float, float], along_line: bool) -> Image:
    if max(abs(smear_px[0]), abs(smear_px[1])) < _LEAST_SMEAR_PX:
        return layer
    if along_line:
        return np.asarray(cv2.filter2D(layer, -1, _line_kernel(smear_px)), np.uint8)
    # A box is a poorer smear than a line, but costs the same at any length.
    box = (1 + int(abs(smear_px[0])), 1 + int(abs(smear_px[1])))
    return np.asarray(cv2.blur(layer, box, borderType=cv2.BORDER_CONSTANT), np.uint8)


def lay_over(region: Image, layer: Image, light: Light | None = None) -> None:
    """Lay a premultiplied BGRA layer over a BGR region of the same size, in place."""
    colour = cv2.cvtColor(layer, cv2.COLOR_BGRA2BGR)
    alpha = cv2.cvtColor(cv2.extractChannel(layer, 3), cv2.COLOR_GRAY2BGR)
    if light is not None:
        if light.cover < 1.0:
            alpha = cv2.convertScaleAbs(alpha, alpha=light.cover)
        own = light.gain * light.clear * light.cover
        haze = _HAZE_GREY / 255.0 * (1.0 - light.clear)
        colour = cv2.addWeighted(colour, own, alpha, haze, 0.0)
    cv2.multiply(region, cv2.bitwise_not(alpha), dst=region, scale=1.0 / 255.0)
    cv2.add(region, colour, dst=region)


def _level_for(texture: Texture, across: float, down: float) -> Image:
    """Pick the smallest halving that still has as many pixels as will be shown."""
    chosen = texture.levels[0]
    for coarser in texture.levels[1:]:
        if coarser.shape[1] * coarser.shape[0] < across * down:
            break
        chosen = coarser
    return chosen


def paste(
    picture: Image,
    texture: Texture,
    quad_px: NDArray[np.float64],
    light: Light,
    smear_px: tuple[float, float] = (0.0, 0.0),
    fine: bool = False,
) -> None:
    """Draw the texture into the quad (4, 2) - top left, top right, bottom right, bottom left.

    `fine` is for signs: it averages sixteen samples a pixel and smears along the true line.
    """
    # Plain floats here: hundreds of small quads a frame make array arithmetic the slower way.
    corners = quad_px.tolist()
    xs, ys = [corner[0] for corner in corners], [corner[1] for corner in corners]
    height, width = picture.shape[:2]
    pad_x, pad_y = abs(smear_px[0]) / 2.0 + 2.0, abs(smear_px[1]) / 2.0 + 2.0
    left, top = max(int(min(xs) - pad_x), 0), max(int(min(ys) - pad_y), 0)
    right, bottom = min(int(max(xs) + pad_x) + 1, width), min(int(max(ys) + pad_y) + 1, height)
    if left >= right or top >= bottom:
        return
    factor = _SIGN_OVERSAMPLING if fine else 1
    level = _level_for(texture, (max(xs) - min(xs)) * factor, (max(ys) - min(ys)) * factor)
    target = [((x - left) * factor, (y - top) * factor) for x, y in corners]
    region_size = ((right - left) * factor, (bottom - top) * factor)
    layer = _warp(level, target, region_size)
    if fine:
        region_size = (right - left, bottom - top)
        layer = np.asarray(cv2.resize(layer, region_size, interpolation=cv2.INTER_AREA), np.uint8)
    lay_over(picture[top:bottom, left:right], _smear(layer, smear_px, along_line=fine), light)


def _warp(level: Image, target: list[tuple[float, float]], region_size: tuple[int, int]) -> Image:
    """Warp the whole texture into the quad; continuous coordinates, OpenCV counts from centres."""
    rows, columns = level.shape[:2]
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = target
    if max(abs(x0 - x1 + x2 - x3), abs(y0 - y1 + y2 - y3)) < _PARALLEL_PX:
        xx, yx = (x1 - x0) / columns, (y1 - y0) / columns
        xy, yy = (x3 - x0) / rows, (y3 - y0) / rows
        affine = np.array([[xx, xy, x0 + (xx + xy - 1.0) / 2.0], [yx, yy, y0 + (yx + yy - 1.0) / 2.0]])
        return np.asarray(cv2.warpAffine(level, affine, region_size, flags=cv2.INTER_LINEAR))
    corners = np.array([[0, 0], [columns, 0], [columns, rows], [0, rows]], np.float32)
    to_region = cv2.getPerspectiveTransform(corners - np.float32(0.5), np.array(target, np.float32) - np.float32(0.5))
    return np.asarray(cv2.warpPerspective(level, to_region, region_size, flags=cv2.INTER_LINEAR))
