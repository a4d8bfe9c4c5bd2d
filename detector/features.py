"""What is measured of a region before it is judged: colours on a grid in and around it, and its geometry."""

import cv2
import numpy as np
from numpy.typing import NDArray

from detector.colour import ColourMaps
from detector.regions import LEVELS, Regions

GRID = np.array([-0.25, 0.0, 1 / 6, 2 / 6, 3 / 6, 4 / 6, 5 / 6, 1.0, 1.25], np.float32)
"""Lines of the grid, as shares of the box: 6 by 6 cells inside, a ring of cells around."""
CHANNELS = 6
FEATURE_COUNT = (len(GRID) - 1) ** 2 * CHANNELS + len(LEVELS) + 3


def measure(maps: ColourMaps, regions: Regions) -> NDArray[np.float32]:
    """Features (n, FEATURE_COUNT) float32: mean of every map in every cell, which map found it, fill, aspect, size.

    Where a region lies in the picture is left out on purpose: it would learn one camera's mounting.
    """
    integral = np.asarray(cv2.integral(maps.stacked()))
    height, width = integral.shape[0] - 1, integral.shape[1] - 1
    boxes = regions.boxes_xywh_px
    columns = np.clip(np.rint(boxes[:, 0:1] + boxes[:, 2:3] * GRID), 0, width).astype(np.intp)
    rows = np.clip(np.rint(boxes[:, 1:2] + boxes[:, 3:4] * GRID), 0, height).astype(np.intp)
    corners = integral[rows[:, :, None], columns[:, None, :]]
    sums = corners[:, 1:, 1:] - corners[:, :-1, 1:] - corners[:, 1:, :-1] + corners[:, :-1, :-1]
    areas = np.diff(rows, axis=1)[:, :, None] * np.diff(columns, axis=1)[:, None, :]
    cells = sums / np.maximum(areas, 1)[..., None]
    return np.concatenate(
        [
            cells.reshape(len(boxes), FEATURE_COUNT - len(LEVELS) - 3),
            np.eye(len(LEVELS))[regions.level],
            regions.fill[:, None],
            np.log(boxes[:, 2:3] / boxes[:, 3:4]),
            np.log(boxes[:, 2:3] * boxes[:, 3:4]) / 2 - 2.5,
        ],
        axis=1,
        dtype=np.float32,
    )
