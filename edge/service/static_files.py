"""The page's files, held in memory: what a path can name is fixed when the service starts."""

import hashlib
import mimetypes
from dataclasses import dataclass
from functools import cache
from importlib import resources

from starlette.requests import Request
from starlette.responses import Response

from edge.service.answers import Problem, encode

TYPES = {".js": "text/javascript", ".svg": "image/svg+xml", ".webmanifest": "application/manifest+json"}


@dataclass(frozen=True, slots=True)
class _File:
    content: bytes
    media_type: str
    tag: str


@cache
def _files() -> dict[str, _File]:
    folder = resources.files("edge.service").joinpath("static")
    files = {}
    for entry in folder.iterdir():
        if entry.is_file():
            content = entry.read_bytes()
            suffix = "." + entry.name.rpartition(".")[2]
            media_type = TYPES.get(suffix) or mimetypes.guess_type(entry.name)[0] or "application/octet-stream"
            files[entry.name] = _File(content, media_type, f'"{hashlib.sha256(content).hexdigest()[:16]}"')
    return files


def static_response(request: Request, name: str) -> Response:
    """A file of the page; 304 where the browser has it, 404 where there is none of that name."""
    file = _files().get(name)
    if file is None:
        return problem_response(404, "there is nothing here")
    return tagged_response(request, file.content, file.media_type, file.tag)


def tagged_response(request: Request, content: bytes, media_type: str, tag: str) -> Response:
    """Content that browsers keep, and ask each time whether it is still the same."""
    headers = {"etag": tag, "cache-control": "no-cache"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=media_type, headers=headers)


def problem_response(status: int, reason: str, headers: dict[str, str] | None = None) -> Response:
    """An answer that says why there is none."""
    return Response(encode(Problem(reason)), status, headers, "application/json")
