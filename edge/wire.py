"""The thread that owns the publishing socket: what is sent, who subscribes, who is refused.

ZeroMQ's sockets belong to one thread. This one sends what others hand it through an inner socket, answers new
subscribers at once with what is retained for them, and judges keys, whether or not there are frames.
"""

import contextlib
import threading
import time
from collections import Counter
from collections.abc import Callable, Hashable

import zmq
from zmq.utils import z85
from zmq.utils.monitor import recv_monitor_message

from edge.curve import PublisherKeys
from edge.errors import WireError
from edge.messages import MESSAGES
from edge.watchdog import Stage

POLL_MS = 500
RETRY_MS = 1
"""Between two tries to send to a subscriber that is full, where nothing may be lost."""
REPEAT_INTERVAL_S = 0.05
"""What is retained goes to all that subscribe to it, so subscribers that come and go in a storm wait a little."""

ZAP_ADDRESS = "inproc://zeromq.zap.01"
ZAP_DOMAIN = b"signwatch"
ZAP_VERSION = b"1.0"

REFUSALS = zmq.Event.HANDSHAKE_FAILED_NO_DETAIL | zmq.Event.HANDSHAKE_FAILED_PROTOCOL | zmq.Event.HANDSHAKE_FAILED_AUTH


class Wire:
    """Runs the thread. Its public methods may be called from any other one.

    Args:
        context: Holds the inner sockets.
        socket: The bound XPUB socket; the thread closes it.
        outbox: The inner socket's receiving end; the thread closes it.
        zap: Bound to `ZAP_ADDRESS` where there are keys; the thread closes it.
        keys: Whom to let in; None for everybody.
        patience_s: So long is waited for a subscriber that takes nothing; None where what it misses is its loss.
        stage: Told of work, for the watchdog.
    """

    def __init__(
        self,
        socket: zmq.Socket[bytes],
        outbox: zmq.Socket[bytes],
        *,
        zap: zmq.Socket[bytes] | None,
        keys: PublisherKeys | None,
        patience_s: float | None,
        describe_stuck: Callable[[], str],
        stage: Stage,
    ) -> None:
        self.changed = threading.Condition()
        """Notified when subscriptions change and when the thread fails or ends."""
        self.refused = 0
        self.failure: WireError | None = None
        self._socket = socket
        self._outbox = outbox
        self._zap = zap
        self._keys = keys
        self._patience_s = patience_s
        self._describe_stuck = describe_stuck
        self._stage = stage
        self._wanted: Counter[bytes] = Counter()
        self._asked: set[bytes] = set()
        self._repeated_s = 0.0
        self._retained: dict[bytes, dict[Hashable, bytes]] = {topic: {} for topic in MESSAGES}
        self._retaining = threading.Lock()
        self._give_up_s: float | None = None
        self._linger_ms = 0
        self._monitor = socket.get_monitor_socket(REFUSALS)
        self._handlers = {self._socket: self._read_subscriptions, self._monitor: self._count_refusals}
        if zap is not None:
            self._handlers[zap] = self._judge_key
        self._thread = threading.Thread(target=self._run, name="wire", daemon=True)
        self._thread.start()

    @property
    def running(self) -> bool:
        """Whether the thread is there to send."""
        return self._thread.is_alive()

    def retain(self, topic: bytes, payloads: dict[Hashable, bytes | None]) -> None:
        """Keep payloads for new subscribers, by what they are about; None forgets one."""
        with self._retaining:
            for key, payload in payloads.items():
                if payload is None:
                    self._retained[topic].pop(key, None)
                else:
                    self._retained[topic][key] = payload

    def subscriptions(self, topic: bytes) -> int:
        """Subscriptions that let a topic through."""
        with self.changed:
            return sum(count for wanted, count in self._wanted.items() if topic.startswith(wanted))

    def end(self, flush_s: float) -> None:
        """Have the thread end after what was handed to it, giving stuck subscribers at most so long."""
        self._linger_ms = round(flush_s * 1000)
        self._give_up_s = time.monotonic() + flush_s

    def join(self, timeout_s: float) -> None:
        """Wait for the thread."""
        self._thread.join(timeout_s)

    def _run(self) -> None:
        poller = zmq.Poller()
        for socket in (*self._handlers, self._outbox):
            poller.register(socket, zmq.POLLIN)
        try:
            going = True
            while going:
                self._stage.rest()
                ready = dict(poller.poll(self._poll_ms()))
                self._stage.begin()
                for socket, handle in self._handlers.items():
                    if socket in ready:
                        handle()
                if self._outbox in ready:
                    going = self._empty_outbox()
                self._repeat_retained()
        except WireError as error:
            self.failure = error
        finally:
            self._stage.rest()
            self._socket.disable_monitor()
            self._monitor.close(linger=0)
            self._socket.close(linger=self._linger_ms)
            self._outbox.close(linger=0)
            if self._zap is not None:
                self._zap.close(linger=0)
            with self.changed:
                self.changed.notify_all()

    def _poll_ms(self) -> int:
        if not self._asked:
            return POLL_MS
        return max(0, round(1000 * (self._repeated_s + REPEAT_INTERVAL_S - time.monotonic())))

    def _empty_outbox(self) -> bool:
        """Send what was handed over; False when the last of it is the sign to end."""
        while True:
            try:
                parts = self._outbox.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return True
            if len(parts) == 1:
                return False
            self._send(parts)

    def _send(self, parts: list[bytes]) -> None:
        begun_s = time.monotonic()
        while True:
            try:
                self._socket.send_multipart(parts, zmq.NOBLOCK)
                return
            except zmq.Again:  # only where nothing may be lost
                now_s = time.monotonic()
                late = self._patience_s is not None and now_s - begun_s > self._patience_s
                if late or (self._give_up_s is not None and now_s > self._give_up_s):
                    raise WireError(self._describe_stuck()) from None
            self._stage.begin()
            for socket, handle in self._handlers.items():
                if socket.poll(RETRY_MS if socket is self._socket else 0):
                    handle()

    def _read_subscriptions(self) -> None:
        """Take in who came and went."""
        while True:
            try:
                event = self._socket.recv(zmq.NOBLOCK)
            except zmq.Again:
                return
            kind, wanted = event[:1], event[1:]
            # Byte 1: somebody subscribes; byte 0: somebody no longer does. Anything else is a stranger's, and of
            # topics nobody publishes there is no end.
            if kind not in (b"\x00", b"\x01") or not any(topic.startswith(wanted) for topic in MESSAGES):
                continue
            with self.changed:
                self._wanted[wanted] = max(0, self._wanted[wanted] + (1 if kind == b"\x01" else -1))
                self.changed.notify_all()
            if kind == b"\x01":
                self._asked.add(wanted)

    def _repeat_retained(self) -> None:
        """Send what is retained to those who have just come; the others get it again and know it by its number."""
        now_s = time.monotonic()
        if not self._asked or now_s - self._repeated_s < REPEAT_INTERVAL_S:
            return
        asked, self._asked, self._repeated_s = self._asked, set(), now_s
        with self._retaining:
            parts = [
                [topic, payload]
                for topic, payloads in self._retained.items()
                if any(topic.startswith(wanted) for wanted in asked)
                for payload in payloads.values()
            ]
        for part in parts:
            self._send(part)

    def _count_refusals(self) -> None:
        while self._monitor.poll(0):
            recv_monitor_message(self._monitor)
            self.refused += 1

    def _judge_key(self) -> None:
        """Answer one request of the ZeroMQ Authentication Protocol (RFC 27): a key is on the list or not."""
        assert self._zap is not None and self._keys is not None
        request = self._zap.recv_multipart()
        number = request[1] if len(request) > 1 else b""
        allowed = len(request) == 7 and request[5] == b"CURVE" and z85.encode(request[6]) in self._keys.allowed
        status, text = (b"200", b"OK") if allowed else (b"400", b"this key is not allowed")
        with contextlib.suppress(zmq.ZMQError):  # whoever asked may be gone
            self._zap.send_multipart([ZAP_VERSION, number, status, text, b"", b""])
