"""The colour cast of a camera's pictures: of its windscreen, its white balance, or the light.

One picture is judged by shades of grey (Finlayson and Trezzi, "Shades of gray and colour constancy", CIC 2004): were
the light white, the Minkowski mean of each channel would be the same. With exponent 1 that is the grey world, with 6
the bright parts count most. A red lorry is no cast, so over a drive the median of many pictures is taken: on casts put
over GTSDB's frames it errs by 0.1 stops, where one picture errs by half a stop.

A cast is told in stops: by so much more light, in powers of two, one channel gets than another.
"""

from collections import deque
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

GREY_WORLD, SHADES_OF_GREY = 1.0, 6.0
"""Exponents of the Minkowski mean."""
GAMMA = 2.2
"""Light is the grey level to this power."""
SAMPLES_WH = (160, 90)
DARKEST, BRIGHTEST = 15, 250
"""Levels of a pixel's brightest channel between which it has a colour that can be told."""
LEAST_SAMPLES = 0.02
"""Share of the pixels that must have one."""
APART_S = 0.5
"""Of a drive the first picture in each interval of this length counts. The intervals lie still on the clock, so that
whoever begins in the middle of a drive takes the same pictures."""
PICTURES, LEAST_PICTURES = 60, 10
"""Pictures that the median is of, at most, and before it is told."""
STRONG_STOPS, WEAK_STOPS = 1.5, 1.3
"""From the one on a cast is taken off, below the other no more. Up to 1.6 stops signs are found as well without; thirty
of GTSDB's frames in a row have 1.04 at most."""

Gains = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Cast:
    """By how much more light each channel gets than it should, in stops; their mean is 0."""

    blue: float
    green: float
    red: float

    @property
    def stops(self) -> float:
        """Between the strongest and the weakest channel."""
        return max(self.blue, self.green, self.red) - min(self.blue, self.green, self.red)

    @property
    def gains(self) -> Gains:
        """Of the grey levels of blue, green and red, that take it off and leave a grey as bright as it is."""
        gains = 2.0 ** (-np.array([self.blue, self.green, self.red]) / GAMMA)
        luma = np.array([0.114, 0.587, 0.299]) @ (1 / gains)
        blue, green, red = (float(gain * luma) for gain in gains)
        return blue, green, red


def cast_of(image: NDArray[np.uint8], exponent: float = SHADES_OF_GREY) -> Cast | None:
    """The cast of one picture (height, width, 3) uint8 BGR; None where all is black or white."""
    samples = cv2.resize(image, SAMPLES_WH, interpolation=cv2.INTER_NEAREST).reshape(-1, 3)
    brightest = samples.max(axis=1)
    samples = samples[(brightest > DARKEST) & (brightest < BRIGHTEST)]
    if len(samples) < LEAST_SAMPLES * len(brightest):
        return None
    means = ((samples / np.float32(255)) ** np.float32(exponent)).mean(axis=0, dtype=np.float64) ** (1 / exponent)
    return _cast(GAMMA * np.log2(np.maximum(means, 1e-3)))


@dataclass(frozen=True, slots=True)
class CastMemory:
    """All that a drive's cast is told from, to go on elsewhere."""

    casts: tuple[Cast, ...] = ()
    """Of the newest pictures, oldest first."""
    last_s: float | None = None
    """When the newest picture that counted was taken."""
    strong: bool = False
    """Whether the cast was taken off."""


NOTHING_SEEN = CastMemory()


class DriveCast:
    """The cast of a drive; keep one for each camera. `memory`: of one that it goes on from."""

    def __init__(self, memory: CastMemory = NOTHING_SEEN) -> None:
        self._casts: deque[Cast] = deque(memory.casts, maxlen=PICTURES)
        self._last_s = memory.last_s
        self._strong = memory.strong
        self.newest: Cast | None = None
        """Of the newest picture that counted; None where it had none that can be told."""

    @property
    def memory(self) -> CastMemory:
        """What another one needs to go on from here."""
        return CastMemory(tuple(self._casts), self._last_s, self._strong)

    @property
    def pictures(self) -> int:
        """That the cast is told from."""
        return len(self._casts)

    @property
    def cast(self) -> Cast | None:
        """The median of the newest pictures; None before there were enough."""
        if len(self._casts) < LEAST_PICTURES:
            return None
        return _cast(np.median([(cast.blue, cast.green, cast.red) for cast in self._casts], axis=0))

    @property
    def spread_stops(self) -> float:
        """Median of how far single pictures are from the cast; 0 before it is told."""
        cast = self.cast
        if cast is None:
            return 0.0
        away = [Cast(one.blue - cast.blue, one.green - cast.green, one.red - cast.red).stops for one in self._casts]
        return float(np.median(away))

    @property
    def gains(self) -> Gains | None:
        """What takes the cast off, where it is strong enough for signs to be lost by it."""
        cast = self.cast
        if cast is None:
            return None
        self._strong = cast.stops >= (WEAK_STOPS if self._strong else STRONG_STOPS)
        return cast.gains if self._strong else None

    def take(self, image: NDArray[np.uint8], time_s: float) -> bool:
        """Take in a picture (height, width, 3) uint8 BGR of this time; False where it is too soon after the last."""
        if not self.counts(time_s):
            return False
        self.note(cast_of(image), time_s)
        return True

    def counts(self, time_s: float) -> bool:
        """Whether a picture of this time would be the first of its interval."""
        return self._last_s is None or time_s // APART_S != self._last_s // APART_S

    def note(self, cast: Cast | None, time_s: float) -> None:
        """Take in what `cast_of` said of a picture that counts."""
        self._last_s, self.newest = time_s, cast
        if cast is not None:
            self._casts.append(cast)


def _cast(stops: NDArray[np.float64]) -> Cast:
    blue, green, red = (stops - stops.mean()).tolist()
    return Cast(blue, green, red)
