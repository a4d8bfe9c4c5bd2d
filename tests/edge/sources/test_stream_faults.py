"""Network cameras that die in every way, as real servers in processes of their own."""

import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import edge.sources.live as live_module
from edge.frame import Frame
from edge.sources import CapturedSource, LiveSource, SourceOptions, open_source
from edge.stream_server import StreamServer
from tests.edge.sources.network_cameras import (
    FPS,
    HEAD,
    Server,
    garbage,
    garbage_in_a_stream,
    gst_server,
    http_server,
    jpegs,
    part,
    raw_server,
    silence,
)
from tests.waiting import PATIENCE_S, eventually

OPTIONS = SourceOptions(open_timeout_s=3.0, read_timeout_s=1.0)


@pytest.fixture(params=["http", "rtsp", "ts"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    match request.param:
        case "http":
            server = http_server(tmp_path / "pictures")
        case "rtsp":
            server = gst_server("rtsp", tmp_path / "pictures")
        case _:
            server = gst_server("ts", tmp_path / "pictures")
    yield server
    server.end()


@contextmanager
def reading(address: str) -> Iterator[tuple[CapturedSource, LiveSource]]:
    """The stream, read as a vehicle reads it; afterwards nothing of it is left and every frame is accounted for."""
    threads = threading.active_count()
    live = open_source(address, options=OPTIONS)
    assert isinstance(live, LiveSource)
    source = CapturedSource(live)
    taken: list[Frame] = []
    take = source.buffer.take

    def counted(timeout_s: float | None = None) -> Frame | None:
        frame = take(timeout_s)
        taken.extend([frame] if frame else [])
        return frame

    source.buffer.take = counted  # type: ignore[method-assign]
    try:
        yield source, live
    finally:
        source.close()
    eventually(lambda: threading.active_count() == threads)
    assert source.captured == len(taken) + source.dropped
    numbers = [frame.number for frame in taken]
    assert numbers == sorted(set(numbers))
    for clock in ("captured_ns", "captured_monotonic_ns"):
        times = [getattr(frame, clock) for frame in taken]
        assert times == sorted(times), "no frame is older than the one before it"


def next_of_size(source: CapturedSource, width: int) -> Frame:
    found: list[Frame] = []

    def came() -> bool:
        frame = source.buffer.take(0.1)
        found.extend([frame] if frame is not None and frame.image.shape[1] == width else [])
        return bool(found)

    eventually(came, 2 * PATIENCE_S)
    return found[0]


def test_a_server_that_is_killed_and_comes_back_with_another_size_is_read_again(server: Server) -> None:
    with reading(server.address) as (source, live):
        next_of_size(source, 160)
        server.end()
        eventually(lambda: live.faults >= 2)
        server.start((320, 240))
        frame = next_of_size(source, 320)
        assert frame.image.shape == (240, 320, 3)
        assert live.openings >= 2
        eventually(lambda: live.fault is None)


def test_a_server_that_stalls_and_goes_on_is_read_again_and_nothing_old_passes_for_new(server: Server) -> None:
    with reading(server.address) as (source, live):
        next_of_size(source, 160)
        server.send(signal.SIGSTOP)
        stopped_s = time.monotonic()
        eventually(lambda: live.faults >= 1, 2 * PATIENCE_S)
        late = source.buffer.take(0)
        if late is not None:
            assert late.captured_monotonic_ns / 1e9 < stopped_s + 1.0, "it was captured before the server stalled"
        server.send(signal.SIGCONT)
        assert next_of_size(source, 160).captured_monotonic_ns / 1e9 > stopped_s


@pytest.mark.parametrize("answer", [garbage, garbage_in_a_stream, silence])
def test_a_server_that_sends_no_pictures_is_tried_until_it_does(
    answer: Callable[[socket.socket], None], capfd: pytest.CaptureFixture[str]
) -> None:
    good = threading.Event()

    def serve(connection: socket.socket) -> None:
        if not good.is_set():
            answer(connection)
            return
        connection.sendall(HEAD)
        for content in jpegs((160, 120)) * 100:
            connection.sendall(part(content))
            time.sleep(1 / FPS)

    with raw_server(serve) as address, reading(address) as (source, live):
        eventually(lambda: live.faults >= 2)
        good.set()
        next_of_size(source, 160)
    assert capfd.readouterr() == ("", "")


def test_a_picture_in_five_seconds_is_silence_until_more_come(tmp_path: Path) -> None:
    with StreamServer(jpegs((160, 120)), fps=0.2) as server, reading(server.address) as (source, live):
        eventually(lambda: live.faults >= 1)
        server.fps = FPS
        next_of_size(source, 160)


def descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def test_hundred_reconnections_leak_no_descriptor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_module, "LONGEST_PAUSE_S", 0.001)

    def refuse(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")

    with raw_server(refuse) as address:
        live = open_source(address, options=OPTIONS)
        assert isinstance(live, LiveSource)
        source = CapturedSource(live)
        eventually(lambda: live.faults >= 5)
        before = descriptors()
        eventually(lambda: live.faults >= 100)
        assert abs(descriptors() - before) <= 4, "one connection is always under way"
        source.close()
