"""Cutting boxes out of a frame, the same way for training and on the road."""

import cv2
import numpy as np
from numpy.typing import NDArray


def cut_crop(
    image: NDArray[np.uint8], box_xywh_px: tuple[float, float, float, float], margin: float, size_px: int
) -> NDArray[np.uint8]:
    """The box grown by `margin` of its size on each side, stretched to (size_px, size_px, 3) uint8.

    What lies outside the picture repeats the nearest pixel inside. Shrinking averages over areas, so that small
    pictograms don't alias. Raises ValueError where the box lies outside the picture altogether.
    """
    x, y, w, h = box_xywh_px
    left, top = round(x - margin * w), round(y - margin * h)
    right = max(round(x + w + margin * w), left + 1)
    bottom = max(round(y + h + margin * h), top + 1)
    height, width = image.shape[:2]
    inside = image[max(0, top) : max(0, bottom), max(0, left) : max(0, right)]
    if inside.size == 0:
        raise ValueError(f"box {box_xywh_px} lies outside the picture of {width}x{height}")
    outside = (max(0, -top), max(0, bottom - height), max(0, -left), max(0, right - width))
    if any(outside):
        inside = np.asarray(cv2.copyMakeBorder(inside, *outside, cv2.BORDER_REPLICATE), np.uint8)
    shrinks = inside.shape[0] > size_px or inside.shape[1] > size_px
    interpolation = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(inside, (size_px, size_px), interpolation=interpolation), np.uint8)


def cut_crops(
    image: NDArray[np.uint8], boxes_xywh_px: NDArray[np.float32], margin: float, size_px: int
) -> NDArray[np.uint8]:
    """One crop a box: (n, size_px, size_px, 3) uint8, in the colour order of the image."""
    crops = np.empty((len(boxes_xywh_px), size_px, size_px, 3), np.uint8)
    for row, (x, y, w, h) in enumerate(boxes_xywh_px.tolist()):
        crops[row] = cut_crop(image, (x, y, w, h), margin, size_px)
    return crops
