"""Live runs as real processes: what fails below them, and what is done to them."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import pytest
import zmq

from edge.messages import HealthMessage, decode_topic
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
                sizes: list[tuple[int, int]] = []

                def came_back() -> bool:
                    message = subscriber.receive(1.0)
                    sizes.extend([message.size] if message else [])
                    return bool(sizes) and sizes[-1] == (320, 240)

                eventually(came_back, 2 * PATIENCE_S)
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
