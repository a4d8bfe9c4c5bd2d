"""Maps in which a sign's colours stand out, computed on the working picture (see `candidates`).

Chromaticities r, g, b are each channel's share of the sum, so brightness drops out (Ruta, Li and Liu, "Real-time
traffic sign recognition from video by class-specific discriminative features", Pattern Recognition 43, 2010):

    red    = min(r - g, r - b)        yellow = min(r - b, g - b)        blue = b - r

A dusk or a windscreen tints everything, and then no fixed threshold finds red. The *local* maps measure against the
mean chromaticity of the surroundings, so a rim that is merely less green than these still stands out:

    local_red = (r - g) - (r' - g')        local_blue = (b - r) - (b' - r')

The brightness map, grey over the mean of what is close by, finds what has no colour, and the white inside of any rim;
the wide one, over the mean of the surroundings, tells a disc from a bright edge.
"""

from concurrent.futures import Executor

import cv2
import numpy as np
from numpy.typing import NDArray

from detector.compiled import compiled_for_rows, in_halves

MAPS = ("red", "yellow", "local_red", "local_blue", "brightness", "wide_brightness")
SURROUNDINGS_PX = 41
"""Side of the square, in working pixels, over which a local mean of colour is taken: larger than most signs."""
CLOSE_BY_PX = 15
"""Likewise of brightness: no larger than a small sign, so that a disc stands out from whatever is right beside it."""
COLOUR_ZERO, COLOUR_STEPS = 80.0, 580.0
"""A colour value v, -1 to 1, is kept as 80 + 580 v: -0.13 to 0.30 fit, in steps of 0.0017."""
BRIGHTNESS_STEPS = 100.0
"""Brightness, 0 to 2.55 times the local mean, is kept in hundredths."""

Maps = NDArray[np.uint8]
"""(6, height, width), in the order of `MAPS`, encoded as above and cut off at 0 and 255."""


def colour_maps(image: NDArray[np.uint8], executor: Executor) -> Maps:
    """Maps of a picture (height, width, 3) uint8 BGR."""
    grey = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8)
    maps = np.empty((len(MAPS), *image.shape[:2]), np.uint8)

    def fill(rows: slice) -> None:
        means, close_by = _means(image, rows, SURROUNDINGS_PX), _means(grey, rows, CLOSE_BY_PX)
        _fill_maps(image[rows], means, grey[rows], close_by, maps[:, rows])

    in_halves(executor, len(image), fill)
    return maps


def _means(image: NDArray[np.uint8], rows: slice, side_px: int) -> NDArray[np.float32]:
    """Of the square around each pixel of some rows, float32; at the picture's edge its mirror image counts too."""
    reach = side_px // 2
    seen = slice(max(0, rows.start - reach), min(len(image), rows.stop + reach))
    means = cv2.boxFilter(image[seen], cv2.CV_32F, (side_px, side_px))
    return np.asarray(means[rows.start - seen.start : rows.stop - seen.start], np.float32)


def encode(name: str, value: float) -> float:
    """A map's value as it stands in `Maps`, not rounded."""
    return BRIGHTNESS_STEPS * value if name.endswith("brightness") else COLOUR_ZERO + COLOUR_STEPS * value


@compiled_for_rows
def _chromaticities(
    row: NDArray[np.uint8] | NDArray[np.float32],
    red_green: NDArray[np.float32],
    red_blue: NDArray[np.float32],
    total: NDArray[np.float32],
) -> None:
    """Of a row (3 * width,) b, g, r, ...: r - g and r - b as shares of the sum, and the sum."""
    one = np.float32(1.0)
    for x in range(len(total)):
        # One more, so that black has a chromaticity: grey.
        b, g, r = row[3 * x] + one, row[3 * x + 1] + one, row[3 * x + 2] + one
        sum_of_all = b + g + r
        share = one / sum_of_all
        red_green[x], red_blue[x], total[x] = (r - g) * share, (r - b) * share, sum_of_all


@compiled_for_rows
def _cut_off(values: NDArray[np.float32], row: NDArray[np.uint8]) -> None:
    least, most = np.float32(0.0), np.float32(255.0)
    for x in range(len(row)):
        row[x] = np.uint8(np.int32(max(least, min(most, values[x]))))


@compiled_for_rows
def _fill_maps(
    image: NDArray[np.uint8],
    means: NDArray[np.float32],
    grey: NDArray[np.uint8],
    close_by: NDArray[np.float32],
    maps: Maps,
) -> None:
    # A short loop for each step, over rows that stay in the cache: those the compiler turns into vector instructions.
    one, rounded = np.float32(1.0), np.float32(0.5)
    zero, steps, hundred = np.float32(COLOUR_ZERO + 0.5), np.float32(COLOUR_STEPS), np.float32(BRIGHTNESS_STEPS)
    width = image.shape[1]
    red_green, red_blue, total = np.empty((3, width), np.float32)
    mean_red_green, mean_red_blue, mean_total = np.empty((3, width), np.float32)
    values = np.empty(width, np.float32)
    for y in range(image.shape[0]):
        _chromaticities(image[y].ravel(), red_green, red_blue, total)
        _chromaticities(means[y].ravel(), mean_red_green, mean_red_blue, mean_total)
        for x in range(width):
            values[x] = zero + steps * min(red_green[x], red_blue[x])
        _cut_off(values, maps[0, y])
        for x in range(width):
            values[x] = zero + steps * min(red_blue[x], red_blue[x] - red_green[x])
        _cut_off(values, maps[1, y])
        for x in range(width):
            values[x] = zero + steps * (red_green[x] - mean_red_green[x])
        _cut_off(values, maps[2, y])
        for x in range(width):
            values[x] = zero - steps * (red_blue[x] - mean_red_blue[x])
        _cut_off(values, maps[3, y])
        grey_row, close_row = grey[y], close_by[y]
        for x in range(width):
            values[x] = rounded + hundred * (grey_row[x] + one) / (close_row[x] + one)
        _cut_off(values, maps[4, y])
        for x in range(width):
            values[x] = rounded + hundred * total[x] / mean_total[x]
        _cut_off(values, maps[5, y])
