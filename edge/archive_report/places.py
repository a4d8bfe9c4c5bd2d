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
    for number, first in enumerate(sorted(squares)):
        waiting = [] if first in groups else [first]
        if waiting:
            groups[first] = max(groups.values(), default=-1) + 1
        while waiting:
            north, east = waiting.pop()
            for near in ((north + up, east + right) for up in (-1, 0, 1) for right in (-1, 0, 1)):
                if near in squares and near not in groups:
                    groups[near] = groups[first]
                    waiting.append(near)
    return groups


def contradictions(signs: Signs, kinds: list[Kind]) -> dict[int, Contradiction]:
    """Limits that as many other recordings read as another one of the same unit at the same place, by the sign's row.

    What most read stands: it is the few against them that are to be looked at. A recording that read both itself
    contradicts nobody, since there both stand.
    """
    found: dict[int, Contradiction] = {}
    units = [kind.unit if kind.category == "prohibitory" and kind.value is not None else None for kind in kinds]
    for unit in sorted({unit for unit in units if unit is not None}):
        comparable = np.array([of_kind == unit for of_kind in units])
        found |= _contradictions(signs, kinds, np.flatnonzero(signs.placed & comparable[signs.kind]))
    return found


def _contradictions(signs: Signs, kinds: list[Kind], rows: NDArray[np.int64]) -> dict[int, Contradiction]:
    north = np.floor(signs.latitude[rows] * METRES_A_DEGREE / PLACE_M).astype(np.int64)
    # Degrees of longitude shrink to the north; by whole squares, so that neighbours are measured alike.
    shrunk = np.cos(np.radians(north * PLACE_M / METRES_A_DEGREE))
    east = np.floor(signs.longitude[rows] * METRES_A_DEGREE * shrunk / PLACE_M).astype(np.int64)
    readers: dict[tuple[int, int], dict[int, set[int]]] = defaultdict(lambda: defaultdict(set))
    places = list(zip(north.tolist(), east.tolist(), strict=True))
    of_rows = list(zip(signs.recording[rows].tolist(), signs.kind[rows].tolist(), strict=True))
    for (up, right), (recording, kind) in set(zip(places, of_rows, strict=True)):
        for near in ((up + one, right + other) for one in (-1, 0, 1) for other in (-1, 0, 1)):
            readers[near][kind].add(recording)
    found = {}
    for row, place, (recording, kind) in zip(rows.tolist(), places, of_rows, strict=True):
        alike = readers[place][kind]
        against = [
            Contradiction(other, len(by - alike))
            for other, by in readers[place].items()
            if kinds[other].value != kinds[kind].value
            and recording not in by
            and len(by - alike) >= len(alike - by)
        ]
        if against:
            found[row] = max(against, key=lambda other: other.recordings)
    return found
