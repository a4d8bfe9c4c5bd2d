"""Network cameras and other streams that the FFmpeg inside OpenCV receives."""

import cv2

from edge.errors import SourceError
from edge.opencv_log import quiet_opencv
from edge.sources.address import SCHEMES, scheme_of, without_credentials
from edge.sources.camera import describe, fps_of
from edge.sources.device import Device

OPEN_TIMEOUT_S = 3.0
READ_TIMEOUT_S = 2.0
"""So long without a picture means that the stream has failed; what sends more seldom needs another one."""

UNTIMED_SCHEMES = frozenset({"http", "https"})
"""Motion JPEG over HTTP has no timestamps: FFmpeg invents 25 a second."""


def check_address(address: str) -> None:
    """Raise SourceError for an address that no stream can have, whatever the network does."""
    if scheme_of(address) not in SCHEMES:
        known = ", ".join(sorted(SCHEMES))
        raise SourceError(f"{without_credentials(address)} is no stream's address; they begin with one of {known}")


def open_stream(
    address: str, *, open_timeout_s: float = OPEN_TIMEOUT_S, read_timeout_s: float = READ_TIMEOUT_S
) -> Device:
    """Open a network camera or any other stream that FFmpeg reads.

    Args:
        address: `rtsp://`, `http://`, `tcp://`, `udp://` and their like.
        open_timeout_s: How long the server may take to answer.
        read_timeout_s: So long without a picture means that the stream has failed.

    Raises:
        SourceError: Where no stream is there.
    """
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
        capture.release()
        shown = without_credentials(address)
        raise SourceError(f"{shown} gives no stream; check the address and that the camera is on")
    timed = scheme_of(address) not in UNTIMED_SCHEMES
    return Device(capture, describe(capture), fps_of(capture), has_timestamps=timed, has_backlog=True)
