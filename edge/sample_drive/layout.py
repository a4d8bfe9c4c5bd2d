"""What stands where along the road: the seed's own arrangement of signs, scenery and traffic.

Whatever rises above the camera keeps clear of the lines of sight to the signs, so that a sign is
hidden by nothing but another sign.
"""

from dataclasses import dataclass

import numpy as np

from edge.sample_drive.camera import SPEED_M_S
from edge.sample_drive.drawings import sign_outline, sign_width_m

_FIRST_POST_M = 42.0
_POST_SPACING_M = 22.5
_LOWEST_EDGE_M = 2.0
_GAP_M = 0.04
_BEYOND_M = 220.0
_CLEAR_OFFSET_M = 8.0

# Each slot is one post; the seed picks one of its stacks, listed from top to bottom.
_PAIR = ((3, 9), (5, 9), (7, 9), (3, 10))
_END = ((32,), (41,), (32,), (42,), (6,))
_SLOTS: tuple[tuple[tuple[int, ...], ...], ...] = (
    _PAIR,
    _END,
    ((1,), (2,), (4,), (5,), (0,)),
    ((7,), (8,)),
    ((17,), (15,), (16,)),
    ((19,), (20,), (21,)),
    ((25, 2), (25, 1), (24, 3)),
    ((27,), (28, 1)),
    ((31,), (31, 4)),
    ((18,), (22,), (23,), (26,), (29,), (30,), (11,)),
    ((13, 40),),
    ((14,),),
    ((12,),),
    ((38,), (35,), (39,), (33,), (34,), (36,), (37,)),
)


@dataclass(frozen=True, slots=True)
class PlacedSign:
    """A physical sign: its number, class, the middle of its square (offset, height, station) in
    metres, and how it is turned: `yaw_rad` about the pole, `roll_rad` in its own plane.

    `gain` is how much of the light it returns.
    """

    sign: int
    class_id: int
    centre_m: tuple[float, float, float]
    width_m: float
    yaw_rad: float
    roll_rad: float
    gain: float


@dataclass(frozen=True, slots=True)
class Upright:
    """Something flat that faces the camera, standing on the ground or held above it.

    `kind` names its family of textures, `variant` picks one of them.
    """

    kind: str
    variant: int
    offset_m: float
    station_m: float
    width_m: float
    height_m: float
    base_m: float = 0.0
    shadow_m: float = 0.0


@dataclass(frozen=True, slots=True)
class House:
    """A gabled house whose ridge runs along the road; `offset_m` is its wall nearest the road."""

    variant: int
    offset_m: float
    station_m: float
    depth_m: float
    length_m: float
    eaves_m: float
    rise_m: float


@dataclass(frozen=True, slots=True)
class Vehicle:
    """A road user whose near end is at `station_m` at the start; `kind` names its skin."""

    kind: str
    variant: int
    offset_m: float
    station_m: float
    speed_m_s: float


@dataclass(frozen=True, slots=True)
class Layout:
    """Everything along the road; `shaded_m` are the stretches under trees, (from, to)."""

    signs: tuple[PlacedSign, ...]
    uprights: tuple[Upright, ...]
    houses: tuple[House, ...]
    vehicles: tuple[Vehicle, ...]
    shaded_m: tuple[tuple[float, float], ...]


def _stacks(rng: np.random.Generator, count: int) -> list[tuple[int, ...]]:
    """Choose what hangs on `count` posts, every family once before any comes again."""
    stacks: list[tuple[int, ...]] = []
    while len(stacks) < count:
        order = list(rng.permutation(len(_SLOTS)))
        pair, end = order.index(0), order.index(1)
        if end < pair:  # a ban comes before its end
            order[pair], order[end] = order[end], order[pair]
        stacks.extend(_SLOTS[slot][rng.integers(len(_SLOTS[slot]))] for slot in order)
    return stacks[:count]


def _place_signs(rng: np.random.Generator, length_m: float) -> tuple[tuple[PlacedSign, ...], list[Upright]]:
    count = max(int((length_m - _FIRST_POST_M) / _POST_SPACING_M) + 1, 1)
    signs: list[PlacedSign] = []
    poles: list[Upright] = []
    for post, stack in enumerate(_stacks(rng, count)):
        station = _FIRST_POST_M + post * _POST_SPACING_M + rng.uniform(-2.0, 2.0)
        on_left = len(stack) == 1 and rng.uniform() < 0.25
        offset = -rng.uniform(5.1, 5.5) if on_left else rng.uniform(5.0, 5.5)
        edge = _LOWEST_EDGE_M + rng.uniform(0.0, 0.2)
        for class_id in reversed(stack):
            width = sign_width_m(class_id)
            rows = sign_outline(class_id)[:, 1]
            centre = edge + (float(rows.max()) - 0.5) * width
            signs.append(
                PlacedSign(
                    sign=len(signs),
                    class_id=class_id,
                    centre_m=(offset, centre, station),
                    width_m=width,
                    yaw_rad=float(rng.normal(0.0, 0.05)),
                    roll_rad=float(rng.normal(0.0, 0.012)),
                    gain=float(rng.uniform(0.84, 1.0)),
                )
            )
            edge += float(rows.max() - rows.min()) * width + _GAP_M
        poles.append(Upright("pole", 0, offset, station + 0.06, 0.07, edge + 0.02))
    return tuple(signs), poles


def _side(rng: np.random.Generator) -> float:
    return 1.0 if rng.uniform() < 0.5 else -1.0


def _place_trees(
    rng: np.random.Generator, length_m: float, shaded_m: tuple[tuple[float, float], ...],
    houses: list[House],
) -> list[Upright]:  # fmt: skip
    def blocked(offset: float, station: float) -> bool:
        return any(
            house.offset_m * offset > 0
            and abs(offset) < abs(house.offset_m) + house.depth_m + 3.0
            and house.station_m - 9.0 < station < house.station_m + house.length_m + 3.0
            for house in houses
        )

    trees: list[Upright] = []
    for side in (-1.0, 1.0):
        station = -10.0
        while station < length_m + _BEYOND_M:
            dense = any(start < station < end for start, end in shaded_m)
            station += rng.uniform(4.0, 6.0) if dense else rng.uniform(6.0, 22.0)
            kind = "conifer" if rng.uniform() < 0.25 else "broadleaf"
            height = float(rng.uniform(8.0, 13.0))
            half = height * (0.28 if kind == "conifer" else 0.44)
            spread = rng.exponential(2.0 if dense else 9.0)
            offset = side * (_CLEAR_OFFSET_M + half + spread)
            if not blocked(offset, station):
                trees.append(
                    Upright(kind, int(rng.integers(64)), offset, station, height, height,
                            shadow_m=half)
                )  # fmt: skip
    for _ in range(int((length_m + _BEYOND_M) / 12.0)):
        station = rng.uniform(0.0, length_m + _BEYOND_M)
        height = rng.uniform(1.2, 2.6)
        offset = _side(rng) * (_CLEAR_OFFSET_M + height + rng.exponential(5.0))
        trees.append(
            Upright("bush", int(rng.integers(64)), offset, station, height * 2.2, height * 1.4,
                    shadow_m=height)
        )  # fmt: skip
    return trees


def _place_small_things(rng: np.random.Generator, length_m: float) -> list[Upright]:
    things: list[Upright] = []
    for side in (-1.0, 1.0):
        things += [
            Upright("guide post", 0, side * 4.45, station, 0.12, 1.0)
            for station in np.arange(12.0, length_m + _BEYOND_M, 25.0)
        ]
        station = 0.0
        while station < length_m + _BEYOND_M:
            station += rng.exponential(3.0)
            height = float(rng.uniform(0.22, 0.55))
            offset = side * rng.uniform(5.2, 7.6)
            things.append(Upright("tall grass", int(rng.integers(64)), offset, station, height * 1.5, height))
    station = rng.uniform(25.0, 60.0)
    while station < length_m + 60.0:
        side = _side(rng)
        if rng.uniform() < 0.7:
            width = rng.uniform(3.2, 4.4)
            offset = side * (_CLEAR_OFFSET_M + width / 2.0 + rng.uniform(0.0, 2.5))
            things.append(
                Upright("poster", int(rng.integers(64)), offset, station, width, width * 0.675,
                        base_m=rng.uniform(0.7, 1.3), shadow_m=1.4)
            )  # fmt: skip
        else:
            things += [
                Upright("direction board", int(rng.integers(64)), 7.4, station, 2.5, 0.75, 1.7),
                Upright("pole", 0, 6.5, station + 0.05, 0.08, 2.4),
                Upright("pole", 0, 8.3, station + 0.05, 0.08, 2.4),
            ]
        station += rng.uniform(45.0, 80.0)
    return things


def _place_houses(rng: np.random.Generator, length_m: float, shaded_m: tuple[tuple[float, float], ...]) -> list[House]:
    houses: list[House] = []
    for side in (-1.0, 1.0):
        station = rng.uniform(25.0, 55.0)
        while station < length_m + 120.0:
            long = float(rng.uniform(9.0, 13.0))
            if not any(start - 14.0 < station < end + 4.0 for start, end in shaded_m):
                houses.append(
                    House(
                        variant=int(rng.integers(64)),
                        offset_m=side * rng.uniform(12.0, 19.0),
                        station_m=station,
                        depth_m=float(rng.uniform(7.5, 9.5)),
                        length_m=long,
                        eaves_m=float(rng.choice([3.0, 5.4])),
                        rise_m=float(rng.uniform(3.0, 4.2)),
                    )
                )
            station += long + rng.choice([8.0, 14.0, 45.0, 70.0]) + rng.uniform(0.0, 8.0)
    return houses


def _place_vehicles(rng: np.random.Generator, seconds: float) -> list[Vehicle]:
    vehicles = [Vehicle("car ahead", int(rng.integers(64)), 1.75, rng.uniform(36.0, 42.0), SPEED_M_S)]
    meeting_s = rng.uniform(1.5, 4.0)
    while meeting_s < seconds + 8.0:
        speed = float(rng.uniform(13.0, 18.0))
        station = meeting_s * (SPEED_M_S + speed)
        vehicles.append(Vehicle("car oncoming", int(rng.integers(64)), -1.75, station, -speed))
        meeting_s += rng.uniform(3.5, 7.0)
    station = rng.uniform(60.0, 130.0)
    while station < seconds * SPEED_M_S + 60.0:
        vehicles.append(Vehicle("lorry", 0, -9.8, station, 0.0))
        vehicles.append(Vehicle("car parked", int(rng.integers(64)), 9.6, station + rng.uniform(20.0, 70.0), 0.0))
        station += rng.uniform(120.0, 200.0)
    return vehicles


def arrange(rng: np.random.Generator, seconds: float) -> Layout:
    """Arrange a drive of `seconds`: the last sign is passed shortly before its end."""
    length_m = seconds * SPEED_M_S
    signs, poles = _place_signs(rng, length_m)
    shaded: list[tuple[float, float]] = []
    station = rng.uniform(70.0, 120.0)
    while station < length_m + 60.0:
        shaded.append((station, station + rng.uniform(35.0, 60.0)))
        station += rng.uniform(130.0, 190.0)
    shaded_m = tuple(shaded)
    houses = _place_houses(rng, length_m, shaded_m)
    uprights = poles + _place_trees(rng, length_m, shaded_m, houses)
    uprights += _place_small_things(rng, length_m)
    return Layout(
        signs=signs,
        uprights=tuple(uprights),
        houses=tuple(houses),
        vehicles=tuple(_place_vehicles(rng, seconds)),
        shaded_m=shaded_m,
    )
