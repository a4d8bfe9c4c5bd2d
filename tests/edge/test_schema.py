import json
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from edge.messages import MESSAGES, decode_topic, encode
from edge.schema import json_schema, schema_path, schema_text
from edge.state_message import unknown_state
from tests.edge.messages import EVENT, HEALTH, INFO, MESSAGE, ONE_OF_EACH, SIGN, STATE

RELEASED = Path(__file__).with_name("released")
"""Each topic's schema as it was when it first went out. These files never change."""
VALIDATORS = {topic: jsonschema.Draft202012Validator(json_schema(topic)) for topic in MESSAGES}


def released(topic: bytes) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads((RELEASED / schema_path(topic).name).read_text(encoding="utf-8"))
    return schema


@pytest.mark.parametrize("topic", MESSAGES)
def test_the_shipped_file_is_what_the_structures_say(topic: bytes) -> None:
    assert schema_path(topic).read_text(encoding="utf-8") == schema_text(topic), (
        "the messages have changed: run python -m edge.schema"
    )


@pytest.mark.parametrize("topic", MESSAGES)
def test_the_schema_is_one(topic: bytes) -> None:
    jsonschema.Draft202012Validator.check_schema(json_schema(topic))


@pytest.mark.parametrize("topic", MESSAGES)
def test_every_field_is_described(topic: bytes) -> None:
    for name, struct in json_schema(topic)["$defs"].items():
        for field, properties in struct["properties"].items():
            assert properties.get("description"), f"{name}.{field} has no docstring"


@pytest.mark.parametrize(
    ("topic", "message"),
    [
        *ONE_OF_EACH.items(),
        (b"frame", msgspec.structs.replace(MESSAGE, signs=(), file="1.png", media_s=None)),
        (b"frame", msgspec.structs.replace(MESSAGE, degraded=("late",))),
        (
            b"frame",
            msgspec.structs.replace(
                MESSAGE, signs=(msgspec.structs.replace(SIGN, value=None, unit=None, distance_m=7.5),)
            ),
        ),
        (b"sign", msgspec.structs.replace(EVENT, event="ended")),
        (b"health", msgspec.structs.replace(HEALTH, fault=None, state="ok", frame_age_ms=None)),
        (b"info", msgspec.structs.replace(INFO, given=None, max_latency_ms=None)),
        (b"state", msgspec.structs.replace(STATE, frame=None, frame_age_ms=None, state=unknown_state("nothing-seen"))),
    ],
)
def test_encoded_messages_fulfil_it(topic: bytes, message: Any) -> None:
    VALIDATORS[topic].validate(json.loads(encode(message)))


@pytest.mark.parametrize(
    ("topic", "field", "value"),
    [
        (b"frame", "schema", "signwatch.frame/2"),
        (b"frame", "seq", -1),
        (b"frame", "size", [1, 2, 3]),
        (b"frame", "signs", [{}]),
        (b"sign", "event", "gone"),
        (b"health", "state", "perhaps"),
        (b"info", "thresholds", {}),
        (b"state", "stream", "asleep"),
        (b"state", "state", {"speed_limit": {}}),
    ],
)
def test_what_the_reader_refuses_does_not_fulfil_it(topic: bytes, field: str, value: object) -> None:
    with pytest.raises(jsonschema.ValidationError):
        VALIDATORS[topic].validate(json.loads(encode(ONE_OF_EACH[topic])) | {field: value})


# What was released holds for ever under its number: old readers must get along with new publishers, and new readers
# with old ones.


@pytest.mark.parametrize("topic", MESSAGES)
def test_no_released_field_goes_or_means_something_else(topic: bytes) -> None:
    for name, struct in released(topic)["$defs"].items():
        now = json_schema(topic)["$defs"][name]
        assert now["required"] == struct["required"], "a new field has a default, an old one stays"
        assert list(now["properties"])[: len(struct["properties"])] == list(struct["properties"]), "in their order"
        for field, properties in struct["properties"].items():
            for told in (properties, now["properties"][field]):
                told.pop("description")
            assert now["properties"][field] == properties, f"{name}.{field} has changed"


@pytest.mark.parametrize("topic", MESSAGES)
def test_an_old_reader_accepts_what_is_sent_now(topic: bytes) -> None:
    jsonschema.Draft202012Validator(released(topic)).validate(json.loads(encode(ONE_OF_EACH[topic])))


@pytest.mark.parametrize("topic", MESSAGES)
def test_what_an_old_publisher_sends_is_read(topic: bytes) -> None:
    known = released(topic)["$defs"][MESSAGES[topic].__name__]["properties"]
    message = json.loads(encode(ONE_OF_EACH[topic]))
    old = {field: value for field, value in message.items() if field in known}
    assert isinstance(decode_topic(topic, json.dumps(old).encode()), MESSAGES[topic])


@pytest.mark.parametrize("topic", MESSAGES)
def test_every_field_of_the_first_version_is_required(topic: bytes) -> None:
    message = json.loads(encode(ONE_OF_EACH[topic]))
    for field in released(topic)["$defs"][MESSAGES[topic].__name__]["required"]:
        with pytest.raises(jsonschema.ValidationError):
            VALIDATORS[topic].validate({name: value for name, value in message.items() if name != field})
