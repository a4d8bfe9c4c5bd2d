"""When a server is asked no more, and when it is tried again."""

FAILURES_IN_A_ROW = 3
"""One alone may be the network's hiccup; more would make as many frames late."""
FIRST_WAIT_S = 0.25
LONGEST_WAIT_S = 8.0
"""Between two trials. What comes back is used again so much later at most."""


class CircuitBreaker:
    """Closed while calls go to the server; open after failures, until a trial succeeds.

    Times are handed in, in seconds of a monotonic clock. (M. Nygard, "Release It!", 2007, Stability Patterns.)
    """

    def __init__(self) -> None:
        self._failures = 0
        self._wait_s = FIRST_WAIT_S
        self._trial_s: float | None = None

    @property
    def is_open(self) -> bool:
        """Whether calls are to be kept from the server."""
        return self._trial_s is not None

    def note_success(self) -> None:
        """A call or trial was answered."""
        self._failures = 0
        self._wait_s = FIRST_WAIT_S
        self._trial_s = None

    def note_failure(self, now_s: float, *, lasting: bool) -> None:
        """A call or trial failed; `lasting` where the next one would fail just so."""
        self._failures += 1
        if self.is_open or lasting or self._failures >= FAILURES_IN_A_ROW:
            self._trial_s = now_s + self._wait_s
            self._wait_s = min(2 * self._wait_s, LONGEST_WAIT_S)

    def until_trial_s(self, now_s: float) -> float:
        """Seconds until the server may be tried; 0 where it is time to."""
        return 0.0 if self._trial_s is None else max(0.0, self._trial_s - now_s)
