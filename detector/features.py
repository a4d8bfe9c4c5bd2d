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
"""(height + 1, width + 1, maps): sums of the maps over everything above and to the left."""


def integrate(maps: Maps) -> Integral:
    """The integral of maps (height, width, 6)."""
    return np.asarray(cv2.integral(maps), np.int32)


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
    last_row, last_column, channels = integral.shape[0] - 1, integral.shape[1] - 1, integral.shape[2]
    inner = np.empty(channels, np.int32)
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
            for channel in range(channels):
                total = integral[bottom, right, channel] - integral[top, right, channel]
                total += integral[top, left, channel] - integral[bottom, left, channel]
                features[number, place] = weight * np.float32(total - inner[channel])
                inner[channel] = total
                place += 1
            inner_area = area


@compiled
def _fill_grid(
    integral: Integral, boxes_xywh_px: Boxes, grid: NDArray[np.float32], features: NDArray[np.float32]
) -> None:
    last_row, last_column, channels = integral.shape[0] - 1, integral.shape[1] - 1, integral.shape[2]
    lines = len(grid)
    columns, rows = np.empty(lines, np.int32), np.empty(lines, np.int32)
    for number in range(len(boxes_xywh_px)):
        x, y, w, h = boxes_xywh_px[number]
        for line in range(lines):
            columns[line] = min(max(int(np.floor(x + w * grid[line] + 0.5)), 0), last_column)
            rows[line] = min(max(int(np.floor(y + h * grid[line] + 0.5)), 0), last_row)
        place = 0
        for i in range(lines - 1):
            top, bottom = rows[i], rows[i + 1]
            for j in range(lines - 1):
                left, right = columns[j], columns[j + 1]
                weight = np.float32(0.01) / np.float32(max(1, (bottom - top) * (right - left)))
                for channel in range(channels):
                    total = integral[bottom, right, channel] - integral[top, right, channel]
                    total += integral[top, left, channel] - integral[bottom, left, channel]
                    features[number, place] = weight * np.float32(total)
                    place += 1
