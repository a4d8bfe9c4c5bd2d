"""How a source's pictures are: what is wrong with them, and the colour cast to be taken off."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from calibration.cast import DriveCast, Gains
from calibration.picture import PictureJudge, judge_still


class Light(NamedTuple):
    """What is to be known of a picture before anything is looked for in it."""

    wrong: tuple[str, ...]
    """The words for it in a message's `degraded`."""
    gains: Gains | None
    """Of blue, green and red; None where nothing has to be taken off."""


class Seeing:
    """Looks at the pictures of one source. `stills`: they have nothing to do with one another."""

    def __init__(self, *, stills: bool = False) -> None:
        self._stills = stills
        self._judge = PictureJudge()
        self.cast = DriveCast()
        """The drive's, as far as it is known."""
        self.gains: Gains | None = None
        """In force."""

    def look(self, image: NDArray[np.uint8], time_s: float) -> Light:
        """Take in a picture (height, width, 3) uint8 BGR of this time, on any clock that goes on evenly."""
        if self._stills:
            return Light(judge_still(image), None)
        if self.cast.take(image, time_s):
            self.gains = self.cast.gains
        return Light(self._judge.judge(image, time_s), self.gains)

    def know(self, cast: DriveCast) -> None:
        """Take over what is known of the drive's cast from elsewhere."""
        self.cast = cast
        self.gains = cast.gains
