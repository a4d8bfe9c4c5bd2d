"""Live sources: cameras on this machine and streams from the network."""

import re
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import cv2

from edge.errors import SourceError
from edge.frame import Frame
from edge.opencv_log import quiet_opencv
from edge.sources.address import SCHEMES, scheme_of, without_credentials
from edge.sources.newest import Capture, NewestFrame
from edge.sources.source import Source

OPEN_TIMEOUT_S = 5.0
READ_TIMEOUT_S = 3.0
FIRST_READ_EXTRA_S = 5.0
"""Cameras take longer for the first picture: exposure settles, a stream waits for a key frame."""


class CameraSource(Source):
    """A device that is already open, read by a thread that keeps only the newest picture.

    Made by `open_camera` or `open_stream`, or from a stand-in device.

    Args:
        capture: The device; this source releases it.
        name: What messages call it; no credentials in it.
        fps: Frames a second as the device says, or None.
        read_timeout_s: So long without a picture means that the camera has failed.
    """

    def __init__(
        self,
        capture: Capture,
        *,
        name: str,
        fps: float | None = None,
        read_timeout_s: float = READ_TIMEOUT_S,
    ) -> None:
        self.name = name
        self.live = True
        self.fps = fps
        self.frame_count: int | None = None
        self.skipped: list[str] = []
        self._read_timeout_s = read_timeout_s
        self._newest = NewestFrame(capture)
        self._closed = threading.Event()

    @property
    def dropped(self) -> int:  # type: ignore[override]  # counted by the thread, read here
        """Pictures that the reader was too late for."""
        return self._newest.dropped

    def frames(self) -> Iterator[Frame]:
        """Give the newest picture each time, until the source is closed.

        Raises:
            SourceError: Where the camera stops giving pictures.
        """
        patience_s = self._read_timeout_s + FIRST_READ_EXTRA_S
        while not self._closed.is_set():
            frame = self._newest.take(patience_s)
            if self._closed.is_set():
                return
            if frame is None:
                raise SourceError(f"{self.name} gives no pictures any more; check its power and connection")
            yield frame
            patience_s = self._read_timeout_s

    def close(self) -> None:
        """End the reading and let go of the device."""
        self._closed.set()
        self._newest.close(self._read_timeout_s)


def open_camera(device: int | str, *, name: str | None = None) -> CameraSource:
    """Open a camera on this machine.

    Args:
        device: Its number, or its path such as `/dev/video0` or one below `/dev/v4l`.
        name: What messages call it; `camera N` or the path if None.

    Raises:
        SourceError: Where there is none, or it is in use or not permitted.
    """
    label = f"camera {device}" if isinstance(device, int) else device
    backend = cv2.CAP_V4L2 if sys.platform == "linux" else cv2.CAP_ANY
    quiet_opencv()
    capture = cv2.VideoCapture(device, backend)
    if not capture.isOpened():
        raise SourceError(f"{label} can't be opened; {_advice()}")
    return CameraSource(capture, name=label if name is None else name, fps=_fps(capture))


def open_stream(
    address: str,
    *,
    name: str | None = None,
    open_timeout_s: float = OPEN_TIMEOUT_S,
    read_timeout_s: float = READ_TIMEOUT_S,
) -> CameraSource:
    """Open a network camera or any other stream that FFmpeg reads.

    Args:
        address: `rtsp://`, `http://`, `tcp://`, `udp://` and their like.
        name: What messages call it; the address without credentials if None.
        open_timeout_s: How long the server may take to answer.
        read_timeout_s: So long without a picture means that the stream has failed.

    Raises:
        SourceError: Where the scheme is unknown, or no stream is there.
    """
    shown = without_credentials(address)
    if scheme_of(address) not in SCHEMES:
        known = ", ".join(sorted(SCHEMES))
        raise SourceError(f"{shown} is no stream's address; they begin with one of {known}")
    quiet_opencv()
    # Without time-outs a silent server blocks for 30 s. They work only when passed here.
    capture = cv2.VideoCapture(
        address,
        cv2.CAP_FFMPEG,
        [
            *(cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, round(open_timeout_s * 1000)),
            *(cv2.CAP_PROP_READ_TIMEOUT_MSEC, round(read_timeout_s * 1000)),
        ],
    )
    if not capture.isOpened():
        raise SourceError(f"{shown} gives no stream; check the address and that the camera is on")
    return CameraSource(
        capture,
        name=shown if name is None else name,
        fps=_fps(capture),
        read_timeout_s=read_timeout_s,
    )


def _fps(capture: cv2.VideoCapture) -> float | None:
    fps = capture.get(cv2.CAP_PROP_FPS)
    return fps if fps > 0 else None


def _advice() -> str:
    """Say which cameras there are, as far as this system tells."""
    devices = sorted(
        (path.name for path in Path("/dev").glob("video*") if re.fullmatch(r"video\d+", path.name)),
        key=lambda device: int(device.removeprefix("video")),
    )
    if devices:
        return f"there are {', '.join(devices)}; is it in use, or not permitted (group video)?"
    return "no camera is connected to this machine"
