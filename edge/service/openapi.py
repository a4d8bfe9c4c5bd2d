"""The OpenAPI document: FastAPI's, with the schemas of our answers and examples."""

from typing import Any

import msgspec
from fastapi import FastAPI
from fastapi.routing import APIRoute

from edge.service.answers import About, Batch, Health, Prediction, Problem, Signs

ANSWERS = (Prediction, Batch, Signs, About, Health, Problem)
REFERENCE = "#/components/schemas/{name}"
PICTURE_TYPES = ("image/jpeg", "image/png", "image/webp", "application/octet-stream")
BINARY = {"type": "string", "format": "binary", "minLength": 1}
REASONS = {
    400: "The request is malformed.",
    401: "A key is needed.",
    403: "A page of another site may not ask.",
    408: "The body did not arrive in time.",
    413: "Too many bytes or pixels.",
    415: "No picture in a format that can be read.",
    421: "This name is not served here.",
    422: "A parameter is wrong, there are too many pictures, or one is damaged or animated.",
    429: "Too many requests.",
    503: "Too much to do, or not ready.",
}
STOP = {
    "class_index": 14, "class_name": "Stop", "code": "206", "category": "priority", "value": None, "unit": None,
    "confidence": 0.9996,
}  # fmt: skip
YIELD = {**STOP, "class_index": 13, "class_name": "Yield", "code": "205", "confidence": 0.0002}
PREDICTION = {
    "class_index": 14, "class_name": "Stop", "code": "206", "category": "priority", "confidence": 0.9996,
    "top": [STOP, YIELD], "is_sign": True, "mode": "crop", "size": [64, 64],
    "signs": [{**STOP, "box": [0, 0, 64, 64], "top": [STOP, YIELD]}], "backend": "litert-int8", "ms": 1.2,
    "degraded": [],
}  # fmt: skip
NO_SIGN = {
    **PREDICTION, "class_index": None, "class_name": "No sign", "code": None, "category": None, "confidence": 0.9991,
    "top": [{**YIELD, "confidence": 0.0009}], "is_sign": False, "signs": [],
}  # fmt: skip
BATCH = {
    "predictions": [
        {"name": "stop.jpg", "status": 200, "prediction": PREDICTION, "detail": None},
        {"name": "notes.txt", "status": 415, "prediction": None,
         "detail": "this is no picture that can be read; send PNG, JPEG or WebP"},
    ]
}  # fmt: skip


def json_answer(name: str, text: str, examples: dict[str, Any] | None = None) -> dict[str, Any]:
    """An answer whose schema is one of `ANSWERS`."""
    content: dict[str, Any] = {"schema": {"$ref": REFERENCE.format(name=name)}}
    if examples:
        content["examples"] = {title: {"value": value} for title, value in examples.items()}
    return {"description": text, "content": {"application/json": content}}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Answers that say why there is none."""
    return {status: json_answer("Problem", REASONS[status]) for status in statuses}


def picture_body() -> dict[str, Any]:
    """One picture, as the body itself or as a form's file."""
    content: dict[str, Any] = {kind: {"schema": BINARY} for kind in PICTURE_TYPES}
    content["multipart/form-data"] = {
        "schema": {
            "type": "object",
            "properties": {"file": BINARY},
            "required": ["file"],
        }
    }
    return {"requestBody": {"required": True, "content": content}}


def pictures_body(most: int) -> dict[str, Any]:
    """Several pictures as a form's files."""
    files = {
        "type": "array", "items": BINARY, "minItems": 1, "maxItems": most,
    }  # fmt: skip
    form = {"schema": {"type": "object", "properties": {"files": files}, "required": ["files"]}}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": form}}}


def document(app: FastAPI, *, keys: bool, guarded: tuple[str, ...]) -> dict[str, Any]:
    """The whole document; with `keys`, the guarded paths ask for one."""
    from fastapi.openapi.utils import get_openapi

    made = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
    for route in app.routes:  # FastAPI leaves out every null, and in an example it says something
        if isinstance(route, APIRoute) and route.path in made["paths"] and 200 in route.responses:
            for method in route.methods or ():
                answers = made["paths"][route.path][method.lower()]["responses"]
                answers["200"]["content"] = route.responses[200]["content"]
    _, components = msgspec.json.schema_components(ANSWERS, ref_template=REFERENCE)
    made["components"] = {"schemas": components}
    if keys:
        made["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
        for path, operations in made["paths"].items():
            if path.startswith(guarded):
                for operation in operations.values():
                    operation["security"] = [{"key": []}]
    return made
