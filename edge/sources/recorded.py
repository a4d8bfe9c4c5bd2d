"""The pictures of a recording of ours, or of anybody's MCAP file with `foxglove.CompressedImage` in JSON."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import msgspec

from edge.errors import SourceError
from edge.frame import Frame
from edge.recording.layout import IMAGE_PREFIX, IMAGE_SCHEMA, NS, decode_image
from edge.recording.reader import Recording
from edge.sources.pictures import decode_picture
from edge.sources.source import Source

MAX_CAMERAS = 64
INTERVALS = 1000
"""Of the first so many pictures, the usual one is taken for the camera's."""
UNIX_NS_END = 2**63


@dataclass(slots=True)
class _Survey:
    """What a first look at the whole file found of one camera."""

    first_ns: int
    last_ns: int
    frames: int = 0
    intervals_s: list[float] = field(default_factory=list)

    def note(self, log_ns: int) -> None:
        if 0 < self.frames <= INTERVALS:
            self.intervals_s.append((log_ns - self.last_ns) / NS)
        self.last_ns = log_ns
        self.frames += 1

    @property
    def fps(self) -> float | None:
        usual_s = median(self.intervals_s) if self.intervals_s else 0.0
        return 1 / usual_s if usual_s > 0 else None


class RecordedSource(Source):
    """One camera's pictures, in order, with the times and numbers that they had on the vehicle.

    `Frame.captured_ns` is when the picture was captured; `Frame.media_s` counts from the camera's first one, on a clock
    that went on evenly.
    """

    def __init__(self, path: Path, topic: str, name: str, survey: _Survey) -> None:
        self.name = name
        self.live = False
        self.fps = survey.fps
        self.frame_count: int | None = survey.frames
        self.dropped = 0
        self.skipped: list[str] = []
        self._recording = Recording(path)
        self._topic = topic
        self._first_ns = survey.first_ns
        self._closed = False

    def frames(self) -> Iterator[Frame]:
        """Give every picture that can be read. Raises SourceError at the end where the file is cut off or damaged."""
        latest_ns = self._first_ns
        for message in self._recording.messages():
            if self._closed:
                return
            if message.topic != self._topic or message.schema != IMAGE_SCHEMA:
                continue
            latest_ns = max(latest_ns, message.log_ns)  # time doesn't run backwards, whatever the file says
            number = message.sequence
            try:
                picture = decode_image(message.data)
                if picture.timestamp.unix_ns >= UNIX_NS_END:
                    raise SourceError("captured at no time")
                image = decode_picture(picture.data, self.name)
            except (msgspec.MsgspecError, RecursionError, ValueError, SourceError):
                self.skipped.append(f"frame {number}")
                continue
            yield Frame(
                image=image,
                number=number,
                captured_ns=picture.timestamp.unix_ns,
                captured_monotonic_ns=time.monotonic_ns(),
                media_s=(latest_ns - self._first_ns) / NS,
                file=None,
            )
        if self._recording.fault is not None:
            raise SourceError(self._recording.fault)

    def interrupt(self) -> None:
        """End the frames."""
        self._closed = True

    def close(self) -> None:
        """End the frames."""
        self._closed = True


def open_recorded(path: Path) -> list[RecordedSource]:
    """Every camera of an MCAP file, each as a source, by their names.

    Looks through the whole file first.

    Raises:
        SourceError: Where it can't be read or holds no pictures.
    """
    recording = Recording(path)
    cameras: dict[str, _Survey] = {}
    for message in recording.messages():
        if message.schema == IMAGE_SCHEMA and (message.topic in cameras or len(cameras) < MAX_CAMERAS):
            cameras.setdefault(message.topic, _Survey(message.log_ns, message.log_ns)).note(message.log_ns)
    if not cameras:
        raise SourceError(recording.fault or f"{path} holds no pictures")
    return [RecordedSource(path, topic, _camera_name(topic), survey) for topic, survey in sorted(cameras.items())]


def _camera_name(topic: str) -> str:
    """What messages and errors call it: nothing in it moves a terminal's cursor."""
    name = topic.removeprefix(IMAGE_PREFIX) or topic
    return "".join(character if character.isprintable() else "?" for character in name)
