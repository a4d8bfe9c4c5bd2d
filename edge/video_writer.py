"""Video files that appear under their name only once they are whole."""

from pathlib import Path
from types import TracebackType
from typing import Self

import cv2
import numpy as np
import numpy.typing as npt

from edge.errors import SinkError
from edge.opencv_log import quiet_opencv

CODEC_OF_SUFFIX = {".mp4": "mp4v", ".avi": "MJPG"}
"""FourCC by file suffix: what every OpenCV wheel can write without further libraries."""

MIN_SIDE_PX = 2
"""Both codecs store colour at half size and can't hold less."""


class VideoWriter:
    """Writes BGR pictures of one size into `path`; a context manager.

    The frames go into `.NAME.partial.SUFFIX` beside it, which takes the name at the end, so
    nobody ever opens half a video, and an earlier file of that name stays until then. Where
    the `with` block ends by an exception, or no frame was written, no file is left: catch
    inside the block what should not cost the video.

    Of an odd width or height the codecs leave out the last column or row.

    Args:
        path: Where the video goes; `.mp4` (MPEG-4 part 2) or `.avi` (Motion JPEG).
        size_wh: Width and height in px of every frame, at least 2 each.
        fps: Frames a second, above 0.

    Raises:
        ValueError: For another suffix, or a size or rate out of range.
        SinkError: Where the file can't be made.
    """

    def __init__(self, path: str | Path, size_wh: tuple[int, int], fps: float) -> None:
        self.path = Path(path)
        suffix = self.path.suffix.lower()
        if suffix not in CODEC_OF_SUFFIX:
            known = " or ".join(CODEC_OF_SUFFIX)
            raise ValueError(f"a video's name ends in {known}, not {self.path.name!r}")
        if min(size_wh) < MIN_SIDE_PX:
            raise ValueError(f"a video's sides are at least {MIN_SIDE_PX} px, not {size_wh}")
        if not 0 < fps < float("inf"):
            raise ValueError(f"frames a second must be above 0 and finite, not {fps}")
        if not self.path.parent.is_dir():
            raise SinkError(f"{self.path} can't be written: its folder isn't there; make it first")
        if self.path.is_dir():
            raise SinkError(f"{self.path} can't be written: it is a folder")
        self.size_wh = size_wh
        self.frames = 0
        self._partial = self.path.with_name(f".{self.path.stem}.partial{suffix}")
        quiet_opencv()
        self._writer = cv2.VideoWriter(
            str(self._partial),
            cv2.CAP_FFMPEG,
            cv2.VideoWriter.fourcc(*CODEC_OF_SUFFIX[suffix]),
            fps,
            size_wh,
        )
        if not self._writer.isOpened():
            self._partial.unlink(missing_ok=True)
            raise SinkError(
                f"{self.path} can't be written as a video of {size_wh[0]}x{size_wh[1]} px; "
                "check the folder's permissions and the size"
            )

    def write(self, image: npt.NDArray[np.uint8]) -> None:
        """Append one picture.

        Args:
            image: (height, width, 3) uint8, BGR, of `size_wh`.

        Raises:
            ValueError: For another shape or dtype (OpenCV itself would leave the frame out and
                say nothing), or after the end.
        """
        width, height = self.size_wh
        if image.shape != (height, width, 3) or image.dtype != np.uint8:
            raise ValueError(f"a frame of this video is ({height}, {width}, 3) uint8, not {image.shape} {image.dtype}")
        if not self._writer.isOpened():
            raise ValueError(f"{self.path} is already closed")
        self._writer.write(image)
        self.frames += 1

    def close(self) -> None:
        """End the video and give it its name; a second call does nothing.

        Raises:
            SinkError: Where the file is not whole (OpenCV reports no failed write, a full disk
                for instance, so the finished file is asked how many frames it holds).
        """
        if not self._writer.isOpened():
            return
        self._writer.release()
        if self.frames == 0:
            self._partial.unlink(missing_ok=True)
            return
        stored = _stored_frames(self._partial)
        if stored < self.frames:
            self._partial.unlink(missing_ok=True)
            raise SinkError(
                f"{self.path} can't be written: only {stored} of {self.frames} frames reached "
                "the disk; check the space left on it"
            )
        try:
            self._partial.replace(self.path)
        except OSError as error:
            self._partial.unlink(missing_ok=True)
            raise SinkError(f"{self.path} can't be written: {error.strerror}") from error

    def discard(self) -> None:
        """Give the video up; nothing of it is left."""
        self._writer.release()
        self._partial.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        """Give the writer itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close after a good block, discard after an exception."""
        if kind is None:
            self.close()
        else:
            self.discard()


def _stored_frames(path: Path) -> int:
    """Frames that the container's own header counts; 0 where it can't be read."""
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    try:
        return int(capture.get(cv2.CAP_PROP_FRAME_COUNT)) if capture.isOpened() else 0
    finally:
        capture.release()
