"""How long functions take, measured side by side, so that whatever else the machine does hits all alike."""

import time
from collections.abc import Callable, Hashable, Mapping
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Name = TypeVar("Name", bound=Hashable)
WARM_UP_CALLS = 3
"""Tracing, planning and the first touch of memory are over by then."""


def time_interleaved(
    functions: Mapping[Name, Callable[[], object]],
    calls: Mapping[Name, int],
    rounds: int,
    report: Callable[[int, int], None],
    seed: int = 0,
) -> dict[Name, NDArray[np.float64]]:
    """Milliseconds of each call, (rounds times calls,) by name.

    Each round calls every function `calls` times, in an order of its own: none always follows the same other one.
    """
    generator = np.random.default_rng(seed)
    names = list(functions)
    for function in functions.values():
        for _ in range(WARM_UP_CALLS):
            function()
    taken: dict[Name, list[float]] = {name: [] for name in names}
    for done in range(rounds):
        for position in generator.permutation(len(names)):
            name = names[position]
            function = functions[name]
            for _ in range(calls[name]):
                started = time.perf_counter_ns()
                function()
                taken[name].append((time.perf_counter_ns() - started) / 1e6)
        report(done + 1, rounds)
    return {name: np.array(milliseconds) for name, milliseconds in taken.items()}
