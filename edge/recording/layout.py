"""What lies in a recording: the wire's messages as they were sent, and the pictures that they are about.

A message lies on the channel of its topic, as JSON under our schema; a picture on `image/CAMERA`, as JSON under
Foxglove's `foxglove.CompressedImage`, whose schema here is the published one (foxglove-sdk, MIT licence).
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated

import msgspec

from edge.message_types import Count
from edge.messages import SCHEMAS
from edge.schema import schema_path

JSON = "json"
"""MCAP's name of the messages' encoding."""
JSON_SCHEMA = "jsonschema"
"""MCAP's name of the schemas' encoding."""
IMAGE_SCHEMA = "foxglove.CompressedImage"
IMAGE_PREFIX = "image/"
IMAGE_FORMAT = "jpeg"
NS = 10**9


class Timestamp(msgspec.Struct, frozen=True):
    """A UNIX time as Foxglove's schemas write it."""

    sec: Annotated[int, msgspec.Meta(ge=0, le=2**32 - 1)]
    """Whole seconds."""
    nsec: Annotated[int, msgspec.Meta(ge=0, lt=NS)]
    """Nanoseconds after them."""

    @property
    def unix_ns(self) -> int:
        """Both, in nanoseconds."""
        return self.sec * NS + self.nsec


class CompressedImage(msgspec.Struct, frozen=True):
    """A picture, as Foxglove's schema has it."""

    timestamp: Timestamp
    """When it was captured."""
    frame_id: str
    """The camera's name."""
    data: bytes
    """The file's content; base64 in JSON."""
    format: str
    """`jpeg`; other recorders write `png` and `webp` too."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One message or picture on its way into a file."""

    topic: str
    schema: str
    data: bytes
    monotonic_ns: int
    """When it was published or captured, on this machine's monotonic clock."""
    unix_ns: Count
    """The same by the clock on the wall."""
    sequence: int = 0
    """Of a picture, its frame's number modulo 2**32, which is all that MCAP keeps."""


_image_encoder = msgspec.json.Encoder()
_image_decoder = msgspec.json.Decoder(CompressedImage)


def encode_image(camera: str, captured_ns: int, jpeg: bytes) -> bytes:
    """A picture's payload."""
    sec, nsec = divmod(captured_ns, NS)
    return _image_encoder.encode(CompressedImage(Timestamp(sec, nsec), camera, jpeg, IMAGE_FORMAT))


def decode_image(payload: bytes) -> CompressedImage:
    """Read a picture's payload. Raises msgspec.MsgspecError where it is none."""
    return _image_decoder.decode(payload)


@cache
def schema_data(name: str) -> bytes:
    """The JSON Schema of that name. Raises KeyError for none of ours."""
    if name == IMAGE_SCHEMA:
        return Path(__file__).with_name(f"{IMAGE_SCHEMA}.json").read_bytes()
    topics = {schema: topic for topic, schema in SCHEMAS.items()}
    return schema_path(topics[name]).read_bytes()
