"""What looks like a sign and is none, made from pictures of signs, so that a network learns what they are told by.

A network that was shown signs, and walls and leaves beside them, tells the two apart by the first difference that it
finds: to one that had never met a green disc with a number or an arrow on a blue square, seven in ten of the former and
all of the latter were signs. Streets are full of such things (bus stops, directions, parking, advertisements), and a
few hundred frames show a few of them. Here a sign keeps all that it has but its colour, its outline or both, or lies on
its side, as gables and arrows do. What has too little colour to tell is left alone, and so is what is written on it:
that is as often another sign.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from models.catalogue import Catalogue

COLOURED = frozenset({"red", "blue", "yellow", "green", "orange", "brown"})
LEAST_CHROMA = 60.0
"""Of the most colourful fifth of a sign, largest less smallest channel: with less its colour can't be told."""
TURN_DEG = (70.0, 290.0)
"""Of the circle of hues; a colour cast or a camera's own colours turn it by a tenth of that."""
SQUARED_SHARE = 0.5
"""Of discs: how many get corners, in their rim's colour."""
BOTH_SHARE = 1 / 3
"""Of these: how many get another colour too."""
LAID_SHARE = 1 / 3
"""Of signs with corners that stand in one way only: how many lie on their side instead of another colour."""
LAID_DEG = {"triangle": 90.0, "inverted triangle": 90.0, "diamond": 45.0}
LAID_SPREAD_DEG = 12.0
"""By how much they lie otherwise than that, either way; a post that leans turns a sign by less than 15 degrees."""
RIM = (0.86, 0.94)
"""Between which shares of a disc's radius its rim's colour is taken."""
CORNER_NOISE = 3.0
"""Grey levels by which the corners' colour varies from pixel to pixel."""
OUTLINES = {
    "square": ((-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)),
    "triangle": ((0.0, -1.0), (1.0, 1.0), (-1.0, 1.0)),
    "inverted triangle": ((0.0, 1.0), (1.0, -1.0), (-1.0, -1.0)),
    "diamond": ((0.0, -1.0), (1.0, 0.0), (0.0, 1.0), (-1.0, 0.0)),
}
"""Corners, right and down from the middle of a sign's box in halves of its side; other shapes are near a disc."""


def make_look_alikes(
    crops: NDArray[np.uint8], labels: NDArray[np.int64], catalogue: Catalogue, margin: float, count: int, seed: int
) -> NDArray[np.uint8]:
    """Crops (n, size, size, 3) uint8 BGR of what is no sign, from crops of signs (m, size, size, 3) and their classes.

    `margin` is the context around the sign, as a share of it. n is `count`, or 0 where no sign has colour enough.
    """
    if not count:
        return np.empty((0, *crops.shape[1:]), np.uint8)
    generator = np.random.default_rng(seed)
    size = crops.shape[1]
    centre, half = (size - 1) / 2, size / (1 + 2 * margin) / 2
    coloured = np.array([bool(COLOURED & {*sign.colours}) for sign in catalogue], np.bool_)
    known = np.flatnonzero(labels < len(catalogue))
    rows = known[coloured[labels[known]]]
    # Of the sign alone: before a blue sky a sign that is dark and grey would seem to have a colour.
    shapes = [sign.shape for sign in catalogue]
    within = {shape: _within(shape, size, centre, half) for shape in {"square", *shapes}}
    plain = [row for row in rows.tolist() if _chroma(crops[row][within[shapes[labels[row]]] > 0]) >= LEAST_CHROMA]
    made = []
    for row in generator.choice(plain, count) if plain else ():
        shape, crop = shapes[labels[row]], crops[row]
        if shape in LAID_DEG and generator.random() < LAID_SHARE:
            made.append(_laid(crop, LAID_DEG[shape], centre, generator))
            continue
        squared = shape == "circle" and generator.random() < SQUARED_SHARE
        if squared:
            crop = _squared(crop, centre, half, generator)
        if not squared or generator.random() < BOTH_SHARE:
            crop = _turned(crop, within["square" if squared else shape], generator)
        made.append(crop)
    return np.array(made, np.uint8).reshape(-1, *crops.shape[1:])


def _within(outline: str, size: int, centre: float, half: float) -> NDArray[np.uint8]:
    """(size, size) 255 within the outline of a sign in the middle of a crop, else 0."""
    mask = np.zeros((size, size), np.uint8)
    corners = OUTLINES.get(outline)
    if corners:
        cv2.fillConvexPoly(mask, np.rint(centre + half * np.array(corners)).astype(np.int32), 255)
    else:
        cv2.circle(mask, (round(centre), round(centre)), round(half), 255, cv2.FILLED)
    return mask


def _chroma(pixels: NDArray[np.uint8]) -> float:
    """Of pixels (n, 3)."""
    return float(np.percentile(pixels.max(axis=1).astype(np.int64) - pixels.min(axis=1), 80))


def _squared(crop: NDArray[np.uint8], centre: float, half: float, generator: np.random.Generator) -> NDArray[np.uint8]:
    """A disc on a square of its rim's colour."""
    across, down = np.meshgrid(*[np.arange(len(crop)) - centre] * 2)
    radius = np.hypot(across, down) / half
    rim = np.median(crop[(radius >= RIM[0]) & (radius <= RIM[1])], axis=0)
    corners = (np.maximum(np.abs(across), np.abs(down)) <= half) & (radius > RIM[0])
    squared = crop.copy()
    noise = generator.normal(0.0, CORNER_NOISE, (int(corners.sum()), 3))
    squared[corners] = np.clip(rim + noise, 0, 255).astype(np.uint8)
    return squared


def _laid(
    crop: NDArray[np.uint8], angle_deg: float, centre: float, generator: np.random.Generator
) -> NDArray[np.uint8]:
    """A sign on its side, to the left or to the right."""
    angle = generator.choice((-1, 1)) * angle_deg + generator.uniform(-LAID_SPREAD_DEG, LAID_SPREAD_DEG)
    matrix = cv2.getRotationMatrix2D((centre, centre), float(angle), 1.0)
    return np.asarray(cv2.warpAffine(crop, matrix, crop.shape[1::-1], borderMode=cv2.BORDER_REFLECT_101), np.uint8)


def _turned(crop: NDArray[np.uint8], within: NDArray[np.uint8], generator: np.random.Generator) -> NDArray[np.uint8]:
    """A sign with other hues within its outline."""
    share = cv2.GaussianBlur(within, (3, 3), 0)[:, :, None] / 255.0
    hues = cv2.cvtColor(crop, cv2.COLOR_BGR2HSV_FULL)
    turn = generator.uniform(*TURN_DEG) * 256 / 360
    hues[:, :, 0] = (hues[:, :, 0].astype(np.int64) + round(turn)) % 256
    other = cv2.cvtColor(hues, cv2.COLOR_HSV2BGR_FULL)
    return np.asarray(np.rint(share * other + (1 - share) * crop), np.uint8)
