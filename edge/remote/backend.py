"""A remote classifier as a backend: from crops to logits, in time, and with what to do when the server fails."""

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from edge.errors import RemoteError
from edge.remote.address import RemoteAddress
from edge.remote.breaker import CircuitBreaker
from edge.remote.calls import CallFailed, Client, checked
from edge.remote.retry_budget import RetryBudget
from models.backends import Logits
from models.errors import ModelError
from models.weights_record import WeightsRecord

LOCAL_NETWORK = "local-network"
"""In `degraded`: the server didn't answer, and the network in this process did instead."""
OPENING_TIMEOUT_S = 10.0
"""For the first answer of all: servers lay out a network when they are first asked."""
MOST_TRIES = 3
TRY_WAIT_S = 0.01
"""Before the second try, and twice as long before each next; between half and all of it, so that clients that failed
together don't come back together."""
LEAST_TRY_S = 0.005
"""With less time left there is no use in another try."""
LEAST_PROBABILITY = 1e-12
"""Has a logarithm, and is as good as none."""


Outcome = Literal["server", "local", "nobody"]
"""Who answered a batch."""


@dataclass(frozen=True, slots=True)
class RemoteEvent:
    """What a log should say of a server."""

    kind: Literal["failed", "back", "closed"]
    text: str
    """One line: what failed, that the server answers again, or what came of all batches in the end."""


@dataclass(slots=True)
class RemoteCounts:
    """What came of batches so far."""

    answered: int = 0
    """By the server."""
    fallen_back: int = 0
    """Answered by the network in this process."""
    refused: int = 0
    """Answered by nobody."""
    failures: int = 0
    """Tries and trials that failed."""
    retries: int = 0

    def __str__(self) -> str:
        return (
            f"{self.answered} batches answered, {self.fallen_back} by the network in this process instead, "
            f"{self.refused} by nobody; {self.failures} failures, {self.retries} tries again"
        )


class RemoteBackend:
    """Asks a server for what a network says, and another network where it fails.

    A call is a function as `models.backends` describes it. Where the server doesn't answer, it is tried again while
    the budget and the time allow. After failures in a row it is left alone: then nobody waits for it, and a thread
    tries it with one crop until it answers.

    Args:
        address: Where the server is.
        client: Asks it.
        record: Of the weights that the server is to have.
        fallback: What answers where the server doesn't; None where nothing may.
        report: Is told, from any thread, of what fails and of what answers again.
        observe: Is told who answered each batch.
    """

    def __init__(
        self,
        address: RemoteAddress,
        client: Client,
        record: WeightsRecord,
        fallback: Logits | None,
        report: Callable[[RemoteEvent], None] = lambda event: None,
        observe: Callable[[Outcome], None] = lambda outcome: None,
    ) -> None:
        self.counts = RemoteCounts()
        self._address = address
        self._client = client
        self._record = record
        self._fallback = fallback
        self._report = report
        self._observe = observe
        self._breaker = CircuitBreaker()
        self._budget = RetryBudget()
        self._fault = ""
        self._fell_back = False
        self._state = threading.Lock()
        self._closing = threading.Event()
        self._trial: threading.Thread | None = None

    @property
    def name(self) -> str:
        """The server and its model."""
        return str(self._address)

    @property
    def degraded(self) -> tuple[str, ...]:
        """What is not as it should be: a word since a batch was not the server's, until it answers again."""
        return (LOCAL_NETWORK,) if self._fell_back else ()

    @property
    def available(self) -> bool:
        """Whether the next batch would go to the server."""
        return not self._breaker.is_open

    @property
    def answers(self) -> bool:
        """Whether a batch would be answered at all."""
        return self.available or self._fallback is not None

    def open(self) -> None:
        """Ask for the first time, with one crop and more patience.

        Raises RemoteError where that fails and nothing may stand in.
        """
        try:
            self._ask(self._black_crop(), OPENING_TIMEOUT_S)
        except CallFailed as failure:
            self._note_failure(failure, leave_alone=True)
            if self._fallback is None:
                raise RemoteError(f"{self.name} {failure}") from None

    def __call__(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Logits (n, classes + 1) of crops (n, size, size, 3) uint8 BGR. Raises RemoteError where nobody answers."""
        if not self._breaker.is_open:
            try:
                probabilities = self._ask(crops, self._address.timeout_s)
            except CallFailed as failure:
                self._note_failure(failure)
            else:
                with self._state:
                    self.counts.answered += 1
                    self._fell_back = False
                self._observe("server")
                return self._logits(probabilities)
        if self._fallback is None:
            with self._state:
                self.counts.refused += 1
            self._observe("nobody")
            raise RemoteError(f"{self.name} {self._fault}")
        with self._state:
            self.counts.fallen_back += 1
            self._fell_back = True
        self._observe("local")
        return self._fallback(crops)

    def close(self) -> None:
        """End the connection, and the thread that tries the server; tell the counts."""
        with self._state:
            self._closing.set()
            trial = self._trial
        self._client.close()
        if trial is not None:
            trial.join(self._address.timeout_s)
        self._report(RemoteEvent("closed", f"{self.name}: {self.counts}"))

    def _ask(self, crops: NDArray[np.uint8], timeout_s: float) -> NDArray[np.float32]:
        """Probabilities, after as many tries as are allowed. Raises CallFailed with what failed last."""
        deadline_s = time.monotonic() + timeout_s
        wait_s = TRY_WAIT_S
        for left in reversed(range(MOST_TRIES)):
            try:
                answer = self._client.probabilities(crops, deadline_s - time.monotonic())
                checked(answer, len(crops), self._record.sign_classes + 1)
            except CallFailed as failure:
                with self._state:
                    self.counts.failures += 1
                    self._budget.note_failure()
                    pause_s = wait_s * random.uniform(0.5, 1)
                    in_time = deadline_s - time.monotonic() >= pause_s + LEAST_TRY_S
                    if not (failure.retry and left > 0 and in_time and self._budget.allows):
                        raise
                    self.counts.retries += 1
                self._closing.wait(pause_s)
                wait_s *= 2
            else:
                with self._state:
                    self._budget.note_success()
                    self._breaker.note_success()
                return answer
        raise AssertionError("the last try answers or raises")

    def _logits(self, probabilities: NDArray[np.float32]) -> NDArray[np.float32]:
        """What the network must have said for these, up to what a softmax doesn't tell."""
        return np.log(np.maximum(probabilities, np.float32(LEAST_PROBABILITY))) * np.float32(self._record.temperature)

    def _note_failure(self, failure: CallFailed, *, leave_alone: bool = False) -> None:
        with self._state:
            self._fault = str(failure)
            self._breaker.note_failure(time.monotonic(), lasting=failure.lasting or leave_alone)
            if self._breaker.is_open and self._trial is None and not self._closing.is_set():
                self._trial = threading.Thread(target=self._try_until_it_answers, name="remote-trial", daemon=True)
                self._trial.start()
        instead = "" if self._fallback is None else "; the network in this process answers instead"
        self._report(RemoteEvent("failed", f"{self.name} {failure}{instead}"))

    def _try_until_it_answers(self) -> None:
        while not self._closing.wait(self._breaker.until_trial_s(time.monotonic())):
            try:
                answer = self._client.probabilities(self._black_crop(), self._address.timeout_s)
                checked(answer, 1, self._record.sign_classes + 1)
            except CallFailed as failure:
                with self._state:
                    self.counts.failures += 1
                    self._fault = str(failure)
                    self._breaker.note_failure(time.monotonic(), lasting=failure.lasting)
            else:
                break
        with self._state:
            self._trial = None
            self._breaker.note_success()
            self._fell_back = False
        if not self._closing.is_set():
            self._report(RemoteEvent("back", f"{self.name} answers again"))

    def _black_crop(self) -> NDArray[np.uint8]:
        size = self._record.crop_size_px
        return np.zeros((1, size, size, 3), np.uint8)


def open_backend(
    address: RemoteAddress,
    record: WeightsRecord,
    fallback: Logits | None,
    report: Callable[[RemoteEvent], None] = lambda event: None,
    observe: Callable[[Outcome], None] = lambda outcome: None,
) -> RemoteBackend:
    """A backend that was asked once; close it.

    Raises ModelError where what the protocol needs isn't installed, RemoteError as of `RemoteBackend.open`.
    """
    client = _client(address)
    backend = RemoteBackend(address, client, record, fallback, report, observe)
    try:
        backend.open()
    except BaseException:
        client.close()
        raise
    return backend


def _client(address: RemoteAddress) -> Client:
    if address.protocol == "tfserving+http":
        from edge.remote.predict_rest import RestClient

        return RestClient(address)
    try:
        if address.protocol == "kserve+grpc":
            from edge.remote.open_inference import OpenInferenceClient

            return OpenInferenceClient(address)
        from edge.remote.predict_grpc import PredictionServiceClient

        return PredictionServiceClient(address)
    except ImportError as error:
        raise ModelError(f"{address} needs {error.name}: pip install 'signwatch[remote]'") from error
