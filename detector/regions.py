"""Connected regions of the colour maps at every level: everything that could be a sign, by shape only.

Many levels find what one threshold can't: a rim touches a red roof at one and stands alone at the next (the idea of
maximally stable regions, Matas et al., BMVC 2002, without their stability rule).
"""

import math
from concurrent.futures import Executor
from dataclasses import dataclass
from itertools import repeat
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from detector.boxes import Boxes, grow
from detector.colour import MAPS, Maps, encode
from detector.trees import Shape, find_components

MAX_STACKED = 3
"""Signs on one pole whose rims may have grown together into one tall region."""
STACKED_TOLERANCE = 0.3
"""How far the height over the width may be from the number of signs."""
SHAPE = Shape(
    min_side_px=6,
    max_side_px=160,  # a sign that is larger has been seen for seconds already
    max_aspect=2.2,
    max_stacked=MAX_STACKED + STACKED_TOLERANCE,
    min_fill=0.12,  # the thinnest rim of a far triangle covers about 0.2
)
MAX_REGIONS = (1200, 1000, 550, 250)
"""Of a map, under 12, 24 and 48 working pixels and larger: bounds time and memory on noise and checkerboards. Street
frames by day stay below it; grain at dusk fills the first two."""


class Cut(NamedTuple):
    """How one map is cut into levels."""

    map: str
    faintest: float
    strongest: float
    """Everything beyond is one level. Where it is the lower one, regions are of what lies below their surroundings."""
    growth: float
    """From the region's box to the sign's: yellow and darkness are the core inside a white border, brightness the
    inside of a rim, which is half of a triangle's width and two thirds of a disc's."""


LEVELS = 20
"""A map. Spaced evenly in the logarithm of the colour: what is faint needs the finer steps."""
CUTS = (
    Cut("local_red", 0.015, 0.15, 1.1),
    Cut("local_blue", 0.025, 0.2, 1.0),
    Cut("yellow", 0.04, 0.24, 1.6),
    Cut("brightness", 1.08, 1.9, 1.55),
)
STRAY_CUTS = (
    Cut("local_blue", -0.03, -0.2, 1.7),  # in the shade a yellow diamond is less blue than what is around, and no more
    Cut("brightness", 0.95, 0.55, 1.6),
    Cut("wide_brightness", 1.08, 1.9, 1.55),
)
"""In which the few signs stand out that have no other region, among hundreds of things that look no different to
the ranker; see `find_strays`."""
STRAY_SHAPE = SHAPE._replace(max_side_px=40, max_aspect=1.4, max_stacked=1.4, min_fill=0.3)
"""Of a core or of what is inside a rim: as wide as it is high, and filled."""


@dataclass(frozen=True, slots=True)
class Regions:
    """Regions of one picture."""

    boxes_xywh_px: Boxes
    """(n, 4) in working pixels, already grown to what the whole sign would cover."""
    cut: NDArray[np.intp]
    """(n,) index into `CUTS`."""
    fill: NDArray[np.float32]
    """(n,) share of the region's own box that it covers, 0 to 1; of the whole tall one where it was split."""

    def __len__(self) -> int:
        return len(self.boxes_xywh_px)

    def take(self, rows: NDArray[np.intp]) -> "Regions":
        """Some of them, in the order of `rows`."""
        return Regions(self.boxes_xywh_px[rows], self.cut[rows], self.fill[rows])


def find_regions(maps: Maps, executor: Executor) -> Regions:
    """Regions of all maps."""
    planes = [maps[MAPS.index(cut.map)] for cut in CUTS]
    found = list(executor.map(find_components, planes, _TABLES, repeat(SHAPE), repeat(MAX_REGIONS)))
    stats = np.concatenate(found).astype(np.float32)
    cut = np.repeat(np.arange(len(CUTS)), [len(part) for part in found])
    boxes, origin = _split_stacked(stats[:, :4])
    growth = np.array([cut.growth for cut in CUTS], np.float32)[cut[origin]]
    fill = stats[:, 4] / (stats[:, 2] * stats[:, 3])
    return Regions(grow(boxes, growth[:, None]), cut[origin], fill[origin])


def find_strays(maps: Maps, count: int, turn: int) -> Boxes:
    """Regions of one of `STRAY_CUTS`, `count` of them at most: boxes (n, 4) in working pixels, of the whole sign.

    With each `turn` it is another cut, and others of its regions.
    """
    visit, number = divmod(turn, len(STRAY_CUTS))
    cut = STRAY_CUTS[number]
    stats = find_components(maps[MAPS.index(cut.map)], _STRAY_TABLES[number], STRAY_SHAPE, MAX_REGIONS)
    return grow(stats[due_in_turn(len(stats), count, visit), :4].astype(np.float32), cut.growth)


def due_in_turn(total: int, count: int, turn: int) -> slice:
    """Which of `total` things are due in a turn, `count` of them at most: other ones with each, until all have been."""
    rounds = max(1, math.ceil(total / count))
    return slice(turn % rounds, None, rounds)


def _table(cut: Cut) -> NDArray[np.uint8]:
    """(256,) from a map's encoded value to its level, 0 for what is fainter than the faintest."""
    edges = np.array([encode(cut.map, value) for value in np.geomspace(cut.faintest, cut.strongest, LEVELS)])
    values = np.arange(256)
    beyond = values >= edges[:, None] if cut.strongest > cut.faintest else values <= edges[:, None]
    return np.asarray(beyond.sum(axis=0), np.uint8)


_TABLES = [_table(cut) for cut in CUTS]
_STRAY_TABLES = [_table(cut) for cut in STRAY_CUTS]


def _split_stacked(boxes_xywh_px: Boxes) -> tuple[Boxes, NDArray[np.intp]]:
    """Boxes of regions (n, 4) and, of tall ones, of the two or three signs that may stand in them.

    Gives boxes (m, 4) and the row of the region that each comes from (m,). Neighbouring signs on a pole all but touch,
    and in a backlit or blurred picture their rims are one region at every threshold.
    """
    whole = np.flatnonzero(boxes_xywh_px[:, 3] <= SHAPE.max_aspect * boxes_xywh_px[:, 2])
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
