"""What a video recorder does to pictures: compression over time, done for real and read back.

OpenCV's wheels can write MPEG-4 part 2 everywhere and H.264 nowhere. Both code 8x8 or 4x4 blocks of the difference to a
moved earlier frame, so what they lose is alike, but an H.264 recorder at the same rate loses less.
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from models.errors import DataError

BITS_PER_PIXEL = (0.3, 0.15, 0.1, 0.06)
"""Rates that are measured. A recorder of 1920x1080 at 30 frames a second has 0.1 to 0.25 at 6 to 15 Mbit/s."""
SIDE_PX = 1024
"""Width and height of the video that pictures are laid into, side by side."""
FRAMES = 16
"""Until the encoder's rate control has settled; the last is what counts."""
PAN_PX = (0.9, 0.4)
"""How far the picture moves from frame to frame, right and down: what the encoder has to follow."""
HIGHEST_BITS_PER_SECOND = (2**31 - 1) / 2
"""OpenCV asks the encoder for one bit a pixel, but for no more than this. It knows no other way to ask for a rate, so a
lower one is had by claiming many frames a second: the encoder shares out this limit among them."""


def recorded(images: Sequence[NDArray[np.uint8]], bits_per_pixel: float) -> list[NDArray[np.uint8]]:
    """Each picture (height, width, 3) uint8 BGR, at most 1024 px a side, as it comes back from an MPEG-4 recording.

    `bits_per_pixel`, 0.016 to 0.5, is what the encoder is asked to keep to; where there is more to code than its
    coarsest steps allow it takes more. Raises DataError where this OpenCV can't write or read MPEG-4.
    """
    results: list[NDArray[np.uint8]] = [np.empty(0, np.uint8)] * len(images)
    for rows, places_xy in _sheets(images):
        sheet = np.full((SIDE_PX, SIDE_PX, 3), 128, np.uint8)
        for row, (x, y) in zip(rows, places_xy, strict=True):
            height, width = images[row].shape[:2]
            sheet[y : y + height, x : x + width] = images[row]
        right = max(x + images[row].shape[1] for row, (x, _) in zip(rows, places_xy, strict=True))
        bottom = max(y + images[row].shape[0] for row, (_, y) in zip(rows, places_xy, strict=True))
        # Repeated until the video is full: what a picture loses must not depend on how many others there are.
        repeats = (-(-SIDE_PX // bottom), -(-SIDE_PX // right), 1)
        sheet = np.tile(sheet[:bottom, :right], repeats)[:SIDE_PX, :SIDE_PX]
        last = _through_encoder(sheet, bits_per_pixel)
        for row, (x, y) in zip(rows, places_xy, strict=True):
            height, width = images[row].shape[:2]
            results[row] = last[y : y + height, x : x + width].copy()
    return results


def _sheets(images: Sequence[NDArray[np.uint8]]) -> list[tuple[list[int], list[tuple[int, int]]]]:
    """Rows of `images` and places (x, y) in px of each sheet: shelves, in order of height."""
    sheets: list[tuple[list[int], list[tuple[int, int]]]] = []
    x = y = shelf = SIDE_PX
    for row in sorted(range(len(images)), key=lambda row: images[row].shape[0]):
        height, width = images[row].shape[:2]
        if max(height, width) > SIDE_PX:
            raise ValueError(f"a picture of {width}x{height} is larger than the video of {SIDE_PX}x{SIDE_PX}")
        if x + width > SIDE_PX:
            x, y, shelf = 0, y + shelf, 0
        if y + height > SIDE_PX:
            sheets.append(([], []))
            x, y, shelf = 0, 0, 0
        shelf = max(shelf, height)
        sheets[-1][0].append(row)
        sheets[-1][1].append((x, y))
        x += width
    return sheets


def _through_encoder(sheet: NDArray[np.uint8], bits_per_pixel: float) -> NDArray[np.uint8]:
    fps = HIGHEST_BITS_PER_SECOND / (SIDE_PX * SIDE_PX * bits_per_pixel)
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "recorded.mp4")
        writer = cv2.VideoWriter(path, cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*"mp4v"), round(fps), (SIDE_PX, SIDE_PX))
        for back in reversed(range(FRAMES)):
            moved = np.array([[1, 0, -back * PAN_PX[0]], [0, 1, -back * PAN_PX[1]]], np.float32)
            writer.write(cv2.warpAffine(sheet, moved, (SIDE_PX, SIDE_PX), borderMode=cv2.BORDER_REPLICATE))
        writer.release()
        reader = cv2.VideoCapture(path, cv2.CAP_FFMPEG)
        last = None
        for _ in range(FRAMES):
            read, frame = reader.read()
            last = np.asarray(frame, np.uint8) if read else None
        reader.release()
    if last is None or last.shape != sheet.shape:
        raise DataError("this OpenCV can't write and read MPEG-4 videos; install the opencv-python of PyPI")
    return last
