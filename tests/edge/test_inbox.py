"""What a subscriber takes in from the wire may be anything: nothing is raised, nothing hangs, nothing piles up."""

import json
import time
import tracemalloc
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.inbox import MAX_SOURCES, Inbox, Limits
from edge.messages import MESSAGES, encode
from tests.edge.messages import ONE_OF_EACH

LARGEST = 2**63 - 1
LIMITS = Limits()

anything = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=10), inner, max_size=5),
    max_leaves=20,
)
"""Values that JSON, or what Python takes for it, can carry."""


@st.composite
def altered(draw: st.DrawFn) -> list[bytes]:
    """A message of ours in which some values, at any depth, are others, or are gone, or some are new."""
    topic = draw(st.sampled_from(list(ONE_OF_EACH)))
    message = json.loads(encode(ONE_OF_EACH[topic]))
    for _ in range(draw(st.integers(1, 4))):
        place: Any = message
        while True:
            keys = list(place) if isinstance(place, dict) else list(range(len(place)))
            key = draw(st.sampled_from(keys)) if keys else None
            if key is None or not isinstance(place[key], dict | list) or draw(st.booleans()):
                break
            place = place[key]
        match draw(st.sampled_from(["other", "gone", "new"])):
            case "gone" if key is not None:
                del place[key]
            case "new" if isinstance(place, dict):
                place[draw(st.text(max_size=10))] = draw(anything)
            case _ if key is not None:
                place[key] = draw(anything | st.sampled_from([0, -1, LARGEST, LARGEST + 1, 1e308, -0.0]))
    return [topic, json.dumps(message).encode()]


arrivals = st.lists(
    st.lists(st.binary(max_size=200), max_size=4)
    | altered()
    | st.tuples(st.sampled_from(list(MESSAGES)), anything.map(lambda value: json.dumps(value).encode())).map(list)
    | st.sampled_from([[topic, encode(message)] for topic, message in ONE_OF_EACH.items()]),
    max_size=20,
)


@given(arrivals)
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_arrives_every_question_is_answered(arrivals: list[list[bytes]]) -> None:
    inbox = Inbox(None, LIMITS)
    taken = 0
    for parts in arrivals:
        received = inbox.take(parts)
        assert received is None or isinstance(received[0], MESSAGES[parts[0]])
        taken += received is not None
        assert inbox.faults() or (inbox.alive() and not inbox.stale())
        fresh_ms = inbox.fresh_ms()
        assert fresh_ms is None or fresh_ms >= 0
        assert inbox.rate_hz() >= 0
    assert inbox.malformed <= len(arrivals) - taken
    assert all(state.missed >= 0 and state.gaps <= len(arrivals) for state in inbox.states.values())


def deep(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


@pytest.mark.parametrize(
    "payload",
    [
        deep(400_000),
        b'{"schema":"signwatch.frame/1","x":' + deep(400_000) + b"}",
        b'{"a":' * 100_000,
        b'"' + b"\\u0000" * 150_000 + b'"',
        b'{"schema":"signwatch.frame/1","seq":' + b"9" * 900_000 + b"}",
        b'{"schema":"signwatch.frame/1","seq":1e' + b"9" * 900_000 + b"}",
        b"[" + b"0," * 400_000 + b"0]",
        b'{"signs":[' + b"{}," * 300_000 + b"{}]}",
    ],
    ids=lambda payload: repr(payload[:40]),
)
def test_the_worst_that_fits_into_a_message_is_refused_soon_and_in_little_memory(payload: bytes) -> None:
    inbox = Inbox(None, LIMITS)
    tracemalloc.start()
    begun_s = time.monotonic()
    assert inbox.take([b"frame", payload]) is None
    assert time.monotonic() - begun_s < 10
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert inbox.malformed == 1
    assert most < 64 * 2**20


def test_a_flood_of_sources_sessions_and_numbers_takes_bounded_memory() -> None:
    inbox = Inbox(None, LIMITS)
    messages = [json.loads(encode(message)) for message in ONE_OF_EACH.values()]

    def flood(begin: int) -> None:
        for number in range(begin, begin + 500):
            for message, topic in zip(messages, ONE_OF_EACH, strict=True):
                several = message | {"source": f"{number}" + "x" * 1000, "session": f"{number}", "seq": number}
                assert inbox.take([topic, json.dumps(several).encode()]) is not None

    flood(0)
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    flood(500)
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(inbox.states) == len(inbox.info.keys() | inbox.states.keys()) == MAX_SOURCES
    assert after - before < 2**20
