"""Pictures from bytes, and what a crop is to the network."""

import io
import warnings
from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image

from models.errors import DataError

CROP_SIZE_PX = 32
CROP_MARGIN = 0.12
"""Context kept on each side of a sign's box, as a share of the box: rims that a tight box cuts stay in the crop."""

Cut = Callable[[NDArray[np.uint8], tuple[float, float, float, float], float, int], NDArray[np.uint8]]
"""Cuts a box (x, y, width, height) with a margin out of a picture, at a size. Readers are handed the one that the
detector uses on the road, so that the network trains on what it will see."""


LYING = range(5, 9)
"""Orientations in EXIF at which a camera was held upright: OpenCV turns such a picture, its head tells it unturned."""


def decode_bgr(data: bytes, name: str) -> NDArray[np.uint8]:
    """The picture in `data` (PNG, JPG, WebP, PPM, …): (height, width, 3) uint8 BGR. Raises DataError naming `name`."""
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) if data else None
    except cv2.error as error:  # such as one that claims more than 2^30 pixels
        raise DataError(f"{name}: no picture that can be read ({error.err})") from error
    if image is None:
        raise DataError(f"{name}: no picture that can be read")
    return np.asarray(image, np.uint8)


def picture_size(data: bytes, name: str) -> tuple[int, int]:
    """Width and height in pixels as `decode_bgr` will give them, from the head alone. Raises DataError."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data)) as image:
                width, height = image.size
                lies = image.getexif().get(ExifTags.Base.Orientation, 1) in LYING
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise DataError(f"{name}: no picture that can be read") from error
    return (height, width) if lies else (width, height)
