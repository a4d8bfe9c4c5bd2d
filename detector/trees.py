"""Component trees: the connected regions of a map at every level, in one pass.

Pixels are added from the highest level down and joined with union-find, and at the end of each level every component
that has changed is a region: as if the map had been cut at each level and labelled anew, in a tenth of the time
(Najman and Couprie, "Building the component tree in quasi-linear time", IEEE TIP 15, 2006).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from detector.compiled import compiled

SAME_BOX = 0.05
"""A component whose edges have moved by no more than this share of width and height together is the same region."""


class Shape(NamedTuple):
    """Which components are kept as regions, in working pixels."""

    min_side_px: int
    max_side_px: int
    """Of the width; a region may be `max_stacked` times as high."""
    max_aspect: float
    """Most that the width is of the height."""
    max_stacked: float
    """Most that the height is of the width."""
    min_fill: float
    """Least share of its box that a component covers."""


def find_components(
    values: NDArray[np.uint8], table: NDArray[np.uint8], shape: Shape, limits: tuple[int, ...]
) -> NDArray[np.int32]:
    """Components of a map (height, width), which `table` (256,) turns from values into levels; 0 belongs to none.

    Gives (n, 5) int32: x, y, width, height, area, from the highest level to the lowest. A component stands in the
    result anew at every level at which its box has changed. Connectivity is 8.

    `limits` is how many there may be of each size: under twice the least side, under four times, and so on, the last
    for all that are larger. So grain that is as fine as can be takes no place from what is as large as a sign.
    """
    # A frame of level 0 around it all, so that every pixel has eight neighbours.
    padded = np.zeros((values.shape[0] + 2, values.shape[1] + 2), np.uint8)
    _look_up(values, table, padded)
    return _grow(padded, shape, np.array(limits, np.int64))


@compiled
def _look_up(values: NDArray[np.uint8], table: NDArray[np.uint8], padded: NDArray[np.uint8]) -> None:
    for y in range(values.shape[0]):
        for x in range(values.shape[1]):
            padded[y + 1, x + 1] = table[values[y, x]]


@compiled
def _by_level(flat: NDArray[np.uint8]) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """Places of all pixels above level 0, the highest level first, and where each level ends: 256 - level to index."""
    ends = np.zeros(257, np.uint32)
    for value in flat:
        ends[256 - value] += np.uint32(1)
    for step in range(1, 257):
        ends[step] += ends[step - 1]
    order = np.empty(ends[255], np.uint32)
    filled = ends.copy()
    for place in range(len(flat)):
        value = flat[place]
        if value:
            order[filled[255 - value]] = place
            filled[255 - value] += np.uint32(1)
    return order, ends


@compiled
def _root(parents: NDArray[np.uint32], place: np.uint32) -> np.uint32:
    """Follow the parents up, halving the path for the next who comes."""
    parent = parents[place]
    while parent != place:
        grandparent = parents[parent]
        parents[place] = grandparent
        place, parent = grandparent, parents[grandparent]
    return place


@compiled
def _grow(padded: NDArray[np.uint8], shape: Shape, left: NDArray[np.int64]) -> NDArray[np.int32]:
    # Unsigned numbers all through: of a signed index Numba would ask each time whether it counts from the end.
    width = np.uint32(padded.shape[1])
    flat = padded.ravel()
    order, ends = _by_level(flat)
    unseen = np.uint32(0xFFFFFFFF)
    parents = np.full(len(flat), unseen, np.uint32)
    members = np.empty(len(flat), np.uint32)
    # By component, at its root: left, right, top, bottom, area, level last looked at, last row in the result.
    count = np.uint32(len(order))
    components = np.empty((count, 7), np.int32)
    found = np.empty((left.sum(), 5), np.int32)
    rows = 0
    one = np.uint32(1)

    end = np.uint32(0)
    while end < count:
        start = end
        level = flat[order[start]]
        end = ends[256 - level]
        for number in range(start, end):
            place = order[number]
            parents[place] = place
            members[place] = number
            y = place // width
            own = components[number]
            own[0] = own[1] = place - y * width
            own[2] = own[3] = y
            own[4], own[5], own[6] = 1, 0, -1
            root = place
            above, below = place - width, place + width
            around = (above - one, above, above + one, place - one, place + one, below - one, below, below + one)
            for neighbour in around:
                if parents[neighbour] == unseen:
                    continue
                other = _root(parents, neighbour)
                if other == root:
                    continue
                if components[members[root], 4] < components[members[other], 4]:
                    root, other = other, root
                kept, joined = components[members[root]], components[members[other]]
                parents[other] = root
                kept[0], kept[1] = min(kept[0], joined[0]), max(kept[1], joined[1])
                kept[2], kept[3] = min(kept[2], joined[2]), max(kept[3], joined[3])
                kept[4] += joined[4]
        for number in range(start, end):
            component = components[members[_root(parents, order[number])]]
            if component[5] == level:
                continue
            component[5] = level
            x, y, area = component[0] - 1, component[2] - 1, component[4]
            wide, high = component[1] - x, component[3] - y
            if min(wide, high) < shape.min_side_px or max(wide, high / shape.max_stacked) > shape.max_side_px:
                continue
            if wide > shape.max_aspect * high or high > shape.max_stacked * wide:
                continue
            if area < shape.min_fill * wide * high:
                continue
            if component[6] >= 0:
                last = found[component[6]]
                moved = abs(last[0] - x) + abs(last[0] + last[2] - x - wide)
                moved += abs(last[1] - y) + abs(last[1] + last[3] - y - high)
                if moved <= SAME_BOX * (wide + high):
                    continue
            size = 0
            while size < len(left) - 1 and max(wide, high) >= shape.min_side_px << (size + 1):
                size += 1
            if left[size] == 0:
                continue
            left[size] -= 1
            found[rows, 0], found[rows, 1], found[rows, 2], found[rows, 3], found[rows, 4] = x, y, wide, high, area
            component[6] = rows
            rows += 1
    return found[:rows]
