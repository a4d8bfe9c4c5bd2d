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

from edge.errors import SinkError
from edge.messages import FrameMessage, encode
from edge.overlay import draw_message
from edge.video_writer import VideoWriter

CSV_COLUMNS = (
    "source", "frame", "file", "media_s", "track", "state", "class_id", "code", "name", "confidence",
    "x", "y", "width", "height", "hits", "measured",
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


class Outputs:
    """Any of a JSON-lines file, a CSV table and an annotated video; a context manager."""

    def __init__(self, jsonl: Path | None = None, table: Path | None = None, video: Path | None = None) -> None:
        self._video_path = video
        self._video: VideoWriter | None = None
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
            self._closing = opened.pop_all()

    def write(self, image: NDArray[np.uint8], message: FrameMessage, fps: float | None) -> None:
        """Write one frame's message, and the frame drawn upon where there is a video.

        `fps` is the source's rate, which the video takes over at its first frame. Raises SinkError.
        """
        for write in self._writers:
            write(message)
        if self._video_path is not None:
            if self._video is None:
                writer = VideoWriter(self._video_path, message.size, fps or UNKNOWN_FPS)
                self._video = self._closing.enter_context(writer)
            if self._video.size_wh != message.size:
                raise SinkError(
                    f"{self._video_path}: the pictures change from {self._video.size_wh} to {message.size}, "
                    "and a video has one size; write --jsonl instead"
                )
            self._video.write(draw_message(image, message))

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
                 sign.class_id, sign.code, sign.name, sign.confidence, *sign.box, sign.hits, sign.measured)
            )  # fmt: skip
    except OSError as error:
        raise SinkError(f"{path}: can't be written ({error.strerror})") from error
