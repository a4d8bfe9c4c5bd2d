"""The console of a live run as an ASGI app: the page, and what its live view asks for."""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import metadata
from typing import Annotated

import msgspec
from fastapi import FastAPI, Query
from starlette.responses import Response

from edge.messages import FrameMessage, SignMessage
from edge.service.answers import About, Health, encode
from edge.service.console_feed import ConsoleFeed
from edge.service.gate import Gate
from edge.service.openapi import json_answer, problems
from edge.service.pages import add_pages
from edge.service.settings import Access, Limits
from models.catalogue import Catalogue

GUARDED = ("/v1/live",)
LIMITS = Limits(body_bytes=2**16, at_once=64)
PATIENCE_S = 1.0
"""A viewer that has the newest frame waits so long for the next, and is then told how things are without one."""
LIVE_TYPE = "application/vnd.signwatch.live"


class SeenEvent(msgspec.Struct, frozen=True):
    """A step in the life of a sign."""

    number: int
    """Counts up over all sources."""
    age_s: float
    """Seconds since it happened."""
    message: SignMessage
    """What was published."""


class Live(msgspec.Struct, frozen=True):
    """How a source is now."""

    sources: list[str]
    """All that there are."""
    source: str | None
    """The one that this is about; null while there is none."""
    frame: FrameMessage | None
    """The newest frame's message; null before the first."""
    health: msgspec.Raw
    """The newest health message; null before the first."""
    state: msgspec.Raw
    """What is in force; null before the first message of it."""
    last_event: int
    """Number of the newest event; less than before where the run began anew."""
    events: list[SeenEvent]
    """What happened to signs of any source since the event that was asked for."""


class _News:
    """Wakes viewers of one event loop when the run's threads have something new."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._next: asyncio.Future[None] | None = None

    def begin(self) -> None:
        self._loop = asyncio.get_running_loop()

    def end(self) -> None:
        self._loop = None

    def tell(self) -> None:
        """From any thread."""
        loop, waited_for = self._loop, self._next
        if loop is not None and waited_for is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._wake)

    async def wait(self, seconds: float) -> None:
        """Until there is something new, or so long."""
        if self._next is None:
            self._next = asyncio.get_running_loop().create_future()
        await asyncio.wait([self._next], timeout=seconds)

    def _wake(self) -> None:
        waited_for, self._next = self._next, None
        if waited_for is not None and not waited_for.done():
            waited_for.set_result(None)


def make_console(feed: ConsoleFeed, catalogue: Catalogue, access: Access) -> Gate:
    """The console of the run that hands its frames to `feed`."""
    news = _News()
    feed.call_when_new(news.tell)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        news.begin()
        yield
        news.end()

    app = FastAPI(
        title="Signwatch console",
        version=metadata.version("signwatch"),
        description="Shows what a live run sees.",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )

    @app.get(
        "/v1/live",
        response_class=Response,
        tags=["live"],
        summary="The newest frame and what was read in it",
        description="Answers as soon as there is a frame newer than `after`, or after a second without one. The answer "
        "is the length of a JSON object as four bytes, most significant first, the object, and the frame as JPEG, "
        "where there is a newer one.",
        responses={
            200: {
                "description": "How the source is now.",
                "content": {LIVE_TYPE: {"schema": {"type": "string", "format": "binary"}}},
            },
            **problems(401, 421, 422, 429, 503),
        },
    )
    async def live(
        source: Annotated[str | None, Query(max_length=200, description="A source; the first if not given.")] = None,
        after: Annotated[str, Query(max_length=100, description="`session:seq` of the frame that is there.")] = "",
        events: Annotated[int, Query(ge=0, le=2**53, description="Number of the last event that is there.")] = 0,
        picture: Annotated[bool, Query(description="Whether the frame itself is wanted.")] = True,
    ) -> Response:
        if _key(feed.newest(feed.named(source))[0]) == after:
            await news.wait(PATIENCE_S)
        name = feed.named(source)
        shown = await asyncio.to_thread(feed.picture, name) if picture else None
        message, health, state = feed.newest(name)
        jpeg = b""
        if shown is not None:
            message, jpeg = shown[0], shown[1] if _key(shown[0]) != after else b""
        last_event, happened, now_s = feed.events_after(events)
        told = encode(
            Live(
                feed.names,
                name,
                message,
                msgspec.Raw(health),
                msgspec.Raw(state),
                last_event,
                [SeenEvent(event.number, round(now_s - event.monotonic_s, 2), event.message) for event in happened],
            )
        )
        return Response(
            struct.pack(">I", len(told)) + told + jpeg, media_type=LIVE_TYPE, headers={"cache-control": "no-store"}
        )

    @app.get(
        "/healthz",
        response_class=Response,
        tags=["operation"],
        summary="Whether the console is alive",
        responses={200: json_answer("Health", "It is; how the run is, its live view and health messages tell.")},
    )
    async def healthz() -> Response:
        return Response(encode(Health("ok")), media_type="application/json")

    about = About(
        version=app.version,
        backend=None,
        predicts=False,
        scenes=False,
        live=True,
        keys=bool(access.keys),
        max_bytes=LIMITS.body_bytes,
        max_pictures=0,
    )
    add_pages(app, catalogue, lambda: about, GUARDED)
    return Gate(app, access, LIMITS, GUARDED)


def _key(message: FrameMessage | None) -> str:
    return "" if message is None else f"{message.session}:{message.seq}"
