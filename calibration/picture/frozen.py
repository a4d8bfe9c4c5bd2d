"""A camera that gives the same picture again and again.

No two pictures of a running camera are the same, because of its noise; standing before a red light, compressed to
300 kbit/s, they were for 0.9 s at most. A picture that was frozen before it was compressed changes with each of the
recorder's key frames, and is not told from a vehicle that stands.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

CHANGED = 0.003
"""Most of the samples that may differ: a clock in the picture's corner goes on."""


class Frozen:
    """Compares each picture with the one before."""

    def __init__(self) -> None:
        self._before: NDArray[np.uint8] | None = None

    def take(self, samples: NDArray[np.uint8]) -> bool:
        """Whether samples (162, 288) uint8 of a picture are those of the one before."""
        before, self._before = self._before, samples
        return before is not None and cv2.countNonZero(cv2.absdiff(before, samples)) <= CHANGED * samples.size
