import numpy as np

from edge.timing import WARM_UP_CALLS, time_interleaved


def test_functions_take_turns_and_warming_up_is_not_counted() -> None:
    called: list[str] = []
    functions = {"a": lambda: called.append("a"), "b": lambda: called.append("b")}
    taken = time_interleaved(functions, {"a": 3, "b": 1}, rounds=5, report=lambda done, total: None)
    assert {name: len(milliseconds) for name, milliseconds in taken.items()} == {"a": 15, "b": 5}
    assert len(called) == 20 + 2 * WARM_UP_CALLS
    counted = called[2 * WARM_UP_CALLS :]
    rounds = ["".join(counted[start : start + 4]) for start in range(0, 20, 4)]
    assert set(rounds) == {"aaab", "baaa"}, "each round has all of them, in an order of its own"
    assert all(np.isfinite(milliseconds).all() for milliseconds in taken.values())
