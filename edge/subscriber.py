"""The receiving end of the wire: what a control process imports.

::

    from edge import SignSubscriber

    with SignSubscriber("tcp://127.0.0.1:5556", newest_only=True) as signs:
        while True:
            message = signs.receive(timeout_s=0.1)
            if not signs.ok():
                ...  # drive as if there were no sign reader; signs.faults() says why
            elif message is not None:
                for sign in message.signs:
                    ...  # act on those whose state is "confirmed"
"""

import time
from collections.abc import Iterator
from types import TracebackType
from typing import Self

import zmq

from edge.curve import SubscriberKeys
from edge.errors import WireError
from edge.inbox import WATCHED_TOPICS, Limits, set_up
from edge.messages import FrameMessage, Message
from edge.watched import DEFAULT_LIMITS, Watched

MAX_DRAINED = 10_000
"""Messages passed over in one go: a flood must not keep the newest from being handed out."""


class SignSubscriber(Watched):
    """Receives frame messages from a publisher; a context manager and an iterator.

    Connecting succeeds whether or not a publisher is there. Where one goes and comes again,
    ZeroMQ reconnects by itself, but subscribes anew only while something is being received.
    Whatever a stranger sends, nothing is raised: it is counted in `malformed`.

    Args:
        address: The publisher's, such as `tcp://127.0.0.1:5556`.
        newest_only: Hand out the newest message that has arrived and pass over older ones,
            as a control loop wants it. Otherwise every message is handed out, in order.
        timeout_s: How long iteration waits for the next message before it ends; None for ever.
        source: Take only what this source sends; None for all.
        limits: When the stream is good to act on, for `ok`.
        keys: Encrypt, and believe only the publisher whose key is in them.
        topics: What to subscribe to. Without `frame` and `health`, `ok` has nothing to go by.

    Raises:
        WireError: Where the address is malformed.
    """

    def __init__(
        self,
        address: str,
        *,
        newest_only: bool = False,
        timeout_s: float | None = None,
        source: str | None = None,
        limits: Limits = DEFAULT_LIMITS,
        keys: SubscriberKeys | None = None,
        topics: tuple[bytes, ...] = WATCHED_TOPICS,
    ) -> None:
        super().__init__(address, source=source, limits=limits)
        self._newest_only = newest_only
        self._timeout_s = timeout_s
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.SUB)
        try:
            set_up(self._socket, address, topics, keys)
        except WireError:
            self.close()
            raise

    def receive(self, timeout_s: float | None = None) -> FrameMessage | None:
        """Wait for the next frame's message, or with `newest_only` for the newest one.

        Args:
            timeout_s: How long to wait; None for ever, 0 for not at all.

        Returns:
            The message, or None where none came in time. None is no road without signs: a
            publisher that is well sends a message for every frame.
        """
        received = self._next_frame(timeout_s)
        if received is None or not self._newest_only:
            return received
        for _ in range(MAX_DRAINED):
            newer = self._next_frame(timeout_s=0)
            if newer is None:
                break
            received = newer
            self.passed_over += 1
        return received

    def receive_with_payload(self, timeout_s: float | None = None) -> tuple[Message, bytes] | None:
        """Wait for the next message of any topic, and give the payload as it was received too.

        The payload is for recording and passing on: it holds the fields that this version
        doesn't know. None where none came in time.
        """
        deadline_s = None if timeout_s is None else time.monotonic() + timeout_s
        while True:
            if not self._socket.poll(milliseconds_until(deadline_s), zmq.POLLIN):
                return None
            received = self._inbox.take(self._socket.recv_multipart())
            if received is not None:
                return received
            # A stream of rubbish must not outlast the caller's patience.
            if deadline_s is not None and time.monotonic() >= deadline_s:
                return None

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

    def _next_frame(self, timeout_s: float | None) -> FrameMessage | None:
        """Wait for the next frame's message, taking in whatever comes before it."""
        deadline_s = None if timeout_s is None else time.monotonic() + timeout_s
        while True:
            left_s = None if deadline_s is None else max(0.0, deadline_s - time.monotonic())
            received = self.receive_with_payload(left_s)
            if received is None:
                return None
            if isinstance(received[0], FrameMessage):
                return received[0]


def milliseconds_until(deadline_s: float | None) -> int | None:
    """For ZeroMQ's polls: None waits for ever."""
    return None if deadline_s is None else max(0, round((deadline_s - time.monotonic()) * 1000))
