"""Subscribers in trouble: a live run doesn't notice them, and neither does the control process beside them."""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import zmq

from edge.curve import SubscriberKeys, make_pair, read_pair, read_public
from edge.stream_server import StreamServer
from edge.subscriber import SignSubscriber
from tests.edge.cli.live_run import PROJECT, LiveRun, live_run
from tests.edge.cli.watching import Held, Watching, watching
from tests.edge.scenes import STOP, road
from tests.waiting import eventually

LISTEN = "import sys\nfrom edge.subscriber import SignSubscriber\nfor message in SignSubscriber(sys.argv[1]): pass"


@contextmanager
def undisturbed(*options: str, keys: SubscriberKeys | None = None) -> Iterator[tuple[LiveRun, Watching]]:
    """A run with one subscriber, which must be the only one again afterwards and have missed nothing."""
    with (
        StreamServer(road(STOP), fps=20) as camera,
        live_run(camera.address, "--name", "front", *options) as run,
        watching(run, "Stop", keys=keys) as signs,
    ):
        eventually(lambda: subscriptions(signs) == 1)
        held = Held(run.process.pid)
        yield run, signs
        signs.until_right(time.time_ns())
        eventually(lambda: subscriptions(signs) == 1)
        held.until_as_before()


def subscriptions(signs: Watching) -> int:
    return signs.health.subscribers if signs.health else 0


def refused(signs: Watching) -> int:
    return signs.health.refused if signs.health else 0


def test_one_that_is_stopped_goes_on_or_is_killed_harms_nobody() -> None:
    with undisturbed() as (run, signs):
        troubled = subprocess.Popen([sys.executable, "-c", LISTEN, run.address], cwd=PROJECT)
        try:
            eventually(lambda: subscriptions(signs) == 2)
            for trouble in (signal.SIGSTOP, signal.SIGCONT, signal.SIGSTOP, signal.SIGKILL):
                troubled.send_signal(trouble)
                time.sleep(1.0)
                signs.until_right(time.time_ns())
        finally:
            troubled.kill()
            troubled.wait()


def test_a_hundred_that_come_and_go_leave_nothing_behind() -> None:
    with undisturbed() as (run, _):
        for _ in range(10):
            crowd = [SignSubscriber(run.address) for _ in range(10)]
            for one in crowd[::3]:
                assert one.receive(10) is not None
            for one in crowd:
                one.close()


def test_strangers_that_send_rubbish_are_refused_and_counted() -> None:
    with undisturbed() as (run, signs):
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
        eventually(lambda: refused(signs) >= 1)


def test_wrong_and_missing_keys_hear_nothing(tmp_path: Path) -> None:
    vehicle, stranger = (make_pair(tmp_path, name)[1] for name in ("vehicle", "stranger"))
    control = make_pair(tmp_path / "allowed", "control")[1]
    own, publisher = read_pair(control), read_public(vehicle)
    allowed = SubscriberKeys(own, publisher)
    wrong = SubscriberKeys(read_pair(stranger), publisher), SubscriberKeys(own, read_public(stranger))
    with undisturbed("--key", str(vehicle), "--allow", str(tmp_path / "allowed"), keys=allowed) as (run, signs):
        for keys in (*wrong, None):
            before = refused(signs)
            with SignSubscriber(run.address, keys=keys) as subscriber:
                eventually(lambda before=before: refused(signs) > before)  # type: ignore[misc]
                assert subscriber.receive(0.2) is None
