"""What one would write first to find signs by colour or by shape, for comparison with the candidate stage.

Both give boxes (n, 4) float32 x, y, width, height in px of a frame (height, width, 3) uint8 BGR, and look at it in its
own size.
"""

from collections.abc import Callable, Iterable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]

HUES = ((0, 10), (170, 180), (100, 130), (18, 32))
"""Red, which lies at both ends, blue and yellow, in OpenCV's half degrees."""
LEAST_SATURATION, LEAST_VALUE = 90, 50
SIDES_PX = (14, 160)
"""Of signs in frames of 1360x800, and a little more."""
LONGEST = 2.0
"""Times that a box may be as long as it is wide, or the other way."""
STEP, MOST_VARIATION = 2, 0.5
"""Levels over which a region's area is compared, and by how much it may grow. With OpenCV's own, and its pruning of
regions that are like a larger one, MSER finds hardly a sign."""
KERNEL = np.ones((3, 3), np.uint8)


def hsv_contours(image: Image) -> NDArray[np.float32]:
    """Boxes around the contours of one mask of sign colours in HSV, opened and closed."""
    hsv = cv2.cvtColor(image, cv2.COLOR_BGR2HSV)
    mask = np.zeros(image.shape[:2], np.uint8)
    for least, most in HUES:
        mask |= cv2.inRange(hsv, (least, LEAST_SATURATION, LEAST_VALUE), (most, 255, 255)).astype(np.uint8)
    mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, KERNEL).astype(np.uint8)
    mask = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, KERNEL).astype(np.uint8)
    contours, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    return _sign_like(cv2.boundingRect(contour) for contour in contours)


def mser(image: Image) -> NDArray[np.float32]:
    """Boxes around maximally stable extremal regions of how red or blue the picture is (Greenhalgh and Mirmehdi,
    "Real-time detection and recognition of road traffic signs", IEEE Transactions on Intelligent Transportation
    Systems 13, 2012). Of the grey picture they find fewer signs.
    """
    channels = image.astype(np.float32)
    strongest = np.maximum(channels[..., 0], channels[..., 2]) / (channels.sum(axis=2) + 1)
    finder = cv2.MSER.create(
        delta=STEP,
        min_area=SIDES_PX[0] ** 2 // 2,
        max_area=SIDES_PX[1] ** 2,
        max_variation=MOST_VARIATION,
        min_diversity=0.0,
    )
    _, boxes = finder.detectRegions((255 * strongest).astype(np.uint8))
    return _sign_like(np.asarray(boxes).reshape(-1, 4).tolist())


SIMPLE_FINDERS: dict[str, Callable[[Image], NDArray[np.float32]]] = {"hsv-contours": hsv_contours, "mser": mser}


def _sign_like(boxes: Iterable[Sequence[int]]) -> NDArray[np.float32]:
    kept = np.array(list(boxes), np.float32).reshape(-1, 4)
    sides = kept[:, 2:]
    least, most = sides.min(axis=1, initial=np.inf), sides.max(axis=1, initial=0)
    passed = (least >= SIDES_PX[0]) & (most <= SIDES_PX[1]) & (most <= LONGEST * least)
    return np.asarray(kept[passed], np.float32)
