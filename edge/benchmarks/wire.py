"""Ways to get signs to another process: ours, plain JSON, and imagezmq's, which sends a picture with each message.

This module is both ends. Run by itself it is the process that subscribes: it says what it received, a JSON object a
line for every so many messages.
"""

import json
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, Protocol

import cv2
import msgspec
import numpy as np
import zmq
from numpy.typing import NDArray
from zmq.utils import jsonapi

from edge.errors import WireError
from edge.messages import FRAME_TOPIC, FrameMessage, Latency, Sign, encode
from edge.publisher import SignPublisher
from edge.subscriber import SignSubscriber

OURS, JSON, JPEG, RAW = "signwatch", "send_json", "imagezmq-jpeg", "imagezmq-raw"
WAYS = (OURS, JSON, JPEG, RAW)
FREE_ADDRESS = "tcp://127.0.0.1:*"
JPEG_QUALITY = 95
"""As in imagezmq's own examples."""
WARM_UP = 0
"""The number of messages that aren't counted."""
SILENCE_MS = 120_000
"""After so long without a message the subscriber gives up."""

Arrival = tuple[int, int]
"""A message's number, and when it was sent, by the monotonic clock in ns."""


class Sender(Protocol):
    """The sending end of a way."""

    def send(self, message: FrameMessage) -> None:
        """Send a message."""
        ...

    def size(self, message: FrameMessage) -> int:
        """How many bytes go over the wire for it, ZeroMQ's own few left out."""
        ...

    def close(self) -> None:
        """Let go of the address."""
        ...


class OurSender:
    """As `signwatch process --publish` does: nothing is lost."""

    def __init__(self) -> None:
        self._publisher = SignPublisher(FREE_ADDRESS, lossless=True)
        self.address = self._publisher.address

    def send(self, message: FrameMessage) -> None:
        """See `Sender`."""
        self._publisher.publish(message)

    def size(self, message: FrameMessage) -> int:
        """See `Sender`."""
        return len(FRAME_TOPIC) + len(encode(message))

    def close(self) -> None:
        """See `Sender`."""
        self._publisher.close(0)


class JsonSender:
    """As in pyzmq's own examples, with queues that lose nothing."""

    def __init__(self) -> None:
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.PUB)
        self._socket.sndhwm = 0
        self._socket.bind(FREE_ADDRESS)
        self.address = _endpoint(self._socket)

    def send(self, message: FrameMessage) -> None:
        """See `Sender`."""
        self._socket.send_json(msgspec.to_builtins(message))

    def size(self, message: FrameMessage) -> int:
        """See `Sender`."""
        return len(jsonapi.dumps(msgspec.to_builtins(message)))

    def close(self) -> None:
        """See `Sender`."""
        self._context.destroy(linger=0)


class ImageSender:
    """imagezmq's, which waits for an answer to each picture; `address` is the subscriber's."""

    def __init__(self, address: str, image: NDArray[np.uint8], *, jpeg: bool) -> None:
        import imagezmq

        self._sender = imagezmq.ImageSender(connect_to=address)
        # What a subscriber that went leaves behind must not hold up the end.
        self._sender.zmq_socket.linger = 0
        self._sender.zmq_socket.rcvtimeo = SILENCE_MS
        self._image = image
        self._jpeg = jpeg

    def send(self, message: FrameMessage) -> None:
        """See `Sender`."""
        text = json.dumps(msgspec.to_builtins(message))
        try:
            if self._jpeg:
                self._sender.send_jpg(text, self._coded())
            else:
                self._sender.send_image(text, self._image)
        except zmq.Again as error:
            raise WireError(f"imagezmq's hub did not answer in {SILENCE_MS / 1e3:.0f} s") from error

    def size(self, message: FrameMessage) -> int:
        """See `Sender`."""
        picture = len(self._coded()) if self._jpeg else self._image.nbytes
        return len(json.dumps(msgspec.to_builtins(message))) + picture

    def _coded(self) -> NDArray[np.uint8]:
        _, coded = cv2.imencode(".jpg", self._image, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
        return np.asarray(coded, np.uint8)

    def close(self) -> None:
        """See `Sender`."""
        self._sender.close()


def example(size_wh: tuple[int, int], signs: int) -> FrameMessage:
    """A frame's message with so many signs; number and times are put in by `numbered`."""
    sign = Sign(
        track=17,
        state="confirmed",
        class_id=2,
        code="274-50",
        name="Speed limit (50km/h)",
        category="prohibitory",
        value=50,
        unit="km/h",
        confidence=0.9971,
        box=(774.1, 411.3, 41.2, 35.9),
        hits=9,
        age=10,
        measured=True,
        rules=("speed-limit",),
    )
    return FrameMessage(
        source="front",
        session="bench",
        seq=0,
        frame=WARM_UP,
        file=None,
        captured_ns=time.time_ns(),
        published_ns=time.time_ns(),
        media_s=None,
        size=size_wh,
        dropped=0,
        degraded=(),
        latency_ms=Latency(6.12, 3.43, 10.21),
        signs=(sign,) * signs,
        monotonic_ns=0,
    )


def numbered(message: FrameMessage, number: int, sequence: int) -> FrameMessage:
    """The message as it is made now."""
    return msgspec.structs.replace(
        message, frame=number, seq=sequence, published_ns=time.time_ns(), monotonic_ns=time.monotonic_ns()
    )


def arrivals(way: str, address: str) -> Iterator[Arrival]:
    """What arrives by a way. Where it arrives, or is fetched from, goes to standard output first."""
    if way == OURS:
        return _ours(address)
    return _json(address) if way == JSON else _images(jpeg=way == JPEG)


def _ours(address: str) -> Iterator[Arrival]:
    with SignSubscriber(address) as subscriber:
        _say({"address": address})
        while (message := subscriber.receive(SILENCE_MS / 1e3)) is not None:
            yield message.frame, message.monotonic_ns or 0


def _json(address: str) -> Iterator[Arrival]:
    context = zmq.Context()
    socket = context.socket(zmq.SUB)
    socket.rcvhwm = 0
    socket.subscribe(b"")
    socket.connect(address)
    _say({"address": address})
    while socket.poll(SILENCE_MS):
        message: Any = socket.recv_json()
        yield message["frame"], message["monotonic_ns"]


def _images(*, jpeg: bool) -> Iterator[Arrival]:
    import imagezmq

    hub = imagezmq.ImageHub(open_port=FREE_ADDRESS)
    _say({"address": _endpoint(hub.zmq_socket)})
    while hub.zmq_socket.poll(SILENCE_MS):
        text, _ = hub.recv_jpg() if jpeg else hub.recv_image()
        hub.send_reply()
        message = json.loads(text)
        yield message["frame"], message["monotonic_ns"]


def receive(way: str, address: str, phases: Sequence[int]) -> None:
    """Say of each phase of so many messages how long each was under way, in ms, and how long all took, in s.

    A picture is received and not decoded: who only wants signs doesn't look at it.
    """
    counted = _counted(arrivals(way, address))
    for phase in phases:
        ages_ms: list[float] = []
        moments_s: list[float] = []
        for _, sent_ns in islice(counted, phase):
            now_ns = time.monotonic_ns()
            ages_ms.append((now_ns - sent_ns) / 1e6)
            moments_s.append(now_ns / 1e9)
        if len(ages_ms) < phase:
            raise WireError(f"{way}: {len(ages_ms)} of {phase} messages came")
        _say({"ages_ms": ages_ms, "first_s": moments_s[0], "last_s": moments_s[-1]})


def _counted(arriving: Iterator[Arrival]) -> Iterator[Arrival]:
    """Those that count; says when the first of the others is there."""
    ready = False
    for number, sent_ns in arriving:
        if number != WARM_UP:
            yield number, sent_ns
        elif not ready:
            ready = True
            _say({"ready": True})


def _endpoint(socket: "zmq.Socket[bytes]") -> str:
    """Where a socket is bound, with the port that it took."""
    return bytes(socket.getsockopt(zmq.LAST_ENDPOINT)).decode().rstrip("\0")


def _say(what: dict[str, Any]) -> None:
    print(json.dumps(what), flush=True)


if __name__ == "__main__":
    receive(sys.argv[1], sys.argv[2], [int(phase) for phase in sys.argv[3:]])
