"""The light of a picture, put right before its colours are measured: a colour cast, and the veil of a low sun.

**Cast.** Each channel is multiplied by a gain that is handed in, as von Kries has it; because grey levels are a power
of light, a gain on one is a gain on the other.

**Veil.** Stray light from a low sun, a dirty windscreen or haze lies over the whole picture. It makes every contrast
smaller, so that rims fall below the lowest level of a map and are no region any more. Where the picture is darkest
nothing but the veil is left (the dark channel of He, Sun and Tang, "Single image haze removal using dark channel
prior", CVPR 2009): the darkest half per cent of it tells whether there is one, the darkest light around each place how
thick it is there. That much is taken off. A street by day has something black in it, and is left as it is.
"""

from concurrent.futures import Executor

import cv2
import numpy as np
from numpy.typing import NDArray

from detector.compiled import compiled, in_halves

Gains = tuple[float, float, float]
"""Of blue, green and red."""

GAMMA = 2.2
"""Light is the grey level, 0 to 1, to this power."""
DARKEST = 0.005
"""Share of the picture that is darker than its darkest light is said to be."""
THINNEST = 0.012
"""Of what makes a pixel white: a thinner veil is none. Of 600 street frames by day 595 are darker at their darkest."""
TIMES_THINNER = 3.0
"""A veil is thicker around the sun, but no thicker than this many times its thinnest place: what is brighter there is a
bright wall."""
TAKEN_OFF = 0.8
"""Of the darkest light around: what is darkest is not black."""
CELL_PX = 8
"""Working pixels for which the veil is computed together."""
AROUND = 8
"""The darkest light is looked for in this part of the picture's width, around each place."""
SAMPLED_PX = 5
"""One pixel of so many across and down tells the darkest light."""

_LIGHT = (np.arange(256) / 255) ** GAMMA


def balanced(image: NDArray[np.uint8], gains: Gains | None) -> NDArray[np.uint8]:
    """A picture (..., 3) uint8 BGR with its channels multiplied, cut off at white; itself where there are no gains."""
    if gains is None or not image.size:
        return image
    table = np.clip(np.rint(np.arange(256)[:, None] * np.array(gains)), 0, 255).astype(np.uint8)
    flat = image.reshape(-1, *image.shape[-2:])  # also a stack of pictures
    return np.asarray(cv2.LUT(flat, table[None]), np.uint8).reshape(image.shape)


def unveiled(image: NDArray[np.uint8], executor: Executor) -> NDArray[np.uint8]:
    """A working picture (height, width, 3) uint8 BGR without its veil; itself where there is none."""
    thin = _darkest(image)
    if thin.min() < THINNEST:
        return image
    height, width = image.shape[:2]
    cells = max(1, width // CELL_PX), max(1, height // CELL_PX)
    even = image[: CELL_PX * cells[1], : CELL_PX * cells[0]]  # a whole factor is what makes it quick
    means = _LIGHT[cv2.resize(even, cells, interpolation=cv2.INTER_AREA)].astype(np.float32)
    around = max(1, cells[0] // AROUND)
    darkest = cv2.erode(means, np.ones((around, around), np.uint8), borderType=cv2.BORDER_REPLICATE)
    veil = cv2.GaussianBlur(np.minimum(darkest, TIMES_THINNER * thin).astype(np.float32), (0, 0), around / 1.5)
    # As a grey level: of levels of light the thin veils would have few.
    levels = np.rint(255 * (TAKEN_OFF * veil) ** (1 / GAMMA)).astype(np.uint8)
    spread = np.asarray(cv2.resize(levels, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)
    cleared = np.empty_like(image)
    in_halves(executor, height, lambda rows: _look_up(_CLEARED, spread[rows], image[rows], cleared[rows]))
    return cleared


def _darkest(image: NDArray[np.uint8]) -> NDArray[np.float64]:
    """(3,) the darkest light of each channel, in shares of what makes a pixel white."""
    sampled = np.ascontiguousarray(image[::SAMPLED_PX, ::SAMPLED_PX])
    counts = [cv2.calcHist([sampled], [channel], None, [256], [0, 256]).ravel() for channel in range(3)]
    shares = np.cumsum(counts, axis=1) / sampled[..., 0].size
    return np.asarray(_LIGHT[(shares < DARKEST).sum(axis=1)])


def _without(veil: NDArray[np.float64], light: NDArray[np.float64]) -> NDArray[np.uint8]:
    left = np.clip((light - veil) / np.maximum(1 - veil, 1e-6), 0, 1)
    return np.rint(255 * left ** (1 / GAMMA)).astype(np.uint8)


_CLEARED = _without(_LIGHT[:, None], _LIGHT[None])
"""(256, 256) the grey level that is left of each one (column) without a veil of each grey level (row)."""


@compiled
def _look_up(
    table: NDArray[np.uint8], veil: NDArray[np.uint8], image: NDArray[np.uint8], cleared: NDArray[np.uint8]
) -> None:
    for y in range(image.shape[0]):
        for x in range(image.shape[1]):
            for channel in range(3):
                cleared[y, x, channel] = table[veil[y, x, channel], image[y, x, channel]]
