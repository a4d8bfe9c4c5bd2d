"""A test pattern: a source that needs no camera and no file."""

import re
import time
from collections.abc import Iterator

import cv2
import numpy as np
import numpy.typing as npt

from edge.errors import SourceError
from edge.frame import Frame
from edge.sources.source import Source

PREFIX = "pattern:"
DEFAULT_SIZE_WH = (1280, 720)
DEFAULT_FPS = 25.0
MAX_SIDE_PX = 8192

# 75 % bars of SMPTE EG 1, left to right: grey, yellow, cyan, green, magenta, red, blue; BGR.
BARS_BGR = (
    *((191, 191, 191), (0, 191, 191), (191, 191, 0), (0, 191, 0)),
    *((191, 0, 191), (0, 0, 191), (191, 0, 0)),
)
BLOCK_TRAVEL_FRAMES = 100
"""Frames the white block takes from the left to the right."""


class PatternSource(Source):
    """Colour bars with a moving block and the frame's number.

    Args:
        size_wh: Width and height in px, 16 to 8192 each.
        fps: The rate that `Frame.media_s` follows, above 0. Frames come as fast as they are
            fetched: see `edge.sources.pacing.PacedSource` for their own pace.
        frame_count: Where it ends; None for never.
        name: What messages call it.

    Raises:
        ValueError: For a size, rate or count out of range.
    """

    def __init__(
        self,
        size_wh: tuple[int, int] = DEFAULT_SIZE_WH,
        fps: float = DEFAULT_FPS,
        frame_count: int | None = None,
        *,
        name: str = "pattern",
    ) -> None:
        if not all(16 <= side <= MAX_SIDE_PX for side in size_wh):
            raise ValueError(f"a pattern's sides are 16 to {MAX_SIDE_PX} px, not {size_wh}")
        if not 0 < fps <= 1000:
            raise ValueError(f"a pattern has above 0 and at most 1000 frames a second, not {fps}")
        if frame_count is not None and frame_count < 1:
            raise ValueError(f"a pattern has at least 1 frame, not {frame_count}")
        self.name = name
        self.live = False
        self.fps: float | None = fps
        self.frame_count = frame_count
        self.dropped = 0
        self.skipped: list[str] = []
        self._rate = fps
        self._bars = _bars(size_wh)
        self._closed = False

    def frames(self) -> Iterator[Frame]:
        """Give the frames until the count is reached or the source is closed."""
        number = 0
        while not self._closed and number != self.frame_count:
            yield Frame(
                image=draw_pattern(self._bars, number),
                number=number,
                captured_ns=time.time_ns(),
                captured_monotonic_ns=time.monotonic_ns(),
                media_s=number / self._rate,
                file=None,
            )
            number += 1

    def interrupt(self) -> None:
        """End the frames."""
        self._closed = True

    def close(self) -> None:
        """End the frames."""
        self._closed = True


def draw_pattern(bars: npt.NDArray[np.uint8], number: int) -> npt.NDArray[np.uint8]:
    """Draw the pattern of one frame.

    Args:
        bars: (height, width, 3) uint8, the still part.
        number: The frame's number, which places the block and is written in it.

    Returns:
        A picture like `bars`.
    """
    image = bars.copy()
    height, width = image.shape[:2]
    side = height // 4
    phase = number % BLOCK_TRAVEL_FRAMES / (BLOCK_TRAVEL_FRAMES - 1)
    left = round(phase * max(width - side, 0))
    top = (height - side) // 2
    image[top : top + side, left : left + side] = 255
    scale = height / 360
    origin = (round(8 * scale), height - round(12 * scale))
    thickness = max(1, round(2 * scale))
    cv2.putText(image, str(number), origin, cv2.FONT_HERSHEY_SIMPLEX, scale, (255,) * 3, thickness)
    return image


def parse_pattern(spec: str, *, endless: bool, name: str | None = None, default_frames: int = 250) -> PatternSource:
    """Make the pattern that `pattern:[WIDTHxHEIGHT][@FPS][#FRAMES]` asks for.

    Args:
        spec: For instance `pattern:`, `pattern:640x480@30` or `pattern:#100`.
        endless: Whether a pattern without `#FRAMES` never ends.
        name: What messages call it; `pattern` if None.
        default_frames: Where it ends if it does.

    Raises:
        SourceError: Where the text is of another form, or a number out of range.
    """
    form = rf"{PREFIX}(?:(\d+)x(\d+))?(?:@(\d+(?:\.\d+)?))?(?:#(\d+))?"
    match = re.fullmatch(form, spec, flags=re.ASCII)
    if match is None:
        raise SourceError(
            f"{spec} is no test pattern; write it like {PREFIX}, {PREFIX}640x480@30 or {PREFIX}#100 (frames)"
        )
    width, height, fps, frames = match.groups()
    try:
        return PatternSource(
            (int(width), int(height)) if width else DEFAULT_SIZE_WH,
            float(fps) if fps else DEFAULT_FPS,
            int(frames) if frames else None if endless else default_frames,
            name="pattern" if name is None else name,
        )
    except ValueError as error:
        raise SourceError(f"{spec} can't be drawn: {error}") from error


def _bars(size_wh: tuple[int, int]) -> npt.NDArray[np.uint8]:
    width, height = size_wh
    row = np.array(BARS_BGR, dtype=np.uint8)[np.arange(width) * len(BARS_BGR) // width]
    return np.broadcast_to(row, (height, width, 3)).copy()
