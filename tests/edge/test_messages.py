import contextlib
import json
import math
import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import MessageError
from edge.messages import MAX_MESSAGE_BYTES, MESSAGES, decode, decode_topic, encode
from tests.edge.messages import MESSAGE, ONE_OF_EACH, SIGN

DESIGNED = """
{"schema": "signwatch.frame/1", "source": "front", "session": "a1b2", "seq": 812, "frame": 811,
 "file": null, "captured_ns": 1764000000000000000, "published_ns": 1764000000010200000,
 "media_s": 27.033, "size": [1360, 800], "dropped": 0, "degraded": [],
 "latency_ms": {"candidates": 6.1, "classify": 3.4, "total": 10.2},
 "signs": [{"track": 17, "state": "confirmed", "class_id": 2, "code": "274-50",
            "name": "Speed limit (50km/h)", "category": "prohibitory", "value": 50, "unit": "km/h",
            "confidence": 0.997, "box": [774.0, 411.0, 41.0, 35.0], "hits": 9, "age": 10,
            "measured": true, "bearing_deg": null, "distance_m": null, "rules": ["speed-limit"],
            "bearing_std_deg": null, "distance_std_m": null, "ttc_s": null, "place_m": null}],
 "monotonic_ns": 7000010200000}
"""


def changed(**fields: object) -> bytes:
    """The message's payload with other fields, in a sign where it has them."""
    message = json.loads(DESIGNED)
    for name, value in fields.items():
        (message["signs"][0] if name in message["signs"][0] else message)[name] = value
    return json.dumps(message).encode()


def test_the_payload_is_the_designed_one_in_fields_and_order() -> None:
    payload = encode(MESSAGE)
    assert json.loads(payload) == json.loads(DESIGNED)
    assert json.dumps(json.loads(payload)) == json.dumps(json.loads(DESIGNED)), "same order"
    assert b"\n" not in payload


def test_a_message_comes_back_as_it_went() -> None:
    assert decode(encode(MESSAGE)) == MESSAGE
    assert decode(DESIGNED.encode()) == MESSAGE


def test_fields_of_later_versions_are_accepted() -> None:
    message = json.loads(DESIGNED) | {"weather": {"rain": [1, 2]}}
    message["signs"][0]["lane"] = 2
    assert decode(json.dumps(message).encode()) == MESSAGE


def test_values_with_a_fraction_are_kept() -> None:
    height = msgspec.structs.replace(SIGN, value=3.8, unit="m")
    message = msgspec.structs.replace(MESSAGE, signs=(height,))
    assert decode(encode(message)).signs[0].value == 3.8


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"\xff\xfe",
        DESIGNED.encode()[:-10],
        DESIGNED.replace('"schema": "signwatch.frame/1", ', "").encode(),
        changed(schema=1),
        changed(seq=-1),
        changed(seq="812"),
        changed(seq=2**63),
        changed(size=[1360]),
        changed(size=[0, 800]),
        changed(source=None),
        changed(state="certain"),
        changed(confidence=1.01),
        changed(confidence=math.nan),
        changed(box=[1, 2, 3]),
        changed(value=10**400),
        changed(latency_ms={"candidates": 1, "classify": 2}),
        b"[" * 500_000,
        DESIGNED.strip()[:-1].encode() + b',"x":' + b"[" * 400_000 + b"]" * 400_000 + b"}",
        DESIGNED.encode() + b" " * MAX_MESSAGE_BYTES,
    ],
    ids=lambda payload: repr(payload[-40:]),
)
def test_what_is_no_message_is_refused(payload: bytes) -> None:
    with pytest.raises(MessageError):
        decode(payload)


def test_another_schema_is_named() -> None:
    with pytest.raises(MessageError, match=re.escape("'signwatch.frame/2'")):
        decode(changed(schema="signwatch.frame/2"))


@given(st.sampled_from([*ONE_OF_EACH, b"frames", b""]), st.binary(max_size=200))
def test_no_bytes_at_all_break_the_reader(topic: bytes, payload: bytes) -> None:
    with pytest.raises(MessageError):
        decode_topic(topic, payload)


@given(st.sampled_from(list(ONE_OF_EACH)), st.data())
def test_no_damage_breaks_the_reader_of_any_topic(topic: bytes, data: st.DataObject) -> None:
    payload = bytearray(encode(ONE_OF_EACH[topic]))
    place = data.draw(st.integers(0, len(payload) - 1))
    damage = data.draw(st.binary(min_size=1, max_size=4))
    payload[place : place + len(damage)] = damage
    with contextlib.suppress(MessageError):
        assert isinstance(decode_topic(topic, bytes(payload)), MESSAGES[topic])


@pytest.mark.parametrize("topic", ONE_OF_EACH)
def test_the_message_of_each_topic_comes_back_as_it_went(topic: bytes) -> None:
    assert decode_topic(topic, encode(ONE_OF_EACH[topic])) == ONE_OF_EACH[topic]


def test_a_message_under_another_topic_is_refused() -> None:
    with pytest.raises(MessageError, match=re.escape("only signwatch.health/1")):
        decode_topic(b"health", encode(MESSAGE))


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_numbers_that_json_cannot_carry_are_refused_at_the_source(number: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        msgspec.structs.replace(SIGN, confidence=number)
    with pytest.raises(ValueError, match="finite"):
        msgspec.structs.replace(SIGN, box=(0.0, 0.0, number, 1.0))
    with pytest.raises(ValueError, match="finite"):
        msgspec.structs.replace(MESSAGE.latency_ms, total=number)
