"""Maps in which a sign's colours stand out, computed on the working picture (see `candidates`).

Chromaticities r, g, b are each channel's share of the sum, so brightness drops out (Ruta, Li and Liu, "Real-time
traffic sign recognition from video by class-specific discriminative features", Pattern Recognition 43, 2010):

    red    = min(r - g, r - b)        yellow = min(r - b, g - b)        blue = b - r

A dusk or a windscreen tints everything, and then no fixed threshold finds red. The *local* maps measure the same
against the mean chromaticity of the surroundings, so a rim that is merely less blue than these still stands out. The
brightness map, grey over local mean, finds what has no colour: white discs, and the white inside of a dark rim.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

SURROUNDINGS_PX = 41
"""Side of the square, in working pixels, over which a local mean is taken: larger than most signs."""

Map = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class ColourMaps:
    """Maps of one picture, each (height, width) float32. Colours lie in -1 to 1, brightness in 0 to some 10."""

    red: Map
    blue: Map
    yellow: Map
    brightness: Map
    local_red: Map
    local_blue: Map

    def stacked(self) -> NDArray[np.float32]:
        """(height, width, 6), brightness capped and colours scaled so that all channels span about as much."""
        colours = (self.red, self.blue, self.yellow, self.local_red, self.local_blue)
        return np.dstack([np.minimum(self.brightness, 2.5), *(10.0 * colour for colour in colours)])


def colour_maps(image: NDArray[np.uint8]) -> ColourMaps:
    """Maps of a picture (height, width, 3) uint8 BGR."""
    pixels = image.astype(np.float32) + 1.0  # so that black has a chromaticity: grey
    means = np.asarray(cv2.blur(pixels, (SURROUNDINGS_PX, SURROUNDINGS_PX)), np.float32)
    total, mean_total = pixels.sum(axis=2), means.sum(axis=2)
    blue, green, red = (pixels[:, :, channel] / total for channel in range(3))
    mean_blue, mean_green, mean_red = (means[:, :, channel] / mean_total for channel in range(3))
    more_blue, more_green, more_red = blue - mean_blue, green - mean_green, red - mean_red
    return ColourMaps(
        red=np.minimum(red - green, red - blue),
        blue=blue - red,
        yellow=np.minimum(red - blue, green - blue),
        brightness=total / mean_total,
        local_red=np.minimum(more_red - more_green, more_red - more_blue),
        local_blue=more_blue - more_red,
    )
