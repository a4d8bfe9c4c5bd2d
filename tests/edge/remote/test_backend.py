"""What a backend makes of what its client meets; real servers are in `test_servers`."""

import threading
import time
from collections.abc import Iterator
from typing import TypeAlias

import numpy as np
import pytest
from numpy.typing import NDArray

import edge.remote.breaker
from edge.errors import RemoteError
from edge.remote.address import parse_address
from edge.remote.backend import LOCAL_NETWORK, MOST_TRIES, RemoteBackend, RemoteEvent
from edge.remote.breaker import FAILURES_IN_A_ROW
from edge.remote.calls import CallFailed
from models.weights_record import BUILT_IN, read_record
from tests.waiting import eventually

Opened: TypeAlias = list[RemoteBackend]
Events: TypeAlias = list[RemoteEvent]

RECORD = read_record(BUILT_IN)
ADDRESS = parse_address("kserve+grpc://127.0.0.1:8081/signwatch?timeout=500")
CROPS = np.zeros((8, 32, 32, 3), np.uint8)
LOCAL = np.full((8, 44), 5, np.float32)


class ScriptedClient:
    """Meets what it is told to, one after the other, and then answers."""

    def __init__(self, *failures: CallFailed) -> None:
        self.failures = list(failures)
        self.asked: list[int] = []
        self.closed = threading.Event()

    def probabilities(self, crops: NDArray[np.uint8], timeout_s: float) -> NDArray[np.float32]:
        self.asked.append(len(crops))
        assert 0 < timeout_s <= 10
        if self.failures:
            raise self.failures.pop(0)
        return np.eye(44, dtype=np.float32)[[14] * len(crops)]

    def close(self) -> None:
        self.closed.set()


@pytest.fixture(autouse=True)
def quick_trials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edge.remote.breaker, "FIRST_WAIT_S", 0.02)
    monkeypatch.setattr(edge.remote.breaker, "LONGEST_WAIT_S", 0.05)


@pytest.fixture
def events() -> list[RemoteEvent]:
    return []


@pytest.fixture
def opened() -> Iterator[list[RemoteBackend]]:
    backends: list[RemoteBackend] = []
    yield backends
    for backend in backends:
        backend.close()


def backend_of(
    client: ScriptedClient, opened: list[RemoteBackend], events: list[RemoteEvent], *, fallback: bool = True
) -> RemoteBackend:
    local = (lambda crops: LOCAL[: len(crops)]) if fallback else None
    opened.append(RemoteBackend(ADDRESS, client, RECORD, local, events.append))
    return opened[-1]


GONE = CallFailed("can't be reached", retry=True)
LATE = CallFailed("doesn't answer within 500 ms")
WRONG = CallFailed("refuses", lasting=True)


def test_an_answer_becomes_the_logits_that_give_it(opened: Opened, events: Events) -> None:
    backend = backend_of(ScriptedClient(), opened, events)
    logits = backend(CROPS)
    assert (logits.shape, logits.argmax(axis=1).tolist(), backend.degraded) == ((8, 44), [14] * 8, ())
    assert np.isfinite(logits).all()
    assert (backend.counts.answered, events) == (1, [])


def test_what_may_go_better_at_once_is_tried_again_within_the_same_call(opened: Opened, events: Events) -> None:
    client = ScriptedClient(GONE, GONE)
    backend = backend_of(client, opened, events)
    backend(CROPS)
    assert client.asked == [8, 8, 8]
    assert (backend.degraded, backend.counts.retries, backend.counts.failures) == ((), 2, 2)


def test_who_was_too_late_is_not_asked_twice(opened: Opened, events: Events) -> None:
    client = ScriptedClient(LATE)
    backend = backend_of(client, opened, events)
    assert (backend(CROPS) == LOCAL).all()
    assert client.asked == [8]
    assert backend.degraded == (LOCAL_NETWORK,)
    assert "the network in this process answers instead" in events[0].text
    backend(CROPS)
    assert (backend.counts.fallen_back, backend.counts.answered) == (1, 1)
    assert not backend.degraded


def test_tries_again_end_with_their_budget(opened: Opened, events: Events) -> None:
    client = ScriptedClient(*[CallFailed("gone", retry=True)] * 200)
    backend = backend_of(client, opened, events)
    for _ in range(FAILURES_IN_A_ROW):
        backend(CROPS)
    assert backend.counts.retries < FAILURES_IN_A_ROW * (MOST_TRIES - 1)
    assert backend.counts.fallen_back == FAILURES_IN_A_ROW


def test_after_failures_in_a_row_nobody_waits_and_a_thread_tries_with_one_crop(opened: Opened, events: Events) -> None:
    client = ScriptedClient(*[LATE] * (FAILURES_IN_A_ROW + 2))
    backend = backend_of(client, opened, events)
    for _ in range(FAILURES_IN_A_ROW):
        backend(CROPS)
    assert not backend.available
    assert client.asked[:FAILURES_IN_A_ROW] == [8] * FAILURES_IN_A_ROW
    backend(CROPS)
    eventually(lambda: backend.available)
    assert client.asked[FAILURES_IN_A_ROW:] == [1, 1, 1], "no batch waited for it meanwhile"
    eventually(lambda: events[-1].kind == "back")
    backend(CROPS)
    assert (backend.degraded, client.asked[-1]) == ((), 8)


def test_what_lasts_is_met_once(opened: Opened, events: Events) -> None:
    client = ScriptedClient(*[WRONG] * 10_000)
    backend = backend_of(client, opened, events)
    for _ in range(20):
        backend(CROPS)
    assert client.asked.count(8) == 1
    assert [event.kind for event in events] == ["failed"]


def test_without_anything_to_fall_back_on_the_failure_is_the_callers(opened: Opened, events: Events) -> None:
    backend = backend_of(ScriptedClient(*[WRONG] * 10_000), opened, events, fallback=False)
    for _ in range(2):
        with pytest.raises(RemoteError, match=r"^kserve\+grpc://127\.0\.0\.1:8081/signwatch refuses$"):
            backend(CROPS)
    assert backend.counts.refused == 2


def test_opening_fails_only_where_nothing_may_stand_in(opened: Opened, events: Events) -> None:
    backend_of(ScriptedClient(*[LATE] * 3), opened, events).open()
    assert not opened[0].available, "the first frame doesn't wait again for what was just found missing"
    with pytest.raises(RemoteError, match="doesn't answer"):
        backend_of(ScriptedClient(LATE), opened, events, fallback=False).open()


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (np.zeros((8, 10), np.float32), r"in shape \(8, 10\) where \(8, 44\)"),
        (np.full((8, 44), np.nan, np.float32), "no probabilities"),
        (np.full((8, 44), 1, np.float32), "don't sum to 1"),
        (np.full((8, 44), -1, np.float32), "no probabilities"),
    ],
)
def test_an_answer_that_is_none_is_never_taken_for_one(
    answer: NDArray[np.float32], said: str, opened: Opened, events: Events, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = ScriptedClient()
    monkeypatch.setattr(client, "probabilities", lambda crops, timeout_s: answer[: len(crops)])
    with pytest.raises(RemoteError, match=said):
        backend_of(client, opened, events, fallback=False)(CROPS)


def test_closing_ends_the_trials_and_tells_the_counts(events: Events) -> None:
    before = set(threading.enumerate())  # a test of another module may have left a trial of its own
    client = ScriptedClient(*[WRONG] * 10_000)
    backend = backend_of(client, [], events)
    backend(CROPS)
    backend.close()
    assert client.closed.is_set()
    assert not [thread for thread in threading.enumerate() if thread.name == "remote-trial" and thread not in before]
    asked = len(client.asked)
    time.sleep(0.2)
    assert len(client.asked) == asked
    assert events[-1].kind == "closed"
    assert "0 batches answered, 1 by the network in this process instead" in events[-1].text
