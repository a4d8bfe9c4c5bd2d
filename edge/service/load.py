"""A load of pictures on a service, by clients that each send the next one when they have the answer to the last.

Few instructions for each request, so that on a machine of few cores the service is measured and not this.
"""

import selectors
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from edge.errors import WireError

SILENCE_S = 60.0
"""An answer that takes longer is none."""
READ_BYTES = 2**16


@dataclass(frozen=True, slots=True)
class Load:
    """What came of a load."""

    latency_ms: NDArray[np.float64]
    """(n,) from the first byte sent to the last received, in the order of arrival."""
    seconds: float
    failed: int
    """Answers that were not 200."""

    @property
    def per_second(self) -> float:
        """Answers."""
        return len(self.latency_ms) / self.seconds

    def percentile_ms(self, percent: float) -> float:
        """So many per cent of the answers took no longer."""
        return float(np.percentile(self.latency_ms, percent))


@dataclass(slots=True)
class _Client:
    connection: socket.socket
    received: bytearray = field(default_factory=bytearray)
    sent_ns: int = 0


def offer_load(port: int, path: str, bodies: Sequence[bytes], clients: int, seconds: float, least: int = 1) -> Load:
    """Ask a service on this machine for so many seconds, and for `least` answers at least.

    Raises WireError where it ends a connection, or is silent.
    """
    requests = [
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
        for body in bodies
    ]
    latencies_ns: list[int] = []
    failed = asked = 0
    with selectors.DefaultSelector() as selector:
        every = [_Client(socket.create_connection(("127.0.0.1", port))) for _ in range(clients)]
        try:
            began_ns = time.perf_counter_ns()
            until_ns = began_ns + round(1e9 * seconds)
            for client in every:
                client.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                selector.register(client.connection, selectors.EVENT_READ, client)
                client.sent_ns = time.perf_counter_ns()
                client.connection.sendall(requests[asked % len(requests)])
                asked += 1
            waiting = clients
            now_ns = began_ns
            while waiting:
                ready = selector.select(SILENCE_S)
                if not ready:
                    raise WireError(f"the service gave no answer in {SILENCE_S:g} s")
                for key, _ in ready:
                    client = key.data
                    status = _take(client)
                    if status is None:
                        continue
                    now_ns = time.perf_counter_ns()
                    latencies_ns.append(now_ns - client.sent_ns)
                    failed += status != b"200"
                    if now_ns < until_ns or len(latencies_ns) + waiting <= least:
                        client.sent_ns = now_ns
                        client.connection.sendall(requests[asked % len(requests)])
                        asked += 1
                    else:
                        waiting -= 1
        finally:
            for client in every:
                client.connection.close()
    return Load(np.array(latencies_ns) / 1e6, (now_ns - began_ns) / 1e9, failed)


def _take(client: _Client) -> bytes | None:
    """The status of an answer that is whole now; None where more is to come."""
    part = client.connection.recv(READ_BYTES)
    if not part:
        raise WireError("the service ended a connection")
    received = client.received
    received += part
    head = received.find(b"\r\n\r\n")
    if head < 0:
        return None
    place = received.lower().find(b"content-length:", 0, head)
    length = int(received[place + 15 : received.find(b"\r", place)])
    if len(received) < head + 4 + length:
        return None
    status = bytes(received[9:12])
    received.clear()
    return status
