"""What an opened camera or stream looks like to the source that reads it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol


class Capture(Protocol):
    """The part of `cv2.VideoCapture` that reading needs; a stand-in device offers the same."""

    def read(self) -> tuple[bool, object]:
        """Wait for the next picture, (h, w, 3) uint8 BGR; (False, None) where none will come."""
        ...

    def get(self, property_id: int, /) -> float:
        """A property by OpenCV's number; 0 where it is unknown."""
        ...

    def release(self) -> None:
        """Let go of the device."""
        ...


class Adjustable(Protocol):
    """The part of `cv2.VideoCapture` that settings need."""

    def set(self, property_id: int, value: float, /) -> bool:
        """Ask for a property; False where the device refuses."""
        ...


@dataclass(frozen=True, slots=True)
class Device:
    """An opened camera or stream."""

    capture: Capture
    given: str
    """What it really gives, for people: `1280x720 at 30 frames/s, MJPG`."""
    fps: float | None
    """Frames a second as it says; None where it doesn't."""
    has_timestamps: bool = False
    """Whether its pictures carry the time that the sender gave them, in CAP_PROP_POS_MSEC."""
    has_backlog: bool = False
    """Whether pictures pile up while it is being opened, as those of a stream do."""


OpenDevice = Callable[[], Device]
"""Opens the device anew. Raises SourceError, within its own time-out, where it can't be opened."""
