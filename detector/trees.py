"""Component trees: the connected regions of a map at every level, in one pass.

Pixels are added from the highest level down and joined with union-find, and at the end of each level every component
that has changed is a region: as if the map had been cut at each level and labelled anew, in a twentieth of the time
(Najman and Couprie, "Building the component tree in quasi-linear time", IEEE TIP 15, 2006).

What is joined are components, not pixels: most pixels lie beside a component that is there already, and neighbours
that touch each other are in one component, so of the eight around a pixel one is asked, seldom two.
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


def _asked() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """For each set of the eight neighbours, one bit each from the one above clockwise: how many have to be asked, and
    which, so that every component among them is met (256,) and (256, 4).

    Each touches the next; the four at the sides touch the next side too, across the corner between them.
    """
    counts, which = np.zeros(256, np.uint8), np.zeros((256, 4), np.uint8)
    for present in range(256):
        met: set[int] = set()
        for first in (0, 2, 4, 6, 1, 3, 5, 7):
            if not present >> first & 1 or first in met:
                continue
            which[present, counts[present]] = first
            counts[present] += 1
            waiting = [first]
            while waiting:
                place = waiting.pop()
                met.add(place)
                steps = (-1, 1) if place % 2 else (-2, -1, 1, 2)
                waiting += [n for step in steps if present >> (n := (place + step) % 8) & 1 and n not in met]
    return counts, which


_COUNTS, _WHICH = _asked()


def find_components(
    values: NDArray[np.uint8], table: NDArray[np.uint8], shape: Shape, limits: tuple[int, ...]
) -> NDArray[np.int32]:
    """Components of a map (height, width), which `table` (256,) turns from values into levels; 0 belongs to none.

    Gives (n, 5) int32: x, y, width, height, area, from the highest level to the lowest. A component stands in the
    result anew at every level at which its box has changed. Connectivity is 8.

    `limits` is how many there may be of each size: under twice the least side, under four times, and so on, the last
    for all that are larger. So grain that is as fine as can be takes no place from what is as large as a sign.
    """
    return _grow(values, table, shape, np.array(limits, np.int64), _COUNTS, _WHICH)


@compiled
def _by_level(values: NDArray[np.uint8], table: NDArray[np.uint8]) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """Places of all pixels above level 0, the highest level first, and where each level ends: 255 - level to index.

    A place counts through the map with a frame of one pixel around it, so that each has eight neighbours.
    """
    one = np.uint32(1)
    height, width = np.uint32(values.shape[0]), np.uint32(values.shape[1])
    places = np.empty(height * width + 1, np.uint32)
    levels = np.empty(height * width + 1, np.uint8)
    count = np.uint32(0)
    for y in range(height):
        first = (np.uint32(y) + one) * (width + np.uint32(2)) + one
        for x in range(width):
            # Written always and counted if it is one: a branch here would be guessed wrongly all along an edge.
            level = table[values[y, x]]
            places[count] = first + np.uint32(x)
            levels[count] = level
            count += np.uint32(level > 0)
    ends = np.zeros(256, np.uint32)
    for number in range(count):
        ends[np.uint8(255) - levels[number]] += one
    for step in range(1, 256):
        ends[step] += ends[step - 1]
    order = np.empty(count, np.uint32)
    filled = np.zeros(256, np.uint32)
    filled[1:] = ends[:-1]
    for number in range(count):
        step = np.uint8(255) - levels[number]
        order[filled[step]] = places[number]
        filled[step] += one
    return order, ends


@compiled
def _root(parents: NDArray[np.uint32], component: np.uint32) -> np.uint32:
    """Follow the parents up, halving the path for the next who comes."""
    parent = parents[component]
    while parent != component:
        grandparent = parents[parent]
        parents[component] = grandparent
        component, parent = grandparent, parents[grandparent]
    return component


@compiled
def _grow(
    values: NDArray[np.uint8],
    table: NDArray[np.uint8],
    shape: Shape,
    left: NDArray[np.int64],
    counts: NDArray[np.uint8],
    which: NDArray[np.uint8],
) -> NDArray[np.int32]:
    # Unsigned numbers all through: of a signed index Numba would ask each time whether it counts from the end.
    height, width = np.uint32(values.shape[0] + 2), np.uint32(values.shape[1] + 2)
    one, none = np.uint32(1), np.uint32(0)
    order, ends = _by_level(values, table)
    # Component of each pixel, from 1 on: whoever it was put into, which may since have been joined to another.
    labels = np.zeros(height * width, np.uint32)
    # A new one has no neighbour yet, so at most every second pixel of every second row begins one.
    most = (height // np.uint32(2)) * (width // np.uint32(2)) + one
    parents = np.empty(most, np.uint32)
    # At its root: left, right, top, bottom, area, level last looked at, last row in the result.
    components = np.empty((most, 7), np.int32)
    changed = np.empty(most, np.uint32)
    started = none
    found = np.empty((left.sum(), 5), np.int32)
    rows = 0
    row = np.int64(width)
    around = np.array([-row, 1 - row, 1, 1 + row, row, row - 1, -1, -1 - row], np.int64)

    start = none
    for step in range(255):
        end = ends[step]
        if end == start:
            continue
        touched = none
        for number in range(start, end):
            place = order[number]
            above, below = place - width, place + width
            present = np.uint32(labels[above] > none)
            present |= np.uint32(labels[above + one] > none) << np.uint32(1)
            present |= np.uint32(labels[place + one] > none) << np.uint32(2)
            present |= np.uint32(labels[below + one] > none) << np.uint32(3)
            present |= np.uint32(labels[below] > none) << np.uint32(4)
            present |= np.uint32(labels[below - one] > none) << np.uint32(5)
            present |= np.uint32(labels[place - one] > none) << np.uint32(6)
            present |= np.uint32(labels[above - one] > none) << np.uint32(7)
            y = np.int32(place // width)
            x = np.int32(place - np.uint32(y) * width)
            if present == none:
                started += one
                root = started
                parents[root] = root
                own = components[root]
                own[0] = own[1] = x
                own[2] = own[3] = y
                own[4], own[5], own[6] = 1, -1, -1
            else:
                root = _root(parents, labels[np.uint32(place + around[which[present, 0]])])
                for asked in range(1, counts[present]):
                    other = _root(parents, labels[np.uint32(place + around[which[present, asked]])])
                    if other == root:
                        continue
                    if components[root, 4] < components[other, 4]:
                        root, other = other, root
                    kept, joined = components[root], components[other]
                    parents[other] = root
                    kept[0], kept[1] = min(kept[0], joined[0]), max(kept[1], joined[1])
                    kept[2], kept[3] = min(kept[2], joined[2]), max(kept[3], joined[3])
                    kept[4] += joined[4]
                own = components[root]
                own[0], own[1] = min(own[0], x), max(own[1], x)
                own[2], own[3] = min(own[2], y), max(own[3], y)
                own[4] += 1
            labels[place] = root
            if own[5] != step:
                own[5] = step
                changed[touched] = root
                touched += one
        start = end
        for number in range(touched):
            if parents[changed[number]] != changed[number]:
                continue
            component = components[changed[number]]
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
