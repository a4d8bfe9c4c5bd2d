"""The publishing end of the wire: messages out to whoever subscribes, over ZeroMQ."""

import errno
import time
from ipaddress import ip_address
from types import TracebackType
from typing import Self

import zmq

from edge.errors import WireError
from edge.messages import FRAME_TOPIC, FrameMessage, encode

DEFAULT_ADDRESS = "tcp://127.0.0.1:5556"
HIGH_WATER_MARK = 1000
"""Messages queued for a slow subscriber: half a minute at 30 frames a second."""

SUBSCRIBER_PATIENCE_S = 30.0
"""A lossless publisher gives up on a subscriber that takes nothing for so long."""

FLUSH_S = 10.0
"""A lossless publisher that ends gives its last messages so long to leave."""

MAX_SUBSCRIPTION_BYTES = 256
"""Subscribers send topics; a longer one is nobody we know, and libzmq ends its connection."""


class SignPublisher:
    """Publishes messages as two ZeroMQ frames, topic and payload; a context manager.

    The socket is XPUB: subscribers come and go, each has a queue of `high_water_mark`
    messages, and what doesn't fit is lost for that subscriber alone, so that nobody can hold
    the vehicle up. For recordings, where every message counts and nothing hurries, a lossless
    publisher waits for the slowest subscriber instead.

    Args:
        address: Where to bind, such as `tcp://127.0.0.1:5556` or `ipc:///run/signwatch`;
            port `*` takes a free one.
        high_water_mark: Messages queued for each subscriber, at least 1.
        lossless: Wait for slow subscribers rather than lose messages, also at the end.
        insecure: Allow an address that other machines can reach. Nothing on this wire is
            encrypted or authenticated.

    Raises:
        ValueError: For a mark below 1.
        WireError: Where the address is in use, malformed, or reaches beyond this machine.
    """

    def __init__(
        self,
        address: str = DEFAULT_ADDRESS,
        *,
        high_water_mark: int = HIGH_WATER_MARK,
        lossless: bool = False,
        insecure: bool = False,
    ) -> None:
        if high_water_mark < 1:
            raise ValueError(f"a high-water mark is at least 1 message, not {high_water_mark}")
        if not insecure and not is_local(address):
            raise WireError(
                f"{address} can be reached from other machines, and this wire has no keys; "
                "bind to 127.0.0.1, or allow it as insecure"
            )
        self._flush_s = FLUSH_S if lossless else 0.0
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.XPUB)
        self._socket.linger = 0
        self._socket.sndhwm = high_water_mark
        self._socket.maxmsgsize = MAX_SUBSCRIPTION_BYTES
        # Only where it is asked for: with it, libzmq names IPv4 addresses as mapped ones.
        self._socket.ipv6 = "[" in address
        if lossless:
            self._socket.setsockopt(zmq.XPUB_NODROP, 1)
            self._socket.sndtimeo = round(SUBSCRIBER_PATIENCE_S * 1000)
        self._topics: set[bytes] = set()
        try:
            self._socket.bind(address)
        except zmq.ZMQError as error:
            self.close(flush_s=0)
            raise WireError(_why_not_bound(address, error)) from error
        self.address = self._socket.getsockopt_string(zmq.LAST_ENDPOINT)

    def publish(self, message: FrameMessage) -> bytes:
        """Send one frame's message.

        Returns:
            The payload as it was sent, for whoever records it too.

        Raises:
            WireError: Where a lossless publisher's subscriber takes nothing any more.
        """
        payload = encode(message)
        self.send(FRAME_TOPIC, payload)
        return payload

    def send(self, topic: bytes, payload: bytes) -> None:
        """Send a payload under a topic.

        Raises:
            WireError: Where a lossless publisher's subscriber takes nothing any more.
        """
        self._read_subscriptions()
        try:
            self._socket.send_multipart((topic, payload))
        except zmq.Again as error:
            raise WireError(
                f"a subscriber of {self.address} took no message for {SUBSCRIBER_PATIENCE_S:.0f} s"
                "; end it or let it read"
            ) from error

    def wait_for_subscriber(self, timeout_s: float, topic: bytes = FRAME_TOPIC) -> bool:
        """Wait until somebody is subscribed to a topic.

        What is sent before that is lost: ZeroMQ keeps nothing for those who come later.

        Returns:
            True as soon as there is one, False where `timeout_s` passed without.
        """
        deadline_s = time.monotonic() + timeout_s
        while True:
            self._read_subscriptions()
            if any(topic.startswith(wanted) for wanted in self._topics):
                return True
            left_s = deadline_s - time.monotonic()
            if left_s <= 0:
                return False
            self._socket.poll(round(left_s * 1000) + 1, zmq.POLLIN)

    def close(self, flush_s: float | None = None) -> None:
        """Let go of the address; a second call does nothing.

        Args:
            flush_s: How long to wait for messages still queued. If None, a lossless publisher
                waits `FLUSH_S` and a live one not at all: a vehicle's are stale anyway.
        """
        wait_s = self._flush_s if flush_s is None else flush_s
        self._socket.close(linger=round(wait_s * 1000))
        self._context.term()

    def __enter__(self) -> Self:
        """Give the publisher itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close; after an exception, without waiting for what is queued."""
        self.close(None if kind is None else 0)

    def _read_subscriptions(self) -> None:
        """Take in who came and went.

        Done at every message: what nobody reads here piles up in memory.
        """
        while True:
            try:
                event = self._socket.recv(zmq.NOBLOCK)
            except zmq.Again:
                return
            # Byte 1: the first subscriber of a topic came; byte 0: its last one went. Anything
            # else is a stranger's.
            if event[:1] == b"\x01":
                self._topics.add(event[1:])
            elif event[:1] == b"\x00":
                self._topics.discard(event[1:])


def is_local(address: str) -> bool:
    """Tell whether only this machine can reach an address.

    True for `ipc://` and `inproc://`, and for `tcp://` on a loopback address.
    """
    scheme, _, rest = address.partition("://")
    if scheme in ("ipc", "inproc"):
        return True
    host = rest.rpartition(":")[0].strip("[]")
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _why_not_bound(address: str, error: zmq.ZMQError) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return f"{address} is in use; end the program that holds it, or choose another port"
        case errno.EACCES:
            return f"{address} may not be bound by this user; choose a port above 1023"
        case errno.EADDRNOTAVAIL | errno.ENODEV:
            return f"{address} is no address of this machine"
        case _:
            return f"{address} is no ZeroMQ address; write it like {DEFAULT_ADDRESS}"
