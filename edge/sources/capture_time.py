"""When a frame was really captured: network streams deliver late, and say so in their timestamps."""

from collections import deque

WINDOW_NS = 60 * 10**9
"""Clocks of cameras drift, so what was the shortest way is forgotten after so long."""
LONGEST_LAG_NS = 30 * 10**9
"""A larger lag is no lag but a stream whose timestamps began anew."""


class CaptureClock:
    """Tells by how much a frame arrived late, from the timestamps of its stream.

    Nobody knows how long the fastest frame was under way, but every other one took longer by what its arrival lags
    behind its timestamp. A stalled stream that goes on hands out what it had queued; stamped with its arrival, a
    picture of seconds ago would pass for one of now.
    """

    def __init__(self) -> None:
        # Each kept offset is smaller than all after it, so the first one is the least of the window.
        self._least: deque[tuple[int, int]] = deque()
        self._stamp_ns: int | None = None

    def lag_ns(self, arrived_ns: int, stamp_ns: int) -> int:
        """How much later than the fastest frame of the last minute this one came, in ns.

        Args:
            arrived_ns: `time.monotonic_ns()` on arrival.
            stamp_ns: The stream's own time of the frame. One that does not go forward tells nothing: 0 is given.
        """
        if self._stamp_ns is not None and stamp_ns <= self._stamp_ns:
            self._least.clear()
        self._stamp_ns = stamp_ns
        offset = arrived_ns - stamp_ns
        if self._least and offset - self._least[0][1] > LONGEST_LAG_NS:
            self._least.clear()
        while self._least and self._least[-1][1] >= offset:
            self._least.pop()
        self._least.append((arrived_ns, offset))
        while arrived_ns - self._least[0][0] > WINDOW_NS:
            self._least.popleft()
        return offset - self._least[0][1]
