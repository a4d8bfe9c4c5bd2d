"""Network cameras that a test can have die in every way: servers in processes of their own, and ones of bytes."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import cv2
import pytest

from edge.sources.pattern import PatternSource
from tests.waiting import PATIENCE_S

PROJECT = Path(__file__).resolve().parents[3]
GST_SERVER = Path(__file__).with_name("gst_server.py")
FPS = 20


Size = tuple[int, int]
Pictures = Callable[[Size], list[bytes]]
SMALL: Size = (160, 120)


def jpegs(size_wh: Size, count: int = 10) -> list[bytes]:
    return [
        cv2.imencode(".jpg", frame.image)[1].tobytes() for frame in PatternSource(size_wh, frame_count=count).frames()
    ]


class Server:
    """A camera's server that can be ended and started again at the same port."""

    def __init__(
        self, start: Callable[[Size, int], "subprocess.Popen[str]"], address: str, size_wh: Size = SMALL
    ) -> None:
        self._start = start
        self._address = address
        self._port = 0
        self.start(size_wh)

    @property
    def address(self) -> str:
        return self._address.format(port=self._port)

    def start(self, size_wh: Size) -> None:
        self.process = self._start(size_wh, self._port)
        assert self.process.stdout is not None
        self._port = int(self.process.stdout.readline())

    def send(self, number: signal.Signals) -> None:
        os.kill(self.process.pid, number)

    def end(self) -> None:
        self.process.kill()
        self.process.communicate()


def start_program(*arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(arguments, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def http_server(folder: Path, pictures: Pictures = jpegs, size_wh: Size = SMALL) -> Server:
    """Motion JPEG over HTTP of the pictures of a size."""

    def start(size_wh: Size, port: int) -> "subprocess.Popen[str]":
        save(pictures(size_wh), folder)
        return start_program(sys.executable, "-m", "edge.stream_server", str(folder), str(FPS), str(port))

    return Server(start, "http://127.0.0.1:{port}/cam.mjpg", size_wh)


def gst_server(kind: str, folder: Path, pictures: Pictures = jpegs, size_wh: Size = SMALL) -> Server:
    """H.264 of the pictures of a size, over RTSP (`rtsp`) or in MPEG-TS (`ts`); skips where GStreamer isn't there."""
    needs = "import gi; gi.require_version('GstRtspServer', '1.0')"
    python = shutil.which("python3", path="/usr/bin")
    if python is None or subprocess.run([python, "-c", needs], capture_output=True).returncode:
        pytest.skip("needs GStreamer's RTSP server: apt-get install gir1.2-gst-rtsp-server-1.0 (see .ci/run)")

    def start(size_wh: Size, port: int) -> "subprocess.Popen[str]":
        save(pictures(size_wh), folder)
        return start_program(python, str(GST_SERVER), kind, str(folder), str(port))

    return Server(start, {"rtsp": "rtsp://127.0.0.1:{port}/front", "ts": "tcp://127.0.0.1:{port}"}[kind], size_wh)


def save(pictures: list[bytes], folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for number, content in enumerate(pictures):
        (folder / f"{number:03}.jpg").write_bytes(content)


@contextmanager
def raw_server(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """A TCP server that does to each connection what a test wants."""
    server = socket.create_server(("127.0.0.1", 0))
    closing = threading.Event()

    def serve() -> None:
        while not closing.is_set():
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(PATIENCE_S)
                try:
                    connection.recv(4096)
                    answer(connection)
                except OSError:
                    continue

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/cam.mjpg"
    finally:
        closing.set()
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join()


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace;boundary=next\r\n\r\n"


def part(jpeg: bytes) -> bytes:
    return b"--next\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%s\r\n" % (len(jpeg), jpeg)


def garbage(connection: socket.socket) -> None:
    connection.sendall(os.urandom(200_000))


def garbage_in_a_stream(connection: socket.socket) -> None:
    connection.sendall(HEAD + part(os.urandom(20_000)) * 10)


def silence(connection: socket.socket) -> None:
    connection.sendall(HEAD)
    connection.recv(1)


def one_picture_in_five_seconds(connection: socket.socket) -> None:
    connection.sendall(HEAD + part(jpegs(SMALL)[0]))
    connection.settimeout(5.0)
    with suppress(TimeoutError):
        connection.recv(1)
    connection.sendall(part(jpegs(SMALL)[1]))
