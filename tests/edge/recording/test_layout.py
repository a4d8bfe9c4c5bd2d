import base64
import json

import jsonschema
import msgspec
import pytest

from edge.messages import SCHEMAS
from edge.recording.layout import IMAGE_SCHEMA, decode_image, encode_image, schema_data

CAPTURED_NS = 1_764_000_000_123_456_789


def test_a_picture_is_what_the_published_schema_asks_for() -> None:
    payload = encode_image("front", CAPTURED_NS, b"\xff\xd8jpeg")
    value = json.loads(payload)
    jsonschema.validate(value, json.loads(schema_data(IMAGE_SCHEMA)))
    assert value["timestamp"] == {"sec": 1_764_000_000, "nsec": 123_456_789}
    assert base64.b64decode(value["data"]) == b"\xff\xd8jpeg"


def test_a_picture_is_read_back() -> None:
    image = decode_image(encode_image("front", CAPTURED_NS, b"jpeg"))
    assert (image.frame_id, image.data, image.timestamp.unix_ns) == ("front", b"jpeg", CAPTURED_NS)


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{}",
        b'{"timestamp": {"sec": -1, "nsec": 0}, "frame_id": "a", "data": "", "format": "jpeg"}',
        b'{"timestamp": {"sec": 0, "nsec": 1000000000}, "frame_id": "a", "data": "", "format": "jpeg"}',
        b'{"timestamp": {"sec": 0, "nsec": 0}, "frame_id": "a", "data": "!", "format": "jpeg"}',
    ],
)
def test_what_is_no_picture_is_refused(payload: bytes) -> None:
    with pytest.raises(msgspec.MsgspecError):
        decode_image(payload)


@pytest.mark.parametrize("name", [*SCHEMAS.values(), IMAGE_SCHEMA])
def test_every_channel_has_its_schema(name: str) -> None:
    assert json.loads(schema_data(name))["title"] == name
