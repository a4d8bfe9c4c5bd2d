"""A recording at its own pace: what a live camera would have given."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace

from edge.errors import SourceError
from edge.frame import Frame
from edge.sources.source import Source


class PacedSource(Source):
    """Gives each frame of a recording when its time has come, and drops those that are late.

    A frame is late when the time of the one after it has come too: a live camera would have
    overwritten it. The clock starts with the first frame.

    Args:
        source: A recording or pattern; its frames carry `media_s`.
        monotonic_ns: The clock, as `time.monotonic_ns`.
        sleep: Waits so many seconds, as `time.sleep`.

    Raises:
        SourceError: For pictures, which have no times.
    """

    def __init__(
        self,
        source: Source,
        *,
        monotonic_ns: Callable[[], int] = time.monotonic_ns,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if source.fps is None:
            raise SourceError(f"{source.name} has no times of its own to be paced by")
        self.name = source.name
        self.live = True
        self.fps: float | None = source.fps
        self.frame_count = source.frame_count
        self.dropped = 0
        self.skipped = source.skipped
        self._source = source
        self._interval_s = 1 / source.fps
        self._monotonic_ns = monotonic_ns
        self._sleep = sleep

    def frames(self) -> Iterator[Frame]:
        """Give the frames in time; their capture times are those at which they were due."""
        start_ns: int | None = None
        for frame in self._source.frames():
            media_s = frame.media_s or 0.0
            now_ns = self._monotonic_ns()
            if start_ns is None:
                start_ns = now_ns - round(media_s * 1e9)
            due_ns = start_ns + round(media_s * 1e9)
            late_ns = now_ns - due_ns
            if late_ns >= self._interval_s * 1e9:
                self.dropped += 1
                continue
            if late_ns < 0:
                self._sleep(-late_ns / 1e9)
            behind_ns = self._monotonic_ns() - due_ns
            yield replace(
                frame,
                captured_ns=time.time_ns() - behind_ns,
                captured_monotonic_ns=due_ns,
            )

    def interrupt(self) -> None:
        """Interrupt the recording."""
        self._source.interrupt()

    def close(self) -> None:
        """Close the recording."""
        self._source.close()
