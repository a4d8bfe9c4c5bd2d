"""What is measured of a region before it is judged: colours in and around it, and its geometry.

Twice: three nested rings, which are cheap and sort out most regions, and a grid over what is left. Where a region lies
in the picture is left out on purpose: it would learn one camera's mounting.
"""

from concurrent.futures import Executor

import cv2
import numpy as np
from numpy.typing import NDArray

from detector.boxes import Boxes
from detector.colour import MAPS, Maps
from detector.compiled import compiled, in_halves
from detector.regions import CUTS, Regions

RINGS = np.array([0.45, 1.0, 1.5], np.float32)
"""Sides of nested boxes, as shares of the region's: its core, the rest of it, and what is around."""
GRID = np.array([-0.25, 0.0, 1 / 6, 2 / 6, 3 / 6, 4 / 6, 5 / 6, 1.0, 1.25], np.float32)
"""Lines of the grid, as shares of the box: 6 by 6 cells inside, a ring of cells around."""
CELLS = len(GRID) - 1
GEOMETRY_COUNT = len(CUTS) + 3
"""Which map found it, fill, logarithm of width over height, logarithm of size: the last columns of both."""
ROUGH_COUNT = len(RINGS) * len(MAPS) + GEOMETRY_COUNT
FINE_COUNT = CELLS * CELLS * len(MAPS) + GEOMETRY_COUNT

Integral = NDArray[np.int32]
"""(maps, height + 1, width + 1): sums of each map over everything above and to the left."""


def integrate(maps: Maps) -> Integral:
    """The integral of maps (6, height, width)."""
    integral = np.empty((len(maps), maps.shape[1] + 1, maps.shape[2] + 1), np.int32)
    for plane, sums in zip(maps, integral, strict=True):
        cv2.integral(plane, sums)  # of one plane at a time it is quick, of six together five times as slow
    return integral


def measure_rings(integral: Integral, regions: Regions, executor: Executor) -> NDArray[np.float32]:
    """Features (n, ROUGH_COUNT) float32: mean of every map in every ring, in hundredths of its range, and geometry."""
    features = np.empty((len(regions), ROUGH_COUNT), np.float32)
    boxes = regions.boxes_xywh_px
    in_halves(executor, len(regions), lambda rows: _fill_rings(integral, boxes[rows], RINGS, features[rows]))
    features[:, -GEOMETRY_COUNT:] = _geometry(regions)
    return features


def measure_grid(integral: Integral, regions: Regions, executor: Executor) -> NDArray[np.float32]:
    """Features (n, FINE_COUNT) float32: mean of every map in every cell, row by row, likewise, and geometry."""
    features = np.empty((len(regions), FINE_COUNT), np.float32)
    boxes = regions.boxes_xywh_px
    in_halves(executor, len(regions), lambda rows: _fill_grid(integral, boxes[rows], GRID, features[rows]))
    features[:, -GEOMETRY_COUNT:] = _geometry(regions)
    return features


def mirror_grid(features: NDArray[np.float32]) -> NDArray[np.float32]:
    """Features (n, FINE_COUNT) of the same regions in the mirrored picture."""
    cells = features[:, :-GEOMETRY_COUNT].reshape(-1, CELLS, CELLS, len(MAPS))[:, :, ::-1]
    return np.concatenate([cells.reshape(len(features), -1), features[:, -GEOMETRY_COUNT:]], axis=1)


def _geometry(regions: Regions) -> NDArray[np.float32]:
    width, height = regions.boxes_xywh_px[:, 2], regions.boxes_xywh_px[:, 3]
    features = np.zeros((len(regions), GEOMETRY_COUNT), np.float32)
    features[np.arange(len(regions)), regions.cut] = 1.0
    features[:, -3], features[:, -2] = regions.fill, np.log(width / height)
    features[:, -1] = np.log(width * height) / 2 - 2.5
    return features


@compiled
def _fill_rings(
    integral: Integral, boxes_xywh_px: Boxes, rings: NDArray[np.float32], features: NDArray[np.float32]
) -> None:
    maps, last_row, last_column = integral.shape[0], integral.shape[1] - 1, integral.shape[2] - 1
    inner = np.empty(maps, np.int32)
    for number in range(len(boxes_xywh_px)):
        x, y, w, h = boxes_xywh_px[number]
        inner[:] = 0
        inner_area, place = 0, 0
        for side in rings:
            margin = (side - np.float32(1.0)) / np.float32(2.0)
            left = min(max(int(np.floor(x - margin * w + 0.5)), 0), last_column)
            right = min(max(int(np.floor(x + w + margin * w + 0.5)), 0), last_column)
            top = min(max(int(np.floor(y - margin * h + 0.5)), 0), last_row)
            bottom = min(max(int(np.floor(y + h + margin * h + 0.5)), 0), last_row)
            area = (right - left) * (bottom - top)
            weight = np.float32(0.01) / np.float32(max(1, area - inner_area))
            for map_number in range(maps):
                total = integral[map_number, bottom, right] - integral[map_number, top, right]
                total += integral[map_number, top, left] - integral[map_number, bottom, left]
                features[number, place] = weight * np.float32(total - inner[map_number])
                inner[map_number] = total
                place += 1
            inner_area = area


@compiled
def _fill_grid(
    integral: Integral, boxes_xywh_px: Boxes, grid: NDArray[np.float32], features: NDArray[np.float32]
) -> None:
    maps, last_row, last_column = integral.shape[0], integral.shape[1] - 1, integral.shape[2] - 1
    lines = len(grid)
    columns, rows = np.empty(lines, np.uint32), np.empty(lines, np.uint32)
    strip = np.empty(lines, np.int32)  # sums from the left edge to each line, between two lines across
    weights = np.empty((lines - 1, lines - 1), np.float32)
    for number in range(len(boxes_xywh_px)):
        x, y, w, h = boxes_xywh_px[number]
        for line in range(lines):
            columns[line] = min(max(int(np.floor(x + w * grid[line] + 0.5)), 0), last_column)
            rows[line] = min(max(int(np.floor(y + h * grid[line] + 0.5)), 0), last_row)
        for i in range(lines - 1):
            for j in range(lines - 1):
                area = (rows[i + 1] - rows[i]) * (columns[j + 1] - columns[j])
                weights[i, j] = np.float32(0.01) / np.float32(max(1, area))
        own = features[number]
        for map_number in range(maps):
            place = map_number
            for i in range(lines - 1):
                top, bottom = integral[map_number, rows[i]], integral[map_number, rows[i + 1]]
                for line in range(lines):
                    strip[line] = bottom[columns[line]] - top[columns[line]]
                for j in range(lines - 1):
                    own[place] = weights[i, j] * np.float32(strip[j + 1] - strip[j])
                    place += maps
