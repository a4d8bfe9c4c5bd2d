"""Where signs are: the areas that an archive covers, and what its recordings read at the same place."""

from collections import defaultdict
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edge.archive_report.tables import Kind, Signs

METRES_A_DEGREE = 111_195.0
"""Of latitude, on a sphere of 6,371 km."""
PLACE_M = 20.0
"""Side of the squares that places are told apart by. What lies in a square and its neighbours is one place: 20 to 40 m,
as far as a receiver's error and the distance from which a sign is confirmed go."""
AREA_DEG = 0.1
"""Side of the squares that areas are joined from: some 11 km from south to north."""
MOST_AREAS = 24
NEIGHBOURS = tuple((up, right) for up in (-1, 0, 1) for right in (-1, 0, 1))
"""Of a square, and itself."""
ANY_WAY = -1
MOST_APART_S, LEAST_WAY_M = 120.0, 20.0
"""Between two signs that tell which way a vehicle went."""


class Area(NamedTuple):
    """A part of the world with signs in it and none around it."""

    south: float
    west: float
    north: float
    east: float
    signs: int


class Contradiction(NamedTuple):
    """Another reading of what should be the same sign."""

    kind: int
    """What others read, by its number among the kinds."""
    recordings: int
    """How many did."""


def areas(signs: Signs) -> list[Area]:
    """The areas, those with the most signs first, `MOST_AREAS` at most."""
    rows = np.flatnonzero(signs.placed)
    latitude, longitude = signs.latitude[rows], signs.longitude[rows]
    cells = np.stack([np.floor(latitude / AREA_DEG), np.floor(longitude / AREA_DEG)], axis=1).astype(np.int64)
    squares, of_sign = np.unique(cells, axis=0, return_inverse=True)
    group_of_square = _groups({(int(north), int(east)) for north, east in squares})
    groups = np.array([group_of_square[int(north), int(east)] for north, east in squares], np.int64)
    found = []
    for group in range(len(set(groups.tolist()))):
        mine = groups[of_sign.reshape(-1)] == group
        south, north = float(latitude[mine].min()), float(latitude[mine].max())
        found.append(Area(south, float(longitude[mine].min()), north, float(longitude[mine].max()), int(mine.sum())))
    return sorted(found, key=lambda area: -area.signs)[:MOST_AREAS]


def _groups(squares: set[tuple[int, int]]) -> dict[tuple[int, int], int]:
    """Squares that touch one another are one group; gives each square's, counted from 0."""
    groups: dict[tuple[int, int], int] = {}
    for first in sorted(squares):
        waiting = [] if first in groups else [first]
        if waiting:
            groups[first] = max(groups.values(), default=-1) + 1
        while waiting:
            north, east = waiting.pop()
            for near in ((north + up, east + right) for up, right in NEIGHBOURS):
                if near in squares and near not in groups:
                    groups[near] = groups[first]
                    waiting.append(near)
    return groups


def contradictions(signs: Signs, kinds: list[Kind]) -> dict[int, Contradiction]:
    """Limits that as many other recordings read as another one of the same unit at the same place, by the sign's row.

    What most read stands: it is the few against them that are to be looked at. A recording that read both itself
    contradicts nobody, since there both stand; nor does one that went another way, which has signs of its own.
    """
    found: dict[int, Contradiction] = {}
    ways = _ways(signs)
    units = [kind.unit if kind.category == "prohibitory" and kind.value is not None else None for kind in kinds]
    for unit in sorted({unit for unit in units if unit is not None}):
        comparable = np.array([of_kind == unit for of_kind in units])
        rows = np.flatnonzero(signs.placed & comparable[signs.kind])
        found |= _contradictions(signs, kinds, rows, ways[rows].tolist())
    return found


def _ways(signs: Signs) -> NDArray[np.int64]:
    """(n,) where each sign's vehicle was going: 0 to 3 for a quarter of the compass each, or `ANY_WAY`.

    By the way from the sign before to the one after it in the same recording, so that it is a rough one.
    """
    rows = np.flatnonzero(signs.placed)
    recording, time_s = signs.recording[rows], signs.confirmed_s[rows]
    together = (np.diff(recording) == 0) & (np.diff(time_s) <= MOST_APART_S)
    before = np.arange(len(rows)) - np.concatenate([[False], together])
    after = np.arange(len(rows)) + np.concatenate([together, [False]])
    latitude, longitude = signs.latitude[rows], signs.longitude[rows]
    north = METRES_A_DEGREE * (latitude[after] - latitude[before])
    east = METRES_A_DEGREE * (longitude[after] - longitude[before]) * np.cos(np.radians(latitude))
    ways = np.full(len(signs), ANY_WAY, np.int64)
    quarter = np.floor(np.arctan2(east, north) / (np.pi / 2)).astype(np.int64) % 4
    ways[rows] = np.where(np.hypot(north, east) >= LEAST_WAY_M, quarter, ANY_WAY)
    return ways


def _contradictions(
    signs: Signs, kinds: list[Kind], rows: NDArray[np.int64], ways: list[int]
) -> dict[int, Contradiction]:
    north = np.floor(signs.latitude[rows] * METRES_A_DEGREE / PLACE_M).astype(np.int64)
    # Degrees of longitude shrink to the north; by whole squares, so that neighbours are measured alike.
    shrunk = np.cos(np.radians(north * PLACE_M / METRES_A_DEGREE))
    east = np.floor(signs.longitude[rows] * METRES_A_DEGREE * shrunk / PLACE_M).astype(np.int64)
    readings = list(
        zip(north.tolist(), east.tolist(), ways, signs.recording[rows].tolist(), signs.kind[rows].tolist(), strict=True)
    )
    readers: dict[tuple[int, int, int], dict[int, set[int]]] = defaultdict(lambda: defaultdict(set))
    for up, right, way, recording, kind in set(readings):
        # Two that head for quarters beside one another may go the same way; two that head for opposite ones don't.
        known = range(4) if way == ANY_WAY else ((way + turn) % 4 for turn in (-1, 0, 1))
        for alike in (ANY_WAY, *known):
            for one, other in NEIGHBOURS:
                readers[up + one, right + other, alike][kind].add(recording)
    found = {}
    for row, (up, right, way, recording, kind) in zip(rows.tolist(), readings, strict=True):
        here = readers[up, right, way]
        alike_by = here[kind]
        against = [
            Contradiction(other, len(by - alike_by))
            for other, by in here.items()
            if kinds[other].value != kinds[kind].value
            and recording not in by
            and len(by - alike_by) >= len(alike_by - by)
        ]
        if against:
            found[row] = max(against, key=lambda other: other.recordings)
    return found
