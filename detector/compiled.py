"""Functions compiled to machine code by Numba: for loops over pixels that neither numpy nor OpenCV has."""

from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path
from typing import ParamSpec, TypeVar, cast

import numba

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


def compiled(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """The function, compiled at its first call and kept on disk for the next process; it releases the GIL.

    `compiled(f).py_func` stays the plain Python one, which tests compare it with.
    """
    return cast(Callable[Parameters, Result], numba.njit(nogil=True, cache=True)(function))


def compiled_for_rows(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Likewise, of short loops along rows of numbers: with vector instructions, some six times as fast.

    For that it takes freedom in the last bit, no NaN, and no division by zero, which nobody notices here.
    """
    fast = numba.njit(nogil=True, cache=True, fastmath=True, error_model="numpy")(function)
    return cast(Callable[Parameters, Result], fast)


def compiled_for_choices(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Likewise, of short loops that choose between numbers: to the last bit as written, and a division by zero, of
    which there is none, raises nothing.
    """
    return cast(Callable[Parameters, Result], numba.njit(nogil=True, cache=True, error_model="numpy")(function))


def code_folder() -> Path:
    """Folder in which the machine code of this package is kept.

    Raises RuntimeError where Numba finds none that it could write, and then the package can't be imported either.
    """
    path = numba.njit(cache=True)(in_halves).stats.cache_path
    assert path is not None
    return Path(path)


def in_halves(executor: Executor, count: int, work: Callable[[slice], None]) -> None:
    """Do `work` on the first and on the second half of `count` things at the same time."""
    for done in [executor.submit(work, half) for half in (slice(0, count // 2), slice(count // 2, count))]:
        done.result()
