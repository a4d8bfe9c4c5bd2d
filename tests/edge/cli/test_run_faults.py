"""Live runs as real processes: what fails below them, and what is done to them."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import pytest
import zmq

from edge.inbox import Limits
from edge.messages import FrameMessage, HealthMessage, decode_topic
from edge.sources.pattern import PatternSource
from edge.subscriber import SignSubscriber
from edge.watchdog import EXIT_STATUS
from tests.edge.cli.live_run import PROJECT, LiveRun, live_run
from tests.waiting import PATIENCE_S, eventually

PATTERN = "pattern:160x120@20"


def healths(address: str, wanted: str) -> HealthMessage:
    """The first health message in a state."""
    with zmq.Context() as context, context.socket(zmq.SUB) as socket:
        socket.linger = 0
        socket.subscribe(b"health")
        socket.connect(address)
        deadline_s = time.monotonic() + 2 * PATIENCE_S
        while time.monotonic() < deadline_s:
            if socket.poll(1000):
                topic, payload = socket.recv_multipart()
                message = decode_topic(topic, payload)
                assert isinstance(message, HealthMessage)
                if message.state == wanted:
                    return message
    raise AssertionError(f"it was never {wanted}")


def assert_adds_up(run: LiveRun, source: str) -> None:
    captured, published, dropped = run.counts(source)
    assert captured == published + dropped
    assert not run.has_said("Traceback")


def test_a_camera_that_is_not_there_is_waited_for_and_health_says_so() -> None:
    with live_run("97", "--name", "front") as run:
        health = healths(run.address, "fault")
        assert (health.source, health.captured, health.published) == ("front", 0, 0)
        assert health.fault is not None and "97 can't be opened" in health.fault
        eventually(lambda: run.has_said("trying again until it is back"))
        run.process.send_signal(signal.SIGTERM)
        assert run.end() == 0
        assert run.counts("front") == (0, 0, 0)


def serve(folder: Path, size_wh: tuple[int, int], port: int) -> tuple["subprocess.Popen[str]", int]:
    for frame in PatternSource(size_wh, frame_count=10).frames():
        cv2.imwrite(str(folder / f"{frame.number}.jpg"), frame.image)
    arguments = [sys.executable, "-m", "edge.stream_server", str(folder), "15", str(port)]
    process = subprocess.Popen(arguments, cwd=PROJECT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, int(process.stdout.readline())


def test_a_camera_that_goes_and_comes_back_with_another_size_is_published_again(tmp_path: Path) -> None:
    server, port = serve(tmp_path, (160, 120), 0)
    try:
        with live_run(f"http://user:secret@127.0.0.1:{port}/cam.mjpg", "--name", "front") as run:
            with SignSubscriber(run.address) as subscriber:
                first = subscriber.receive(2 * PATIENCE_S)
                assert first is not None and first.size == (160, 120)
                server.kill()
                server.communicate()
                assert healths(run.address, "fault").fault
                server, _ = serve(tmp_path, (320, 240), port)
                received(subscriber, lambda message: message.size == (320, 240))
            assert healths(run.address, "ok").openings >= 2
            run.process.send_signal(signal.SIGTERM)
            assert run.end() == 0
            assert_adds_up(run, "front")
            assert not run.has_said("secret")
    finally:
        server.kill()
        server.communicate()


def test_several_cameras_are_told_apart_in_one_process() -> None:
    with live_run(PATTERN, PATTERN, "--realtime", "--name", "left", "--name", "right") as run:
        with SignSubscriber(run.address) as subscriber:
            found: dict[str, str] = {}

            def came() -> bool:
                message = subscriber.receive(1.0)
                if message is not None:
                    found[message.source] = message.session
                return len(found) == 2

            eventually(came)
            assert set(found) == {"left", "right"}
            assert len(set(found.values())) == 2
        run.process.send_signal(signal.SIGTERM)
        assert run.end() == 0
        assert_adds_up(run, "left")
        assert_adds_up(run, "right")


HANG = "import time, threading; hang = threading.Event()\ndef stay(*_, **__):\n    hang.wait()\n"


@pytest.mark.parametrize(
    ("stage", "hangs"),
    [
        ("detect", "import edge.reader\nedge.reader.SignReader.read = stay"),
        ("capture camera", "import edge.sources.pattern\nedge.sources.pattern.draw_pattern = stay"),
        ("publish", "import edge.wire\nedge.wire.Wire._repeat_retained = stay"),
    ],
)
def test_a_stage_that_hangs_ends_the_process_with_a_status_of_its_own(stage: str, hangs: str) -> None:
    with live_run(PATTERN, "--realtime", "--name", "camera", "--watchdog", "2", before=HANG + hangs) as run:
        if stage != "publish":
            health = healths(run.address, "fault")
            while "hangs" not in (health.fault or ""):
                health = healths(run.address, "fault")
            assert health.fault == f"{stage} hangs; the process ends"
        assert run.end() == EXIT_STATUS
        assert run.said[-1] == f"signwatch: {stage} hangs; start it again\n"


def test_a_second_interrupt_ends_it_at_once() -> None:
    hangs = HANG + "import edge.reader\nedge.reader.SignReader.read = stay"
    with live_run(PATTERN, "--realtime", "--watchdog", "600", before=hangs) as run:
        assert run.address
        time.sleep(0.5)  # for a frame to be under way: if none is, one interrupt is enough
        for _ in range(2):
            run.process.send_signal(signal.SIGINT)
            time.sleep(0.3)  # two at the same moment are one
        assert run.end() == 128 + signal.SIGINT


def received(subscriber: SignSubscriber, wanted: Callable[[FrameMessage], bool]) -> FrameMessage:
    """The first frame's message that is wanted."""
    found: list[FrameMessage] = []

    def came() -> bool:
        message = subscriber.receive(1.0)
        found.extend([message] if message is not None and wanted(message) else [])
        return bool(found)

    eventually(came, 2 * PATIENCE_S)
    return found[0]


def test_a_publisher_that_is_killed_and_started_again_is_noticed() -> None:
    with live_run(PATTERN, "--realtime", "--name", "front") as first:
        address = first.address
        with SignSubscriber(address, limits=Limits(alive_s=2.5, stale_s=PATIENCE_S)) as signs:
            before = received(signs, lambda message: True)
            assert signs.ok()
            first.process.kill()
            first.end()
            eventually(lambda: signs.receive(0.1) is None and not signs.ok())
            with live_run(PATTERN, "--realtime", "--name", "front", publish=address) as second:
                assert second.address == address
                after = received(signs, lambda message: message.session != before.session)
                assert (signs.restarts, signs.missed) == (1, 0)
                assert after.seq >= 0 and signs.ok()


HOUR_NS = 3600 * 10**9
SETTABLE_CLOCK = """
import time
from pathlib import Path
true_ns = time.time_ns
time.time_ns = lambda: true_ns() - 3600 * 10**9 * Path({clock!r}).exists()
"""


def test_a_clock_that_is_set_back_an_hour_makes_nothing_old_or_new(tmp_path: Path) -> None:
    clock = tmp_path / "set-back"
    before_run = SETTABLE_CLOCK.format(clock=str(clock))
    with live_run(PATTERN, "--realtime", "--name", "front", before=before_run) as run:
        with SignSubscriber(run.address, limits=Limits(PATIENCE_S, PATIENCE_S)) as signs:
            before = received(signs, lambda message: True)
            clock.touch()
            after = received(signs, lambda message: message.published_ns < before.published_ns)
            assert before.published_ns - after.published_ns > 0.9 * HOUR_NS, "it was really set back"
            assert before.monotonic_ns is not None and after.monotonic_ns is not None
            assert before.monotonic_ns < after.monotonic_ns
            assert after.latency_ms.total < 1e3 * PATIENCE_S
            assert signs.ok(), signs.faults()
        run.process.send_signal(signal.SIGTERM)
        assert run.end() == 0
        assert_adds_up(run, "front")


def test_what_it_gives_is_told_to_whoever_comes_later() -> None:
    with live_run(PATTERN, "--realtime", "--name", "front", "--max-latency", "500") as run:
        with SignSubscriber(run.address) as subscriber:
            assert subscriber.receive(PATIENCE_S) is not None
        with zmq.Context() as context, context.socket(zmq.SUB) as socket:
            socket.linger = 0
            socket.subscribe(b"info")
            socket.connect(run.address)
            assert socket.poll(30_000)
            topic, payload = socket.recv_multipart()
        info = json.loads(payload)
        assert (topic, info["source"], info["max_latency_ms"]) == (b"info", "front", 500.0)
        assert len(info["signs"]) == 43
