"""Recordings: every frame of a video file, in order."""

import math
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from edge.errors import SourceError, SourceTruncated
from edge.frame import Frame
from edge.opencv_log import quiet_opencv
from edge.sources.mp4_index import lacks_index
from edge.sources.source import Source

OPEN_TIMEOUT_MS = 5000
READ_TIMEOUT_MS = 5000

MISSING_FRAMES_ALLOWED = 2
MISSING_SHARE_ALLOWED = 0.02
"""A container's frame count may be an estimate, so so much may be missing at a sound end."""


class VideoSource(Source):
    """A video file, read by the FFmpeg inside OpenCV.

    Args:
        path: The file; any container and codec that FFmpeg reads.
        name: What messages call it; the file's name if None.
        threads: That decode; as many as FFmpeg likes if None.

    Raises:
        SourceError: Where the file isn't there or is no video.
        SourceTruncated: Where it is an MP4 that was cut off before its index.
    """

    def __init__(self, path: str | Path, *, name: str | None = None, threads: int | None = None) -> None:
        path = Path(path)
        if not path.is_file():
            what = "is a folder, not a video" if path.is_dir() else "isn't there"
            raise SourceError(f"{path} {what}; check the name")
        self.name = path.name if name is None else name
        self.live = False
        self.dropped = 0
        self.skipped: list[str] = []
        self._path = path
        self._next = 0
        quiet_opencv()
        # Absolute, because FFmpeg takes what stands before a colon for a protocol.
        # The time-outs work only when passed here, not when set later.
        self._capture = cv2.VideoCapture(
            str(path.absolute()),
            cv2.CAP_FFMPEG,
            [
                *(cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, OPEN_TIMEOUT_MS),
                *(cv2.CAP_PROP_READ_TIMEOUT_MSEC, READ_TIMEOUT_MS),
                *([] if threads is None else (cv2.CAP_PROP_N_THREADS, threads)),
            ],
        )
        if not self._capture.isOpened() or _is_text(self._capture):
            raise _why_not_opened(path)
        self.frame_count = _count(self._capture.get(cv2.CAP_PROP_FRAME_COUNT))
        self.fps = _rate(self._capture.get(cv2.CAP_PROP_FPS))

    def frames(self) -> Iterator[Frame]:
        """Give every frame that can be read.

        Raises:
            SourceTruncated: After the last frame, where the container promised clearly more.
            SourceError: Where there was not one frame.
        """
        media_s = 0.0
        while True:
            ok, image = self._capture.read()
            if not ok:
                break
            media_s = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
            self._next += 1
            yield Frame(
                image=np.asarray(image, dtype=np.uint8),
                number=self._next - 1,
                captured_ns=time.time_ns(),
                captured_monotonic_ns=time.monotonic_ns(),
                media_s=media_s,
                file=None,
            )
        if self._is_truncated(self._next, media_s):
            raise SourceTruncated(str(self._path), read=self._next, expected=self.frame_count)
        if self._next == 0:
            raise SourceError(f"{self._path} holds no picture that can be read")

    def jump(self, media_s: float) -> None:
        """Go on near this second of the recording: often before it, seldom exactly there.

        Frames are then counted on from where they were; whoever knows a frame's number says it by `renumber`.
        """
        self._capture.set(cv2.CAP_PROP_POS_MSEC, 1000 * media_s)

    def renumber(self, number: int) -> None:
        """Say which frame of the recording the newest one was; the next ones are counted from it."""
        self._next = number + 1

    def close(self) -> None:
        """Close the file."""
        self._capture.release()

    def _is_truncated(self, read: int, last_media_s: float) -> bool:
        """Tell whether both frames and seconds are missing.

        Some containers (Matroska) give a duration from which OpenCV estimates the count. With
        a varying frame rate that estimate is wrong while the duration is right, so the time
        must be short as well.
        """
        if self.frame_count is None:
            return False
        allowed = max(MISSING_FRAMES_ALLOWED, MISSING_SHARE_ALLOWED * self.frame_count)
        if self.frame_count - read <= allowed:
            return False
        if self.fps is None or read == 0:
            return True
        return self.frame_count - (last_media_s * self.fps + 1) > allowed


def _is_text(capture: cv2.VideoCapture) -> bool:
    """Tell whether FFmpeg draws a text file as a terminal would: it opens every `.txt`."""
    return int(capture.get(cv2.CAP_PROP_FOURCC)).to_bytes(4, "little", signed=True) == b"ansi"


def _why_not_opened(path: Path) -> SourceError:
    """Find out what is wrong with a file that FFmpeg can't open."""
    try:
        if lacks_index(path):
            return SourceTruncated(str(path), read=0, expected=None)
    except OSError as error:
        return SourceError(f"{path} can't be read: {error.strerror}")
    return SourceError(f"{path} can't be read as a video; is it one?")


def _count(value: float) -> int | None:
    """Frame count as OpenCV gives it: negative or 0 means unknown."""
    return int(value) if math.isfinite(value) and value >= 1 else None


def _rate(value: float) -> float | None:
    """Frame rate as OpenCV gives it: 0 means unknown."""
    return value if math.isfinite(value) and value > 0 else None
