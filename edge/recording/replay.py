"""Publishes what was recorded, at its own pace, so that nobody can take it for news.

What stays as it was: signs, boxes, frame numbers, `captured_ns`, `media_s` and how long a frame took. What is of now:
`published_ns`, `monotonic_ns`, the session and with it the numbers of the messages, since the recorded ones have gaps.
"""

import secrets
import time
from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field

import msgspec

from edge.errors import MessageError
from edge.messages import (
    HEALTH_TOPIC,
    INFO_TOPIC,
    REPLAY,
    REPLAY_SESSION,
    SIGN_TOPIC,
    STATE_TOPIC,
    FrameMessage,
    HealthMessage,
    Message,
    SignMessage,
    decode_topic,
    encode,
)
from edge.publisher import SignPublisher
from edge.recording.layout import IMAGE_SCHEMA, NS
from edge.recording.reader import Recorded, Recording

LONGEST_PAUSE_S = 2.0
"""Where nothing was recorded for longer, as between two signs, the wait is cut short. Health comes every second."""
MAX_SESSIONS = 10_000


@dataclass(slots=True)
class Replayed:
    """What came of it."""

    messages: int = 0
    """Published."""
    skipped_s: float = 0.0
    """Pauses that were cut short, in seconds of the recording."""
    faults: list[str] = field(default_factory=list)
    """What was wrong with a recording, a line each."""


class Replay:
    """Plays recordings into a publisher.

    Args:
        publisher: Where it goes.
        speed: 1 for the pace of the recording, 2 for twice as fast.
        monotonic_s: The clock, as `time.monotonic`.
        sleep: Waits so many seconds, as `time.sleep`.
    """

    def __init__(
        self,
        publisher: SignPublisher,
        speed: float = 1.0,
        *,
        monotonic_s: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.done = Replayed()
        self._publisher = publisher
        self._speed = speed
        self._monotonic_s = monotonic_s
        self._sleep = sleep
        self._sessions: dict[tuple[str, str], str] = {}
        self._numbers: Counter[tuple[str, bytes]] = Counter()
        self._last_ns: int | None = None
        self._due_s = monotonic_s()

    def play(self, recordings: Iterable[Recording]) -> Replayed:
        """Publish every message of each, in order. Raises SourceError where the disk fails."""
        for recording in recordings:
            refused = 0
            for recorded in recording.messages():
                if recorded.schema == IMAGE_SCHEMA:
                    continue
                try:
                    message = decode_topic(recorded.topic.encode(), recorded.data)
                except MessageError:
                    refused += 1
                    continue
                self._wait_for(recorded)
                self._publish(recorded.topic.encode(), message)
            if recording.fault is not None:
                self.done.faults.append(recording.fault)
            if refused:
                self.done.faults.append(f"{recording.path} holds {refused} of another kind than this version knows")
        return self.done

    def _wait_for(self, recorded: Recorded) -> None:
        pause_s = 0.0 if self._last_ns is None else (recorded.log_ns - self._last_ns) / NS
        self._last_ns = recorded.log_ns
        if pause_s > LONGEST_PAUSE_S:
            self.done.skipped_s += pause_s - LONGEST_PAUSE_S
        self._due_s += min(max(pause_s, 0.0), LONGEST_PAUSE_S) / self._speed
        early_s = self._due_s - self._monotonic_s()
        if early_s > 0:
            self._sleep(early_s)

    def _publish(self, topic: bytes, message: Message) -> None:
        session = self._session(message)
        renewed = msgspec.structs.replace(
            message,
            session=session,
            seq=self._numbers[session, topic],
            published_ns=time.time_ns(),
            monotonic_ns=time.monotonic_ns(),
        )
        self._numbers[session, topic] += 1
        if isinstance(renewed, FrameMessage):
            renewed = msgspec.structs.replace(renewed, degraded=(*renewed.degraded, REPLAY))
        elif isinstance(renewed, HealthMessage):
            state = "degraded" if renewed.state == "ok" else renewed.state
            renewed = msgspec.structs.replace(renewed, degraded=(*renewed.degraded, REPLAY), state=state)
        payload = encode(renewed)
        self._retain(topic, renewed, payload)
        self._publisher.send(topic, payload)
        self.done.messages += 1

    def _session(self, message: Message) -> str:
        """Another one for each that was recorded, so that numbers and tracks of two don't mix."""
        recorded = message.source, message.session
        if recorded not in self._sessions:
            if len(self._sessions) >= MAX_SESSIONS:
                self._sessions.clear()
            self._sessions[recorded] = REPLAY_SESSION + secrets.token_hex(8)
        return self._sessions[recorded]

    def _retain(self, topic: bytes, message: Message, payload: bytes) -> None:
        """What newcomers get at once, as from a live run."""
        key: Hashable = message.source
        if isinstance(message, SignMessage):
            key = message.source, message.sign.track
            self._publisher.retain(SIGN_TOPIC, {key: None if message.event == "ended" else payload})
        elif topic in (HEALTH_TOPIC, INFO_TOPIC, STATE_TOPIC):
            self._publisher.retain(topic, {key: payload})
