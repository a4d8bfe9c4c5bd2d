"""Connected regions of the colour maps at several thresholds: everything that could be a sign, by shape only.

Many thresholds find what one can't: a rim touches a red roof at one and stands alone at the next (the idea of maximally
stable regions, Matas et al., BMVC 2002, without their stability rule).
"""

from concurrent.futures import Executor
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from detector.boxes import Boxes, grow
from detector.colour import ColourMaps, Map

MIN_SIDE_PX = 6
MAX_SIDE_PX = 160
"""In working pixels; a sign that is larger has been seen for seconds already."""
MAX_ASPECT = 2.2
MAX_STACKED = 3
"""Signs on one pole whose rims may have grown together into one tall region."""
STACKED_TOLERANCE = 0.3
"""How far the height over the width may be from the number of signs."""
MIN_FILL = 0.12
"""Least share of its box that a region covers: the thinnest rim of a far triangle has about 0.2."""
MAX_REGIONS_PER_LEVEL = 250
"""Bounds time and memory on noise and checkerboards; the largest are kept. Street frames stay below it."""


class Level(NamedTuple):
    """One map and how it is cut."""

    name: str
    thresholds: tuple[float, ...]
    growth: float
    """From the region's box to the sign's: yellow is the core inside a white border, brightness the inside of a rim."""


LEVELS = (
    Level("red", (0.02, 0.035, 0.06, 0.09, 0.13, 0.20), 1.0),
    Level("local_red", (0.015, 0.025, 0.04, 0.06, 0.09, 0.13), 1.0),
    Level("blue", (0.03, 0.06, 0.10, 0.15, 0.22), 1.0),
    Level("yellow", (0.04, 0.08, 0.13, 0.20), 1.45),
    Level("brightness", (1.1, 1.2, 1.3, 1.45, 1.6, 1.8), 1.15),
)


@dataclass(frozen=True, slots=True)
class Regions:
    """Regions of one picture."""

    boxes_xywh_px: Boxes
    """(n, 4) in working pixels, already grown to what the whole sign would cover."""
    level: NDArray[np.intp]
    """(n,) index into `LEVELS`."""
    fill: NDArray[np.float32]
    """(n,) share of the region's own box that it covers, 0 to 1; of the whole tall one where it was split."""

    def __len__(self) -> int:
        return len(self.boxes_xywh_px)


def find_regions(maps: ColourMaps, executor: Executor) -> Regions:
    """Regions of all maps at all thresholds. The executor's threads share the labelling, which releases the GIL."""
    cuts = [
        (number, getattr(maps, level.name), threshold)
        for number, level in enumerate(LEVELS)
        for threshold in level.thresholds
    ]
    found = list(executor.map(lambda cut: _label(cut[1], cut[2]), cuts))
    stats = np.concatenate(found).astype(np.float32)
    level = np.repeat([cut[0] for cut in cuts], [len(part) for part in found])
    boxes, origin = _split_stacked(stats[:, :4])
    growth = np.array([level.growth for level in LEVELS], np.float32)[level[origin]]
    fill = stats[:, 4] / (stats[:, 2] * stats[:, 3])
    return Regions(grow(boxes, growth[:, None]), level[origin].astype(np.intp), fill[origin])


def _label(colour_map: Map, threshold: float) -> NDArray[np.int32]:
    """Regions above the threshold with a sign's proportions: (n, 5) x, y, width, height, area in working pixels."""
    mask = np.asarray(colour_map > threshold, np.uint8)
    stats = np.asarray(cv2.connectedComponentsWithStats(mask, connectivity=8)[2][1:], np.int32)
    width, height, area = stats[:, 2], stats[:, 3], stats[:, 4]
    fits = (np.minimum(width, height) >= MIN_SIDE_PX) & (np.maximum(width, height / MAX_STACKED) <= MAX_SIDE_PX)
    fits &= (width <= MAX_ASPECT * height) & (height <= (MAX_STACKED + STACKED_TOLERANCE) * width)
    fits &= area >= MIN_FILL * width * height
    stats = stats[fits]
    if len(stats) > MAX_REGIONS_PER_LEVEL:
        stats = stats[np.argsort(-stats[:, 4], kind="stable")[:MAX_REGIONS_PER_LEVEL]]
    return stats


def _split_stacked(boxes_xywh_px: Boxes) -> tuple[Boxes, NDArray[np.intp]]:
    """Boxes of regions (n, 4) and, of tall ones, of the two or three signs that may stand in them.

    Gives boxes (m, 4) and the row of the region that each comes from (m,). Neighbouring signs on a pole all but touch,
    and in a backlit or blurred picture their rims are one region at every threshold.
    """
    whole = np.flatnonzero(boxes_xywh_px[:, 3] <= MAX_ASPECT * boxes_xywh_px[:, 2])
    boxes, origins = [boxes_xywh_px[whole]], [whole]
    aspect = boxes_xywh_px[:, 3] / boxes_xywh_px[:, 2]
    for count in range(2, MAX_STACKED + 1):
        tall = np.flatnonzero(np.abs(aspect - count) <= STACKED_TOLERANCE)
        x, y, width, height = boxes_xywh_px[tall].T
        for place in range(count):
            part = height / count
            boxes.append(np.stack([x, y + place * part, width, part], axis=1))
            origins.append(tall)
    return np.concatenate(boxes), np.concatenate(origins)
