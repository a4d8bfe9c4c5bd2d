"""The receiving end of the wire: what a control process imports.

::

    from edge import SignSubscriber

    with SignSubscriber("tcp://127.0.0.1:5556", newest_only=True) as subscriber:
        while True:
            message = subscriber.receive(timeout_s=0.5)
            if message is None:
                ...  # silence means a fault: every frame gives a message, with signs or without
            else:
                for sign in message.signs:
                    ...  # act on those whose state is "confirmed"
"""

import time
from collections.abc import Iterator
from types import TracebackType
from typing import Self

import zmq

from edge.errors import MessageError, WireError
from edge.messages import FRAME_TOPIC, MAX_MESSAGE_BYTES, FrameMessage, decode

RECEIVE_HIGH_WATER_MARK = 1000
MAX_DRAINED = 10_000
"""Messages passed over in one go: a flood must not keep the newest from being handed out."""

MAX_SOURCES = 64
"""Sources whose numbering is followed; more than any vehicle has cameras."""


class SignSubscriber:
    """Receives frame messages from a publisher; a context manager and an iterator.

    Connecting succeeds whether or not a publisher is there. Where one goes and comes again,
    ZeroMQ reconnects by itself, but subscribes anew only while something is being received.
    Whatever a stranger sends, nothing is raised: it is counted in `malformed`.

    Args:
        address: The publisher's, such as `tcp://127.0.0.1:5556`.
        newest_only: Hand out the newest message that has arrived and pass over older ones,
            as a control loop wants it. Otherwise every message is handed out, in order.
        timeout_s: How long iteration waits for the next message before it ends; None for ever.

    Raises:
        WireError: Where the address is malformed.

    Attributes:
        malformed: Messages received that were none of ours.
        missed: Messages that the publisher sent in between and that never arrived, by their
            numbers. What was sent before the first one is not missed.
        passed_over: Messages that `newest_only` left out.
    """

    def __init__(self, address: str, *, newest_only: bool = False, timeout_s: float | None = None) -> None:
        self.address = address
        self.malformed = 0
        self.missed = 0
        self.passed_over = 0
        self._newest_only = newest_only
        self._timeout_s = timeout_s
        self._expected: dict[str, tuple[str, int]] = {}
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.SUB)
        self._socket.linger = 0
        self._socket.rcvhwm = RECEIVE_HIGH_WATER_MARK
        self._socket.maxmsgsize = MAX_MESSAGE_BYTES
        self._socket.ipv6 = "[" in address
        self._socket.subscribe(FRAME_TOPIC)
        try:
            self._socket.connect(address)
        except zmq.ZMQError as error:
            self.close()
            raise WireError(f"{address} is no ZeroMQ address; write it like tcp://127.0.0.1:5556") from error

    def receive(self, timeout_s: float | None = None) -> FrameMessage | None:
        """Wait for the next message, or with `newest_only` for the newest one.

        Args:
            timeout_s: How long to wait; None for ever, 0 for not at all.

        Returns:
            The message, or None where none came in time. None is no road without signs: a
            publisher that is well sends a message for every frame.
        """
        received = self.receive_with_payload(timeout_s)
        return None if received is None else received[0]

    def receive_with_payload(self, timeout_s: float | None = None) -> tuple[FrameMessage, bytes] | None:
        """Do as `receive`, and give the payload as it was received too.

        The payload is for recording and passing on: it holds the fields that this version
        doesn't know.
        """
        received = self._next(timeout_s)
        if received is None or not self._newest_only:
            return received
        for _ in range(MAX_DRAINED):
            newer = self._next(timeout_s=0)
            if newer is None:
                break
            received = newer
            self.passed_over += 1
        return received

    def close(self) -> None:
        """Disconnect; a second call does nothing."""
        self._socket.close()
        self._context.term()

    def __iter__(self) -> Iterator[FrameMessage]:
        """Give messages until `timeout_s` passes without one."""
        while (message := self.receive(self._timeout_s)) is not None:
            yield message

    def __enter__(self) -> Self:
        """Give the subscriber itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Disconnect."""
        self.close()

    def _next(self, timeout_s: float | None) -> tuple[FrameMessage, bytes] | None:
        """Wait for the next good message, counting the bad ones before it."""
        deadline_s = None if timeout_s is None else time.monotonic() + timeout_s
        while True:
            if not self._socket.poll(_milliseconds_until(deadline_s), zmq.POLLIN):
                return None
            parts = self._socket.recv_multipart()
            try:
                message = _parse(parts)
            except MessageError:
                self.malformed += 1
                # A stream of rubbish must not outlast the caller's patience.
                if deadline_s is not None and time.monotonic() >= deadline_s:
                    return None
                continue
            self._count_missed(message)
            return message, parts[1]

    def _count_missed(self, message: FrameMessage) -> None:
        session, expected = self._expected.pop(message.source, (message.session, message.seq))
        if session == message.session:
            self.missed += max(0, message.seq - expected)
        if len(self._expected) >= MAX_SOURCES:
            self._expected.pop(next(iter(self._expected)))
        self._expected[message.source] = (message.session, message.seq + 1)


def _parse(parts: list[bytes]) -> FrameMessage:
    """Read topic and payload.

    Raises:
        MessageError: For other parts than these two (a subscription to `frame` also lets
            `framework` through), or a payload that is no message.
    """
    if len(parts) != 2 or parts[0] != FRAME_TOPIC:
        raise MessageError("not a topic and a payload")
    return decode(parts[1])


def _milliseconds_until(deadline_s: float | None) -> int | None:
    if deadline_s is None:
        return None
    return max(0, round((deadline_s - time.monotonic()) * 1000))
