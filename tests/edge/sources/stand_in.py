"""A camera that needs no hardware: it gives what a test hands it, fails when it is told to, and counts its openings."""

import queue
import threading
import time
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from edge.errors import SourceError
from edge.sources.device import Device

Picture = npt.NDArray[np.uint8]


def picture(level: int, size_wh: tuple[int, int] = (6, 4)) -> Picture:
    return np.full((size_wh[1], size_wh[0], 3), level, np.uint8)


class StandInCamera:
    """Where it is plugged in, each opening gives a device; None among the pictures unplugs that device.

    Attributes:
        opened: Devices opened so far.
        released: Devices let go of so far.
        timestamps_ms: Handed out as CAP_PROP_POS_MSEC where there are any.
    """

    def __init__(self) -> None:
        self.plugged = True
        self.opened = 0
        self.released = 0
        self.attempts = 0
        self.timestamps_ms: list[float] = []
        self.pictures: queue.Queue[Picture | None] = queue.Queue()
        self.waiting = threading.Semaphore(0)

    def open(self) -> Device:
        self.attempts += 1
        if not self.plugged:
            raise SourceError("no camera is connected")
        self.opened += 1
        return Device(self, "6x4", 30.0, has_timestamps=bool(self.timestamps_ms))

    def give(self, *levels: int | None) -> None:
        """Hand over pictures of these levels, and return once all of them were read."""
        for level in levels:
            self.pictures.put(None if level is None else picture(level))
            assert self.waiting.acquire(timeout=30)

    def read(self) -> tuple[bool, Picture | None]:
        self.waiting.release()
        image = self.pictures.get()
        return image is not None, image

    def get(self, property_id: int) -> float:
        return self.timestamps_ms.pop(0) if property_id == cv2.CAP_PROP_POS_MSEC else 0.0

    def release(self) -> None:
        self.released += 1


class Webcam:
    """In the place of `cv2.VideoCapture`: a camera of 640x480 in Motion JPEG that is there while a file is.

    A V4L2 device can't be made without the kernel's module, so this is the nearest thing to one. It takes a rate of up
    to 30 and any exposure, and shows one picture.

    Args:
        plugged: The file.
        shown: (480, 640, 3) uint8, BGR.
    """

    def __init__(self, plugged: Path, shown: Picture) -> None:
        self._plugged = plugged
        self._shown = shown
        self._settings = {
            cv2.CAP_PROP_FRAME_WIDTH: 640.0,
            cv2.CAP_PROP_FRAME_HEIGHT: 480.0,
            cv2.CAP_PROP_FOURCC: float(cv2.VideoWriter.fourcc(*"MJPG")),
            cv2.CAP_PROP_FPS: 30.0,
            cv2.CAP_PROP_EXPOSURE: 156.0,
            cv2.CAP_PROP_AUTO_EXPOSURE: 3.0,
        }
        self._due_s = time.monotonic()

    def isOpened(self) -> bool:  # noqa: N802  # as OpenCV has it
        return self._plugged.exists()

    def set(self, property_id: int, value: float) -> bool:
        taken = property_id in (cv2.CAP_PROP_EXPOSURE, cv2.CAP_PROP_AUTO_EXPOSURE) or (
            property_id == cv2.CAP_PROP_FPS and value <= 30
        )
        if taken:
            self._settings[property_id] = value
        return taken

    def get(self, property_id: int) -> float:
        return self._settings.get(property_id, 0.0)

    def read(self) -> tuple[bool, Picture | None]:
        self._due_s = max(self._due_s + 1 / self._settings[cv2.CAP_PROP_FPS], time.monotonic())
        time.sleep(max(0.0, self._due_s - time.monotonic()))
        return (True, self._shown.copy()) if self.isOpened() else (False, None)

    def release(self) -> None:
        pass
