"""What a live run hands to its console: the newest frame of each source, and what was said of it lately.

The run never waits for those who look: handing over is a few references, and pictures are made smaller and coded only
for viewers that are there, in threads of theirs.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.frame import Frame
from edge.messages import HEALTH_TOPIC, SIGN_TOPIC, STATE_TOPIC, FrameMessage, SignMessage, decode_topic

SHOWN_WIDTH_PX = 960
JPEG_QUALITY = 80
KEPT_EVENTS = 400
KEPT_S = 600.0
"""Events older than this are forgotten."""
MAX_SOURCES = 32


@dataclass(frozen=True, slots=True)
class Event:
    """A step in the life of a sign, as the time line shows it."""

    number: int
    """Counts up from 1 over all sources, without gaps."""
    monotonic_s: float
    message: SignMessage


@dataclass(slots=True)
class _Source:
    newest: tuple[Frame, FrameMessage] | None = None
    health: bytes = b"null"
    state: bytes = b"null"
    picture: tuple[FrameMessage, bytes] | None = None
    """A message, and its frame as JPEG."""
    coding: threading.Lock = field(default_factory=threading.Lock)


class ConsoleFeed:
    """Takes in what a run publishes, from its threads, and gives it to viewers, in theirs."""

    def __init__(self) -> None:
        self._sources: dict[str, _Source] = {}
        self._events: deque[Event] = deque(maxlen=KEPT_EVENTS)
        self._numbered = 0
        self._guard = threading.Lock()
        self._told: list[Callable[[], None]] = []

    @property
    def names(self) -> list[str]:
        """Of the sources heard of so far."""
        return list(self._sources)

    def named(self, name: str | None) -> str | None:
        """The source of that name, else the first one; None while there is none."""
        return name if name in self._sources else next(iter(list(self._sources)), None)

    def keep(self, frame: Frame, message: FrameMessage) -> None:
        """Take in a frame that was read, with its message. The picture is not copied."""
        self._source(message.source).newest = frame, message
        self._tell()

    def note(self, topic: bytes, payload: bytes) -> None:
        """Take in a message that is being published."""
        if topic == SIGN_TOPIC:
            message = decode_topic(topic, payload)
            assert isinstance(message, SignMessage)
            with self._guard:
                self._numbered += 1
                self._events.append(Event(self._numbered, time.monotonic(), message))
        elif topic in (HEALTH_TOPIC, STATE_TOPIC):
            name = decode_topic(topic, payload).source
            if topic == HEALTH_TOPIC:
                self._source(name).health = payload
                self._tell()
            else:
                self._source(name).state = payload

    def call_when_new(self, told: Callable[[], None]) -> None:
        """Have something called, from the run's threads, whenever there is a new frame or health."""
        self._told.append(told)

    def newest(self, name: str | None) -> tuple[FrameMessage | None, bytes, bytes]:
        """A source's newest frame message, health and state; the latter as JSON, `null` before the first."""
        source = self._sources.get(name or "")
        if source is None:
            return None, b"null", b"null"
        return source.newest[1] if source.newest else None, source.health, source.state

    def events_after(self, number: int) -> tuple[int, list[Event], float]:
        """Number of the newest event, the events of the last minutes that came after `number`, and what time it is."""
        now_s = time.monotonic()
        with self._guard:
            events = [event for event in self._events if event.number > number and now_s - event.monotonic_s < KEPT_S]
            return self._numbered, events, now_s

    def picture(self, name: str | None) -> tuple[FrameMessage, bytes] | None:
        """A source's newest frame as JPEG, with its message; None before the first. Several viewers share one."""
        source = self._sources.get(name or "")
        if source is None:
            return None
        with source.coding:
            if source.newest is None:
                return None
            frame, message = source.newest
            if source.picture is None or source.picture[0] is not message:
                source.picture = message, _coded(frame.image)
            return source.picture

    def _source(self, name: str) -> _Source:
        if name not in self._sources and len(self._sources) >= MAX_SOURCES:
            self._sources.pop(next(iter(self._sources)))
        return self._sources.setdefault(name, _Source())

    def _tell(self) -> None:
        for told in self._told:
            told()


def _coded(image: NDArray[np.uint8]) -> bytes:
    height, width = image.shape[:2]
    if width > SHOWN_WIDTH_PX:
        shown = (SHOWN_WIDTH_PX, max(1, round(height * SHOWN_WIDTH_PX / width)))
        image = np.asarray(cv2.resize(image, shown, interpolation=cv2.INTER_AREA), np.uint8)
    return cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1].tobytes()
