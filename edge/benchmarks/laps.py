"""Frames that are decoded before anything is timed, and handed out again and again."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice

from edge.frame import Frame
from edge.reader import SignReader
from edge.sources import Source

PART = 30
"""Frames that are read before it is the next one's turn."""


class Laps:
    """Frames in memory, handed out part by part and round and round, with what reads them: a new one for each lap."""

    def __init__(self, frames: Sequence[Frame], make: Callable[[], SignReader]) -> None:
        self._frames = frames
        self._make = make
        self._next = 0
        self._signs = make()

    def part(self) -> tuple[list[Frame], SignReader]:
        """The next frames, as if they were captured now."""
        if self._next >= len(self._frames):
            self._next, self._signs = 0, self._make()
        part = self._frames[self._next : self._next + PART]
        self._next += PART
        now_ns, monotonic_ns = time.time_ns(), time.monotonic_ns()
        return [replace(frame, captured_ns=now_ns, captured_monotonic_ns=monotonic_ns) for frame in part], self._signs


class MemorySource(Source):
    """A recording that is decoded already."""

    def __init__(self, frames: Sequence[Frame]) -> None:
        self.name = "memory"
        self.live = False
        self.frame_count = len(frames)
        self.fps = None
        self.dropped = 0
        self.skipped: list[str] = []
        self._frames = frames

    def frames(self) -> Iterator[Frame]:
        """Give them."""
        yield from self._frames

    def close(self) -> None:
        """Nothing is held."""


class Beginning(Source):
    """The first frames of another source."""

    def __init__(self, source: Source, count: int) -> None:
        self.name, self.live, self.fps = source.name, source.live, source.fps
        self.frame_count = count
        self.dropped, self.skipped = 0, source.skipped
        self._source = source

    def frames(self) -> Iterator[Frame]:
        """Give them."""
        return islice(self._source.frames(), self.frame_count)

    def close(self) -> None:
        """Close the other source."""
        self._source.close()
