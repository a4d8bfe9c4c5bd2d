"""Cameras on this machine, as V4L2 offers them."""

import re
import sys
from dataclasses import dataclass
from pathlib import Path

import cv2

from edge.errors import SourceError
from edge.opencv_log import quiet_opencv
from edge.sources.device import Adjustable, Capture, Device

MANUAL_EXPOSURE, AUTOMATIC_EXPOSURE = 1, 3
"""V4L2's V4L2_EXPOSURE_MANUAL and V4L2_EXPOSURE_APERTURE_PRIORITY, which OpenCV hands through."""
FPS_ROUNDING = 0.5
"""29.97 frames a second are 30."""


@dataclass(frozen=True, slots=True)
class CameraSettings:
    """What is asked of a camera, which gives what it can; None leaves size, rate and pixel format as they are."""

    size_wh: tuple[int, int] | None = None
    """Width and height in px."""
    fps: float | None = None
    """Frames a second."""
    pixel_format: str | None = None
    """Four letters of V4L2, such as `MJPG` or `YUYV`."""
    exposure: float | None = None
    """In the camera's own unit, 100 microseconds with V4L2; None leaves it to the camera."""


AS_IT_IS = CameraSettings()


def open_camera(device: int | str, settings: CameraSettings = AS_IT_IS) -> Device:
    """Open a camera on this machine.

    Args:
        device: Its number, or its path such as `/dev/video0` or one below `/dev/v4l`.
        settings: What is asked of it.

    Raises:
        SourceError: Where there is none, or it is in use or not permitted.
    """
    label = camera_label(device)
    backend = cv2.CAP_V4L2 if sys.platform == "linux" else cv2.CAP_ANY
    quiet_opencv()
    capture = cv2.VideoCapture(device, backend)
    if not capture.isOpened():
        raise SourceError(f"{label} can't be opened; {_advice()}")
    configure(capture, settings)
    return Device(capture, describe_camera(capture, settings), fps_of(capture))


def camera_label(device: int | str) -> str:
    """What messages call a camera that was given no name."""
    return f"camera {device}" if isinstance(device, int) else device


def configure(capture: Adjustable, settings: CameraSettings) -> None:
    """Ask a camera for settings; what came of it is in `describe_camera`.

    The pixel format comes first: a camera has other sizes and rates in each.
    """
    if settings.pixel_format is not None:
        capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*settings.pixel_format))
    if settings.size_wh is not None:
        capture.set(cv2.CAP_PROP_FRAME_WIDTH, settings.size_wh[0])
        capture.set(cv2.CAP_PROP_FRAME_HEIGHT, settings.size_wh[1])
    if settings.fps is not None:
        capture.set(cv2.CAP_PROP_FPS, settings.fps)
    if settings.exposure is None:
        capture.set(cv2.CAP_PROP_AUTO_EXPOSURE, AUTOMATIC_EXPOSURE)
    else:
        capture.set(cv2.CAP_PROP_AUTO_EXPOSURE, MANUAL_EXPOSURE)
        capture.set(cv2.CAP_PROP_EXPOSURE, settings.exposure)


def fps_of(capture: Capture) -> float | None:
    """Frames a second as the device says; None where it doesn't."""
    fps = capture.get(cv2.CAP_PROP_FPS)
    return fps if fps > 0 else None


def describe(capture: Capture) -> str:
    """What a device really gives, for people, such as `1280x720 at 30 frames/s, MJPG`."""
    width, height = _size_wh_of(capture)
    fps = fps_of(capture)
    parts = [f"{width}x{height}" + (f" at {fps:.4g} frames/s" if fps else ""), _pixel_format_of(capture)]
    return ", ".join(filter(None, parts))


def describe_camera(capture: Capture, settings: CameraSettings) -> str:
    """What a camera really gives, and what it was asked for in vain, for people.

    Such as `640x480 at 30 frames/s, MJPG, exposure 250; asked for 1280x720`.
    """
    exposure = capture.get(cv2.CAP_PROP_EXPOSURE)
    given = describe(capture) + (f", exposure {exposure:g}" if settings.exposure is not None else "")
    in_vain = []
    if settings.size_wh not in (None, _size_wh_of(capture)):
        in_vain.append("{}x{}".format(*settings.size_wh))
    if settings.fps is not None and abs(settings.fps - (fps_of(capture) or 0.0)) > FPS_ROUNDING:
        in_vain.append(f"{settings.fps:g} frames/s")
    if settings.pixel_format is not None and settings.pixel_format.strip() != _pixel_format_of(capture):
        in_vain.append(settings.pixel_format)
    if settings.exposure is not None and round(settings.exposure) != round(exposure):
        in_vain.append(f"exposure {settings.exposure:g}")
    return given + (f"; asked for {', '.join(in_vain)}" if in_vain else "")


def _size_wh_of(capture: Capture) -> tuple[int, int]:
    return round(capture.get(cv2.CAP_PROP_FRAME_WIDTH)), round(capture.get(cv2.CAP_PROP_FRAME_HEIGHT))


def _pixel_format_of(capture: Capture) -> str:
    """The letters, or nothing where they are none."""
    code = round(capture.get(cv2.CAP_PROP_FOURCC)) & 0xFFFFFFFF
    letters = code.to_bytes(4, "little").decode("ascii", "replace").strip("\0 ")
    return letters if letters.isprintable() and letters.isascii() else ""


def camera_devices() -> list[str]:
    """The names of what could be cameras, such as `video0`, as far as this system tells."""
    return sorted(
        (path.name for path in Path("/dev").glob("video*") if re.fullmatch(r"video\d+", path.name)),
        key=lambda device: int(device.removeprefix("video")),
    )


def _advice() -> str:
    """Say which cameras there are."""
    devices = camera_devices()
    if devices:
        return f"there are {', '.join(devices)}; is it in use, or not permitted (group video)?"
    return "no camera is connected to this machine"
