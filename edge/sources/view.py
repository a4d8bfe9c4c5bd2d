"""How a camera's picture is turned, mirrored and cut before anything looks at it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.errors import SourceError
from edge.frame import Frame
from edge.sources.source import Source

Rotation = Literal[0, 90, 180, 270]
_TURNS: Final = {
    90: cv2.ROTATE_90_CLOCKWISE,
    180: cv2.ROTATE_180,
    270: cv2.ROTATE_90_COUNTERCLOCKWISE,
}


@dataclass(frozen=True, slots=True)
class View:
    """Turned first, then mirrored, then cut. Sizes and boxes in messages are of what results."""

    rotate: Rotation = 0
    """Degrees clockwise by which the picture is turned."""
    mirror: bool = False
    """Left and right exchanged, for a camera that looks into a mirror."""
    roi: tuple[int, int, int, int] | None = None
    """x, y, width, height in px of the part that is kept; None for the whole picture."""

    def apply(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The view of a picture (height, width, 3) uint8.

        Raises SourceError where the region of interest reaches beyond the picture.
        """
        if self.rotate:
            image = np.asarray(cv2.rotate(image, _TURNS[self.rotate]), np.uint8)
        if self.mirror:
            image = np.asarray(cv2.flip(image, 1), np.uint8)
        if self.roi is None:
            return image
        x, y, width, height = self.roi
        if x + width > image.shape[1] or y + height > image.shape[0]:
            raise SourceError(
                f"the region of interest {x},{y},{width},{height} reaches beyond the picture of "
                f"{image.shape[1]}x{image.shape[0]}; choose one within it"
            )
        return np.ascontiguousarray(image[y : y + height, x : x + width])


WHOLE = View()


class ViewedSource(Source):
    """A recording through a view; closing closes the recording. Live sources have their view built in."""

    def __init__(self, source: Source, view: View) -> None:
        self.name = source.name
        self.live = source.live
        self.fps = source.fps
        self.frame_count = source.frame_count
        self.skipped = source.skipped
        self._source = source
        self._view = view

    @property
    def dropped(self) -> int:  # type: ignore[override]  # the recording counts
        """As the recording says."""
        return self._source.dropped

    def frames(self) -> Iterator[Frame]:
        """Give the view of each frame. Raises SourceError as the recording and the view do."""
        for frame in self._source.frames():
            yield replace(frame, image=self._view.apply(frame.image))

    def interrupt(self) -> None:
        """Interrupt the recording."""
        self._source.interrupt()

    def close(self) -> None:
        """Close the recording."""
        self._source.close()
