"""The candidate stage: from a frame to the few boxes that are worth a look by the network.

    frame -> working picture -> colour maps -> regions -> features -> ranker -> best boxes

Nothing here is a neural detector: colour and shape propose, and a small ranker puts the proposals in order.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from detector.boxes import Boxes, suppress
from detector.colour import colour_maps
from detector.features import FEATURE_COUNT, measure
from detector.ranker import Ranker
from detector.regions import find_regions

WORKING_PIXELS = 520_000
"""Largest working picture: 1360x800 and 1280x720 are halved, 960x540 is not."""
SAME_REGION_OVERLAP = 0.7
"""Boxes that overlap by more are one proposal; two signs on a pole overlap by less than 0.1."""
LIKELY_PER_CANDIDATE = 10
"""Regions that compete for each place: a sign gives some five of them, so more would only take time."""
MIN_SCORE = -6.0
"""Logit under which no sign of the frames that the ranker learnt from has its best region; the rest is left out."""
MIN_SIDE_PX = 16
"""Least width and height of a picture in which a sign can be looked for."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """Boxes worth a look, best first."""

    boxes_xywh_px: Boxes
    """(n, 4) in pixels of the frame."""
    scores: NDArray[np.float32]
    """(n,) logits of the ranker: comparable with one another, no probabilities."""

    def __len__(self) -> int:
        return len(self.boxes_xywh_px)


@dataclass(frozen=True, slots=True)
class MeasuredRegions:
    """All regions of a frame with their features: what the ranker judges and learns from."""

    boxes_xywh_px: Boxes
    """(n, 4) in pixels of the frame."""
    features: NDArray[np.float32]
    """(n, FEATURE_COUNT)."""


def shrink_factor(width_px: int, height_px: int) -> int:
    """How many times smaller the working picture is: 1, 2, 4, …"""
    factor = 1
    while (width_px // factor) * (height_px // factor) > WORKING_PIXELS:
        factor *= 2
    return factor


class CandidateFinder:
    """Finds candidates; holds the ranker and two threads, so keep one for many frames and close it."""

    def __init__(self, ranker: Ranker, threads: int = 2) -> None:
        self._ranker = ranker
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="regions")

    def find(self, image: NDArray[np.uint8], limit: int) -> Candidates:
        """The best boxes, at most `limit`, of a frame (height, width, 3) uint8 BGR."""
        measured = measure_regions(image, self._executor)
        scores, boxes = self._ranker.judge(measured.features, measured.boxes_xywh_px)
        likely = np.argsort(-scores, kind="stable")[: LIKELY_PER_CANDIDATE * limit]
        likely = likely[scores[likely] > MIN_SCORE]
        boxes, scores = boxes[likely], scores[likely]
        best = suppress(boxes, scores, SAME_REGION_OVERLAP, limit)
        return Candidates(boxes[best], scores[best])

    def close(self) -> None:
        """End the threads."""
        self._executor.shutdown()


def measure_regions(image: NDArray[np.uint8], executor: ThreadPoolExecutor) -> MeasuredRegions:
    """Every region of a frame (height, width, 3) uint8 BGR; none in a picture under 16 pixels wide or high."""
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        raise ValueError(f"a frame is (height, width, 3) uint8, got {image.shape} {image.dtype}")
    height, width = image.shape[:2]
    if min(height, width) < MIN_SIDE_PX:
        return MeasuredRegions(np.empty((0, 4), np.float32), np.empty((0, FEATURE_COUNT), np.float32))
    factor = shrink_factor(width, height)
    working = image
    if factor > 1:
        size = (width // factor, height // factor)
        working = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    maps = colour_maps(working)
    regions = find_regions(maps, executor)
    scale = np.array([width / working.shape[1], height / working.shape[0]] * 2, np.float32)
    return MeasuredRegions(regions.boxes_xywh_px * scale, measure(maps, regions))
