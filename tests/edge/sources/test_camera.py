import http.server
import queue
import socket
import threading
from collections.abc import Iterator

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from edge.errors import SourceError
from edge.sources import CameraSource, PatternSource, open_source, open_stream
from edge.sources.address import without_credentials


class StandInDevice:
    """A camera that gives the pictures it is handed; None ends it."""

    def __init__(self) -> None:
        self.pictures: queue.Queue[npt.NDArray[np.uint8] | None] = queue.Queue()
        self.waiting = threading.Semaphore(0)
        self.released = threading.Event()

    def give(self, *levels: int | None) -> None:
        """Hand over pictures of these levels, and return once all of them were read."""
        for level in levels:
            self.pictures.put(None if level is None else np.full((4, 6, 3), level, dtype=np.uint8))
            self.waiting.acquire()

    def read(self) -> tuple[bool, npt.NDArray[np.uint8] | None]:
        self.waiting.release()
        picture = self.pictures.get()
        return picture is not None, picture

    def release(self) -> None:
        self.released.set()


@pytest.fixture
def device() -> Iterator[StandInDevice]:
    device = StandInDevice()
    yield device
    device.pictures.put(None)


def open_stand_in(device: StandInDevice) -> CameraSource:
    source = CameraSource(device, name="front", read_timeout_s=0.2)
    device.waiting.acquire()
    return source


def test_a_late_reader_gets_the_newest_picture_and_the_others_are_counted(
    device: StandInDevice,
) -> None:
    source = open_stand_in(device)
    frames = source.frames()
    device.give(10, 20, 30)
    first = next(frames)
    assert (first.image[0, 0, 0], first.number, source.dropped) == (30, 2, 2)
    device.give(40)
    second = next(frames)
    assert (second.image[0, 0, 0], second.number, source.dropped) == (40, 3, 2)
    assert (source.live, source.frame_count, second.media_s) == (True, None, None)


def test_a_camera_that_falls_silent_is_an_error_after_the_last_picture(
    device: StandInDevice,
) -> None:
    source = open_stand_in(device)
    frames = source.frames()
    device.give(10)
    next(frames)
    with pytest.raises(SourceError, match="front gives no pictures any more"):
        next(frames)


def test_a_camera_that_is_unplugged_is_an_error_and_released(device: StandInDevice) -> None:
    source = open_stand_in(device)
    device.give(10)
    device.pictures.put(None)
    assert device.released.wait(5)
    frames = source.frames()
    assert next(frames).image[0, 0, 0] == 10
    with pytest.raises(SourceError):
        next(frames)


def test_closing_ends_the_frames_and_releases_the_device(device: StandInDevice) -> None:
    source = open_stand_in(device)
    frames = source.frames()
    device.give(10)
    next(frames)
    device.pictures.put(np.zeros((4, 6, 3), dtype=np.uint8))
    source.close()
    assert device.released.wait(5)
    assert list(frames) == []


@pytest.mark.parametrize("spec", ["97", "/dev/video97", "/dev/v4l/by-id/none"])
def test_a_camera_that_is_not_there_is_one_clear_line(capfd: pytest.CaptureFixture[str], spec: str) -> None:
    with pytest.raises(SourceError, match=f"{spec} can't be opened"):
        open_source(spec)
    assert capfd.readouterr() == ("", "")


@pytest.fixture
def mjpeg_camera() -> Iterator[str]:
    """A network camera: Motion JPEG over HTTP, 40 pictures and then silence."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "multipart/x-mixed-replace;boundary=next")
            self.end_headers()
            for frame in PatternSource((160, 120), frame_count=40).frames():
                jpeg = cv2.imencode(".jpg", frame.image)[1].tobytes()
                head = f"--next\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
                self.wfile.write(head.encode() + jpeg + b"\r\n")

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://user:secret@127.0.0.1:{server.server_port}/cam.mjpg?token=secret"
    server.shutdown()
    server.server_close()


def test_a_network_camera_is_read_until_it_goes(mjpeg_camera: str) -> None:
    numbers = []
    with open_source(mjpeg_camera) as source, pytest.raises(SourceError) as caught:
        for frame in source.frames():
            assert frame.image.shape == (120, 160, 3)
            numbers.append(frame.number)
    assert numbers == sorted(set(numbers)) and numbers
    assert len(numbers) + source.dropped == numbers[-1] + 1
    assert "secret" not in source.name + str(caught.value)


def test_a_stream_that_is_not_there_is_one_clear_line_without_its_password(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(SourceError, match="gives no stream") as caught:
        open_source(f"rtsp://user:secret@127.0.0.1:{port}/front")
    assert "secret" not in str(caught.value)
    assert capfd.readouterr() == ("", "")


def test_a_server_that_says_nothing_is_given_up() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        pytest.raises(SourceError, match="gives no stream"),
    ):
        open_stream(f"http://127.0.0.1:{server.getsockname()[1]}/", open_timeout_s=0.5)


def test_an_unknown_scheme_is_named() -> None:
    with pytest.raises(SourceError, match=r"gopher://\*\*\*@host/ is no stream's address"):
        open_source("gopher://user:secret@host/")


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("rtsp://10.0.0.5:554/front", "rtsp://10.0.0.5:554/front"),
        ("rtsp://user:secret@10.0.0.5:554/front", "rtsp://***@10.0.0.5:554/front"),
        ("rtsp://user:se/c#r?e@t@10.0.0.5/front", "rtsp://***@10.0.0.5/front"),
        ("http://10.0.0.5/cam?user=u&pwd=secret", "http://10.0.0.5/cam?***"),
        ("http://10.0.0.5/cam#secret", "http://10.0.0.5/cam?***"),
        ("http://secret@[::1]:80/cam", "http://***@[::1]:80/cam"),
    ],
)
def test_credentials_are_never_shown(address: str, shown: str) -> None:
    assert without_credentials(address) == shown
