"""Who does the work: processes of this machine, or anything else that takes a function and gives a future."""

import multiprocessing
import os
import signal
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from ctypes import c_byte
from functools import partial
from queue import SimpleQueue
from typing import Generic, Protocol, TypeVar

from edge.errors import WireError
from edge.opencv_log import quiet_opencv

ATTEMPTS = 3
"""At work whose worker died: it may have been killed, or lost with its machine."""
LOOK_S = 0.5
"""How often a process looks whether it is still wanted."""

Argument = TypeVar("Argument")
Result = TypeVar("Result")


class Workers(Protocol):
    """Many that work at the same time."""

    at_once: int
    """Calls that may be open at the same time; more are not handed over."""
    died: tuple[type[BaseException], ...]
    """What a future raises where who worked on it died, which may be the work's fault or not."""
    lost: tuple[type[BaseException], ...]
    """What it raises, or `submit` does, where there are no workers any more."""

    def submit(self, work: Callable[[Argument], Result], argument: Argument) -> "Future[Result]":
        """Have `work` done on an argument, some time; both are pickled."""
        ...

    def close(self) -> None:
        """End everything, also what is being worked on."""
        ...


class Calls(Generic[Argument, Result]):
    """Calls of one function, as many at the same time as the workers take.

    Args:
        workers: They do it.
        work: The function.
        arguments: Of the calls; fetched as they are wanted.
    """

    def __init__(self, workers: Workers, work: Callable[[Argument], Result], arguments: Iterable[Argument]) -> None:
        self._workers = workers
        self._work = work
        self._arguments = iter(arguments)
        self._first: deque[Argument] = deque()
        self._open: dict[Future[Result], Argument] = {}
        self._died: Counter[Argument] = Counter()

    def ask(self, argument: Argument) -> None:
        """Have one more call made, before those that are waiting."""
        self._first.append(argument)

    def answers(self) -> Iterator[tuple[Argument, Result | BaseException]]:
        """Give what came of each call, in the order in which they end: a result, or what was raised.

        Where a worker died, the call is made again, `ATTEMPTS` times in all. Raises WireError where there are no
        workers any more.
        """
        try:
            while self._fill():
                for future in wait(self._open, return_when=FIRST_COMPLETED).done:
                    argument = self._open.pop(future)
                    error = future.exception()
                    if isinstance(error, self._workers.lost):
                        raise error
                    self._died[argument] += isinstance(error, self._workers.died)
                    if isinstance(error, self._workers.died) and self._died[argument] < ATTEMPTS:
                        self._first.append(argument)
                    else:
                        self._died.pop(argument, None)
                        yield argument, future.result() if error is None else error
        except self._workers.lost as error:
            raise WireError(f"the workers are gone ({error}); the same command goes on where it was") from error

    def _fill(self) -> bool:
        """Hand over what may be; False where nothing is left to wait for."""
        while len(self._open) < self._workers.at_once:
            if self._first:
                argument = self._first.popleft()
            else:
                try:
                    argument = next(self._arguments)
                except StopIteration:
                    break
            self._open[self._workers.submit(self._work, argument)] = argument
        return bool(self._open)


class LocalWorkers:
    """Processes of this machine, each a pool of its own: when one dies, it is known over what, and the others go on."""

    died: tuple[type[BaseException], ...] = (BrokenProcessPool,)
    lost: tuple[type[BaseException], ...] = ()

    def __init__(self, count: int) -> None:
        self.at_once = count
        # Not forked: what threads of this process hold at that moment would stay held.
        self._context = multiprocessing.get_context("spawn")
        # No event, which has a lock: a process that is killed while it holds that would hold up all.
        self._stopped = self._context.RawValue("b", 0)
        self._free: SimpleQueue[ProcessPoolExecutor] = SimpleQueue()
        self._pools: set[ProcessPoolExecutor] = set()
        for _ in range(count):
            self._free.put(self._pool())

    def submit(self, work: Callable[[Argument], Result], argument: Argument) -> "Future[Result]":
        """Have a free process do it; waits for one."""
        pool = self._free.get()
        future = pool.submit(work, argument)
        future.add_done_callback(partial(self._release, pool))
        return future

    def close(self) -> None:
        """End the processes at once."""
        self._stopped.value = 1
        for pool in tuple(self._pools):
            pool.shutdown(cancel_futures=True)

    def _pool(self) -> ProcessPoolExecutor:
        pool = ProcessPoolExecutor(
            1, mp_context=self._context, initializer=_begin, initargs=(os.getpid(), self._stopped)
        )
        self._pools.add(pool)
        return pool

    def _release(self, pool: ProcessPoolExecutor, future: "Future[object]") -> None:
        if self._stopped.value:
            return
        if not future.cancelled() and isinstance(future.exception(), BrokenProcessPool):
            self._pools.discard(pool)
            pool = self._pool()
        self._free.put(pool)


def _begin(parent: int, stopped: c_byte) -> None:
    """What a process does before its first piece: it takes one core, and it ends when it isn't wanted any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one who asked
    take_one_core()
    threading.Thread(target=_end_when_unwanted, args=(parent, stopped), daemon=True).start()


def _end_when_unwanted(parent: int, stopped: c_byte) -> None:
    while os.getppid() == parent and not stopped.value:
        time.sleep(LOOK_S)
    os._exit(1)


def take_one_core() -> None:
    """Keep OpenCV from using the cores on which others read."""
    import cv2

    cv2.setNumThreads(1)
    quiet_opencv()
