import asyncio
import time
from collections.abc import Iterator

import msgspec
import pytest
import zmq

from edge import AsyncSignSubscriber, HealthMessage, Limits, SignSubscriber, WireError
from edge.inbox import MAX_SOURCES
from edge.messages import MAX_MESSAGE_BYTES, encode
from edge.publisher import SignPublisher
from tests.edge.messages import EVENT, HEALTH, INFO, MESSAGE, STATE, fresh, numbered
from tests.waiting import PATIENCE_S, eventually

LAST = numbered(999_999)


@pytest.fixture
def publisher() -> Iterator[SignPublisher]:
    with SignPublisher("tcp://127.0.0.1:*", high_water_mark=100_000) as publisher:
        yield publisher


def connect(publisher: SignPublisher, *, newest_only: bool = False) -> SignSubscriber:
    subscriber = SignSubscriber(publisher.address, newest_only=newest_only, timeout_s=0.3)
    assert publisher.wait_for_subscriber(5)
    return subscriber


def test_every_message_arrives_in_order(publisher: SignPublisher) -> None:
    with connect(publisher) as subscriber:
        for seq in range(20):
            publisher.publish(numbered(seq))
        assert [message.seq for message in subscriber] == list(range(20))
        assert (subscriber.missed, subscriber.malformed, subscriber.passed_over) == (0, 0, 0)


def test_silence_gives_none(publisher: SignPublisher) -> None:
    with connect(publisher) as subscriber:
        assert subscriber.receive(timeout_s=0) is None
        assert subscriber.receive(timeout_s=0.02) is None


def test_the_newest_is_handed_out_and_the_rest_passed_over(publisher: SignPublisher) -> None:
    with connect(publisher, newest_only=True) as subscriber, connect(publisher) as witness:
        while witness.receive(0.02) is None:
            publisher.publish(numbered(0))
        assert [message.seq for message in subscriber] == [0]
        for seq in range(1, 51):
            publisher.publish(numbered(seq))
        while (seen := witness.receive(5)) is not None and seen.seq < 50:
            pass  # what the witness has, the other has been sent as well
        before = subscriber.passed_over
        handed_out = list(subscriber)
        assert handed_out[-1].seq == 50
        assert subscriber.passed_over - before == 50 - len(handed_out) > 0
        assert subscriber.missed == 0


def test_gaps_in_the_numbering_are_counted(publisher: SignPublisher) -> None:
    with connect(publisher) as subscriber:
        for seq in (5, 6, 9, 10, 14):
            publisher.publish(numbered(seq))
        assert len(list(subscriber)) == 5
        assert subscriber.missed == 2 + 3


def test_a_new_session_begins_a_new_numbering(publisher: SignPublisher) -> None:
    with connect(publisher) as subscriber:
        for message in (numbered(5), numbered(700, "other"), numbered(702, "other")):
            publisher.publish(message)
        assert len(list(subscriber)) == 3
        assert subscriber.missed == 1


@pytest.mark.parametrize(
    "parts",
    [
        [b"frame"],
        [b"frame", b""],
        [b"frame", b"rubbish"],
        [b"frame", b"\x00\xff" * 1000],
        [b"frame", encode(MESSAGE), b"more"],
        [b"framework", encode(MESSAGE)],
        [b"frame", b"[" * 900_000],
        [b"frame", encode(MESSAGE).replace(b"frame/1", b"frame/2")],
    ],
    ids=lambda parts: repr(parts[-1][:20]),
)
def test_rubbish_is_counted_and_nothing_is_raised(parts: list[bytes]) -> None:
    with zmq.Context() as context, context.socket(zmq.XPUB) as stranger:
        stranger.linger = 0
        port = stranger.bind_to_random_port("tcp://127.0.0.1")
        with SignSubscriber(f"tcp://127.0.0.1:{port}") as subscriber:
            assert stranger.recv() == b"\x01frame"
            stranger.send_multipart(parts)
            stranger.send_multipart([b"frame", encode(LAST)])
            assert subscriber.receive(5) == LAST
            assert subscriber.malformed == 1


def test_a_message_too_large_never_arrives(publisher: SignPublisher) -> None:
    with connect(publisher) as subscriber:
        publisher.send(b"frame", b"x" * (MAX_MESSAGE_BYTES + 1))
        assert subscriber.receive(0.3) is None


def test_a_stream_of_rubbish_does_not_outlast_patience() -> None:
    with zmq.Context() as context, context.socket(zmq.PUB) as stranger:
        stranger.linger = 0
        port = stranger.bind_to_random_port("tcp://127.0.0.1")
        with SignSubscriber(f"tcp://127.0.0.1:{port}") as subscriber:
            while subscriber.malformed == 0:
                for _ in range(100):
                    stranger.send_multipart([b"frame", b"rubbish"])
                assert subscriber.receive(0) is None


def test_the_payload_comes_as_it_was_sent(publisher: SignPublisher) -> None:
    later = encode(MESSAGE)[:-1] + b', "weather": "rain"}'
    with connect(publisher) as subscriber:
        publisher.send(b"frame", later)
        assert subscriber.receive_with_payload(5) == (MESSAGE, later)


def test_a_publisher_that_comes_later_or_again_is_found() -> None:
    with SignPublisher("tcp://127.0.0.1:*") as first:
        address = first.address
    with SignSubscriber(address) as subscriber:
        for session in ("first", "second"):
            with SignPublisher(address) as publisher:
                while not publisher.wait_for_subscriber(0.05):
                    assert subscriber.receive(0) is None  # this is when it subscribes anew
                publisher.publish(numbered(0, session))
                received = subscriber.receive(5)
                assert received is not None and received.session == session


@pytest.mark.parametrize("address", ["", "nonsense", "tcp://", "foo://x"])
def test_a_malformed_address_is_one_clear_line(address: str) -> None:
    with pytest.raises(WireError, match="no ZeroMQ address"):
        SignSubscriber(address)


def test_numbering_of_invented_sources_takes_bounded_memory(publisher: SignPublisher) -> None:
    with connect(publisher) as subscriber:
        for number in range(3 * MAX_SOURCES):
            publisher.publish(msgspec.structs.replace(MESSAGE, source=str(number)))
        assert len(list(subscriber)) == 3 * MAX_SOURCES
        assert len(subscriber._inbox.states) == MAX_SOURCES


NOW = Limits(alive_s=PATIENCE_S, stale_s=PATIENCE_S)


def test_a_control_loop_asks_one_question(publisher: SignPublisher) -> None:
    with SignSubscriber(publisher.address, limits=NOW) as signs:
        assert (signs.ok(), signs.alive, signs.stale, signs.fresh_ms) == (False, False, True, None)
        assert signs.faults() == ["nothing was received yet"]
        assert publisher.wait_for_subscriber(PATIENCE_S)
        publisher.publish(fresh(0))
        assert signs.receive(PATIENCE_S) is not None
        assert (signs.ok(), signs.alive, signs.stale, signs.faults()) == (True, True, False, [])
        assert signs.fresh_ms is not None and signs.fresh_ms >= 1.0
        publisher.publish(fresh(1, age_ms=1e3 * PATIENCE_S + 1))
        assert signs.receive(PATIENCE_S) is not None
        assert (signs.ok(), signs.alive, signs.stale) == (False, True, True)
        assert signs.faults() == ["the newest frame is stale"]


def test_of_several_sources_the_worst_counts(publisher: SignPublisher) -> None:
    with (
        SignSubscriber(publisher.address, limits=NOW) as both,
        SignSubscriber(publisher.address, limits=NOW, source="left") as left,
    ):
        eventually(lambda: publisher.subscriptions() == 2)
        publisher.publish(fresh(0, source="right", age_ms=1e3 * PATIENCE_S + 1))
        publisher.publish(fresh(0, source="left"))
        assert [message.source for message in (both.receive(5), both.receive(5)) if message] == ["right", "left"]
        assert not both.ok()
        received = left.receive(PATIENCE_S)
        assert received is not None and received.source == "left"
        assert left.ok()


def test_silence_ends_being_alive(publisher: SignPublisher) -> None:
    with SignSubscriber(publisher.address, limits=Limits(alive_s=0.2, stale_s=PATIENCE_S)) as signs:
        assert publisher.wait_for_subscriber(PATIENCE_S)
        publisher.publish(fresh(0))
        assert signs.receive(PATIENCE_S) is not None
        eventually(lambda: not signs.alive)
        assert "the publisher is silent" in signs.faults()


def test_health_and_info_are_there_beside_the_frames(publisher: SignPublisher) -> None:
    with SignSubscriber(publisher.address, limits=Limits(PATIENCE_S, PATIENCE_S, least_rate_hz=5)) as signs:
        eventually(lambda: publisher.subscriptions(b"info") == 1)
        publisher.send(b"info", encode(INFO))
        publisher.send(b"health", encode(HEALTH))
        publisher.publish(fresh(0))
        assert signs.receive(PATIENCE_S) is not None
        assert (signs.health, signs.info) == ({"front": HEALTH}, {"front": INFO})
        assert signs.faults() == ["frames come too seldom"]


def test_a_publisher_that_was_stopped_says_so(publisher: SignPublisher) -> None:
    with SignSubscriber(publisher.address, limits=Limits(alive_s=PATIENCE_S, stale_s=0.0)) as signs:
        assert publisher.wait_for_subscriber(PATIENCE_S)
        publisher.publish(fresh(0))
        publisher.send(b"health", encode(msgspec.structs.replace(HEALTH, state="stopped")))
        assert signs.receive(PATIENCE_S) is not None
        received = signs.receive_with_payload(PATIENCE_S)
        assert received is not None and isinstance(received[0], HealthMessage)
        assert "front was stopped" in signs.faults()


def state(seq: int, *, age_ms: float = 0.0, source: str = "front", session: str = "a1b2") -> bytes:
    """What is in force, as it was told so long ago."""
    made_ns = time.monotonic_ns() - round(age_ms * 1e6)
    return encode(msgspec.structs.replace(STATE, seq=seq, monotonic_ns=made_ns, source=source, session=session))


def take_in(signs: SignSubscriber) -> None:
    assert signs.receive_with_payload(PATIENCE_S) is not None


def test_what_is_in_force_is_there_beside_the_frames(publisher: SignPublisher) -> None:
    with SignSubscriber(publisher.address, limits=NOW) as signs:
        assert signs.drive_state().speed_limit.why == "nothing-seen"
        eventually(lambda: publisher.subscriptions(b"state") == 1)
        publisher.send(b"state", state(0))
        publisher.publish(fresh(0))
        assert signs.receive(PATIENCE_S) is not None
        assert signs.drive_state() == signs.drive_state("front") == STATE.state
        stop = signs.drive_state().coming("stop")
        assert stop is not None and stop.distance_m == 31.5
        assert signs.drive_state("rear").speed_limit.why == "nothing-seen"


def test_what_was_in_force_is_unknown_when_the_publisher_is_silent(publisher: SignPublisher) -> None:
    with SignSubscriber(publisher.address, limits=Limits(alive_s=1.0, stale_s=PATIENCE_S)) as signs:
        eventually(lambda: publisher.subscriptions(b"state") == 1)
        publisher.send(b"state", state(0))
        take_in(signs)
        eventually(lambda: signs.drive_state().speed_limit.why == "stream-dead")
        assert signs.drive_state().ahead == ()
        assert signs.states["front"].state == STATE.state, "as it came"


def test_a_state_that_waited_in_a_queue_is_as_old_as_it_is(publisher: SignPublisher) -> None:
    with SignSubscriber(publisher.address, limits=NOW) as signs:
        assert publisher.wait_for_subscriber(PATIENCE_S)
        publisher.publish(fresh(0))
        take_in(signs)
        publisher.send(b"state", state(0, age_ms=1e3 * PATIENCE_S + 1))
        take_in(signs)
        assert signs.drive_state().speed_limit.why == "stream-dead"
        publisher.send(b"state", state(1))
        take_in(signs)
        assert signs.drive_state().speed_limit.value == 50


def test_a_restarted_publisher_takes_what_was_in_force_with_it(publisher: SignPublisher) -> None:
    with SignSubscriber(publisher.address, limits=NOW) as signs:
        assert publisher.wait_for_subscriber(PATIENCE_S)
        publisher.send(b"state", state(0))
        take_in(signs)
        publisher.publish(fresh(0, session="other"))
        take_in(signs)
        assert (signs.states, signs.restarts) == ({}, 1)
        assert signs.drive_state().speed_limit.status == "unknown"


def test_what_comes_again_for_a_newcomer_makes_nothing_younger(publisher: SignPublisher) -> None:
    with SignSubscriber(publisher.address, limits=Limits(alive_s=1.0, stale_s=PATIENCE_S)) as signs:
        assert publisher.wait_for_subscriber(PATIENCE_S)
        publisher.send(b"state", state(4))
        take_in(signs)
        eventually(lambda: signs.drive_state().speed_limit.status == "unknown")
        publisher.send(b"state", state(4))
        take_in(signs)
        assert signs.drive_state().speed_limit.status == "unknown"


def test_of_several_sources_one_has_to_be_named(publisher: SignPublisher) -> None:
    with SignSubscriber(publisher.address, limits=NOW) as signs:
        assert publisher.wait_for_subscriber(PATIENCE_S)
        for name in ("left", "right"):
            publisher.send(b"state", state(0, source=name))
            take_in(signs)
        assert signs.drive_state().speed_limit.status == "unknown"
        assert signs.drive_state("left").speed_limit.value == 50


def test_any_topic_can_be_received(publisher: SignPublisher) -> None:
    with SignSubscriber(publisher.address, topics=(b"sign",)) as signs:
        assert publisher.wait_for_subscriber(PATIENCE_S, b"sign")
        publisher.publish(MESSAGE)
        publisher.send(b"sign", encode(EVENT))
        assert signs.receive_with_payload(PATIENCE_S) == (EVENT, encode(EVENT))


def test_with_asyncio_the_same_is_awaited(publisher: SignPublisher) -> None:
    async def receive() -> list[int]:
        async with AsyncSignSubscriber(publisher.address, limits=NOW, timeout_s=0.3) as signs:
            assert await signs.receive(0) is None
            for _ in range(3000):
                if publisher.subscriptions():
                    break
                await asyncio.sleep(0.01)
            for seq in range(5):
                publisher.publish(fresh(seq))
            publisher.send(b"frame", b"rubbish")
            numbers = [message.seq async for message in signs]
            assert (signs.ok(), signs.missed, signs.malformed) == (True, 0, 1)
            return numbers

    assert asyncio.run(receive()) == list(range(5))


def test_with_asyncio_what_is_in_force_is_there_too(publisher: SignPublisher) -> None:
    async def receive() -> int | float | None:
        async with AsyncSignSubscriber(publisher.address, limits=NOW) as signs:
            for _ in range(3000):
                if publisher.subscriptions(b"state"):
                    break
                await asyncio.sleep(0.01)
            publisher.send(b"state", state(0))
            publisher.publish(fresh(0))
            assert await signs.receive(PATIENCE_S) is not None
            return signs.drive_state().speed_limit.value

    assert asyncio.run(receive()) == 50


def test_with_asyncio_the_newest_is_handed_out(publisher: SignPublisher) -> None:
    async def receive() -> tuple[int, int]:
        async with AsyncSignSubscriber(publisher.address, newest_only=True) as signs:
            for _ in range(3000):
                if publisher.subscriptions():
                    break
                await asyncio.sleep(0.01)
            for seq in range(20):
                publisher.publish(fresh(seq))
            last, handed_out = -1, 0
            while last < 19:
                message = await signs.receive(PATIENCE_S)
                assert message is not None
                last, handed_out = message.seq, handed_out + 1
            return handed_out, signs.passed_over

    handed_out, passed_over = asyncio.run(receive())
    assert handed_out + passed_over == 20


def test_with_asyncio_a_malformed_address_is_one_clear_line() -> None:
    async def connect() -> None:
        AsyncSignSubscriber("nonsense")

    with pytest.raises(WireError, match="no ZeroMQ address"):
        asyncio.run(connect())
