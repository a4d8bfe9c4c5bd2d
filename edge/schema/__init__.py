"""The JSON Schema of the wire messages, for readers in other languages.

`signwatch.frame-1.schema.json` beside this file is made from `edge.messages`: after a
change there, `python -m edge.schema` writes it anew.
"""

import ast
import inspect
import json
import textwrap
from pathlib import Path
from typing import Any

import msgspec

from edge.messages import FRAME_SCHEMA, FrameMessage, Latency, Sign

FRAME_SCHEMA_PATH = Path(__file__).with_name("signwatch.frame-1.schema.json")


def frame_json_schema() -> dict[str, Any]:
    """Give the JSON Schema (draft 2020-12) that every payload of topic `frame` fulfils.

    The description of each field is its docstring, so units stand in one place.
    """
    (reference,), components = msgspec.json.schema_components([FrameMessage], ref_template="#/$defs/{name}")
    for struct in (FrameMessage, Sign, Latency):
        properties = components[struct.__name__]["properties"]
        for field, text in _field_docstrings(struct).items():
            # Its readers need not know Python.
            properties[field]["description"] = text.replace("``", "'").replace("None", "null")
    # Every message says its schema; that making one needn't is a convenience of the class.
    components["FrameMessage"]["required"].insert(0, "schema")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": FRAME_SCHEMA,
        **reference,
        "$defs": components,
    }


def frame_schema_text() -> str:
    """Give the schema as it stands in the file."""
    return json.dumps(frame_json_schema(), indent=2) + "\n"


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
