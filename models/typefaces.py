"""Speed limits in other typefaces, drawn, so that the network learns the number and not one country's font.

The benchmark's numbers are all of one typeface; the rest of Europe draws its sixes and threes in its own way. Drawn
discs stand before real surroundings and go through the same augmentation as photographs.
"""

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from models.catalogue import Catalogue
from models.numerals import draw_numerals

SCALE = 4
"""Drawn so much larger, then averaged down."""
OUTLINE_FONT_SHARE = 0.3
"""Share of the numbers that are set in Pillow's typeface; the others are drawn, each in a hand of its own."""


def draw_limits(
    labels: NDArray[np.int64],
    catalogue: Catalogue,
    backdrops: NDArray[np.uint8],
    margin: float,
    share: float,
    seed: int,
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Crops like `backdrops` (m, size, size, 3) uint8 BGR, each with a limit drawn before it, and their classes (n,).

    `labels` are those of the photographs; each class gets `share` as many drawn ones. `margin` is the context around
    the sign, as a share of it. Only limits on round red signs are drawn: no other country's look is invented.
    """
    generator = np.random.default_rng(seed)
    crops, classes = [], []
    for sign in catalogue.speed_limits:
        if sign.shape == "circle" and sign.colours[:1] == ("red",) and str(sign.value).isdecimal():
            for _ in range(round(share * int((labels == sign.class_id).sum()))):
                backdrop = backdrops[generator.integers(len(backdrops))]
                crops.append(_draw(backdrop, str(sign.value), margin, generator))
                classes.append(sign.class_id)
    return np.array(crops, np.uint8).reshape(-1, *backdrops.shape[1:]), np.array(classes, np.int64)


def _draw(backdrop: NDArray[np.uint8], number: str, margin: float, generator: np.random.Generator) -> NDArray[np.uint8]:
    size = backdrop.shape[0]
    canvas = np.asarray(cv2.resize(backdrop, None, fx=SCALE, fy=SCALE, interpolation=cv2.INTER_LINEAR), np.uint8)
    radius = SCALE * size / (1 + 2 * margin) / 2
    ring = generator.uniform(0.16, 0.3)
    light = generator.uniform(0.25, 1.0)
    paper = generator.uniform(0.75, 1.0) * np.array([250, 250, 250])
    red = np.array([generator.uniform(20, 70), generator.uniform(10, 50), generator.uniform(130, 220)])
    ink = np.full(3, generator.uniform(5, 45))
    centre = (round(SCALE * size / 2), round(SCALE * size / 2))
    for share, colour in ((1.0, red), (1 - ring, paper)):
        cv2.circle(canvas, centre, round(share * radius), (light * colour).tolist(), cv2.FILLED, cv2.LINE_AA)
    height = radius * generator.uniform(0.72, 0.98) * (0.85 if len(number) > 2 else 1.0)
    width = 2 * (1 - ring) * radius * generator.uniform(0.58, 0.8) * (1.08 if len(number) > 2 else 1.0)
    if generator.random() < OUTLINE_FONT_SHARE:
        mask = _set_in_outlines(number, int(generator.integers(4)))
    else:
        mask = draw_numerals(number, generator)
    mask = np.asarray(cv2.resize(mask, (round(width), round(height)), interpolation=cv2.INTER_AREA), np.uint8)
    top, left = centre[1] - mask.shape[0] // 2, centre[0] - mask.shape[1] // 2
    place = canvas[top : top + mask.shape[0], left : left + mask.shape[1]]
    alpha = mask[:, :, None] / 255.0
    place[:] = np.rint(alpha * light * ink + (1 - alpha) * place)
    return np.asarray(cv2.resize(canvas, (size, size), interpolation=cv2.INTER_AREA), np.uint8)


@cache
def _set_in_outlines(number: str, stroke_px: int) -> NDArray[np.uint8]:
    """The number in Pillow's typeface, white on black, cut to its strokes, which are `stroke_px` bolder than it has."""
    image = Image.new("L", (400, 200))
    ImageDraw.Draw(image).text((20, 20), number, 255, ImageFont.load_default(120), stroke_width=stroke_px)
    return np.asarray(image.crop(image.getbbox()), np.uint8)
