"""A thread that reads a camera as fast as it gives, and keeps only the newest picture."""

import threading
import time
from typing import Protocol

import numpy as np

from edge.frame import Frame


class Capture(Protocol):
    """The part of `cv2.VideoCapture` that reading needs; a stand-in device offers the same."""

    def read(self) -> tuple[bool, object]:
        """Wait for the next picture, (h, w, 3) uint8 BGR; (False, None) where none will come."""
        ...

    def release(self) -> None:
        """Let go of the device."""
        ...


class NewestFrame:
    """Holds the newest picture of a device until it is fetched.

    OpenCV and the drivers below it queue pictures, so a reader slower than the camera would see
    an ever older road. This thread empties the queue; what nobody fetched in time is counted.
    It alone touches the device: releasing one while another thread reads it crashes.

    Args:
        capture: The opened device; released by the thread when it ends.
    """

    def __init__(self, capture: Capture) -> None:
        self.dropped = 0
        self._capture = capture
        self._changed = threading.Condition()
        self._frame: Frame | None = None
        self._ended = False
        self._stop = False
        self._thread = threading.Thread(target=self._read, name="newest-frame", daemon=True)
        self._thread.start()

    def take(self, timeout_s: float) -> Frame | None:
        """Take the newest picture, waiting for one that wasn't taken yet.

        Returns:
            The frame, or None where none came in `timeout_s` or none will come any more.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._frame is not None or self._ended, timeout_s)
            frame, self._frame = self._frame, None
            return frame

    def close(self, timeout_s: float) -> None:
        """End the thread, waiting at most `timeout_s` for a read under way."""
        self._stop = True
        self._thread.join(timeout_s)

    def _read(self) -> None:
        number = 0
        try:
            while not self._stop:
                ok, image = self._capture.read()
                if not ok:
                    return
                frame = Frame(
                    image=np.asarray(image, dtype=np.uint8),
                    number=number,
                    captured_ns=time.time_ns(),
                    captured_monotonic_ns=time.monotonic_ns(),
                    media_s=None,
                    file=None,
                )
                number += 1
                with self._changed:
                    if self._frame is not None:
                        self.dropped += 1
                    self._frame = frame
                    self._changed.notify_all()
        finally:
            self._capture.release()
            with self._changed:
                self._ended = True
                self._changed.notify_all()
