"""What waits between the thread that captures and the one that reads, and who gives way when it is full.

Two questions, answered apart from each other:

==============  ============================================================================
`when_full`   `wait`: the capturing side waits; nothing is lost and the reader sets the pace.
              `drop-oldest`: what waited longest is dropped and counted; the source sets it.
`take_next`   `oldest`: frames come in order. `newest`: the older ones are dropped and counted.
==============  ============================================================================
"""

import threading
from collections import deque
from typing import Literal

from edge.frame import Frame

WhenFull = Literal["wait", "drop-oldest"]
TakeNext = Literal["oldest", "newest"]


class FrameBuffer:
    """Frames on their way from one thread to another.

    Args:
        capacity: Frames that may wait, at least 1.
        when_full: See above.
        take_next: See above.
        changed: Notified at each change; hand the same one to several buffers to wait for any of them.
    """

    def __init__(
        self,
        capacity: int,
        when_full: WhenFull,
        take_next: TakeNext,
        changed: threading.Condition | None = None,
    ) -> None:
        if capacity < 1:
            raise ValueError(f"a buffer holds at least 1 frame, not {capacity}")
        self.fault: Exception | None = None
        """With what capturing ended; None for a good end, and before it."""
        self.dropped = 0
        """Frames that were put and will never be taken."""
        self.changed = changed or threading.Condition()
        self._capacity = capacity
        self._when_full = when_full
        self._take_next = take_next
        self._frames: deque[Frame] = deque()
        self._ended = False
        self._closed = False

    def put(self, frame: Frame) -> bool:
        """Add a frame; False where nobody will take it because the reader is gone: it is counted as dropped."""
        with self.changed:
            if self._when_full == "wait":
                self.changed.wait_for(lambda: self._closed or len(self._frames) < self._capacity)
            if self._closed:
                self.dropped += 1
                return False
            self._frames.append(frame)
            if len(self._frames) > self._capacity:
                self._frames.popleft()
                self.dropped += 1
            self.changed.notify_all()
            return True

    def end(self, fault: Exception | None = None) -> None:
        """No more will be put; `fault` is raised to the reader after the last frame."""
        with self.changed:
            self._ended = True
            self.fault = fault
            self.changed.notify_all()

    def take(self, timeout_s: float | None = None) -> Frame | None:
        """The next frame, or None where none came in time (None waits for ever) or none will come any more.

        Raises the fault with which capturing ended, once every frame before it has been taken.
        """
        with self.changed:
            self.changed.wait_for(lambda: self._frames or self._ended or self._closed, timeout_s)
            if not self._frames:
                if self.fault is not None and not self._closed:
                    raise self.fault
                return None
            if self._take_next == "newest":
                self.dropped += len(self._frames) - 1
                frame = self._frames.pop()
                self._frames.clear()
            else:
                frame = self._frames.popleft()
            self.changed.notify_all()
            return frame

    @property
    def ready(self) -> bool:
        """Whether `take` would return or raise at once."""
        return bool(self._frames) or self._ended or self._closed

    @property
    def exhausted(self) -> bool:
        """Whether every frame was taken and no more will come."""
        return not self._frames and (self._ended or self._closed)

    def close(self) -> None:
        """The reader goes: what waits is counted as dropped, and nobody is kept waiting."""
        with self.changed:
            self._closed = True
            self.dropped += len(self._frames)
            self._frames.clear()
            self.changed.notify_all()
