"""Which part of a drive is kept: the seconds before each sign and after it."""

from collections import deque

from edge.recording.layout import NS, Entry

MAX_WAITING_BYTES = 256 * 2**20
"""Of what waits for a sign: 5 s of eight cameras of 1280x720. Beyond it, the seconds before a sign are fewer."""


class EventGate:
    """Holds back what came last, and lets it pass once there is a reason to keep it.

    Args:
        before_s: How long before a reason what came is kept, in seconds.
        after_s: How long after one.
        max_bytes: Of what is held back.
    """

    def __init__(self, before_s: float, after_s: float, max_bytes: int = MAX_WAITING_BYTES) -> None:
        self._before_ns = round(before_s * NS)
        self._after_ns = round(after_s * NS)
        self._max_bytes = max_bytes
        self._waiting: deque[Entry] = deque()
        self._waiting_bytes = 0
        self._until_ns: int | None = None

    def take(self, entry: Entry, *, reason: bool) -> list[Entry]:
        """Take in one more entry, and give what is to be kept now, in order."""
        if reason:
            self._until_ns = entry.monotonic_ns + self._after_ns
        self._waiting.append(entry)
        self._waiting_bytes += len(entry.data)
        while len(self._waiting) > 1 and (
            entry.monotonic_ns - self._waiting[0].monotonic_ns > self._before_ns
            or self._waiting_bytes > self._max_bytes
        ):
            self._waiting_bytes -= len(self._waiting.popleft().data)
        if self._until_ns is None or entry.monotonic_ns > self._until_ns:
            return []
        passed = list(self._waiting)
        self._waiting.clear()
        self._waiting_bytes = 0
        return passed
