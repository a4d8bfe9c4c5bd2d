"""How many failed calls may be tried again: a share of those that succeed, so that tries never bury a server that is
already too slow."""

MOST_TOKENS = 10.0
TOKENS_OF_A_SUCCESS = 0.1


class RetryBudget:
    """A bucket of tokens as gRPC's own clients keep it (gRFC A6, retry throttling).

    A failure takes a token and a success gives a tenth of one back. While the bucket is half empty, nothing is tried
    again.
    """

    def __init__(self) -> None:
        self._tokens = MOST_TOKENS

    @property
    def allows(self) -> bool:
        """Whether a call that failed may be tried again."""
        return self._tokens > MOST_TOKENS / 2

    def note_success(self) -> None:
        """A try was answered."""
        self._tokens = min(MOST_TOKENS, self._tokens + TOKENS_OF_A_SUCCESS)

    def note_failure(self) -> None:
        """A try failed."""
        self._tokens = max(0.0, self._tokens - 1)
