"""Cameras that die below a live run: its signs are right again soon, nothing is left behind, every frame is counted."""

import signal
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.edge.cli.live_run import live_run
from tests.edge.cli.watching import Held, watching
from tests.edge.scenes import SPEED_LIMIT_50, road
from tests.edge.sources.network_cameras import (
    HEAD,
    Server,
    garbage,
    garbage_in_a_stream,
    gst_server,
    http_server,
    one_picture_in_five_seconds,
    part,
    raw_server,
    silence,
)
from tests.waiting import eventually

LIMIT = "Speed limit (50km/h)"
PACE_S = 1 / 15


def pictures(size_wh: tuple[int, int]) -> list[bytes]:
    return road(SPEED_LIMIT_50, size_wh=size_wh)


def camera(kind: str, folder: Path) -> Server:
    if kind == "http":
        return http_server(folder, pictures, (320, 240))
    return gst_server(kind, folder, pictures, (320, 240))


@pytest.mark.parametrize("kind", ["http", "rtsp"])
def test_signs_are_right_again_after_a_camera_was_killed_changed_and_stalled(kind: str, tmp_path: Path) -> None:
    server = camera(kind, tmp_path / "pictures")
    try:
        with live_run(server.address, "--name", "front") as run, watching(run, LIMIT) as signs:
            held = Held(run.process.pid)
            for size_wh in ((320, 240), (480, 270)):
                server.end()
                signs.until_faulty()
                server.start(size_wh)
                signs.until_right_again()
                assert signs.last.size == size_wh
                held.until_as_before()
            signs.until_state("ok")  # health comes once a second, and could yet tell of the fault before
            server.send(signal.SIGSTOP)
            signs.until_faulty()
            server.send(signal.SIGCONT)
            signs.until_right_again()
            held.until_as_before()
            eventually(lambda: signs.openings >= 4)
    finally:
        server.end()


@pytest.mark.parametrize("ill", [garbage, garbage_in_a_stream, silence, one_picture_in_five_seconds])
def test_signs_are_right_again_after_a_camera_sent_nothing_of_use(ill: Callable[[socket.socket], None]) -> None:
    shown = [part(content) for content in pictures((320, 240))]
    well = threading.Event()
    well.set()

    def serve(connection: socket.socket) -> None:
        if not well.is_set():
            ill(connection)
            return
        connection.sendall(HEAD)
        while well.is_set():
            for content in shown:
                connection.sendall(content)
                time.sleep(PACE_S)

    with raw_server(serve) as address, live_run(address, "--name", "front") as run, watching(run, LIMIT) as signs:
        held = Held(run.process.pid)
        well.clear()
        for _ in range(2):
            signs.until_faulty()
        well.set()
        signs.until_right_again()
        held.until_as_before()
