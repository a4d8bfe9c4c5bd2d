"""When signs were read: by the hour of the day where most times are known, else by the time into the recording."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from edge.archive_report.tables import Signs

HOURS = 24
STEPS_S = (10, 30, 60, 120, 300, 600, 900, 1800, 3600, 2 * 3600, 6 * 3600, 24 * 3600)
UNKNOWN = 255
MOST_BARS = 30


@dataclass(frozen=True, slots=True)
class Hours:
    """Signs by when they were read."""

    by_day: bool
    """Whether it is by hour of the day."""
    labels: list[str]
    """What stands below each bar."""
    of_sign: NDArray[np.uint8]
    """(n,) number of the bar; `UNKNOWN` where it isn't known."""

    @property
    def unknown(self) -> int:
        """Signs that are in no bar."""
        return int((self.of_sign == UNKNOWN).sum())

    @property
    def counts(self) -> list[int]:
        """Signs in each bar."""
        return [int(count) for count in np.bincount(self.of_sign, minlength=256)[: len(self.labels)]]


def by_hour(signs: Signs, zone: ZoneInfo) -> Hours:
    """Put each sign into a bar: by hours of the day, in a time zone, where the times of half of them are known."""
    known = np.isfinite(signs.unix_s)
    of_sign = np.full(len(signs), UNKNOWN, np.uint8)
    if known.any() and 2 * known.sum() >= len(signs):
        of_sign[known] = [datetime.fromtimestamp(time, zone).hour for time in signs.unix_s[known].tolist()]
        return Hours(True, [f"{hour:02d}" for hour in range(HOURS)], of_sign)
    longest = float(signs.confirmed_s.max(initial=0.0))
    step = next((step for step in STEPS_S if longest < step * MOST_BARS), STEPS_S[-1])
    bars = min(int(longest // step) + 1, MOST_BARS)
    of_sign[:] = np.clip(signs.confirmed_s // step, 0, bars - 1).astype(np.uint8)
    return Hours(False, [_since_start(bar * step) for bar in range(bars)], of_sign)


def _since_start(seconds: int) -> str:
    return f"{seconds // 3600}:{seconds % 3600 // 60:02d}" + (f":{seconds % 60:02d}" if seconds % 60 else "")
