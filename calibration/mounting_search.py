"""How a camera is mounted, found from a drive: where it is driven to, where lane lines run, and what stands upright.

Flow and lane lines each tell where straight ahead is, and so the pitch and the yaw; upright lines tell the roll. In
bends all of them drift with the rate of turning, so what counts is the value at no turning, from the stretches that
are nearly straight. The height is not in the pictures, for all of them look the same from twice as high over a road
twice as wide: it is measured with a tape.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibration.camera import Camera
from calibration.errors import MountingError
from calibration.lens import Rays
from calibration.mounting import BY_HAND_STD_DEG, CAMERA_TO_LEVEL, Mounting, turn
from calibration.picture_pairs import PicturePairs
from calibration.straight_lines import common_lean_deg, find_lines, lane_direction, leans_deg
from calibration.travel import follow, travel

INTERVAL_S = 0.2
WIDTH_PX = 960
"""Of the pictures that are looked at, or up to twice as wide."""
STRAIGHT_DEG_S = 1.0
"""What turns faster is a bend."""
LEAST_LOOKS, LEAST_S = 25, 5.0
"""On nearly straight stretches, and the time that they have to be spread over."""
LEAST_LANE_LOOKS = 15
BLOCK_S = 2.0
"""Looks that are nearer to each other share their errors."""
FLOOR_DEG = 0.1
"""Standard deviation that no drive takes away: the road's own fall, the load, the wind."""
ROLL_FLOOR_DEG = 0.3
"""The same of the roll: poles lean."""
AGREEING_DEG = 1.5
"""By which flow and lane lines may differ; more, and one of them has seen something else."""
MIXED_DEG = 1.0
"""Standard deviation of single looks above which the drive shows no one direction."""


@dataclass(frozen=True, slots=True)
class Clue:
    """What one kind of evidence says."""

    looks: int
    pitch_deg: float
    yaw_deg: float
    pitch_std_deg: float
    yaw_std_deg: float


@dataclass(frozen=True, slots=True)
class FoundMounting:
    """A mounting and what it was found from."""

    mounting: Mounting
    looks: int
    """Pairs of pictures that showed a motion."""
    flow: Clue
    lanes: Clue | None
    """None where too few pictures showed lane lines of both sides."""
    roll_found: bool
    """False where too little stands upright: then the roll is taken for 0."""


class MountingSearch:
    """Collects evidence over a drive. Reads no clock: the time of each picture is handed to it."""

    def __init__(self, camera: Camera) -> None:
        self._camera = camera
        self._pairs = PicturePairs(INTERVAL_S, WIDTH_PX)
        self._times: list[float] = []
        self._turns_deg_s: list[float] = []
        self._flow: list[NDArray[np.float64]] = []
        self._lanes: list[NDArray[np.float64]] = []
        """Of each look; NaN where there was none."""
        self._leans: list[NDArray[np.float64]] = []
        self._lengths: list[NDArray[np.float64]] = []

    def take(self, image: NDArray[np.uint8], time_s: float) -> None:
        """Take in a picture (height, width, 3) uint8 BGR of the camera's size."""
        pair = self._pairs.take(image, time_s)
        if pair is None:
            return
        camera = self._camera.scaled_to((pair.first.shape[1], pair.first.shape[0]))
        seen = travel(camera, *follow(pair.first, pair.second))
        if seen is None:
            return
        lines = find_lines(camera, pair.second)
        lane = lane_direction(camera, lines, seen.direction)
        leans, lengths = leans_deg(lines, seen.direction)
        self._times.append(time_s)
        self._turns_deg_s.append(math.degrees(seen.turn_rad[1]) / pair.apart_s)
        self._flow.append(seen.direction)
        self._lanes.append(np.full(3, np.nan) if lane is None else lane)
        self._leans.append(leans)
        self._lengths.append(lengths)

    def result(self, height_m: float, height_std_m: float) -> FoundMounting:
        """The mounting, of a camera that is so high above the road.

        Raises MountingError where the drive doesn't tell.
        """
        if not self._times:
            raise MountingError(
                "nothing in it moves as from a vehicle that drives ahead: take a drive of half a minute, on a straight "
                "road by day"
            )
        times, turns = np.array(self._times), np.array(self._turns_deg_s)
        straight = np.abs(turns) < STRAIGHT_DEG_S
        spread_s = float(np.ptp(times[straight])) if straight.any() else 0.0
        if straight.sum() < LEAST_LOOKS or spread_s < LEAST_S:
            raise MountingError(
                f"only {int(straight.sum())} looks on nearly straight stretches, over {spread_s:.0f} s; it takes "
                f"{LEAST_LOOKS} over {LEAST_S:.0f} s: drive straight ahead for longer"
            )
        flow, flow_std = _at_no_turning(np.array(self._flow)[straight], turns[straight], times[straight])
        if flow_std.max() > math.radians(MIXED_DEG):
            raise MountingError(
                f"the direction of travel is not sure to better than {math.degrees(flow_std.max()):.1f} degrees; the "
                "camera moved, or what it shows is no drive straight ahead"
            )
        lean = common_lean_deg(np.concatenate(self._leans), np.concatenate(self._lengths))
        roll, roll_std = lean or (0.0, BY_HAND_STD_DEG)
        flow_clue = _clue(flow, flow_std, roll, int(straight.sum()))
        clues = [flow_clue]
        lanes_clue = None
        with_lanes = straight & np.isfinite(np.array(self._lanes)).all(axis=1)
        if with_lanes.sum() >= LEAST_LANE_LOOKS:
            lanes, lanes_std = _at_no_turning(np.array(self._lanes)[with_lanes], turns[with_lanes], times[with_lanes])
            lanes_clue = _clue(lanes, lanes_std, roll, int(with_lanes.sum()))
            clues.append(lanes_clue)
            _check_agreement(flow_clue, lanes_clue)
        pitch, pitch_std = _fused([(clue.pitch_deg, clue.pitch_std_deg) for clue in clues])
        yaw, yaw_std = _fused([(clue.yaw_deg, clue.yaw_std_deg) for clue in clues])
        roll_std = math.hypot(roll_std, ROLL_FLOOR_DEG)
        try:
            mounting = Mounting(height_m, pitch, roll, yaw, height_std_m, pitch_std, roll_std, yaw_std)
        except ValueError as error:
            raise MountingError(f"what the drive shows is no mounting: {error}") from error
        return FoundMounting(mounting, len(times), flow_clue, lanes_clue, lean is not None)


def _at_no_turning(
    directions: Rays, turns_deg_s: NDArray[np.float64], times_s: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The direction (3,) where the vehicle doesn't turn, and the standard deviation of its x and y (2,), radians.

    A line through each against the rate of turning, after Huber; where all rates are alike, the mean.
    """
    flat = directions[:, :2] / directions[:, 2:]
    varied = np.ptp(turns_deg_s) > STRAIGHT_DEG_S / 2 and turns_deg_s.min() < 0 < turns_deg_s.max()
    design = np.stack([np.ones(len(flat)), turns_deg_s if varied else np.zeros(len(flat))], axis=1)
    fit = np.zeros((2, 2))
    weight = np.ones(flat.shape)
    error = flat
    for _ in range(10):
        for axis in (0, 1):
            by = design * weight[:, axis : axis + 1]
            fit[:, axis] = np.linalg.lstsq(by.T @ design, by.T @ flat[:, axis], rcond=None)[0]
        error = flat - design @ fit
        scale = np.maximum(1.48 * np.median(np.abs(error), axis=0), 1e-6)
        weight = 1 / np.maximum(1.0, np.abs(error) / (1.5 * scale))
    blocks = np.unique((times_s // BLOCK_S).astype(int), return_inverse=True)[1]
    means = np.array([(error[blocks == block]).mean(axis=0) for block in range(blocks.max() + 1)])
    std = means.std(axis=0, ddof=1) / math.sqrt(len(means)) if len(means) > 1 else error.std(axis=0)
    direction = np.append(fit[0], 1.0)
    return direction / np.linalg.norm(direction), np.hypot(std, math.radians(FLOOR_DEG))


def _clue(direction: NDArray[np.float64], std: NDArray[np.float64], roll_deg: float, looks: int) -> Clue:
    """Pitch and yaw of a camera with a roll that sees straight ahead there."""
    forward, left, up = turn(0.0, 0.0, roll_deg) @ CAMERA_TO_LEVEL @ direction
    pitch, yaw = math.atan2(up, forward), math.asin(-left)
    yaw_std, pitch_std = np.degrees(std).tolist()
    return Clue(looks, math.degrees(pitch), math.degrees(yaw), pitch_std, yaw_std)


def _check_agreement(flow: Clue, lanes: Clue) -> None:
    for name, one, other in (("pitch", flow.pitch_deg, lanes.pitch_deg), ("yaw", flow.yaw_deg, lanes.yaw_deg)):
        if abs(one - other) > AGREEING_DEG:
            raise MountingError(
                f"flow says a {name} of {one:.1f} degrees and lane lines one of {other:.1f}: the file is of another "
                "camera, or the drive is not straight ahead"
            )


def _fused(values: list[tuple[float, float]]) -> tuple[float, float]:
    """Mean by inverse variances of (value, standard deviation), and its own, which no disagreement may exceed."""
    value, std = np.array(values).T
    weight = 1 / std**2
    mean = float((weight * value).sum() / weight.sum())
    # The floor is common to all, so that two clues are no surer than it.
    return mean, max(float(1 / math.sqrt(weight.sum())), FLOOR_DEG, float(np.abs(value - mean).max()))
