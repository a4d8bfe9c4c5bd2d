import json

import jsonschema
import msgspec
import pytest

from edge.messages import encode
from edge.schema import FRAME_SCHEMA_PATH, frame_json_schema, frame_schema_text
from tests.edge.messages import MESSAGE, SIGN

VALIDATOR = jsonschema.Draft202012Validator(frame_json_schema())


def test_the_shipped_file_is_what_the_structures_say() -> None:
    assert FRAME_SCHEMA_PATH.read_text(encoding="utf-8") == frame_schema_text(), (
        "the messages have changed: run python -m edge.schema"
    )


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(frame_json_schema())


def test_every_field_is_described() -> None:
    for name, struct in frame_json_schema()["$defs"].items():
        for field, properties in struct["properties"].items():
            assert properties.get("description"), f"{name}.{field} has no docstring"


@pytest.mark.parametrize(
    "message",
    [
        MESSAGE,
        msgspec.structs.replace(MESSAGE, signs=(), file="1.png", media_s=None),
        msgspec.structs.replace(MESSAGE, degraded=("late",)),
        msgspec.structs.replace(MESSAGE, signs=(msgspec.structs.replace(SIGN, value=None, unit=None, distance_m=7.5),)),
    ],
)
def test_encoded_messages_fulfil_it(message: msgspec.Struct) -> None:
    VALIDATOR.validate(json.loads(encode(message)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("field", "value"),
    [("schema", "signwatch.frame/2"), ("seq", -1), ("size", [1, 2, 3]), ("signs", [{}])],
)
def test_what_the_reader_refuses_does_not_fulfil_it(field: str, value: object) -> None:
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate(json.loads(encode(MESSAGE)) | {field: value})


@pytest.mark.parametrize("field", json.loads(encode(MESSAGE)))
def test_every_field_is_required(field: str) -> None:
    message = json.loads(encode(MESSAGE))
    del message[field]
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate(message)
