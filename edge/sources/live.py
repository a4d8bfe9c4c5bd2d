"""Live sources: a camera or stream that is opened again, for ever, whenever it fails or goes silent."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.errors import SourceError
from edge.frame import Frame
from edge.sources.capture_time import CaptureClock
from edge.sources.device import Device, OpenDevice
from edge.sources.source import Source
from edge.sources.view import WHOLE, View

SHORTEST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 1.0
"""Between two attempts. With the time-outs of opening it keeps what comes back unread for under 5 s."""

AT_ONCE_SHARE = 0.25
"""A picture that is there within this share of a frame's time was there before it was asked for."""
LONGEST_BACKLOG_S = 2.0
USUAL_FPS = 25.0

SourceState = Literal["opening", "open", "waiting", "closed"]


@dataclass(frozen=True, slots=True)
class SourceEvent:
    """Something that happened to a live source, for whoever operates it."""

    name: str
    fault: str | None
    """Why it can't be read, in one line; None where it was opened."""
    given: str | None
    """What an opened device really gives; None for a fault."""
    attempts: int
    """Attempts since it could last be read."""


class LiveSource(Source):
    """Gives the pictures of a device, and opens it again whenever it fails; the first time too.

    A camera that isn't there yet when the vehicle starts, or comes back after an hour, is a camera all the same, so
    `frames` ends only when the source is closed. One thread at a time reads it and touches the device.

    Args:
        open_device: Opens the device.
        name: What messages call it; no credentials in it.
        view: How its pictures are turned and cut.
        report: Is told, from the reading thread, of each opening and of each fault, however often it comes again.
        beat: Is called, from the reading thread, before each attempt and each picture: what the watchdog listens to.
    """

    def __init__(
        self,
        open_device: OpenDevice,
        *,
        name: str,
        view: View = WHOLE,
        report: Callable[[SourceEvent], None] = lambda event: None,
        beat: Callable[[], None] = lambda: None,
    ) -> None:
        self.name = name
        self.live = True
        self.fps: float | None = None
        self.frame_count: int | None = None
        self.dropped = 0
        self.skipped: list[str] = []
        self.state: SourceState = "opening"
        self.openings = 0
        """Times that it was opened."""
        self.faults = 0
        """Times that it could not be opened, failed or fell silent."""
        self.fault: str | None = None
        """Why it can't be read; None while it can, and before the first attempt."""
        self.given: str | None = None
        """What the device really gives, since it was last opened."""
        self._open_device = open_device
        self._view = view
        self._report = report
        self._beat = beat
        self._number = 0
        self._captured_ns = 0
        self._attempts = 0
        self._closing = threading.Event()

    def frames(self) -> Iterator[Frame]:
        """Give pictures until the source is closed, whatever happens to the device."""
        pause_s = SHORTEST_PAUSE_S
        while not self._closing.is_set():
            before = self._number
            self._attempts += 1
            self.state = "opening"
            self._beat()
            try:
                yield from self._connection()
            except SourceError as error:
                self._note_fault(str(error))
            if self._number > before:
                pause_s = SHORTEST_PAUSE_S
            self._closing.wait(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
        self.state = "closed"

    def interrupt(self) -> None:
        """Have `frames` end after the read under way."""
        self._closing.set()

    def close(self) -> None:
        """Have `frames` end; the device is released where it was read."""
        self._closing.set()

    def _connection(self) -> Iterator[Frame]:
        """Give pictures as long as the device does. Raises SourceError where it fails."""
        device = self._open_device()
        try:
            self._note_opened(device)
            clock = CaptureClock() if device.has_timestamps else None
            self._pass_over_backlog(device)
            first = True
            while not self._closing.is_set():
                frame = self._frame(self._read(device), device, clock)
                if first:  # what opens and then gives nothing has not come back
                    self._report(SourceEvent(self.name, None, device.given, self._attempts))
                    first = False
                self._attempts = 0
                self.fault = None
                yield frame
        finally:
            device.capture.release()

    def _pass_over_backlog(self, device: Device) -> None:
        """Drop the pictures that a stream queued while it was being opened: nobody knows how old they are.

        The first one that had to be waited for ends them.
        """
        if not device.has_backlog:
            return
        opened_s = time.monotonic()
        wait_s = AT_ONCE_SHARE / (device.fps or USUAL_FPS)
        while not self._closing.is_set():
            before_s = time.monotonic()
            self._read(device)
            self._number += 1
            self.dropped += 1
            after_s = time.monotonic()
            if after_s - before_s >= wait_s or after_s - opened_s >= LONGEST_BACKLOG_S:
                return

    def _read(self, device: Device) -> NDArray[np.uint8]:
        self._beat()
        try:
            ok, image = device.capture.read()
        except cv2.error:
            ok, image = False, None
        if not ok:
            raise SourceError(f"{self.name} gives no pictures any more; check its power and connection")
        return np.asarray(image, np.uint8)

    def _frame(self, image: NDArray[np.uint8], device: Device, clock: CaptureClock | None) -> Frame:
        arrived_ns, unix_ns = time.monotonic_ns(), time.time_ns()
        lag_ns = 0
        if clock is not None:
            lag_ns = clock.lag_ns(arrived_ns, round(device.capture.get(cv2.CAP_PROP_POS_MSEC) * 1e6))
            lag_ns = min(lag_ns, arrived_ns - self._captured_ns)  # no frame is older than the one before it
        self._captured_ns = arrived_ns - lag_ns
        image = self._view.apply(image)
        number = self._number
        self._number += 1
        return Frame(
            image=image,
            number=number,
            captured_ns=unix_ns - lag_ns,
            captured_monotonic_ns=arrived_ns - lag_ns,
            media_s=None,
            file=None,
        )

    def _note_opened(self, device: Device) -> None:
        self.openings += 1
        self.fps = device.fps
        self.given = device.given
        self.state = "open"

    def _note_fault(self, fault: str) -> None:
        self.faults += 1
        self.state = "waiting"
        self.fault = fault
        self._report(SourceEvent(self.name, fault, None, self._attempts))
