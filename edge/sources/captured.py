"""Any source read by a thread of its own, so that capturing and reading overlap."""

import threading
from collections.abc import Iterator

from edge.frame import Frame
from edge.sources.buffer import FrameBuffer
from edge.sources.source import Source
from edge.watchdog import Stage

AHEAD = 4
"""Frames of a recording that are decoded ahead: enough for an even load, 11 MB at 1280x720."""
CLOSE_PATIENCE_S = 5.0
"""How long closing waits for a read under way; every read has a time-out shorter than that."""


class CapturedSource(Source):
    """Reads another source in a thread, through a buffer.

    Of a live source only the newest frame is kept, since OpenCV and the drivers below it queue pictures, and a reader
    slower than the camera would see an ever older road. A recording waits for its reader and loses none.

    Args:
        source: What is read; this one closes it. No other thread touches it: releasing a device that is being
            read crashes.
        changed: As of `FrameBuffer`, to wait for several sources at once.
        stage: Told when reading begins and rests, for the watchdog.
    """

    def __init__(self, source: Source, changed: threading.Condition | None = None, stage: Stage | None = None) -> None:
        self.name = source.name
        self.live = source.live
        self.fps = source.fps
        self.frame_count = source.frame_count
        self.skipped = source.skipped
        self.buffer = (
            FrameBuffer(1, "drop-oldest", "newest", changed)
            if source.live
            else FrameBuffer(AHEAD, "wait", "oldest", changed)
        )
        self._source = source
        self._stage = stage or Stage(f"capture {source.name}")
        self._put = 0
        self._thread = threading.Thread(target=self._capture, name=f"capture {source.name}", daemon=True)
        self._thread.start()

    @property
    def dropped(self) -> int:  # type: ignore[override]  # counted in two places
        """Frames that were captured and will never be read."""
        return self._source.dropped + self.buffer.dropped

    @property
    def captured(self) -> int:
        """Frames that the source gave, read or not. Once closed it is what was read and `dropped`."""
        return self._put + self._source.dropped

    @property
    def finished(self) -> bool:
        """Whether the thread has ended."""
        return not self._thread.is_alive()

    def frames(self) -> Iterator[Frame]:
        """Give what the thread captured; raises what the source raised, after the last frame."""
        while (frame := self.buffer.take()) is not None:
            yield frame

    def close(self) -> None:
        """End the reading and let go of the source; waits for a read under way."""
        self.buffer.close()
        self._source.interrupt()
        self._thread.join(CLOSE_PATIENCE_S)

    def _capture(self) -> None:
        fault: Exception | None = None
        try:
            frames = self._source.frames()
            while True:
                self._stage.begin()
                frame = next(frames, None)
                self._stage.rest()  # waiting for the reader is no hanging
                if frame is None:
                    break
                self._put += 1
                if not self.buffer.put(frame):
                    break
        except Exception as error:  # also a defect must reach the reader, not end a thread in silence
            fault = error
        finally:
            self._stage.rest()
            self._source.close()
            self.buffer.end(fault)
