"""A camera that needs no hardware: it gives what a test hands it, fails when it is told to, and counts its openings."""

import queue
import threading

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
