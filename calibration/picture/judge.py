"""The judgement of a drive's pictures, one after the other."""

import math

import numpy as np
from numpy.typing import NDArray

from calibration.picture.dirt import Dirt
from calibration.picture.frozen import Frozen
from calibration.picture.measures import Measures, measure
from calibration.picture.rules import DIRTY, FROZEN, FROZEN_S, MOVING_S, RULES, STANDING, Lasting

LOOK_S = 0.095
"""Pictures are looked at so far apart, ten times a second: what is judged lasts for seconds."""
GAP_S = 2.0
"""What was seen before a longer gap is no news; only dirt stays."""


class PictureJudge:
    """Says what is wrong with the pictures of one camera; keep one for each."""

    def __init__(self) -> None:
        self._size: tuple[int, int] | None = None
        self._dirt = Dirt()
        self._lately = _Lately()

    def judge(self, image: NDArray[np.uint8], time_s: float) -> tuple[str, ...]:
        """What is wrong, of `REASONS`, now that this picture was seen.

        Args:
            image: (height, width, 3) uint8 BGR.
            time_s: When it was taken, on any clock that goes on evenly.
        """
        size = (image.shape[1], image.shape[0])
        if size != self._size:
            self._size, self._dirt, self._lately = size, Dirt(), _Lately()
        if not 0 <= time_s - self._lately.last_s <= GAP_S:
            self._lately = _Lately(time_s)
        passed_s = time_s - self._lately.last_s
        if passed_s >= LOOK_S or not self._lately.looked:
            picture = measure(image)
            self._dirt.take(picture.samples, time_s)
            self._lately.take(picture, passed_s, dirty=self._dirt.share >= STANDING)
        return self._lately.said


class _Lately:
    """What was seen without a gap, since `last_s`."""

    def __init__(self, last_s: float = -math.inf) -> None:
        self.last_s = last_s
        self.looked = False
        self.said: tuple[str, ...] = ()
        self._frozen = Frozen()
        self._lasting = {rule.name: Lasting(rule.begins_s, rule.ends_s) for rule in RULES}
        self._same = Lasting(FROZEN_S, MOVING_S)

    def take(self, picture: Measures, passed_s: float, *, dirty: bool) -> None:
        self.looked = True
        self.last_s += passed_s
        said = [rule.name for rule in RULES if self._lasting[rule.name].take(rule.score(picture), passed_s)]
        if self._same.take(float(self._frozen.take(picture.samples)), passed_s):
            said.append(FROZEN)
        if dirty:
            said.append(DIRTY)
        self.said = tuple(said)


def judge_still(image: NDArray[np.uint8]) -> tuple[str, ...]:
    """What is wrong with a picture (height, width, 3) uint8 BGR that stands alone: no more than it shows by itself."""
    picture = measure(image)
    return tuple(rule.name for rule in RULES if rule.score(picture) >= 1)
