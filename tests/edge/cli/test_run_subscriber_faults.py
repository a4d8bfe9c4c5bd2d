"""Subscribers in trouble: a live run doesn't notice them, and neither does the control process beside them."""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import zmq

from edge.curve import SubscriberKeys, make_pair, read_pair, read_public
from edge.stream_server import StreamServer
from edge.subscriber import SignSubscriber
from tests.edge.cli.live_run import PROJECT, LiveRun, live_run
from tests.edge.cli.watching import Held, Watching, watching
from tests.edge.scenes import STOP, road
from tests.edge.sources.network_cameras import FPS
from tests.waiting import eventually


@pytest.fixture
def run() -> Iterator[LiveRun]:
    with StreamServer(road(STOP), fps=FPS) as camera, live_run(camera.address, "--name", "front") as run:
        yield run


def subscriptions(signs: Watching) -> int:
    return signs.health.subscribers if signs.health else 0


LISTEN = "import sys\nfrom edge.subscriber import SignSubscriber\nfor message in SignSubscriber(sys.argv[1]): pass"


def listener(address: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-c", LISTEN, address], cwd=PROJECT)


def test_one_that_is_stopped_goes_on_or_is_killed_harms_nobody(run: LiveRun) -> None:
    with watching(run, "Stop") as signs:
        eventually(lambda: subscriptions(signs) == 1)
        held = Held(run.process.pid)
        troubled = listener(run.address)
        try:
            eventually(lambda: subscriptions(signs) == 2)
            for trouble in (signal.SIGSTOP, signal.SIGCONT, signal.SIGSTOP, signal.SIGKILL):
                troubled.send_signal(trouble)
                time.sleep(1.0)
                signs.until_right(time.time_ns())
        finally:
            troubled.kill()
            troubled.wait()
        eventually(lambda: subscriptions(signs) == 1)
        held.until_as_before()


def test_a_hundred_that_come_and_go_leave_nothing_behind(run: LiveRun) -> None:
    with watching(run, "Stop") as signs:
        eventually(lambda: subscriptions(signs) == 1)
        held = Held(run.process.pid)
        for _ in range(10):
            crowd = [SignSubscriber(run.address) for _ in range(10)]
            for one in crowd[::3]:
                assert one.receive(10) is not None
            for one in crowd:
                one.close()
        signs.until_right(time.time_ns())
        eventually(lambda: subscriptions(signs) == 1)
        held.until_as_before()


def test_strangers_that_send_rubbish_are_refused_and_counted(run: LiveRun) -> None:
    with watching(run, "Stop") as signs:
        eventually(lambda: subscriptions(signs) == 1)
        held = Held(run.process.pid)
        port = int(run.address.rpartition(":")[2])
        for rubbish in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x00" * 100_000, b"\xff" * 64):
            with socket.create_connection(("127.0.0.1", port)) as stranger:
                stranger.sendall(rubbish)
        with zmq.Context() as context, context.socket(zmq.XSUB) as peer:
            peer.linger = 0
            peer.connect(run.address)
            for rubbish in (b"", b"\x02", b"rubbish", b"\x01" + b"x" * 100_000, b"\x00frame" * 100):
                peer.send(rubbish)
            signs.until_right(time.time_ns())
        eventually(lambda: signs.health is not None and signs.health.refused >= 1)
        assert subscriptions(signs) == 1
        held.until_as_before()


def test_wrong_and_missing_keys_hear_nothing(tmp_path: Path) -> None:
    vehicle, stranger = (make_pair(tmp_path, name)[1] for name in ("vehicle", "stranger"))
    control = make_pair(tmp_path / "allowed", "control")[1]
    own, publisher = read_pair(control), read_public(vehicle)
    options = ["--key", str(vehicle), "--allow", str(tmp_path / "allowed")]
    with (
        StreamServer(road(STOP), fps=FPS) as camera,
        live_run(camera.address, "--name", "front", *options) as run,
        watching(run, "Stop", keys=SubscriberKeys(own, publisher)) as signs,
    ):
        eventually(lambda: subscriptions(signs) == 1)
        held = Held(run.process.pid)
        for number, keys in enumerate(
            (SubscriberKeys(read_pair(stranger), publisher), SubscriberKeys(own, read_public(stranger)), None)
        ):
            with SignSubscriber(run.address, keys=keys) as refused:
                eventually(lambda number=number: signs.health and signs.health.refused > number)  # type: ignore[misc]
                assert refused.receive(0.2) is None
        signs.until_right(time.time_ns())
        assert subscriptions(signs) == 1
        held.until_as_before()
