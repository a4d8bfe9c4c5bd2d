"""The receiving end of the wire for programs that run on asyncio.

::

    async with AsyncSignSubscriber("tcp://127.0.0.1:5556") as signs:
        async for message in signs:
            if signs.ok():
                ...
"""

import time
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Self

import zmq
import zmq.asyncio

from edge.curve import SubscriberKeys
from edge.errors import WireError
from edge.inbox import WATCHED_TOPICS, Limits, set_up
from edge.messages import FrameMessage
from edge.subscriber import MAX_DRAINED, milliseconds_until
from edge.watched import DEFAULT_LIMITS, Watched


class AsyncSignSubscriber(Watched):
    """As `SignSubscriber`, with coroutines; an asynchronous context manager and iterator.

    Args:
        address: The publisher's, such as `tcp://127.0.0.1:5556`.
        newest_only: Hand out the newest message that has arrived and pass over older ones.
        timeout_s: How long iteration waits for the next message before it ends; None for ever.
        source: Take only what this source sends; None for all.
        limits: When the stream is good to act on, for `ok`.
        keys: Encrypt, and believe only the publisher whose key is in them.

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
    ) -> None:
        super().__init__(address, source=source, limits=limits)
        self._newest_only = newest_only
        self._timeout_s = timeout_s
        self._context = zmq.asyncio.Context()
        self._socket = self._context.socket(zmq.SUB)
        try:
            set_up(self._socket, address, WATCHED_TOPICS, keys)
        except WireError:
            self.close()
            raise

    async def receive(self, timeout_s: float | None = None) -> FrameMessage | None:
        """Wait for the next frame's message, or with `newest_only` for the newest one; None where none came in time."""
        received = await self._next_frame(timeout_s)
        if received is None or not self._newest_only:
            return received
        for _ in range(MAX_DRAINED):
            newer = await self._next_frame(timeout_s=0)
            if newer is None:
                break
            received = newer
            self.passed_over += 1
        return received

    def close(self) -> None:
        """Disconnect; a second call does nothing."""
        self._socket.close()
        self._context.term()

    async def __aiter__(self) -> AsyncIterator[FrameMessage]:
        """Give messages until `timeout_s` passes without one."""
        while (message := await self.receive(self._timeout_s)) is not None:
            yield message

    async def __aenter__(self) -> Self:
        """Give the subscriber itself."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Disconnect."""
        self.close()

    async def _next_frame(self, timeout_s: float | None) -> FrameMessage | None:
        deadline_s = None if timeout_s is None else time.monotonic() + timeout_s
        while True:
            if not await self._socket.poll(milliseconds_until(deadline_s)):
                return None
            received = self._inbox.take(await self._socket.recv_multipart())
            if received is not None and isinstance(received[0], FrameMessage):
                return received[0]
            # A stream of rubbish must not outlast the caller's patience.
            if deadline_s is not None and time.monotonic() >= deadline_s:
                return None
