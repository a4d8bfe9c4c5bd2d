"""Light, detail and sharpness of one picture, from samples whose number doesn't grow with the picture.

Detail and sharpness are measured in six bands across the picture, in about as many pixels as signs are sought in:
what is blurred there is blurred for the reader, whatever a larger picture would still show.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

SAMPLES_WH = (288, 162)
"""Single pixels, not means: noise and a recorder's grain stay in them, so that two pictures are never the same."""
WHITE_LEVEL = 250
"""From here on a pixel holds no more than its being bright."""
JUDGED_PIXELS = 256_000
"""Of the picture that the bands are cut from, roughly: the frame is shrunk by a whole factor."""
BANDS, BAND_ROWS = 6, 24
HIGHEST, LOWEST = 0.08, 0.85
"""Where the first band begins and the last one ends, in shares of the height: below lies the bonnet."""
NEAR_PX, FAR_PX = 2, 8
"""A sharp edge rises within the one, a blurred one goes on rising up to the other."""
EDGES = 0.99
"""Of the steps in a picture, from this share on they are its edges."""
TILE_PX = 20
GRAIN_PX = 4
"""Detail is what is left when this many pixels across and down are one: noise is no detail."""
FLAT_LEVELS = 3.0
"""Standard deviation, in grey levels, under which a tile shows nothing."""
MIN_SIDE_PX = 64
"""Of a smaller picture detail and sharpness are not measured."""


@dataclass(frozen=True, slots=True, eq=False)
class Measures:
    """What was measured in one picture; levels are grey levels, 0 to 255."""

    samples: NDArray[np.uint8]
    """(162, 288) grey levels of single pixels."""
    mean: float
    bright: float
    """5 % of the picture are brighter."""
    brightest: float
    """0.1 % of the picture is brighter: lamps."""
    white: float
    """Share of the picture that is cut off at white."""
    white_below: float
    """Likewise of its lower half, where no sky is."""
    flat: float
    """Share of the tiles in which nothing is to be seen."""
    contrast: float
    """Height of its edges in grey levels; 0 where it was not measured."""
    sharpness: float
    """How much of that height the edges rise within 2 px, across or down, whichever is more: 0.25 for a ramp, up to 1.
    Motion smears one direction, a lens out of focus both."""


def measure(image: NDArray[np.uint8]) -> Measures:
    """Measure a picture (height, width, 3) uint8 BGR of any size."""
    sampled = cv2.resize(image, SAMPLES_WH, interpolation=cv2.INTER_NEAREST)
    samples = np.asarray(cv2.cvtColor(sampled, cv2.COLOR_BGR2GRAY), np.uint8)
    light = _Levels(samples)
    bands = _bands(image)
    flat, contrast, sharpness = (0.0, 0.0, 1.0) if bands is None else (_flat(bands), *_edges(bands))
    return Measures(
        samples=samples,
        mean=light.mean,
        bright=light.above(0.05),
        brightest=light.above(0.001),
        white=light.share_from(WHITE_LEVEL),
        white_below=_Levels(samples[len(samples) // 2 :]).share_from(WHITE_LEVEL),
        flat=flat,
        contrast=contrast,
        sharpness=sharpness,
    )


class _Levels:
    """How often each of 256 levels occurs, which is counted faster than values are sorted."""

    def __init__(self, values: NDArray[np.uint8]) -> None:
        counts = cv2.calcHist([np.ascontiguousarray(values)], [0], None, [256], [0, 256]).ravel()
        self._shares = counts / values.size

    @property
    def mean(self) -> float:
        return float(self._shares @ np.arange(256))

    def above(self, share: float) -> float:
        """The level that this share of the values lies above."""
        return float(np.searchsorted(np.cumsum(self._shares), 1 - share))

    def share_from(self, level: int) -> float:
        return float(self._shares[level:].sum())


def _bands(image: NDArray[np.uint8]) -> NDArray[np.uint8] | None:
    """(bands, rows, width) of the green channel, shrunk; None of a picture too small."""
    height, width = image.shape[:2]
    if min(height, width) < MIN_SIDE_PX:
        return None
    factor = max(1, round(math.sqrt(width * height / JUDGED_PIXELS)))
    factor = min(factor, min(height, width) // MIN_SIDE_PX)
    wide, high = width // factor, height // factor
    bands = np.empty((BANDS, BAND_ROWS, wide), np.uint8)
    for band, row in zip(bands, np.linspace(HIGHEST * high, LOWEST * high - BAND_ROWS, BANDS).astype(int), strict=True):
        strip = image[factor * row : factor * (row + BAND_ROWS), : factor * wide]
        if factor > 2:  # four pixels are mean enough, and reading all of a 4K picture takes 2 ms
            doubled = (2 * wide, 2 * BAND_ROWS)
            strip = np.asarray(cv2.resize(strip, doubled, interpolation=cv2.INTER_NEAREST), np.uint8)
        cv2.resize(cv2.extractChannel(strip, 1), (wide, BAND_ROWS), band, interpolation=cv2.INTER_AREA)
    return bands


def _flat(bands: NDArray[np.uint8]) -> float:
    wide = bands.shape[2]
    rows = BANDS * BAND_ROWS
    means = cv2.resize(bands.reshape(rows, wide), (wide // GRAIN_PX, rows // GRAIN_PX), interpolation=cv2.INTER_AREA)
    across = TILE_PX // GRAIN_PX
    tiles = wide // TILE_PX
    cells = means[:, : across * tiles].reshape(BANDS, BAND_ROWS // GRAIN_PX, tiles, across).astype(np.float32)
    return float((cells.std(axis=(1, 3)) < FLAT_LEVELS).mean())


def _edges(bands: NDArray[np.uint8]) -> tuple[float, float]:
    """Contrast and sharpness."""
    across = [_steps(bands[:, :, reach:], bands[:, :, :-reach]) for reach in (NEAR_PX, FAR_PX)]
    down = [_steps(bands[:, reach:], bands[:, :-reach]) for reach in (NEAR_PX, FAR_PX)]
    # One more, so that a picture without edges has a sharpness.
    return max(across[1], down[1]), max((near + 1) / (far + 1) for near, far in (across, down))


def _steps(ones: NDArray[np.uint8], others: NDArray[np.uint8]) -> float:
    """Height of the edges between these pixels and those."""
    shape = (-1, ones.shape[2])
    steps = cv2.absdiff(ones.reshape(shape), others.reshape(shape))
    return _Levels(np.asarray(steps, np.uint8)).above(1 - EDGES)
