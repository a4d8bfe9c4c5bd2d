"""Small recordings, as tests of several modules need them."""

from pathlib import Path

import cv2
import msgspec

from edge.messages import FRAME_TOPIC, INFO_TOPIC, SCHEMAS, encode
from edge.recording.file import RecordingFile
from edge.recording.layout import IMAGE_PREFIX, IMAGE_SCHEMA, NS, Entry, encode_image
from edge.sources import PatternSource
from tests.edge.messages import INFO, MESSAGE

START_NS = 1_764_000_000 * NS
"""UNIX time of the first frame."""
MONOTONIC_NS = 7_000 * NS
FPS = 20


def entry(topic: bytes, payload: bytes, at_s: float = 0.0) -> Entry:
    """A message as the recorder writes it."""
    at_ns = round(at_s * NS)
    return Entry(topic.decode(), SCHEMAS[topic], payload, MONOTONIC_NS + at_ns, START_NS + at_ns)


def picture(number: int, camera: str = "front", size_wh: tuple[int, int] = (64, 48)) -> Entry:
    """A frame's picture as the recorder writes it."""
    source = PatternSource(size_wh, FPS, number + 1)
    *_, frame = source.frames()
    at_ns = round(number / FPS * NS)
    _, jpeg = cv2.imencode(".jpg", frame.image)
    data = encode_image(camera, START_NS + at_ns, jpeg.tobytes())
    return Entry(IMAGE_PREFIX + camera, IMAGE_SCHEMA, data, MONOTONIC_NS + at_ns, START_NS + at_ns, number)


def frame_message(number: int, camera: str = "front") -> Entry:
    """The same frame's message."""
    message = msgspec.structs.replace(
        MESSAGE, source=camera, seq=number, frame=number, captured_ns=START_NS + round(number / FPS * NS)
    )
    return entry(FRAME_TOPIC, encode(message), number / FPS)


def write_recording(
    path: Path,
    frames: int = 6,
    cameras: tuple[str, ...] = ("front",),
    *,
    chunk_frames: int = 2,
    end: bool = True,
) -> Path:
    """A recording of so many frames of each camera, some in each chunk; without `end`, as kill -9 leaves it."""
    file = RecordingFile(path, START_NS, MONOTONIC_NS)
    file.write(entry(INFO_TOPIC, encode(INFO)))
    for number in range(frames):
        for camera in cameras:
            file.write(frame_message(number, camera))
            file.write(picture(number, camera))
        if number % chunk_frames == chunk_frames - 1:
            file.flush()
    if end:
        file.close()
    else:
        file.flush()
        file.abandon()
    return path
