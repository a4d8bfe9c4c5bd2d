"""Waiting for what will come about, however busy the machine is."""

import time
from collections.abc import Callable

PATIENCE_S = 30.0


def eventually(condition: Callable[[], object], timeout_s: float = PATIENCE_S) -> None:
    """Return once the condition holds; fail where it doesn't in time."""
    deadline_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline_s, "it never came about"
        time.sleep(0.01)
