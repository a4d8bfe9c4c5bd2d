"""Tells what happens for the first time from what happens again, so that a log says each fault once and then counts."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)

FIRST_INTERVAL_S = 60.0
"""After which what was repeated is counted up for the first time, and after which what was not is forgotten."""
LONGEST_INTERVAL_S = 3600.0
"""The interval doubles up to this while it goes on."""
MOST_KEYS = 256
"""Followed at a time; the oldest is forgotten for a new one."""


@dataclass(slots=True)
class _Repeated:
    since_s: float
    interval_s: float
    count: int = 0


class Repeats(Generic[Key]):
    """Follows things that happen again and again. Times are handed in, in seconds of a monotonic clock."""

    def __init__(self) -> None:
        self._known: dict[Key, _Repeated] = {}

    def is_new(self, key: Key, now_s: float, count: int = 1) -> bool:
        """Take in that something happened, so many times: True where it is to be said at once, else it is counted."""
        if key in self._known:
            self._known[key].count += count
            return False
        if len(self._known) >= MOST_KEYS:
            del self._known[next(iter(self._known))]
        self._known[key] = _Repeated(now_s, FIRST_INTERVAL_S)
        return True

    def due(self, now_s: float) -> list[tuple[Key, int, float]]:
        """What was repeated, how often, and in how many seconds, for all whose interval is over."""
        told = []
        for key, repeated in list(self._known.items()):
            elapsed_s = now_s - repeated.since_s
            if elapsed_s < repeated.interval_s:
                continue
            if repeated.count == 0:
                del self._known[key]
                continue
            told.append((key, repeated.count, elapsed_s))
            longer_s = min(2 * repeated.interval_s, LONGEST_INTERVAL_S)
            self._known[key] = _Repeated(now_s, longer_s)
        return told

    def rest(self, now_s: float) -> list[tuple[Key, int, float]]:
        """What was repeated and not yet told, at the end; everything is forgotten."""
        told = [(key, known.count, now_s - known.since_s) for key, known in self._known.items() if known.count]
        self._known.clear()
        return told
