"""How long things take, measured side by side, so that whatever else the machine does hits all alike."""

import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import partial
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Name = TypeVar("Name", bound=Hashable)
WARM_UP_CALLS = 3
"""Tracing, planning and the first touch of memory are over by then."""
SHARES = {"ms_median": 50, "ms_p90": 90, "ms_p99": 99}


def time_interleaved(
    functions: Mapping[Name, Callable[[], object]],
    calls: Mapping[Name, int],
    rounds: int,
    report: Callable[[int, int], None],
    seed: int = 0,
) -> dict[Name, NDArray[np.float64]]:
    """Milliseconds of each call, (rounds times calls,) by name; each round calls every function `calls` times."""
    for function in functions.values():
        for _ in range(WARM_UP_CALLS):
            function()
    measures = {name: partial(time_calls, function, calls[name]) for name, function in functions.items()}
    return take_turns(measures, rounds, report, seed)


def take_turns(
    measures: Mapping[Name, Callable[[], Sequence[float]]],
    rounds: int,
    report: Callable[[int, int], None],
    seed: int = 0,
) -> dict[Name, NDArray[np.float64]]:
    """All that each measure gave, by name. Each round takes every one, in an order of its own: none always follows the
    same other one.
    """
    generator = np.random.default_rng(seed)
    names = list(measures)
    taken: dict[Name, list[float]] = {name: [] for name in names}
    for done in range(rounds):
        for position in generator.permutation(len(names)):
            taken[names[position]].extend(measures[names[position]]())
        report(done + 1, rounds)
    return {name: np.array(given) for name, given in taken.items()}


def time_calls(function: Callable[[], object], calls: int) -> list[float]:
    """Milliseconds of each of so many calls."""
    taken = []
    for _ in range(calls):
        started = time.perf_counter_ns()
        function()
        taken.append((time.perf_counter_ns() - started) / 1e6)
    return taken


def shares(milliseconds: Sequence[float] | NDArray[np.float64]) -> dict[str, float]:
    """Median, 90th and 99th percentile."""
    return {name: round(float(np.percentile(milliseconds, share)), 4) for name, share in SHARES.items()}
