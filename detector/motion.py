"""How a sign moves in the picture: where it will be, and how sure that is.

A Kalman filter (Kalman, "A new approach to linear filtering and prediction problems", 1960) over the sign's centre x
and y in pixels, the logarithm of its side, and that of width by height; each with its rate. The four don't mix, so the
filter is four of two numbers, and all is element by element.

Who drives towards a standing thing at constant speed v from distance d sees its side s grow by g = v / d of itself
a second, and d shrinks: with f / d the scale of the picture, the logarithm of s has the rate g and the acceleration
g^2, and whatever lies off the point that the car drives towards moves away from that at a speed u with acceleration
2 g u. So a prediction needs no guess about where that point is, and a sign that shoots out at the picture's edge is
expected to. What the model doesn't know (bends, speed, box errors that last) is its noise.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from detector.boxes import Boxes

Vector = NDArray[np.float64]
"""(4,): centre x, centre y in pixels, logarithm of the side in pixels, logarithm of width by height."""

BOX_ERROR_SIDES, BOX_ERROR_PX = 0.03, 1.0
"""Standard deviation of a detection's centre: a share of the side, and what the picture's grid leaves."""
SIDE_ERROR, ASPECT_ERROR = 0.12, 0.1
"""Standard deviations of the logarithms of a detection's side and of its width by height. Of 30,032 detections the side
is off by .119: by .108 in a box as the candidate stage gives it, by .18 in one that was moved to fit better. Taken for
less, a step in size passes for growth, and a sign that is then not seen is expected to be far too large."""
FIRST_SPEED_PX_S, FIRST_SPEED_SIDES_S = 60.0, 4.0
"""Standard deviation of the speed of a sign that was seen once."""
FIRST_GROWTH, FIRST_GROWTH_ERROR = 0.4, 0.4
"""Rate a second at which the side of a sign that was seen once is taken to grow, and its standard deviation."""
SWERVE_SIDES_S2, SWERVE_GROWTH_S2, SWERVE_ASPECT_S2 = 6.0, 0.5, 0.02
"""Root of the density of the acceleration that the model doesn't explain: in sides, logarithms of the side and of the
aspect."""
JERK = 16.0
"""Squared standard deviations in place that come once in 3000 frames where the model holds."""
MOST_GROWTH = 4.0
"""A second; at 4 the sign is a quarter of a second away, and an estimate above it is an error."""


@dataclass(frozen=True, slots=True)
class Motion:
    """What is known of a sign's place, size and their rates at one time; the next one is a new object."""

    value: Vector
    rate: Vector
    """Of `value`, per second."""
    value_variance: Vector
    covariance: Vector
    """Of value and rate."""
    rate_variance: Vector
    time_s: float

    @property
    def side_px(self) -> float:
        """Root of width times height."""
        return float(np.exp(self.value[2]))

    @property
    def box_xywh_px(self) -> tuple[float, float, float, float]:
        """Left, top, width and height."""
        x, y = self.value[:2].tolist()
        half_aspect = float(np.exp(self.value[3] / 2))
        width, height = self.side_px * half_aspect, self.side_px / half_aspect
        return x - width / 2, y - height / 2, width, height

    def lies_in(self, box_xywh_px: tuple[float, float, float, float]) -> bool:
        """Whether the sign's middle does."""
        (x, y), (left, top, width, height) = self.value[:2].tolist(), box_xywh_px
        return bool(left <= x <= left + width and top <= y <= top + height)


def measured(boxes_xywh_px: Boxes) -> NDArray[np.float64]:
    """Boxes (n, 4) as what a filter takes: (n, 4), each row a `Vector`."""
    boxes = boxes_xywh_px.astype(np.float64)
    logs = np.log(np.maximum(boxes[:, 2:], 1.0))
    sides = (logs[:, :1] + logs[:, 1:]) / 2
    return np.concatenate([boxes[:, :2] + boxes[:, 2:] / 2, sides, logs[:, :1] - logs[:, 1:]], axis=1)


def measurement_variance(side_px: float) -> Vector:
    """Of a detection's place, side and aspect about the true ones."""
    place = (BOX_ERROR_SIDES * side_px) ** 2 + BOX_ERROR_PX**2
    return np.array([place, place, SIDE_ERROR**2, ASPECT_ERROR**2])


def first_seen(value: Vector, time_s: float) -> Motion:
    """A sign that was seen once."""
    side = float(np.exp(value[2]))
    speed = FIRST_SPEED_PX_S**2 + (FIRST_SPEED_SIDES_S * side) ** 2
    return Motion(
        value,
        np.array([0.0, 0.0, FIRST_GROWTH, 0.0]),
        measurement_variance(side),
        np.zeros(4),
        np.array([speed, speed, FIRST_GROWTH_ERROR**2, 0.01]),
        time_s,
    )


def predict(motion: Motion, time_s: float) -> Motion:
    """The same sign at a later time; at the same time as it is."""
    dt = time_s - motion.time_s
    if dt <= 0:
        return motion
    growth = min(max(float(motion.rate[2]), 0.0), MOST_GROWTH)
    acceleration = growth * np.array([2 * motion.rate[0], 2 * motion.rate[1], growth, 0.0])
    place = (SWERVE_SIDES_S2 * motion.side_px) ** 2
    swerve = np.array([place, place, SWERVE_GROWTH_S2**2, SWERVE_ASPECT_S2**2])
    return Motion(
        motion.value + motion.rate * dt + acceleration * (dt**2 / 2),
        motion.rate + acceleration * dt,
        motion.value_variance + 2 * dt * motion.covariance + dt**2 * motion.rate_variance + swerve * dt**3 / 3,
        motion.covariance + dt * motion.rate_variance + swerve * dt**2 / 2,
        motion.rate_variance + swerve * dt,
        time_s,
    )


def moved(motion: Motion, shift_xy_px: NDArray[np.float64]) -> Motion:
    """The same sign in a picture that has moved by so much right and down."""
    return replace(motion, value=motion.value + np.append(shift_xy_px, (0.0, 0.0)))


def correct(motion: Motion, value: Vector, shake_px: float, shift_xy_px: NDArray[np.float64]) -> Motion:
    """The sign after a detection at the same time.

    A detection that is farther off than the model allows says that the speed has changed at once, as in a pothole: the
    place is then taken from it, and the speed is as good as unknown.

    Args:
        motion: The sign, already moved by `shift_xy_px`.
        value: The detection, a row of `measured`.
        shake_px: Standard deviation of the camera's shake.
        shift_xy_px: By how much the picture as a whole was found to have moved. The speed learns from it too: left out,
            speeds that all are wrong by the same would stay so, and each frame's shift would make up for it.
    """
    total = motion.value_variance + measurement_variance(motion.side_px)
    total[:2] += shake_px**2
    error = value - motion.value
    if (error[:2] ** 2 / total[:2]).sum() > JERK:
        anew = first_seen(value, motion.time_s)
        return replace(anew, rate=np.concatenate([motion.rate[:2] * 0.5, motion.rate[2:]]))
    gain, rate_gain = motion.value_variance / total, motion.covariance / total
    return Motion(
        motion.value + gain * error,
        motion.rate + rate_gain * (error + np.append(shift_xy_px, (0.0, 0.0))),
        (1 - gain) * motion.value_variance,
        (1 - gain) * motion.covariance,
        motion.rate_variance - rate_gain * motion.covariance,
        motion.time_s,
    )
