"""The JSON Schemas of the wire messages, for readers in other languages.

`signwatch.frame-1.schema.json` and its like beside this file are made from `edge.messages` and `edge.state_message`:
after a change there, `python -m edge.schema` writes them anew.
"""

import ast
import inspect
import json
import textwrap
from pathlib import Path
from typing import Any

import msgspec

from edge.messages import MESSAGES, SCHEMAS

FOLDER = Path(__file__).parent


def schema_path(topic: bytes) -> Path:
    """The file of a topic's schema, such as `signwatch.frame-1.schema.json`."""
    return FOLDER / f"{SCHEMAS[topic].replace('/', '-')}.schema.json"


def json_schema(topic: bytes) -> dict[str, Any]:
    """Give the JSON Schema (draft 2020-12) that every payload of a topic fulfils.

    The description of each field is its docstring, so units stand in one place. Fields with a
    default came later than the first version: older publishers don't send them.
    """
    message = MESSAGES[topic]
    (reference,), components = msgspec.json.schema_components([message], ref_template="#/$defs/{name}")
    for struct in _structs(message):
        properties = components[struct.__name__]["properties"]
        for field, text in _field_docstrings(struct).items():
            # Its readers need not know Python.
            properties[field]["description"] = text.replace("``", "'").replace("None", "null")
    # Every message says its schema; that making one needn't is a convenience of the class.
    components[message.__name__]["required"].insert(0, "schema")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": SCHEMAS[topic],
        **reference,
        "$defs": components,
    }


def schema_text(topic: bytes) -> str:
    """Give a topic's schema as it stands in its file."""
    return json.dumps(json_schema(topic), indent=2) + "\n"


def _structs(struct: type[msgspec.Struct]) -> list[type[msgspec.Struct]]:
    """A message and the structures in it."""
    found = [struct]
    for field in msgspec.inspect.type_info(struct).fields:  # type: ignore[attr-defined]  # of structs it has them
        inner = getattr(field.type, "item_type", field.type)
        for kind in getattr(inner, "types", (inner,)):  # of a structure or null, among others
            if isinstance(kind, msgspec.inspect.StructType):
                found += [one for one in _structs(kind.cls) if one not in found]
    return found


def _field_docstrings(struct: type[msgspec.Struct]) -> dict[str, str]:
    """Read the strings that stand below the fields of a class; Python itself drops them."""
    (definition,) = ast.parse(textwrap.dedent(inspect.getsource(struct))).body
    assert isinstance(definition, ast.ClassDef)
    found: dict[str, str] = {}
    for field, text in zip(definition.body, definition.body[1:], strict=False):
        match field, text:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(doc))):
                found[name] = inspect.cleandoc(doc)
    return found
