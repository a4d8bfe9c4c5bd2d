import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import zmq

from edge import publisher as module
from edge.errors import WireError
from edge.messages import encode
from edge.publisher import SignPublisher, is_local
from edge.subscriber import SignSubscriber
from tests.edge.messages import MESSAGE, numbered
from tests.waiting import PATIENCE_S, eventually

ANY_PORT = "tcp://127.0.0.1:*"


def test_topic_and_payload_are_two_frames() -> None:
    with (
        SignPublisher(ANY_PORT) as publisher,
        zmq.Context() as context,
        context.socket(zmq.SUB) as peer,
    ):
        peer.subscribe(b"frame")
        peer.connect(publisher.address)
        assert publisher.wait_for_subscriber(5)
        assert publisher.publish(MESSAGE) == encode(MESSAGE)
        assert peer.recv_multipart() == [b"frame", encode(MESSAGE)]


def test_waiting_ends_when_somebody_subscribes_to_the_topic() -> None:
    with SignPublisher(ANY_PORT) as publisher:
        assert not publisher.wait_for_subscriber(0.02)
        with zmq.Context() as context, context.socket(zmq.SUB) as peer:
            peer.subscribe(b"health")
            peer.connect(publisher.address)
            assert publisher.wait_for_subscriber(5, topic=b"health")
            assert not publisher.wait_for_subscriber(0.02), "nobody wants frames yet"
            peer.subscribe(b"")
            assert publisher.wait_for_subscriber(5)


def test_a_subscriber_that_leaves_is_no_longer_waited_for() -> None:
    with SignPublisher(ANY_PORT) as publisher:
        with SignSubscriber(publisher.address):
            assert publisher.wait_for_subscriber(5)
        eventually(lambda: publisher.subscriptions() == 0)
        assert not publisher.wait_for_subscriber(0.02)


@pytest.mark.parametrize("lossless", [False, True])
def test_closing_with_time_to_flush_loses_nothing(lossless: bool) -> None:
    count = 3000
    publisher = SignPublisher(ANY_PORT, high_water_mark=count, lossless=lossless)
    with SignSubscriber(publisher.address) as subscriber, ThreadPoolExecutor(1) as reading:
        assert publisher.wait_for_subscriber(5)
        received = reading.submit(lambda: [subscriber.receive(PATIENCE_S) for _ in range(count)])
        for seq in range(count):
            publisher.publish(numbered(seq))
        publisher.close(flush_s=None if lossless else 10)
        assert received.result() == [numbered(seq) for seq in range(count)]


def test_a_lossless_publisher_waits_for_a_slow_subscriber() -> None:
    count = 600
    with (
        SignPublisher(ANY_PORT, high_water_mark=1, lossless=True) as publisher,
        SignSubscriber(publisher.address) as subscriber,
    ):
        assert publisher.wait_for_subscriber(5)
        received = []
        for seq in range(count):
            publisher.publish(numbered(seq))
            if seq % 2:
                received.append(subscriber.receive(5))
        publisher.close()
        received += list(iter(lambda: subscriber.receive(0.5), None))
    assert [message.seq for message in received if message] == list(range(count))


def test_a_lossless_publisher_gives_up_on_a_subscriber_that_takes_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "SUBSCRIBER_PATIENCE_S", 0.05)
    with (
        SignPublisher(ANY_PORT, high_water_mark=1, lossless=True) as publisher,
        SignSubscriber(publisher.address),
    ):
        assert publisher.wait_for_subscriber(5)
        with pytest.raises(WireError, match="took no message"):
            for _ in range(10_000):
                publisher.send(b"frame", b"x" * 100_000)


def test_a_live_publisher_drops_what_a_subscriber_is_too_slow_for() -> None:
    count = 30_000
    with (
        SignPublisher(ANY_PORT, high_water_mark=1) as publisher,
        SignSubscriber(publisher.address, timeout_s=0.3) as subscriber,
    ):
        assert publisher.wait_for_subscriber(5)
        for seq in range(count):
            publisher.publish(numbered(seq))
        received = sum(1 for _ in subscriber)
        publisher.publish(numbered(count))
        assert subscriber.receive(5) == numbered(count)
        assert subscriber.missed == count - received > 0


def test_an_address_in_use_is_one_clear_line() -> None:
    with (
        SignPublisher(ANY_PORT) as first,
        pytest.raises(WireError, match=f"{first.address} is in use"),
    ):
        SignPublisher(first.address)


def test_an_address_is_free_again_after_closing() -> None:
    with SignPublisher(ANY_PORT) as first:
        address = first.address
    SignPublisher(address).close()


@pytest.mark.parametrize("address", ["", "nonsense", "tcp://", "tcp://127.0.0.1", "foo://x", "ipc://"])
def test_a_malformed_address_is_one_clear_line(address: str) -> None:
    with pytest.raises(WireError) as caught:
        SignPublisher(address, insecure=True)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("address", "local"),
    [
        ("tcp://127.0.0.1:5556", True),
        ("tcp://127.8.8.8:5556", True),
        ("tcp://localhost:5556", True),
        ("tcp://[::1]:5556", True),
        ("ipc:///run/signwatch", True),
        ("inproc://signs", True),
        ("tcp://*:5556", False),
        ("tcp://0.0.0.0:5556", False),
        ("tcp://[::]:5556", False),
        ("tcp://192.168.0.2:5556", False),
        ("tcp://eth0:5556", False),
        ("tcp://localhost.example:5556", False),
        ("pgm://127.0.0.1;239.1.1.1:5556", False),
    ],
)
def test_only_this_machine_reaches_a_local_address(address: str, local: bool) -> None:
    assert is_local(address) is local


def test_a_wider_address_must_be_asked_for() -> None:
    with pytest.raises(WireError, match="other machines"):
        SignPublisher("tcp://0.0.0.0:*")
    SignPublisher("tcp://0.0.0.0:*", insecure=True).close()


def test_a_socket_file_is_an_address(tmp_path: Path) -> None:
    with (
        SignPublisher(f"ipc://{tmp_path}/signs") as publisher,
        SignSubscriber(publisher.address) as subscriber,
    ):
        assert publisher.wait_for_subscriber(5)
        publisher.publish(MESSAGE)
        assert subscriber.receive(5) == MESSAGE


def test_strangers_do_not_disturb_the_publisher() -> None:
    with (
        SignPublisher(ANY_PORT, high_water_mark=100) as publisher,
        SignSubscriber(publisher.address) as subscriber,
    ):
        assert publisher.wait_for_subscriber(5)
        port = int(publisher.address.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as stranger:
            stranger.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 100)
            with zmq.Context() as context, context.socket(zmq.XSUB) as peer:
                peer.linger = 0
                peer.connect(publisher.address)
                for rubbish in (b"", b"\x02", b"rubbish", b"\x01" + b"x" * 100_000):
                    peer.send(rubbish)
                for seq in range(50):
                    publisher.publish(numbered(seq))
        assert [subscriber.receive(5) for _ in range(50)] == [numbered(seq) for seq in range(50)]


def test_a_mark_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        SignPublisher(ANY_PORT, high_water_mark=0)
