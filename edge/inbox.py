"""What both subscribers, blocking and asyncio, make of what arrives: messages, counts, and whether all is well."""

import time
from dataclasses import dataclass
from typing import Any

import zmq

from edge.curve import SubscriberKeys
from edge.errors import MessageError, WireError
from edge.messages import (
    FRAME_TOPIC,
    HEALTH_TOPIC,
    INFO_TOPIC,
    MAX_MESSAGE_BYTES,
    STATE_TOPIC,
    FrameMessage,
    HealthMessage,
    InfoMessage,
    Message,
    decode_topic,
)
from edge.state_message import NOTHING_SEEN, STREAM_DEAD, DriveState, StateMessage, unknown_state
from edge.stream_state import StreamState

RECEIVE_HIGH_WATER_MARK = 1000
RECEIVE_BUFFER_BYTES = 1 << 16
"""The system's own queue would otherwise hold minutes of messages for a subscriber that was stopped."""
MAX_SOURCES = 64
"""Sources that are followed; more than any vehicle has cameras."""

ALIVE_S = 2.5
"""Health comes every second; two of them may be late."""
STALE_S = 0.5

WATCHED_TOPICS = (FRAME_TOPIC, HEALTH_TOPIC, INFO_TOPIC, STATE_TOPIC)


@dataclass(frozen=True, slots=True)
class Limits:
    """When a stream is still good to act on."""

    alive_s: float = ALIVE_S
    """So long may nothing at all arrive."""
    stale_s: float = STALE_S
    """So old may the newest frame be, from its capture."""
    least_rate_hz: float = 0.0
    """So many frames a second there must be; 0 for any number."""
    accept_replay: bool = False
    """Whether a recording that is being played may be acted upon, as when a control process is tried out."""


class Inbox:
    """Takes in what the socket gives; reads no socket itself.

    Args:
        source: Messages of other sources are passed over; None takes all.
        limits: For `faults`.

    Attributes:
        malformed: Messages that were none of ours.
        states: What is known of each source, by name.
        info: The newest info message of each source, by name.
    """

    def __init__(self, source: str | None, limits: Limits) -> None:
        self.malformed = 0
        self.states: dict[str, StreamState] = {}
        self.info: dict[str, InfoMessage] = {}
        self._source = source
        self._limits = limits
        self._began_ns = time.monotonic_ns()

    def take(self, parts: list[bytes]) -> tuple[Message, bytes] | None:
        """Take in one arrival: a message to hand out with its payload, or None."""
        received_ns = time.monotonic_ns()
        try:
            if len(parts) != 2:
                raise MessageError("not a topic and a payload")
            message = decode_topic(parts[0], parts[1])
        except MessageError:
            self.malformed += 1
            return None
        if self._source is not None and message.source != self._source:
            return None
        if isinstance(message, FrameMessage):
            if not self._state(message.source).note_frame(message, received_ns):
                return None
        elif isinstance(message, HealthMessage):
            self._state(message.source).note_health(message, received_ns)
        elif isinstance(message, StateMessage):
            self._state(message.source).note_state(message, received_ns)
        elif isinstance(message, InfoMessage):
            self._state(message.source)
            self.info = {name: info for name, info in self.info.items() if name in self.states}
            self.info[message.source] = message
        return message, parts[1]

    def fresh_ms(self) -> float | None:
        """Age of the newest frame, of the stalest source; None where a source has given none."""
        now_ns = time.monotonic_ns()
        ages = [state.fresh_ms(now_ns) for state in self.states.values()]
        return max((age for age in ages if age is not None), default=None) if None not in ages else None

    def rate_hz(self) -> float:
        """Frames' messages a second over the last two, of the slowest source."""
        now_ns = time.monotonic_ns()
        return min((state.rate_hz(now_ns) for state in self.states.values()), default=0.0)

    def alive(self) -> bool:
        """Whether every source was heard of lately."""
        now_ns = time.monotonic_ns()
        silent = [state.silent_ms(now_ns) for state in self.states.values()]
        return bool(silent) and all(ms is not None and ms <= 1e3 * self._limits.alive_s for ms in silent)

    def stale(self) -> bool:
        """Whether the newest frame of some source is too old to act on, or there is none."""
        fresh_ms = self.fresh_ms()
        return fresh_ms is None or fresh_ms > 1e3 * self._limits.stale_s

    def faults(self) -> list[str]:
        """Why what was received is not to be acted on; empty where all is well."""
        if not self.states:
            return ["nothing was received yet"]
        found = []
        if not self.alive():
            found.append("the publisher is silent")
        if self.stale():
            found.append("the newest frame is stale")
        if self.rate_hz() < self._limits.least_rate_hz:
            found.append("frames come too seldom")
        for name, state in self.states.items():
            if state.replayed and not self._limits.accept_replay:
                found.append(f"{name} is a replay")
            # A fault that health told of is over with the next frame, a second before health says so.
            if state.health is not None and state.health.state == "stopped" and self.stale():
                found.append(f"{name} was stopped")
        return found

    def drive_state(self, source: str | None) -> DriveState:
        """What is in force as far as it may be believed: a state that is too old knows nothing."""
        if source is None and len(self.states) == 1:
            (source,) = self.states
        stream = self.states.get(source or "")
        if stream is None or stream.state is None:
            return unknown_state(NOTHING_SEEN)
        age_ms = stream.state_ms(time.monotonic_ns())
        if age_ms is None or age_ms > 1e3 * self._limits.alive_s:
            return unknown_state(STREAM_DEAD)
        return stream.state.state

    def _state(self, source: str) -> StreamState:
        if source not in self.states and len(self.states) >= MAX_SOURCES:
            self.states.pop(next(iter(self.states)))
        return self.states.setdefault(source, StreamState())


def set_up(socket: "zmq.Socket[Any]", address: str, topics: tuple[bytes, ...], keys: SubscriberKeys | None) -> None:
    """Make a SUB socket ready. Raises WireError where the address is malformed."""
    socket.linger = 0
    socket.rcvhwm = RECEIVE_HIGH_WATER_MARK
    socket.rcvbuf = RECEIVE_BUFFER_BYTES
    socket.maxmsgsize = MAX_MESSAGE_BYTES
    socket.ipv6 = "[" in address
    if keys is not None:
        socket.curve_publickey, socket.curve_secretkey = keys.own.public, keys.own.secret
        socket.curve_serverkey = keys.publisher
    for topic in topics:
        socket.subscribe(topic)
    try:
        socket.connect(address)
    except zmq.ZMQError as error:
        raise WireError(f"{address} is no ZeroMQ address; write it like tcp://127.0.0.1:5556") from error
