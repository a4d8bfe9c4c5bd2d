"""Crops of many requests through the network at once: what has arrived together goes as one batch."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from models.backends import BATCHES
from models.classifier import Classifier

LARGEST_BATCH = BATCHES[-1]


def one_at_a_time(classifier: Classifier) -> Classifier:
    """The same classifier for several threads: LiteRT's networks are not safe to use from more than one at once."""
    free = threading.Lock()

    def logits(crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        with free:
            return classifier.logits(crops)

    return replace(classifier, logits=logits)


@dataclass(frozen=True, slots=True)
class _Waiting:
    crops: NDArray[np.uint8]
    answer: "asyncio.Future[NDArray[np.float32]]"


class Batcher:
    """Runs a classifier for the requests of one event loop.

    Nobody waits for a batch to fill. Requests that are read in the same turn of the loop go together, and so does all
    that has gathered meanwhile.

    Args:
        classifier: What is run.
        elsewhere: Runs it in threads; None runs it on the event loop itself. A network of a fraction of a millisecond a
            crop takes less time there than the loop and a thread take from one another: 480 against 600 µs a request
            of one core. One that waits for something, such as another machine, belongs elsewhere.
        note: Is told how many crops each batch had.
    """

    def __init__(
        self,
        classifier: Classifier,
        elsewhere: Executor | None = None,
        note: Callable[[int], None] = lambda crops: None,
    ) -> None:
        self._classifier = classifier
        self._elsewhere = elsewhere
        self._note = note
        self._waiting: deque[_Waiting] = deque()
        self._due = False

    async def probabilities(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        """As `Classifier.probabilities`, for at most `LARGEST_BATCH` crops; raises what that raises."""
        loop = asyncio.get_running_loop()
        waiting = _Waiting(crops, loop.create_future())
        self._waiting.append(waiting)
        if not self._due:
            self._due = True
            loop.call_soon(self._run, loop)
        return await waiting.answer

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        batch = self._take()
        crops = np.concatenate([waiting.crops for waiting in batch])
        self._note(len(crops))
        if self._elsewhere is None:
            self._go_on(loop)
            try:
                _hand_out(batch, self._classifier.probabilities(crops))
            except Exception as error:  # whoever asked is told, and the next batch has its turn
                _refuse(batch, error)
            return
        running = loop.run_in_executor(self._elsewhere, self._classifier.probabilities, crops)
        running.add_done_callback(lambda done: self._finish(loop, batch, done))

    def _finish(
        self, loop: asyncio.AbstractEventLoop, batch: list[_Waiting], done: "asyncio.Future[NDArray[np.float32]]"
    ) -> None:
        self._go_on(loop)
        error = asyncio.CancelledError() if done.cancelled() else done.exception()
        if error is None:
            _hand_out(batch, done.result())
        else:
            _refuse(batch, error)

    def _go_on(self, loop: asyncio.AbstractEventLoop) -> None:
        self._due = bool(self._waiting)
        if self._due:
            loop.call_soon(self._run, loop)

    def _take(self) -> list[_Waiting]:
        batch: list[_Waiting] = []
        room = LARGEST_BATCH
        while self._waiting and len(self._waiting[0].crops) <= room:
            batch.append(self._waiting.popleft())
            room -= len(batch[-1].crops)
        return batch


def _hand_out(batch: list[_Waiting], probabilities: NDArray[np.float32]) -> None:
    start = 0
    for waiting in batch:
        end = start + len(waiting.crops)
        if not waiting.answer.done():  # else its request has gone
            waiting.answer.set_result(probabilities[start:end])
        start = end


def _refuse(batch: list[_Waiting], error: BaseException) -> None:
    for waiting in batch:
        if not waiting.answer.done():
            waiting.answer.set_exception(error)
