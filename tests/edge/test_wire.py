"""What happens on the wire beside the frames: newcomers, crowds, and subscribers in trouble."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import zmq

from edge.errors import WireError
from edge.messages import decode
from edge.publisher import SignPublisher
from edge.subscriber import SignSubscriber
from tests.edge.messages import MESSAGE, numbered
from tests.waiting import PATIENCE_S, eventually

PROJECT = Path(__file__).resolve().parents[2]
ANY_PORT = "tcp://127.0.0.1:*"


@contextmanager
def peer(publisher: SignPublisher, *topics: bytes) -> Iterator["zmq.Socket[bytes]"]:
    with zmq.Context() as context, context.socket(zmq.SUB) as subscriber:
        subscriber.linger = 0
        subscriber.rcvtimeo = 30_000
        for topic in topics:
            subscriber.subscribe(topic)
        subscriber.connect(publisher.address)
        yield subscriber


def test_a_newcomer_gets_what_is_retained_at_once() -> None:
    with SignPublisher(ANY_PORT) as publisher:
        publisher.retain(b"info", {"front": b"old"})
        publisher.retain(b"info", {"front": b"info of front"})
        publisher.retain(b"sign", {("front", 1): b"first", ("front", 2): b"second"})
        publisher.retain(b"sign", {("front", 1): None})
        with peer(publisher, b"info") as first:
            assert first.recv_multipart() == [b"info", b"info of front"]
            with peer(publisher, b"") as second:
                assert {tuple(second.recv_multipart()) for _ in range(2)} == {
                    (b"info", b"info of front"),
                    (b"sign", b"second"),
                }
            publisher.send(b"info", b"last")
            received = first.recv_multipart()
            while received == [b"info", b"info of front"]:
                received = first.recv_multipart()
            assert received == [b"info", b"last"], "others get nothing worse than a repetition"


def test_several_addresses_carry_the_same(tmp_path: Path) -> None:
    with SignPublisher([ANY_PORT, f"ipc://{tmp_path}/signs"]) as publisher:
        assert len(publisher.addresses) == 2
        with SignSubscriber(publisher.addresses[0]) as one, SignSubscriber(publisher.addresses[1]) as other:
            eventually(lambda: publisher.subscriptions() == 2)
            publisher.publish(MESSAGE)
            assert one.receive(PATIENCE_S) == other.receive(PATIENCE_S) == MESSAGE


def test_a_socket_file_that_somebody_listens_at_is_in_use(tmp_path: Path) -> None:
    with (
        SignPublisher(f"ipc://{tmp_path}/signs") as first,
        pytest.raises(WireError, match="is in use"),
    ):
        SignPublisher(first.address)


def test_a_socket_file_that_was_left_behind_is_taken(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(f"{tmp_path}/signs")
    SignPublisher(f"ipc://{tmp_path}/signs").close()


def test_a_crowd_that_comes_and_goes_leaves_nothing_behind() -> None:
    with SignPublisher(ANY_PORT) as publisher, SignSubscriber(publisher.address) as witness:
        assert publisher.wait_for_subscriber(PATIENCE_S)
        publisher.retain(b"info", {"front": b"info"})
        eventually(lambda: publisher.subscriptions() == 1)
        before = len(list(Path("/proc/self/fd").iterdir()))
        threads = threading.active_count()
        for seq in range(10):
            crowd = [SignSubscriber(publisher.address) for _ in range(10)]
            publisher.publish(numbered(seq))
            for one in crowd:
                one.close()
        eventually(lambda: publisher.subscriptions() == 1)
        eventually(lambda: len(list(Path("/proc/self/fd").iterdir())) <= before)
        assert threading.active_count() == threads
        received = [witness.receive(PATIENCE_S) for _ in range(10)]
        assert [message.seq for message in received if message] == list(range(10))


def test_strangers_take_no_memory() -> None:
    with SignPublisher(ANY_PORT) as publisher, peer(publisher, b"frame") as subscriber:
        assert publisher.wait_for_subscriber(PATIENCE_S)
        for number in range(500):
            subscriber.subscribe(b"nonsense %d" % number)
        subscriber.subscribe(b"health")
        assert publisher.wait_for_subscriber(PATIENCE_S, topic=b"health")
        assert publisher._wire._wanted.keys() == {b"frame", b"health"}


READ = "import sys\nfrom edge.cli import main\nmain(['listen', sys.argv[1], '--json'])"


def test_a_stopped_subscriber_harms_nobody_and_goes_on_with_what_is_new() -> None:
    with SignPublisher(ANY_PORT) as publisher, SignSubscriber(publisher.address, newest_only=True) as witness:
        stopped = subprocess.Popen(
            [sys.executable, "-c", READ, publisher.address], cwd=PROJECT, stdout=subprocess.PIPE, text=True
        )
        assert stopped.stdout is not None
        try:
            eventually(lambda: publisher.subscriptions() == 2)
            os.kill(stopped.pid, signal.SIGSTOP)
            count = 20_000
            for seq in range(count):
                publisher.publish(numbered(seq))
            assert witness.receive(PATIENCE_S) is not None
            os.kill(stopped.pid, signal.SIGCONT)
            lines = iter(stopped.stdout.readline, "")
            seen: list[int] = []
            deadline_s = time.monotonic() + PATIENCE_S
            while time.monotonic() < deadline_s and (not seen or seen[-1] < count):
                publisher.publish(numbered(count))
                seen.append(decode(next(lines).encode()).seq)
            assert seen[-1] == count
            assert len(seen) < count / 2, "what had become old was not kept for it"
        finally:
            stopped.kill()
            stopped.communicate()


def test_a_killed_subscriber_is_forgotten() -> None:
    with SignPublisher(ANY_PORT) as publisher:
        killed = subprocess.Popen([sys.executable, "-c", READ, publisher.address], cwd=PROJECT)
        eventually(lambda: publisher.subscriptions() == 1)
        killed.kill()
        killed.wait()
        eventually(lambda: publisher.subscriptions() == 0)
        publisher.publish(MESSAGE)
