"""What weather, light and camera do to a whole street frame, by condition and measured strength.

`disturbances` changes what a camera saw of one sign, after it was found; here the frame is changed before anything is
looked for in it, with all that is around the signs. The light is changed as light: grey levels are made linear, scaled
and added as photons are, and made grey levels again. Where a lens or a size moves the signs, their boxes move along.

A function here takes one `Street`, a strength and a random generator, and gives a new `Street`; nothing is changed in
place. `CONDITIONS` lists them with the strengths that are measured, weakest first. The generator is the same at all
strengths of a condition: the shadow lies where it lay, and is darker.
"""

import math
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from models.catalogue import Shape
from models.disturbances import BACKLIT_STOPS, GAMMA, SNOW_BGR, Graded
from models.h264 import driven

Image = NDArray[np.uint8]
Light = NDArray[np.float32]
"""(height, width, 3) BGR in shares of what makes a pixel white; more than 1 before it is a picture."""


@dataclass(frozen=True, slots=True)
class Street:
    """A frame and the signs in it."""

    image: Image
    """(height, width, 3) uint8 BGR"""
    boxes_xywh_px: NDArray[np.float32]
    """(n, 4)"""
    shapes: tuple[Shape, ...]
    """(n,) of the signs."""

    def outlines_px(self) -> list[NDArray[np.float32]]:
        """Corners (m, 2) of each sign's outline, x and y."""
        return [
            np.asarray(box[:2] + box[2:] * _OUTLINES.get(shape, _BOX), np.float32)
            for box, shape in zip(self.boxes_xywh_px, self.shapes, strict=True)
        ]


def _ring(corners: int, turned: float = 0.0) -> NDArray[np.float32]:
    """Corners of a regular polygon that fills the unit square."""
    angles = 2 * math.pi * (np.arange(corners) + turned) / corners
    points = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return np.asarray((points - points.min(axis=0)) / np.ptp(points, axis=0), np.float32)


_BOX = np.array([(0, 0), (1, 0), (1, 1), (0, 1)], np.float32)
_OUTLINES: dict[Shape, NDArray[np.float32]] = {
    "circle": _ring(32),
    "triangle": np.array([(0.5, 0), (1, 1), (0, 1)], np.float32),
    "inverted triangle": np.array([(0, 0), (1, 0), (0.5, 1)], np.float32),
    "octagon": _ring(8, 0.5),
    "diamond": _ring(4),
}

_LIGHT_OF_LEVEL = (np.arange(256, dtype=np.float32) / 255) ** np.float32(GAMMA)
_STEPS = 65535  # fewer would leave gaps between the darkest grey levels
_LEVEL_OF_LIGHT = np.rint(255 * (np.arange(_STEPS + 1) / _STEPS) ** (1 / GAMMA)).astype(np.uint8)


def _light(image: Image) -> Light:
    return np.asarray(cv2.LUT(image, _LIGHT_OF_LEVEL), np.float32)


def _seen(light: Light, street: Street) -> Street:
    """What a camera makes of the light: cut off at white."""
    levels = (np.clip(light, 0, 1) * np.float32(_STEPS) + np.float32(0.5)).astype(np.uint16)
    return replace(street, image=np.take(_LEVEL_OF_LIGHT, levels))


FULL_WELL = 8000
"""Electrons that make a pixel white, and …"""
READ_NOISE = 5.0
"""… electrons that reading it adds: an automotive sensor of pixels some 3 um wide."""
TWILIGHT_BGR = np.array([1.35, 1.0, 0.7], np.float32)
"""Once the sun is down the sky is all the light there is; a camera balanced for the day shows it blue."""
TWILIGHT_STOPS = 4.0
"""By so much less light it is all from the sky."""


def dusk(street: Street, stops: float, generator: np.random.Generator) -> Street:
    """Less light by so many stops, bluer, half of which the camera makes up for by gain, which shows its noise."""
    tint = 1 + (TWILIGHT_BGR - 1) * np.float32(min(1.0, stops / TWILIGHT_STOPS))
    electrons = _light(street.image) * (tint * np.float32(FULL_WELL / 2.0**stops))
    # Beyond a few electrons Poisson's distribution is a normal one, which is drawn ten times as fast.
    deviation = np.sqrt(electrons + np.float32(READ_NOISE**2))
    electrons += deviation * generator.standard_normal(electrons.shape, np.float32)
    return _seen(electrons * np.float32(2.0 ** (stops / 2) / FULL_WELL), street)


def backlight(street: Street, veil: float, generator: np.random.Generator) -> Street:
    """A low sun ahead: half the light on all that faces the camera, and stray light, `veil` times the frame's mean.

    Near the sun there is twice as much of it, in its corners half.
    """
    height, width = street.image.shape[:2]
    x, y = width * generator.uniform(0.2, 0.8), height * generator.uniform(0.1, 0.45)
    away = np.hypot(np.arange(width)[None, :] - x, np.arange(height)[:, None] - y).astype(np.float32) / width
    light = _light(street.image)
    stray = np.float32(veil * light.mean()) * (np.float32(0.5) + np.float32(1.5) * np.exp(away / np.float32(-0.25)))
    sun = np.float32(4.0) * np.exp(-((away / np.float32(0.03)) ** 2))
    light *= np.float32(0.5**BACKLIT_STOPS)
    return _seen(light + (stray + sun)[..., None] * np.array([0.8, 0.95, 1.0], np.float32), street)


BLOOM_SHARE = 0.1
"""Of the light that a white pixel has too much of: what lens and sensor spread over its surroundings."""
BLOOM_PX = 16


def overexposed(street: Street, stops: float, generator: np.random.Generator) -> Street:
    """Exposed by so many stops too long: what is bright is white, and the sky's light spills over its edges."""
    light = _light(street.image) * np.float32(2.0**stops)
    excess = np.maximum(light - 1, 0)
    return _seen(light + np.float32(BLOOM_SHARE) * _spread(excess, BLOOM_PX), street)


def _spread(light: Light, deviation_px: float, down_px: float | None = None) -> Light:
    """A Gaussian blur, computed at a quarter of the size; with another deviation from row to row, if one is given."""
    height, width = light.shape[:2]
    size = (max(1, width // 4), max(1, height // 4))
    small = cv2.resize(light, size, interpolation=cv2.INTER_AREA)
    down = deviation_px if down_px is None else down_px
    blurred = cv2.GaussianBlur(small, (0, 0), sigmaX=deviation_px / 4, sigmaY=down / 4)
    return np.asarray(cv2.resize(blurred, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


HORIZON = 0.6
"""Where the road ends, as a share of the picture's height from its top."""
WET_ROAD = 0.6
"""Share of its own light that a wet road still scatters."""


def wet_road(street: Street, share: float, generator: np.random.Generator) -> Street:
    """After rain: the road is darker, and where it is wettest mirrors `share` of the light from above the horizon.

    The mirror is rough: it draws lights out downward. Signs below the horizon keep standing before it.
    """
    height, width = street.image.shape[:2]
    light = _light(street.image)
    horizon = round(HORIZON * height)
    rows = np.arange(horizon, height)
    mirrored = _spread(light[np.maximum(2 * horizon - rows, 0)], 4, 24)
    puddles = np.float32(share) * (0.4 + 0.6 * _patches(generator, (height - horizon, width), width / 8)[..., None])
    wet = np.clip((rows - horizon) / (0.02 * height), 0, 1).astype(np.float32)[:, None, None]
    signs = 1 - _mask(street)[horizon:, :, None]
    road = light[horizon:]
    looks = road * np.float32(WET_ROAD) + puddles * mirrored
    light[horizon:] += wet * signs * (looks - road)
    return _seen(light, street)


def _patches(generator: np.random.Generator, size: tuple[int, int], patch_px: float) -> NDArray[np.float32]:
    """Smooth random blots (height, width), 0 to 1, each value as frequent as the next, some `patch_px` wide."""
    height, width = size
    small = (max(2, math.ceil(height / patch_px) + 2), max(2, math.ceil(width / patch_px) + 2))
    blots = cv2.resize(generator.standard_normal(small, np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    step = max(1, width // 256)
    levels = np.quantile(blots[::step, ::step], np.linspace(0, 1, 65))
    return np.asarray(np.interp(blots, levels, np.linspace(0, 1, 65)), np.float32)


def _mask(street: Street) -> NDArray[np.float32]:
    """(height, width) 1 on the signs, 0 beside them, in between where an outline crosses a pixel."""
    mask = np.zeros(street.image.shape[:2], np.uint8)
    for outline in street.outlines_px():
        cv2.fillPoly(mask, [np.rint(16 * (outline - 0.5)).astype(np.int32)], 255, cv2.LINE_AA, shift=4)
    return mask.astype(np.float32) / np.float32(255)


SKY_LEVEL = 170
"""Grey level from which a wide blot in the upper part of a picture is sky."""
SKY_PX = 40
"""Less wide than this it is no sky: a sign, a window."""
SHADE_BGR = np.array([1.25, 1.05, 0.85], np.float32)
"""The sky lights what the sun doesn't reach, so it is bluer."""


def shade(street: Street, stops: float, generator: np.random.Generator) -> Street:
    """Shadows of houses and leaves over half of what is not sky, so many stops darker and bluer."""
    size = street.image.shape[:2]
    blots = np.zeros(size, np.float32)
    for part, across in ((1.0, 5), (0.6, 20), (0.4, 60)):
        blots += np.float32(part) * _patches(generator, size, size[1] / across)
    shadow = np.clip((blots - np.median(blots)) / 0.1 + 0.5, 0, 1)
    grey = cv2.cvtColor(street.image, cv2.COLOR_BGR2GRAY)
    bright = (grey > SKY_LEVEL).astype(np.uint8)
    bright[round(HORIZON * size[0]) :] = 0
    sky = cv2.morphologyEx(bright, cv2.MORPH_OPEN, np.ones((SKY_PX, SKY_PX), np.uint8))
    shadow = (shadow * (1 - sky))[..., None]
    return _seen(_light(street.image) * (1 - shadow * (1 - SHADE_BGR * np.float32(0.5**stops))), street)


def faded(street: Street, share: float, generator: np.random.Generator) -> Street:
    """Signs of old paint: `share` of each colour has gone from it, down to the white below. Black keeps, as it does."""
    light = _light(street.image)
    white = light.max(axis=2, keepdims=True)
    return _seen(light + np.float32(share) * _mask(street)[..., None] * (white - light), street)


def snow(street: Street, share: float, generator: np.random.Generator) -> Street:
    """Snow stuck to the signs, on `share` of their area: a ragged cap from the upper edge down, and blots."""
    image = street.image.astype(np.float32)
    for outline, box in zip(street.outlines_px(), street.boxes_xywh_px, strict=True):
        x, y, w, h = box.tolist()
        left, top = max(0, math.floor(x)), max(0, math.floor(y))
        right, bottom = min(image.shape[1], math.ceil(x + w)), min(image.shape[0], math.ceil(y + h))
        if right <= left or bottom <= top:
            continue
        sign = np.zeros((bottom - top, right - left), np.uint8)
        cv2.fillPoly(sign, [np.rint(outline - 0.5 - (left, top)).astype(np.int32)], 255)
        down = np.linspace(0, 1, bottom - top, dtype=np.float32)[:, None]
        height = down + 0.8 * _patches(generator, sign.shape, max(2.0, w / 5))
        if not sign.any():
            continue
        lowest = np.quantile(height[sign > 0], share)
        soft = np.clip((lowest - height) / 0.06 + 0.5, 0, 1) * (sign > 0)
        seen = image[top:bottom, left:right]
        # As bright as the light on the sign allows, which its brightest parts show.
        bright = float(np.percentile(street.image[top:bottom, left:right], 95)) / 255
        texture = 6 * generator.standard_normal((*sign.shape, 1), np.float32)
        white = bright * (np.array(SNOW_BGR, np.float32) + texture)
        seen += soft[..., None] * (white - seen)
    return replace(street, image=np.clip(np.rint(image), 0, 255).astype(np.uint8))


def h264(street: Street, bits_per_pixel: float, generator: np.random.Generator) -> Street:
    """Through an H.264 recorder while the car drives on."""
    return replace(street, image=driven(street.image, bits_per_pixel))


SIZES_PX = {2160: (3840, 2160), 1200: (1920, 1200), 1080: (1920, 1080), 720: (1280, 720), 576: (1024, 576),
            540: (960, 540), 480: (640, 480)}  # fmt: skip
"""Width and height by lines."""


def size(street: Street, lines: float, generator: np.random.Generator) -> Street:
    """From a camera of another size that sees the same: the frame is scaled to fit, and its last row or column goes on.

    Enlarged frames show no more than before: what 4K would show of far signs isn't in them.
    """
    height, width = street.image.shape[:2]
    wide, high = SIZES_PX[round(lines)]
    factor = min(wide / width, high / height)
    fitted = (round(width * factor), round(height * factor))
    scaled = cv2.resize(street.image, fitted, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC)
    image = cv2.copyMakeBorder(scaled, 0, high - fitted[1], 0, wide - fitted[0], cv2.BORDER_REPLICATE)
    scale = np.array([fitted[0] / width, fitted[1] / height] * 2, np.float32)
    return Street(np.asarray(image, np.uint8), street.boxes_xywh_px * scale, street.shapes)


FIELD_DEG = 50.0
"""Field of view across that a frame is taken to have."""


def fisheye(street: Street, degrees: float, generator: np.random.Generator) -> Street:
    """Seen so many degrees from the axis of a fisheye lens, to the left or the right, that maps angles evenly.

    What is off the axis is stretched around it, by half at 85 degrees, and turned; the picture grows to hold the frame.
    """
    height, width = street.image.shape[:2]
    focal_px = width / 2 / math.tan(math.radians(FIELD_DEG / 2))
    yaw = math.radians(degrees) * generator.choice([-1, 1])
    turn = np.array([[math.cos(yaw), 0, math.sin(yaw)], [0, 1, 0], [-math.sin(yaw), 0, math.cos(yaw)]])
    middle = np.array([width / 2, height / 2])

    def bent(points: NDArray[np.float32]) -> NDArray[np.float64]:
        """From pixels of the frame (n, 2) to pixels from the fisheye's axis."""
        rays = np.column_stack([(points - middle) / focal_px, np.ones(len(points))]) @ turn.T
        off = np.hypot(rays[:, 0], rays[:, 1])
        return np.asarray(focal_px * (np.arctan2(off, rays[:, 2]) / np.maximum(off, 1e-9))[:, None] * rays[:, :2])

    steps = np.linspace(0, 1, 65, dtype=np.float32)
    sides = [np.stack([steps, np.full(65, end)], axis=1) for end in (0, 1)]
    edge = bent(np.concatenate([*sides, *(side[:, ::-1] for side in sides)]).astype(np.float32) * (width, height))
    start, end = np.floor(edge.min(axis=0)), np.ceil(edge.max(axis=0))
    wide, high = (end - start).astype(int).tolist()
    x = np.arange(wide, dtype=np.float32)[None, :] + np.float32(start[0] + 0.5)
    y = np.arange(high, dtype=np.float32)[:, None] + np.float32(start[1] + 0.5)
    off = np.maximum(np.hypot(x, y), 1e-6)
    angle = off / np.float32(focal_px)
    side = np.sin(angle) / off
    rays = np.stack([x * side, y * side, np.cos(angle)], axis=-1) @ turn.astype(np.float32)
    depth = np.maximum(rays[..., 2], 1e-3)
    across, down = (focal_px * rays[..., place] / depth + middle[place] - 0.5 for place in (0, 1))
    image = cv2.remap(
        street.image, across.astype(np.float32), down.astype(np.float32), cv2.INTER_CUBIC, None, cv2.BORDER_REPLICATE
    )
    outlines = [bent(outline) - start for outline in street.outlines_px()]
    boxes = [(*outline.min(axis=0), *np.ptp(outline, axis=0)) for outline in outlines]
    return Street(np.asarray(image, np.uint8), np.array(boxes, np.float32).reshape(-1, 4), street.shapes)


@dataclass(frozen=True, slots=True)
class Condition(Graded):
    """One condition and the strengths it is measured at, weakest first."""

    change: Callable[[Street, float, np.random.Generator], Street]

    def apply(self, street: Street, strength: float, seed: int) -> Street:
        """The frame under this condition; the same for the same seed."""
        return self.change(street, strength, np.random.default_rng([seed, zlib.crc32(self.name.encode())]))


CONDITIONS = (
    Condition("dusk", "Dusk", "stops less light", (2, 3, 4, 5, 6), "Bluer, and half is made up for by gain.", dusk),
    Condition(
        "backlight",
        "Backlight",
        "times the mean light as stray light",
        (0.25, 0.5, 1, 2),
        "A low sun ahead: half the light on what faces the camera, and stray light over it, more near the sun.",
        backlight,
    ),
    Condition(
        "overexposed",
        "Overexposed sky",
        "stops too long",
        (0.5, 1, 1.5, 2),
        "What is bright is white, and the sky's light spills over its edges.",
        overexposed,
    ),
    Condition(
        "wet-road",
        "Wet road",
        "of the light mirrored",
        (0.15, 0.3, 0.45, 0.6),
        "The road is darker and mirrors what stands above the horizon.",
        wet_road,
        percent=True,
    ),
    Condition("shade", "Shade", "stops darker", (1, 2, 3, 4), "Shadows over half of what is not sky.", shade),
    Condition(
        "faded",
        "Faded paint",
        "of the signs' colour gone",
        (0.2, 0.4, 0.6, 0.8),
        "Down to the white below; black keeps.",
        faded,
        percent=True,
    ),
    Condition(
        "snow",
        "Snow on signs",
        "of the signs' area",
        (0.1, 0.2, 0.3, 0.4),
        "A ragged cap from the upper edge down, and blots.",
        snow,
        percent=True,
    ),
    Condition(
        "h264",
        "H.264",
        "bits a pixel",
        (0.1, 0.05, 0.025, 0.0125),
        "Coded while the car drives on; 0.1 is 6 Mbit/s at 1920x1080 and 30 frames a second.",
        h264,
    ),
    Condition(
        "size",
        "Camera's size",
        "lines",
        tuple(SIZES_PX),
        "3840x2160, 1920x1200, 1920x1080, 1280x720, 1024x576, 960x540 and 640x480; larger ones are enlarged frames.",
        size,
    ),
    Condition(
        "fisheye",
        "Edge of a fisheye",
        "degrees off its axis",
        (20, 40, 60, 75),
        "The frame's middle lies so far from the axis; signs are stretched and turned, and their boxes with them.",
        fisheye,
    ),
)
