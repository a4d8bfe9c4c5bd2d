"""What looks like a sign and is none, made from pictures of signs, so that a network learns what they are told by.

A network that was shown signs, and walls and leaves beside them, tells the two apart by the first difference that it
finds: to one that had never met a green disc with a number or an arrow on a blue square, seven in ten of the former and
all of the latter were signs. Streets are full of such things (bus stops, directions, parking, advertisements), and a
few hundred frames show a few of them. Here a sign keeps all that it has but its colour, its outline or both, or lies on
its side, as gables and arrows do, or bears a word or a blot where it is of one colour, as advertisements and lamps do.
What has too little colour to tell is left alone, and so is what stands on white: that is as often another sign. A few
have no more in common with a sign than a triangle's outline: firs and gables before the sky.
"""

from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from models.catalogue import Catalogue

COLOURED = frozenset({"red", "blue", "yellow", "green", "orange", "brown"})
LEAST_CHROMA = 60.0
"""Of the most colourful fifth of a sign, largest less smallest channel: with less its colour can't be told."""
TURN_DEG = (55.0, 305.0)
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
FIELD = (0.5, 0.7)
"""Between which shares of its radius a disc that is of one colour but for its symbol shows that colour."""
MARKED_SHARE = 0.5
"""Of such discs: how many bear something else."""
BARE_SHARE = 0.25
"""Of these: how many bear nothing, like a lamp."""
WORD_SHARE = 0.6
"""Of the others: how many bear words; the rest have blots."""
LETTERS = "ABCDEFGHIKLMNOPRSTUVWZabcdefghiklmnoprstuvz"
WORD_LETTERS = (3, 9)
FONTS = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_COMPLEX, cv2.FONT_HERSHEY_TRIPLEX)
FINER = 8
"""Marks and silhouettes are drawn so many times larger, then averaged down."""
SILHOUETTE_SHARE = 0.08
"""Of all: silhouettes, which are made from nothing."""
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
    made: list[NDArray[np.uint8]] = []
    for row in generator.choice(plain, count) if plain else ():
        shape, crop = shapes[labels[row]], crops[row]
        if generator.random() < SILHOUETTE_SHARE:
            made.append(_silhouette(size, centre, half, generator))
            continue
        if shape == "circle" and generator.random() < MARKED_SHARE:
            marked = _marked(crop, within[shape] > 0, centre, half, generator)
            if marked is not None:
                made.append(marked)
                continue
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


def _from_middle(size: int, centre: float, half: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How far right and down of the middle each pixel of a crop is, (size, size) in halves of the sign's side."""
    across, down = np.meshgrid(*[(np.arange(size) - centre) / half] * 2)
    return across, down


def _chroma(pixels: NDArray[np.uint8]) -> float:
    """Of pixels (n, 3)."""
    return float(np.percentile(pixels.max(axis=1).astype(np.int64) - pixels.min(axis=1), 80))


def _squared(crop: NDArray[np.uint8], centre: float, half: float, generator: np.random.Generator) -> NDArray[np.uint8]:
    """A disc on a square of its rim's colour."""
    across, down = _from_middle(len(crop), centre, half)
    radius = np.hypot(across, down)
    rim = np.median(crop[(radius >= RIM[0]) & (radius <= RIM[1])], axis=0)
    corners = (np.maximum(np.abs(across), np.abs(down)) <= 1) & (radius > RIM[0])
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


def _marked(
    crop: NDArray[np.uint8], within: NDArray[np.bool_], centre: float, half: float, generator: np.random.Generator
) -> NDArray[np.uint8] | None:
    """A disc of one colour with nothing, words or blots where its symbol was; None where it has more colours."""
    radius = np.hypot(*_from_middle(len(crop), centre, half))
    field = np.median(crop[(radius >= FIELD[0]) & (radius <= FIELD[1])], axis=0)
    if np.ptp(field) < LEAST_CHROMA:
        return None
    face = crop[within].astype(np.float64)
    lightness = face.sum(axis=1)
    bright = np.median(face[lightness >= np.percentile(lightness, 95)], axis=0)
    symbol = np.linalg.norm(crop - field, axis=2) > np.linalg.norm(crop - bright, axis=2)
    inner = (symbol & (radius < RIM[0])).astype(np.uint8)
    blank = cv2.inpaint(crop, cv2.dilate(inner, np.ones((3, 3), np.uint8)), 3.0, cv2.INPAINT_TELEA)
    if generator.random() < BARE_SHARE:
        return np.asarray(blank, np.uint8)
    drawn = _words(half, generator) if generator.random() < WORD_SHARE else _blots(half, generator)
    mark = np.zeros(crop.shape[:2])
    first = round(centre + 0.5 - len(drawn) / 2)
    mark[first : first + len(drawn), first : first + len(drawn)] = drawn
    share = cv2.GaussianBlur(mark, (0, 0), generator.uniform(0.3, 1.0))[:, :, None] * generator.uniform(0.7, 1.0)
    return np.asarray(np.rint(share * bright + (1 - share) * blank), np.uint8)


def _words(half: float, generator: np.random.Generator) -> NDArray[np.float64]:
    """(side, side) 0 to 1: one or two lines of letters across a disc."""
    side = 2 * int(half)
    sheet = np.zeros((side * FINER, side * FINER), np.uint8)
    lines = int(generator.integers(1, 3))
    for line in range(lines):
        word = "".join(generator.choice([*LETTERS], generator.integers(*WORD_LETTERS, endpoint=True)))
        font, thickness = int(generator.choice(FONTS)), int(generator.integers(2, 5))
        (width, height), _ = cv2.getTextSize(word, font, 1.0, thickness)
        scale = min(generator.uniform(0.65, 0.95) * len(sheet) / width, 0.45 / lines * len(sheet) / height)
        middle = len(sheet) * (0.5 + generator.uniform(-0.1, 0.1) + 0.3 * (line - (lines - 1) / 2))
        left, bottom = (len(sheet) - scale * width) / 2, middle + scale * height / 2
        place = (round(left), round(bottom))
        cv2.putText(sheet, word, place, font, scale, 255, max(1, round(scale * thickness)), cv2.LINE_AA)
    return _shrunk(sheet, side)


def _blots(half: float, generator: np.random.Generator) -> NDArray[np.float64]:
    """(side, side) 0 to 1: one to three shapes of any outline on a disc."""
    side = 2 * int(half)
    sheet = np.zeros((side * FINER, side * FINER), np.uint8)
    for _ in range(generator.integers(1, 4)):
        angles = np.sort(generator.uniform(0, 2 * np.pi, generator.integers(3, 9)))
        reach = generator.uniform(0.15, 0.4) * len(sheet) * generator.uniform(0.4, 1.0, len(angles))
        middle = len(sheet) * generator.uniform(0.35, 0.65, 2)
        outline = middle + reach[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1)
        cv2.fillPoly(sheet, [np.rint(outline).astype(np.int32)], 255, cv2.LINE_AA)
    return _shrunk(sheet, side)


def _shrunk(sheet: NDArray[np.uint8], side: int) -> NDArray[np.float64]:
    """What was drawn on a finer sheet, (side, side) 0 to 1."""
    return np.asarray(cv2.resize(sheet, (side, side), interpolation=cv2.INTER_AREA) / 255.0, np.float64)


def _silhouette(size: int, centre: float, half: float, generator: np.random.Generator) -> NDArray[np.uint8]:
    """A dark triangle with ragged or straight sides before a bright sky, on dark ground or on none."""
    ragged = half * generator.choice((0.0, generator.uniform(0.02, 0.12)))
    steps = int(generator.integers(4, 14))
    corners = half * (np.array(OUTLINES["triangle"]) + generator.uniform(-0.15, 0.15, (3, 2)))
    sides = [np.linspace(*ends, steps, endpoint=False) for ends in pairwise([*corners, corners[0]])]
    outline = np.concatenate(sides)
    outline = outline + generator.uniform(-ragged, ragged, outline.shape) + centre + 0.5
    sheet = np.zeros((size * FINER, size * FINER), np.uint8)
    cv2.fillPoly(sheet, [np.rint(outline * FINER).astype(np.int32)], 255)
    if generator.random() < 0.5:
        sheet[round((centre + half * generator.uniform(0.6, 1.1)) * FINER) :] = 255
    share = cv2.GaussianBlur(_shrunk(sheet, size), (0, 0), generator.uniform(0.4, 1.2))[:, :, None]
    sky = np.array((1.0, 0.95, 0.9)) ** generator.uniform(0, 5) * generator.uniform(120, 255)
    fade = np.linspace(generator.uniform(0.7, 1.0), 1.0, size)[:, None, None]
    leaves = cv2.resize(generator.uniform(0.2, 1.0, (12, 12, 1)), (size, size), interpolation=cv2.INTER_CUBIC)
    tree = generator.uniform(0.5, 1.0, 3) * generator.uniform(15, 90) * np.clip(leaves, 0, 1)[:, :, None]
    noise = generator.normal(0.0, CORNER_NOISE, (size, size, 3))
    return np.asarray(np.clip(share * tree + (1 - share) * sky * fade + noise, 0, 255), np.uint8)
