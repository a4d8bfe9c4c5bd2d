"""How far away a sign is in its own sizes, and how fast that shrinks: a small Kalman filter over its track.

Who drives at constant speed towards a standing sign of size s nears it by as many sizes each second. So the state is
the sign's reach, its distance ahead over s, and the closing speed, in sizes a second; both linear in time, and neither
needs to know what s is (Kalman, "A new approach to linear filtering and prediction problems", 1960). A picture shows
the sign under an angle whose tangent is 1 / reach. Reach over closing speed is the time to contact; times the size, it
is the distance. What the model doesn't know, the vehicle's acceleration, is its noise.
"""

import math
from dataclasses import dataclass

FIRST_CLOSING, FIRST_CLOSING_STD = 20.0, 20.0
"""Sizes a second, before it is measured: 14 m/s towards a disc of 0.7 m, give or take as much."""
ACCELERATION_DENSITY = 4.0
"""Sizes squared by second cubed: 1.5 m/s2 for a second, of a sign of 0.75 m."""
PLAUSIBLE = 3.0
"""Standard deviations beyond which a measurement counts less than it says, as a box that holds two signs."""
SURE_OF_CLOSING = 3.0
"""Standard deviations that the closing speed must be above 0 for a time to contact to be told."""
LEAST_REACH = 0.5


@dataclass(frozen=True, slots=True)
class Approach:
    """What is known of a sign's reach and closing speed at one time; the next one is a new object."""

    reach: float
    """Distance ahead, in sizes of the sign."""
    closing: float
    """Of `reach` a second, positive where it shrinks."""
    reach_variance: float
    covariance: float
    """Of both."""
    closing_variance: float
    time_s: float

    @property
    def ttc_s(self) -> float | None:
        """Seconds until the sign is reached at this speed; None where it isn't sure that it is neared at all."""
        if self.closing < SURE_OF_CLOSING * math.sqrt(self.closing_variance):
            return None
        return self.reach / self.closing


def first_seen(tangent: float, relative_std: float, time_s: float) -> Approach:
    """A sign that was seen once.

    Args:
        tangent: Its size over its distance ahead, as the picture shows it; above 0.
        relative_std: Standard deviation of that, as a share of it.
        time_s: When, on any clock that goes on evenly.
    """
    reach = 1 / tangent
    return Approach(reach, FIRST_CLOSING, (reach * relative_std) ** 2, 0.0, FIRST_CLOSING_STD**2, time_s)


def predict(approach: Approach, time_s: float) -> Approach:
    """The same sign at a later time; at the same time as it is."""
    dt = time_s - approach.time_s
    if dt <= 0:
        return approach
    noise = ACCELERATION_DENSITY
    return Approach(
        max(approach.reach - approach.closing * dt, LEAST_REACH),
        approach.closing,
        approach.reach_variance - 2 * dt * approach.covariance + dt**2 * approach.closing_variance + noise * dt**3 / 3,
        approach.covariance - dt * approach.closing_variance - noise * dt**2 / 2,
        approach.closing_variance + noise * dt,
        time_s,
    )


def correct(approach: Approach, tangent: float, relative_std: float) -> Approach:
    """The sign after a measurement at the same time; `tangent` and `relative_std` as in `first_seen`."""
    error = 1 / tangent - approach.reach
    variance = (max(approach.reach, 1 / tangent) * relative_std) ** 2
    total = approach.reach_variance + variance
    far = abs(error) / (PLAUSIBLE * math.sqrt(total))
    if far > 1:  # Huber's weights, "Robust estimation of a location parameter", 1964
        total *= far
    gain, closing_gain = approach.reach_variance / total, approach.covariance / total
    return Approach(
        max(approach.reach + gain * error, LEAST_REACH),
        approach.closing + closing_gain * error,
        (1 - gain) * approach.reach_variance,
        (1 - gain) * approach.covariance,
        approach.closing_variance - closing_gain * approach.covariance,
        approach.time_s,
    )
