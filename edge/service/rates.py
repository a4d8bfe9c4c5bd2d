"""How often one client may ask: a token bucket each (RFC 2697's idea of a rate and a burst)."""

from collections import OrderedDict

MOST_CLIENTS = 10_000
"""Buckets that are kept. The one used longest ago is forgotten, and by then it is full again unless ten thousand others
asked since."""


ROUNDING = 1e-9
"""Of tokens, by which sums of fractions may be short of one."""


class RateLimiter:
    """Counts within one process.

    Args:
        per_second: Requests a second that may go on for ever.
        burst: Requests that may come at once after a rest.
    """

    def __init__(self, per_second: float, burst: int) -> None:
        self._per_second = per_second
        self._burst = float(burst)
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, client: str, now_s: float) -> float:
        """Seconds until the client may ask again: 0 where it may ask now, which is then counted.

        `now_s` is of a clock that only goes forward.
        """
        tokens, before_s = self._buckets.pop(client, (self._burst, now_s))
        tokens = min(self._burst, tokens + (now_s - before_s) * self._per_second)
        wait_s = 0.0 if tokens > 1.0 - ROUNDING else (1.0 - tokens) / self._per_second
        self._buckets[client] = (tokens if wait_s else tokens - 1.0, now_s)
        if len(self._buckets) > MOST_CLIENTS:
            self._buckets.popitem(last=False)
        return wait_s
