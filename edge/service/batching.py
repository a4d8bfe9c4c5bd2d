"""Crops of many requests through the network at once: what waits when the network is free goes as one batch."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable
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
    loop: asyncio.AbstractEventLoop
    answer: "asyncio.Future[NDArray[np.float32]]"


class Batcher:
    """Runs a classifier in a thread of its own; ask it from any event loop.

    Nobody waits for a batch to fill: while the network is busy requests gather, and when it is free all of them go.

    Args:
        classifier: Is used from this thread.
        note: Is told how many crops each batch had, from the thread.
    """

    def __init__(self, classifier: Classifier, note: Callable[[int], None] = lambda crops: None) -> None:
        self._classifier = classifier
        self._note = note
        self._waiting: deque[_Waiting] = deque()
        self._changed = threading.Condition()
        self._ending = False
        self._thread = threading.Thread(target=self._run, name="network", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether it answers."""
        return self._thread.is_alive()

    async def probabilities(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        """As `Classifier.probabilities`, for at most `LARGEST_BATCH` crops; raises what that raises."""
        loop = asyncio.get_running_loop()
        waiting = _Waiting(crops, loop, loop.create_future())
        with self._changed:
            if self._ending:
                raise RuntimeError("the network was stopped")
            self._waiting.append(waiting)
            self._changed.notify()
        return await waiting.answer

    def close(self) -> None:
        """Answer what waits, and end."""
        with self._changed:
            self._ending = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._ending)
                batch = self._take()
            if not batch:
                return
            try:
                crops = np.concatenate([waiting.crops for waiting in batch])
                self._note(len(crops))
                answers: NDArray[np.float32] | Exception = self._classifier.probabilities(crops)
            except Exception as error:  # whoever asked is told, and the next batch has its turn
                answers = error
            self._hand_out(batch, answers)

    def _take(self) -> list[_Waiting]:
        batch: list[_Waiting] = []
        room = LARGEST_BATCH
        while self._waiting and len(self._waiting[0].crops) <= room:
            batch.append(self._waiting.popleft())
            room -= len(batch[-1].crops)
        return batch

    @staticmethod
    def _hand_out(batch: list[_Waiting], answers: "NDArray[np.float32] | Exception") -> None:
        """Wake each event loop once, however many of its requests are answered."""
        shares: dict[asyncio.AbstractEventLoop, list[tuple[_Waiting, NDArray[np.float32] | Exception]]] = {}
        start = 0
        for waiting in batch:
            end = start + len(waiting.crops)
            share = answers if isinstance(answers, Exception) else answers[start:end]
            shares.setdefault(waiting.loop, []).append((waiting, share))
            start = end
        for loop, share_of_loop in shares.items():
            if not loop.is_closed():
                loop.call_soon_threadsafe(_answer, share_of_loop)


def _answer(shares: "list[tuple[_Waiting, NDArray[np.float32] | Exception]]") -> None:
    for waiting, share in shares:
        if waiting.answer.done():  # its request has gone
            continue
        if isinstance(share, Exception):
            waiting.answer.set_exception(share)
        else:
            waiting.answer.set_result(share)
