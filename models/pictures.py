"""Pictures from bytes, and what a crop is to the network."""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from models.errors import DataError

CROP_SIZE_PX = 32
CROP_MARGIN = 0.12
"""Context kept on each side of a sign's box, as a share of the box: rims that a tight box cuts stay in the crop."""

Cut = Callable[[NDArray[np.uint8], tuple[float, float, float, float], float, int], NDArray[np.uint8]]
"""Cuts a box (x, y, width, height) with a margin out of a picture, at a size. Readers are handed the one that the
detector uses on the road, so that the network trains on what it will see."""


def decode_bgr(data: bytes, name: str) -> NDArray[np.uint8]:
    """The picture in `data` (PNG, JPG, WebP, PPM, …): (height, width, 3) uint8 BGR. Raises DataError naming `name`."""
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) if data else None
    if image is None:
        raise DataError(f"{name}: no picture that can be read")
    return np.asarray(image, np.uint8)
