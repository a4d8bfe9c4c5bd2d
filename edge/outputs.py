"""Where messages go besides the wire: files for programs and a video for people.

Each output appears under its name only when it is whole, so nobody reads half a file for a whole one; what could be
written before an error stays beside it as `.partial`.
"""

import csv
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import numpy as np
from numpy.typing import NDArray

from edge.debug_view import draw_insight
from edge.errors import SinkError
from edge.messages import FrameMessage, encode
from edge.overlay import draw_message
from edge.reader import Insight
from edge.video_writer import VideoWriter

CSV_COLUMNS = (
    "source", "frame", "file", "media_s", "track", "state", "class_id", "code", "name", "confidence",
    "x", "y", "width", "height", "hits", "measured", "bearing_deg", "distance_m", "distance_std_m", "ttc_s",
)  # fmt: skip

UNKNOWN_FPS = 25.0
"""Of a video made from pictures or from a source that does not say its rate."""


class _PartialFile:
    """A text file that takes its name when it is closed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._partial = path.with_name(path.name + ".partial")
        try:
            self.file: IO[str] = self._partial.open("w", encoding="utf-8", newline="")
        except OSError as error:
            raise SinkError(f"{path}: can't be written ({error.strerror})") from error

    def close(self) -> None:
        try:
            self.file.close()
            self._partial.replace(self._path)
        except OSError as error:
            raise SinkError(f"{self._path}: can't be written ({error.strerror})") from error


class _Drawings:
    """A video of frames that are drawn upon, begun with the first of them."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer: VideoWriter | None = None
        self._closing = ExitStack()

    def write(self, drawn: NDArray[np.uint8], fps: float | None) -> None:
        size = (drawn.shape[1], drawn.shape[0])
        if self._writer is None:
            self._writer = self._closing.enter_context(VideoWriter(self._path, size, fps or UNKNOWN_FPS))
        if self._writer.size_wh != size:
            raise SinkError(
                f"{self._path}: the pictures change from {self._writer.size_wh} to {size}, "
                "and a video has one size; write --jsonl instead"
            )
        self._writer.write(drawn)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.__exit__(kind, error, trace)


class Outputs:
    """Any of a JSON-lines file, a CSV table, an annotated video and one that shows why; a context manager."""

    def __init__(
        self,
        jsonl: Path | None = None,
        table: Path | None = None,
        video: Path | None = None,
        debug_video: Path | None = None,
    ) -> None:
        self._closing = ExitStack()
        self._writers: list[Callable[[FrameMessage], None]] = []
        with ExitStack() as opened:  # an output that can't be opened takes the others with it
            if jsonl is not None:
                lines = _PartialFile(jsonl)
                opened.callback(lines.close)
                self._writers.append(lambda message: _write(lines.file, jsonl, encode(message).decode() + "\n"))
            if table is not None:
                rows = _PartialFile(table)
                opened.callback(rows.close)
                csv.writer(rows.file).writerow(CSV_COLUMNS)
                self._writers.append(lambda message: _write_rows(rows.file, table, message))
            self._video = opened.enter_context(_Drawings(video)) if video is not None else None
            self._debug_video = opened.enter_context(_Drawings(debug_video)) if debug_video is not None else None
            self._closing = opened.pop_all()

    def write(
        self, image: NDArray[np.uint8], message: FrameMessage, fps: float | None, insight: Insight | None = None
    ) -> None:
        """Write one frame's message, and the frame drawn upon where there is a video.

        `fps` is the source's rate, which a video takes over at its first frame; `insight` is how the message came
        about, which only the debug video asks for. Raises SinkError.
        """
        for write in self._writers:
            write(message)
        if self._video is not None:
            self._video.write(draw_message(image, message), fps)
        if self._debug_video is not None and insight is not None:
            self._debug_video.write(draw_insight(image, message, insight), fps)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.__exit__(kind, error, trace)


def _write(file: IO[str], path: Path, text: str) -> None:
    try:
        file.write(text)
    except OSError as error:
        raise SinkError(f"{path}: can't be written ({error.strerror})") from error


def _write_rows(file: IO[str], path: Path, message: FrameMessage) -> None:
    writer = csv.writer(file)
    try:
        for sign in message.signs:
            writer.writerow(
                (message.source, message.frame, message.file or "", message.media_s, sign.track, sign.state,
                 sign.class_id, sign.code, sign.name, sign.confidence, *sign.box, sign.hits, sign.measured,
                 sign.bearing_deg, sign.distance_m, sign.distance_std_m, sign.ttc_s)
            )  # fmt: skip
    except OSError as error:
        raise SinkError(f"{path}: can't be written ({error.strerror})") from error
