"""The publishing end of the wire: messages out to whoever subscribes, over ZeroMQ."""

import errno
import socket
import threading
import time
from collections.abc import Callable, Hashable, Sequence
from ipaddress import ip_address
from types import TracebackType
from typing import Self

import zmq

from edge.curve import PublisherKeys
from edge.errors import WireError
from edge.messages import FRAME_TOPIC, FrameMessage, encode
from edge.watchdog import Stage
from edge.wire import ZAP_ADDRESS, ZAP_DOMAIN, Wire

DEFAULT_ADDRESS = "tcp://127.0.0.1:5556"
HIGH_WATER_MARK = 32
"""Messages queued for a slow subscriber: what is older than a second is of no use to it."""
LOSSLESS_HIGH_WATER_MARK = 1000
SEND_BUFFER_BYTES = 1 << 16
"""The system's own queue would otherwise hold some minutes of messages before the mark counts at all."""

SUBSCRIBER_PATIENCE_S = 30.0
"""A lossless publisher gives up on a subscriber that takes nothing for so long."""

FLUSH_S = 10.0
"""A lossless publisher that ends gives its last messages so long to leave."""

MAX_SUBSCRIPTION_BYTES = 1024
"""Subscribers send topics, and with keys a handshake of some 300 bytes; what is longer comes from nobody we know, and
libzmq ends its connection."""
HEARTBEAT_MS, HEARTBEAT_TIMEOUT_MS = 2000, 10_000
"""A live subscriber that was stopped or unplugged is let go; one that comes back begins with what is new."""

OUTBOX = 64
HANDOVER_MS = 100


class SignPublisher:
    """Publishes messages as two ZeroMQ frames, topic and payload; a context manager, usable from any thread.

    The socket is XPUB: subscribers come and go, each has a queue of `high_water_mark`
    messages, and what doesn't fit is lost for that subscriber alone, so that nobody can hold
    the vehicle up. For recordings, where every message counts and nothing hurries, a lossless
    publisher waits for the slowest subscriber instead.

    Args:
        addresses: Where to bind, such as `tcp://127.0.0.1:5556` or `ipc:///run/signwatch`, or
            several of them; port `*` takes a free one.
        high_water_mark: Messages queued for each subscriber, at least 1.
        lossless: Wait for slow subscribers rather than lose messages, also at the end.
        insecure: Allow an address that other machines can reach without keys: nothing on this
            wire is then encrypted or authenticated.
        keys: Encrypt, and let in only those on its list.
        stage: The sending thread's, for a watchdog.
        note: Is handed the topic and payload of all that is sent, by the thread that sends it.

    Raises:
        ValueError: For a mark below 1.
        WireError: Where an address is in use, malformed, or reaches beyond this machine without
            keys.

    Attributes:
        addresses: Where it is bound, with the ports that were taken.
        address: The first of them.
    """

    def __init__(
        self,
        addresses: str | Sequence[str] = DEFAULT_ADDRESS,
        *,
        high_water_mark: int | None = None,
        lossless: bool = False,
        insecure: bool = False,
        keys: PublisherKeys | None = None,
        stage: Stage | None = None,
        note: Callable[[bytes, bytes], None] | None = None,
    ) -> None:
        mark = high_water_mark or (LOSSLESS_HIGH_WATER_MARK if lossless else HIGH_WATER_MARK)
        if high_water_mark is not None and high_water_mark < 1:
            raise ValueError(f"a high-water mark is at least 1 message, not {high_water_mark}")
        wanted = [addresses] if isinstance(addresses, str) else list(addresses)
        for address in wanted:
            if keys is None and not insecure and not is_local(address):
                raise WireError(
                    f"{address} can be reached from other machines; give keys (`signwatch keys`), "
                    "bind to 127.0.0.1, or allow it as insecure"
                )
        self._note = note
        self._flush_s = FLUSH_S if lossless else 0.0
        self._sending = threading.Lock()
        self._context = zmq.Context()
        zap = None
        if keys is not None:  # before the first bind, or the first stranger is let in unasked
            zap = self._context.socket(zmq.REP)
            zap.bind(ZAP_ADDRESS)
        outer = _xpub(self._context, mark, lossless, keys)
        try:
            self.addresses = tuple(_bind(outer, address) for address in wanted)
        except WireError:
            self._context.destroy(linger=0)
            raise
        self.address = self.addresses[0]
        outbox = self._context.socket(zmq.PULL)
        outbox.rcvhwm = OUTBOX
        outbox.bind("inproc://outbox")
        self._outbox = self._context.socket(zmq.PUSH)
        self._outbox.sndhwm = OUTBOX
        self._outbox.sndtimeo = HANDOVER_MS
        self._outbox.connect("inproc://outbox")
        patience_s = SUBSCRIBER_PATIENCE_S
        self._wire = Wire(
            outer,
            outbox,
            zap=zap,
            keys=keys,
            patience_s=patience_s,
            describe_stuck=lambda: (
                f"a subscriber of {self.address} took no message for {patience_s:g} s; end it or let it read"
            ),
            stage=stage or Stage("publish"),
        )

    @property
    def refused(self) -> int:
        """Connections that were refused: wrong or missing keys, or no ZeroMQ at all."""
        return self._wire.refused

    def subscriptions(self, topic: bytes = FRAME_TOPIC) -> int:
        """How many subscriptions let a topic through."""
        return self._wire.subscriptions(topic)

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
        self._hand_over([topic, payload])
        if self._note is not None:
            self._note(topic, payload)

    def retain(self, topic: bytes, payloads: dict[Hashable, bytes | None]) -> None:
        """Keep payloads of a topic, by what they are about, for those who subscribe later; None forgets one.

        They are not sent to those who are there.
        """
        self._wire.retain(topic, payloads)

    def wait_for_subscriber(self, timeout_s: float, topic: bytes = FRAME_TOPIC) -> bool:
        """Wait until somebody is subscribed to a topic.

        What is sent before that is lost: ZeroMQ keeps nothing for those who come later.

        Returns:
            True as soon as there is one, False where `timeout_s` passed without.
        """
        deadline_s = time.monotonic() + timeout_s
        while not self._wire.subscriptions(topic):
            left_s = deadline_s - time.monotonic()
            if left_s <= 0:
                return False
            with self._wire.changed:
                self._wire.changed.wait(min(left_s, HANDOVER_MS / 1000))
        return True

    def close(self, flush_s: float | None = None) -> None:
        """Let go of the address; a second call does nothing.

        Args:
            flush_s: How long to wait for messages still queued. If None, a lossless publisher
                waits `FLUSH_S` and a live one not at all: a vehicle's are stale anyway.
        """
        if self._outbox.closed:
            return
        wait_s = self._flush_s if flush_s is None else flush_s
        self._wire.end(wait_s)
        if self._wire.running:
            self._hand_over([b""])
        self._wire.join(wait_s + 5)
        self._outbox.close(linger=0)
        if not self._wire.running:  # else its sockets are open, and ending the context would wait for ever
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

    def _hand_over(self, parts: list[bytes]) -> None:
        """Give parts to the sending thread, waiting while it has more than enough."""
        while True:
            try:
                with self._sending:
                    self._outbox.send_multipart(parts)
                return
            except zmq.Again:
                if not self._wire.running:
                    if len(parts) == 1:
                        return
                    raise self._wire.failure or WireError(f"nothing is sent on {self.address} any more") from None


def _xpub(
    context: "zmq.Context[zmq.Socket[bytes]]", mark: int, lossless: bool, keys: PublisherKeys | None
) -> "zmq.Socket[bytes]":
    outer = context.socket(zmq.XPUB)
    outer.linger = 0
    outer.sndhwm = mark
    outer.maxmsgsize = MAX_SUBSCRIPTION_BYTES
    # Every coming and going is told, so that each newcomer is answered.
    outer.setsockopt(zmq.XPUB_VERBOSER, 1)
    if lossless:
        outer.setsockopt(zmq.XPUB_NODROP, 1)
    else:
        outer.sndbuf = SEND_BUFFER_BYTES
        outer.heartbeat_ivl = HEARTBEAT_MS
        outer.heartbeat_timeout = HEARTBEAT_TIMEOUT_MS
    if keys is not None:
        outer.curve_server = True
        outer.curve_publickey, outer.curve_secretkey = keys.own.public, keys.own.secret
        outer.zap_domain = ZAP_DOMAIN
    return outer


def _bind(outer: "zmq.Socket[bytes]", address: str) -> str:
    """Bind to one more address; gives it with the port that was taken. Raises WireError."""
    if _is_taken_over(address):
        raise WireError(_why_not_bound(address, zmq.ZMQError(errno.EADDRINUSE)))
    # Only where it is asked for: with it, libzmq names IPv4 addresses as mapped ones.
    outer.ipv6 = "[" in address
    try:
        outer.bind(address)
    except zmq.ZMQError as error:
        raise WireError(_why_not_bound(address, error)) from error
    return outer.getsockopt_string(zmq.LAST_ENDPOINT)


def _is_taken_over(address: str) -> bool:
    """Tell whether somebody listens at an `ipc://` address: libzmq would take its file away without a word."""
    path = address.removeprefix("ipc://")
    if path in ("", "*", address):
        return False
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect("\0" + path[1:] if path.startswith("@") else path)
        except OSError:
            return False
    return True


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
