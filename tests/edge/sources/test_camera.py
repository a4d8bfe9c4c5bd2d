import socket
from pathlib import Path

import cv2
import pytest

from edge.errors import SourceError
from edge.sources import CameraSettings, LiveSource, open_camera, open_source, open_stream
from edge.sources.address import without_credentials
from edge.sources.camera import configure, describe, describe_camera
from tests.edge.sources.stand_in import Webcam, picture


class Settable:
    """A device that takes what it is asked for, but has only two sizes."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, float]] = []

    def set(self, property_id: int, value: float) -> bool:
        self.asked.append((property_id, value))
        return True

    def get(self, property_id: int) -> float:
        given = dict(self.asked)
        match property_id:
            case cv2.CAP_PROP_FRAME_WIDTH:
                return 640.0
            case cv2.CAP_PROP_FRAME_HEIGHT:
                return 480.0
        return given.get(property_id, 0.0)

    def read(self) -> tuple[bool, object]:
        return False, None

    def release(self) -> None:
        pass


def test_a_camera_is_asked_for_its_format_first_and_says_what_it_gives() -> None:
    device = Settable()
    assert describe(device) == "640x480"
    asked = CameraSettings((1280, 720), 30.0, "MJPG", 250.0)
    configure(device, asked)
    assert [property_id for property_id, _ in device.asked] == [
        cv2.CAP_PROP_FOURCC,
        cv2.CAP_PROP_FRAME_WIDTH,
        cv2.CAP_PROP_FRAME_HEIGHT,
        cv2.CAP_PROP_FPS,
        cv2.CAP_PROP_AUTO_EXPOSURE,
        cv2.CAP_PROP_EXPOSURE,
    ]
    assert describe(device) == "640x480 at 30 frames/s, MJPG"
    assert describe_camera(device, asked) == "640x480 at 30 frames/s, MJPG, exposure 250; asked for 1280x720"


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (CameraSettings(), ""),
        (CameraSettings((640, 480), 30.0, "MJPG"), ""),
        (CameraSettings(fps=29.97), ""),
        (CameraSettings((641, 480), 60.0, "YUYV"), "; asked for 641x480, 60 frames/s, YUYV"),
        (CameraSettings(pixel_format="Y16 "), "; asked for Y16 "),
        (CameraSettings(exposure=250.0), ", exposure 156; asked for exposure 250"),
    ],
)
def test_what_a_camera_was_asked_for_in_vain_is_told(tmp_path: Path, asked: CameraSettings, told: str) -> None:
    device = Webcam(tmp_path, picture(0))
    assert describe_camera(device, asked) == "640x480 at 30 frames/s, MJPG" + told


def test_what_is_not_asked_for_is_left_as_it_is() -> None:
    device = Settable()
    configure(device, CameraSettings(fps=15.0))
    assert device.asked == [(cv2.CAP_PROP_FPS, 15.0), (cv2.CAP_PROP_AUTO_EXPOSURE, 3)]


@pytest.mark.parametrize("device", [97, "/dev/video97", "/dev/v4l/by-id/none"])
def test_a_camera_that_is_not_there_is_one_clear_line(capfd: pytest.CaptureFixture[str], device: int | str) -> None:
    with pytest.raises(SourceError, match=f"{device} can't be opened"):
        open_camera(device)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("spec", "name"),
    [
        ("97", "camera 97"),
        ("/dev/video97", "/dev/video97"),
        ("rtsp://user:secret@127.0.0.1/front?token=secret", "rtsp://***@127.0.0.1/front?***"),
    ],
)
def test_a_live_source_is_opened_only_when_it_is_read(spec: str, name: str) -> None:
    with open_source(spec) as source:
        assert isinstance(source, LiveSource)
        assert (source.name, source.live, source.openings) == (name, True, 0)
    with open_source(spec, name="front") as source:
        assert source.name == "front"


def test_a_stream_that_is_not_there_is_one_clear_line_without_its_password(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(SourceError, match="gives no stream") as caught:
        open_stream(f"rtsp://user:secret@127.0.0.1:{port}/front")
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
