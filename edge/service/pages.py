"""What the service and the console of a live run have in common: the page, the
catalogue and its drawings, and how errors look."""

from collections.abc import Callable

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from edge.service.answering import Unanswered
from edge.service.answers import About, SignOfCatalogue, Signs, encode
from edge.service.drawings import drawing_path, drawing_png, has_drawings
from edge.service.gate import Refused
from edge.service.openapi import document, json_answer, problems
from edge.service.static_files import problem_response, static_response, tagged_response
from models.catalogue import Catalogue


def add_pages(app: FastAPI, catalogue: Catalogue, about: Callable[[], About], guarded: tuple[str, ...]) -> None:
    """Let an app serve the page, what it is made from, the catalogue, the OpenAPI document and one-line errors."""

    @app.api_route("/", methods=["GET", "HEAD"], include_in_schema=False)
    async def page(request: Request) -> Response:
        return static_response(request, "index.html")

    @app.api_route("/docs", methods=["GET", "HEAD"], include_in_schema=False)
    async def docs(request: Request) -> Response:
        return static_response(request, "docs.html")

    @app.get("/static/{name}", include_in_schema=False)
    async def static(request: Request, name: str) -> Response:
        return static_response(request, name)

    @app.get("/favicon.ico", include_in_schema=False)
    async def icon(request: Request) -> Response:
        return static_response(request, "icon.svg")

    @app.get("/signs/{name}", include_in_schema=False)
    def drawing(request: Request, name: str) -> Response:
        stem, _, suffix = name.partition(".")
        if suffix != "png" or not stem.isascii() or not stem.isdigit() or len(stem) > 3:
            return problem_response(404, "there is no such drawing")
        try:
            return tagged_response(request, drawing_png(int(stem)), "image/png", f'"{app.version}-{int(stem)}"')
        except ValueError:
            return problem_response(404, "there is no such drawing")

    @app.get(
        "/about",
        response_class=Response,
        tags=["operation"],
        summary="What this service is and does",
        responses={200: json_answer("About", "What it does.")},
    )
    async def tell_about() -> Response:
        return Response(encode(about()), media_type="application/json")

    @app.get("/openapi.json", include_in_schema=False)
    async def openapi() -> Response:
        return Response(encode(document(app, keys=about().keys, guarded=guarded)), media_type="application/json")

    _add_catalogue(app, catalogue)
    _add_error_answers(app)


def _add_catalogue(app: FastAPI, catalogue: Catalogue) -> None:
    drawn = has_drawings(catalogue)
    signs = encode(
        Signs(
            catalogue.digest,
            [
                SignOfCatalogue(
                    sign.class_id, sign.name, sign.code, sign.category, sign.shape, sign.value, sign.unit,
                    list(sign.rules), drawing_path(sign.class_id) if drawn else None,
                )
                for sign in catalogue
            ],
        )
    )  # fmt: skip

    @app.get(
        "/v1/signs",
        response_class=Response,
        tags=["signs"],
        summary="The signs that can be told",
        responses={200: json_answer("Signs", "The catalogue."), **problems(421)},
    )
    async def tell_signs() -> Response:
        return Response(signs, media_type="application/json")


def _add_error_answers(app: FastAPI) -> None:
    async def unanswered(request: Request, error: Exception) -> Response:
        assert isinstance(error, Unanswered)
        return _problem(error)

    async def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, Refused)
        return _problem(error)

    async def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return problem_response(error.status_code, str(error.detail).lower(), dict(error.headers or {}))

    async def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        first = error.errors()[0]
        return problem_response(422, f"{'.'.join(map(str, first['loc'][1:]))}: {first['msg']}")

    app.add_exception_handler(Unanswered, unanswered)
    app.add_exception_handler(Refused, refused)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(RequestValidationError, invalid)


def _problem(error: Unanswered | Refused) -> Response:
    headers = {name.decode(): value.decode() for name, value in error.headers}
    return problem_response(error.status, str(error), headers)
