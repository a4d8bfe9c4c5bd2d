"""A control process inside a test: it takes in all that a live run sends and judges it."""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edge.curve import SubscriberKeys
from edge.messages import FrameMessage, HealthMessage
from edge.subscriber import SignSubscriber
from tests.edge.cli.live_run import LiveRun
from tests.waiting import PATIENCE_S, eventually

RETURN_S = 5.0
"""So soon after a source's return its signs have to be right again, on a machine that has time for them."""
LATE_THREADS = 2
"""Libraries start threads of their pools when they first need them, as for a larger picture."""
READING_NS = 5 * 10**8
"""Between reading one clock and the other a busy machine may do something else."""


class Watching:
    """One source's messages.

    Attributes:
        missed: Messages that were sent and did not arrive.
        wrong: What was wrong with messages' times.
    """

    def __init__(self, address: str, signs: set[str], keys: SubscriberKeys | None = None) -> None:
        self.wrong: list[str] = []
        self._signs = signs
        self._right_ns = 0
        self._last: FrameMessage | None = None
        self._begun_ns = time.time_ns()
        self._ending = threading.Event()
        self._subscriber = SignSubscriber(address, keys=keys)
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    @property
    def missed(self) -> int:
        return self._subscriber.missed

    @property
    def health(self) -> HealthMessage | None:
        return next(iter(self._subscriber.health.values()), None)

    @property
    def openings(self) -> int:
        return self.health.openings if self.health else 0

    @property
    def given(self) -> str | None:
        return next((info.given for info in self._subscriber.info.values()), None)

    @property
    def last(self) -> FrameMessage:
        assert self._last is not None
        return self._last

    def until_right(self, since_ns: int = 0) -> None:
        """Until the signs are right in a picture captured since then, by the clock on the wall."""
        eventually(lambda: self._right_ns > since_ns, 2 * PATIENCE_S)

    def until_right_again(self) -> None:
        """The same for a source that has just come back, in the time that is given to it."""
        returned_s = time.monotonic()
        self.until_right(time.time_ns())
        crowding = max(1.0, os.getloadavg()[0] / len(os.sched_getaffinity(0)))
        assert time.monotonic() - returned_s < RETURN_S * crowding

    def until_faulty(self) -> None:
        """Until the source has failed once more, which a busy machine's silence is not."""
        before = self._faults()
        eventually(lambda: self._faults() > before, 2 * PATIENCE_S)

    def until_state(self, state: str) -> HealthMessage:
        """Until health says so."""
        eventually(lambda: self.health is not None and self.health.state == state, 2 * PATIENCE_S)
        assert self.health is not None
        return self.health

    def end(self) -> None:
        self._ending.set()
        self._thread.join()
        self._subscriber.close()

    def _faults(self) -> int:
        return self.health.faults if self.health else 0

    def _run(self) -> None:
        while not self._ending.is_set():
            message = self._subscriber.receive(0.1)
            if message is not None:
                self._look(message, time.time_ns())

    def _look(self, message: FrameMessage, now_ns: int) -> None:
        captured_ns, published_ns, last = message.captured_ns, message.published_ns, self._last
        latency_ns = message.latency_ms.total * 1e6
        order = [self._begun_ns - 10**9, last.captured_ns if last else 0, captured_ns, published_ns, now_ns]
        if order[2:] != sorted(order[2:]) or captured_ns < max(order[:2]):
            self.wrong.append(f"frame {message.frame}: {order} is no order of times")
        if abs(published_ns - captured_ns - latency_ns) > READING_NS:
            self.wrong.append(f"frame {message.frame}: {published_ns - captured_ns} ns are {latency_ns} ns")
        self._last = message
        if {sign.name for sign in message.signs if sign.state == "confirmed"} == self._signs:
            self._right_ns = captured_ns


@contextmanager
def watching(run: LiveRun, *signs: str, keys: SubscriberKeys | None = None) -> Iterator[Watching]:
    """Watch a run from its first right signs on; afterwards it is stopped and every frame is accounted for."""
    watcher = Watching(run.address, set(signs), keys)
    try:
        watcher.until_right()
        yield watcher
        run.process.terminate()
        assert run.end() == 0
    finally:
        watcher.end()
    assert not watcher.wrong, watcher.wrong[:3]
    assert watcher.missed == 0
    captured, published, dropped = run.counts(watcher.last.source)
    assert captured == published + dropped
    assert published > 0
    assert not run.has_said("Traceback")


class Held:
    """Threads and descriptors of a process, to see that none is left behind."""

    def __init__(self, pid: int) -> None:
        self._folder = Path("/proc") / str(pid)
        self._before = self._count()

    def until_as_before(self) -> None:
        def is_as_before() -> bool:
            (threads, descriptors), before = self._count(), self._before
            return threads <= before[0] + LATE_THREADS and descriptors <= before[1]

        eventually(is_as_before)

    def _count(self) -> tuple[int, int]:
        threads, descriptors = (sum(1 for _ in (self._folder / kind).iterdir()) for kind in ("task", "fd"))
        return threads, descriptors
