"""The service as an ASGI app: its addresses, and what answers them."""

import asyncio
import os
from importlib import metadata
from typing import Annotated

from fastapi import FastAPI, Query, Request
from starlette.responses import Response

from edge.service.answering import Answering
from edge.service.answers import Batch, Health, encode
from edge.service.bodies import one_picture, several_pictures
from edge.service.gate import Gate
from edge.service.metrics import CONTENT_TYPE, ServiceMetrics
from edge.service.openapi import BATCH, NO_SIGN, PREDICTION, json_answer, picture_body, pictures_body, problems
from edge.service.pages import add_pages
from edge.service.predictor import Ask, AskedMode
from edge.service.settings import ServiceSettings
from edge.service.shortcut import Shortcut

PREDICT = "/predict_traffic_sign"
GUARDED = (PREDICT, "/v1/predict_batch", "/metrics")
"""What wants a key where there are keys. The page itself doesn't: it asks for the key."""
COUNTED = frozenset(("/", PREDICT, "/v1/predict_batch", "/v1/signs", "/healthz", "/readyz", "/metrics", "/docs"))
MOST_TOP = 10
SHARED_METRICS = "PROMETHEUS_MULTIPROC_DIR"
"""The variable by which prometheus_client learns where several workers count together."""

Mode = Annotated[
    AskedMode,
    Query(
        description="`crop`: the picture is one sign. `scene`: find all signs in it. `auto`: one sign where it is "
        "surely read as one, else a scene."
    ),
]
Top = Annotated[int, Query(ge=1, le=MOST_TOP, description="How many of the likeliest classes are told.")]


def make_app(settings: ServiceSettings) -> Gate:
    """The service, with its network loaded. Raises ModelError."""
    metrics = ServiceMetrics(COUNTED, os.environ.get(SHARED_METRICS))
    answering = Answering(settings, metrics)
    app = FastAPI(
        title="Signwatch",
        version=metadata.version("signwatch"),
        description="Reads traffic signs in pictures.",
        lifespan=answering.lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    _add_predictions(app, answering, settings)
    _add_operation(app, answering, metrics)
    add_pages(app, answering.catalogue, lambda: answering.about, GUARDED)

    async def predict(data: bytes) -> bytes:
        return encode(await answering.predict(data, Ask()))

    return Gate(Shortcut(app, PREDICT, predict), settings.access, settings.limits, GUARDED, metrics)


def _add_predictions(app: FastAPI, answering: Answering, settings: ServiceSettings) -> None:
    limits = settings.limits

    @app.post(
        PREDICT,
        response_class=Response,
        tags=["signs"],
        summary="Read the sign in a picture",
        description="The picture is the body itself, or a form's file: PNG, JPEG or WebP.",
        responses={
            200: json_answer("Prediction", "What it shows.", {"a stop sign": PREDICTION, "no sign": NO_SIGN}),
            **problems(400, 401, 403, 408, 413, 415, 421, 422, 429, 503),
        },
        openapi_extra=picture_body(),
    )
    async def predict_traffic_sign(request: Request, mode: Mode = "auto", top: Top = 3) -> Response:
        prediction = await answering.predict(await one_picture(request), Ask(mode, top))
        return Response(encode(prediction), media_type="application/json")

    @app.post(
        "/v1/predict_batch",
        response_class=Response,
        tags=["signs"],
        summary="Read the signs in several pictures",
        description=f"Up to {limits.pictures} files of one form. A picture that can't be used spoils no other.",
        responses={
            200: json_answer("Batch", "What each shows.", {"two files": BATCH}),
            **problems(400, 401, 403, 408, 413, 415, 421, 422, 429, 503),
        },
        openapi_extra=pictures_body(limits.pictures),
    )
    async def predict_batch(request: Request, mode: Mode = "auto", top: Top = 3) -> Response:
        files = await several_pictures(request, limits.pictures)
        ask = Ask(mode, top)
        items = await asyncio.gather(*(answering.predict_item(name, data, ask) for name, data in files))
        return Response(encode(Batch(items)), media_type="application/json")


def _add_operation(app: FastAPI, answering: Answering, metrics: ServiceMetrics) -> None:
    def health_response(health: Health) -> Response:
        return Response(encode(health), 200 if health.status == "ok" else 503, media_type="application/json")

    @app.get(
        "/healthz",
        response_class=Response,
        tags=["operation"],
        summary="Whether the process is alive",
        responses={200: json_answer("Health", "It is.")},
    )
    async def healthz() -> Response:
        return health_response(Health("ok"))

    @app.get(
        "/readyz",
        response_class=Response,
        tags=["operation"],
        summary="Whether pictures are answered",
        responses={
            200: json_answer("Health", "They are."),
            503: json_answer("Health", "Send nothing yet, or no more."),
        },
    )
    async def readyz() -> Response:
        return health_response(answering.health)

    @app.get(
        "/metrics",
        tags=["operation"],
        summary="Metrics for Prometheus",
        response_class=Response,
        responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}, **problems(401, 421, 429, 503)},
    )
    def tell_metrics() -> Response:
        return Response(metrics.text(), headers={"content-type": CONTENT_TYPE})
