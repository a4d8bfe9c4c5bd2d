"""One picture on its way through the program, with where and when it came from."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

SEQUENCE_FPS = 25.0
"""A folder of pictures carries no times: it is taken for a sequence at this rate."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A picture as a source gave it.

    Two clocks are kept because they answer different questions: `captured_ns` says when, to
    people and other machines; `captured_monotonic_ns` says how long ago, and no clock
    adjustment can falsify that.
    """

    image: npt.NDArray[np.uint8]
    """(height, width, 3) uint8, channels in BGR order."""
    number: int
    """Position in the source, from 0; frames that the source dropped are counted in."""
    captured_ns: int
    """UNIX time in nanoseconds at which the picture was captured (live) or read (recorded)."""
    captured_monotonic_ns: int
    """`time.monotonic_ns()` at the same moment, for ages and time-outs."""
    media_s: float | None
    """Seconds from the beginning of a recording; None for live sources and pictures."""
    file: str | None
    """Name of the picture's file where the source is a folder of pictures, else None."""

    @property
    def time_s(self) -> float:
        """When it was taken, on any clock that goes on evenly; never when it happened to be computed."""
        if self.media_s is not None:
            return self.media_s
        if self.file is not None:
            return self.number / SEQUENCE_FPS
        return self.captured_monotonic_ns / 1e9
