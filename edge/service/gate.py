"""What every request passes before it is looked at: who asks, how often, how much, and from which page.

Plain ASGI, because it is on the way of every request.
"""

import asyncio
import ipaddress
import time
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, Protocol

from edge.service.answers import Problem, encode
from edge.service.api_keys import digest_of_key
from edge.service.rates import RateLimiter
from edge.service.settings import Access, Limits

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
    "manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
SECURITY_HEADERS: Headers = [
    (b"content-security-policy", CONTENT_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(self), geolocation=(), microphone=()"),
]
JSON_TYPE = (b"content-type", b"application/json")
FAILED_KEYS_PER_S, FAILED_KEYS_BURST = 1.0, 20
"""Wrong keys that one address may try."""
DRAINED_BYTES, DRAINED_S = 64 * 2**20, 3.0
"""What is read of a body that is refused: a client that is cut off while it sends may never see why."""
LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")


class Refused(Exception):
    """A request is not answered.

    Args:
        status: HTTP status.
        reason: One line for people.
        headers: More of the answer.
    """

    def __init__(self, status: int, reason: str, headers: Iterable[tuple[bytes, bytes]] = ()) -> None:
        super().__init__(reason)
        self.status = status
        self.headers = list(headers)


class Counts(Protocol):
    """What counts answers."""

    def note_answer(self, path: str, status: int, seconds: float) -> None:
        """Take in one answer."""


class Gate:
    """Stands before an ASGI app.

    Args:
        app: What answers.
        access: Who may ask.
        limits: How much.
        guarded: The beginnings of paths that want a key and count against a client's rate.
        counts: Is told of each answer.
    """

    def __init__(
        self, app: App, access: Access, limits: Limits, guarded: tuple[str, ...], counts: Counts | None = None
    ) -> None:
        self._app = app
        self._limits = limits
        self._guarded = guarded
        self._counts = counts
        self._keys = {key.digest: key.name for key in access.keys}
        self._hosts = None if access.hosts is None else {host.lower() for host in access.hosts}
        self._origins = {origin.encode() for origin in access.origins}
        self._rates = RateLimiter(access.per_second, access.burst) if access.per_second else None
        self._failed = RateLimiter(FAILED_KEYS_PER_S, FAILED_KEYS_BURST)
        self._at_once = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or refuse."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began_s = time.monotonic()
        headers = dict(scope["headers"])
        more = self._cross_origin(headers)
        status = 500
        started = False

        async def send_more(message: Message) -> None:
            nonlocal status, started
            if message["type"] == "http.response.start":
                status, started = message["status"], True
                message["headers"] = [*message.get("headers", ()), *more]
            await send(message)

        try:
            await self._pass(scope, headers, receive, send_more, began_s)
        except Refused as refused:
            if started:  # too late to say anything; the server ends the connection
                return
            await answer_problem(send_more, refused.status, str(refused), refused.headers)
        finally:
            if self._counts is not None:
                self._counts.note_answer(scope["path"], status, time.monotonic() - began_s)

    async def _pass(
        self, scope: Scope, headers: dict[bytes, bytes], receive: Receive, send: Send, now_s: float
    ) -> None:
        self._check_page(scope, headers)
        if scope["method"] == "OPTIONS" and b"access-control-request-method" in headers:
            await _answer_preflight(send, allowed=headers.get(b"origin") in self._origins)
            return
        if not scope["path"].startswith(self._guarded):
            await self._app(scope, receive, send)
            return
        self._check_client(scope, headers, now_s)
        body = _Body(receive, self._limits, headers)
        if body.too_large:
            await body.drain()
            raise body.refusal()
        if self._at_once >= self._limits.at_once:
            raise Refused(503, "too many requests at once; try again", [(b"retry-after", b"1")])
        self._at_once += 1
        try:
            async with asyncio.timeout(self._limits.seconds):
                await self._app(scope, body.receive, send)
        except TimeoutError:
            raise body.timed_out() from None
        finally:
            self._at_once -= 1

    def _check_page(self, scope: Scope, headers: dict[bytes, bytes]) -> None:
        """Keep out what a foreign page makes a browser send."""
        if self._hosts is not None:
            host = headers.get(b"host", b"").decode("latin-1").lower()
            if _without_port(host) not in self._hosts:
                raise Refused(421, "this name is not served here; allow it with --allow-host")
        foreign = headers.get(b"sec-fetch-site") in (b"cross-site", b"same-site")
        if foreign and scope["method"] not in ("GET", "HEAD") and headers.get(b"origin") not in self._origins:
            raise Refused(403, "pages of other sites may not ask here; allow them with --allow-origin")

    def _check_client(self, scope: Scope, headers: dict[bytes, bytes], now_s: float) -> None:
        if not self._keys and self._rates is None:
            return
        address = _network_of(scope["client"][0] if scope.get("client") else "")
        client = address
        if self._keys:
            name = self._keys.get(digest_of_key(_key_in(headers)))
            if name is None:
                wait_s = self._failed.take(address, now_s)
                if wait_s:
                    raise _too_often(wait_s)
                raise Refused(
                    401,
                    "a key is needed: send it as `Authorization: Bearer KEY` or `X-API-Key: KEY`",
                    [(b"www-authenticate", b"Bearer")],
                )
            client = name
        if self._rates is not None:
            wait_s = self._rates.take(client, now_s)
            if wait_s:
                raise _too_often(wait_s)

    def _cross_origin(self, headers: dict[bytes, bytes]) -> Headers:
        if not self._origins:
            return SECURITY_HEADERS
        allowed = headers.get(b"origin")
        if allowed not in self._origins or allowed is None:
            return [*SECURITY_HEADERS, (b"vary", b"origin")]
        readable = [pair for pair in SECURITY_HEADERS if pair[0] != b"cross-origin-resource-policy"]
        return [
            *readable,
            (b"vary", b"origin"),
            (b"access-control-allow-origin", allowed),
            (b"cross-origin-resource-policy", b"cross-origin"),
        ]


class _Body:
    """A request's body on its way in: no longer than allowed, neither in bytes nor in time."""

    def __init__(self, receive: Receive, limits: Limits, headers: dict[bytes, bytes]) -> None:
        self._receive = receive
        self._most = limits.body_bytes
        self._seconds = limits.seconds
        self._bytes = 0
        self._whole = False
        claimed = headers.get(b"content-length", b"0")
        self.too_large = claimed.isdigit() and int(claimed) > self._most
        self._asks_first = headers.get(b"expect", b"").lower() == b"100-continue"

    async def receive(self) -> Message:
        message = await self._receive()
        self._bytes += len(message.get("body", b""))
        self._whole = not message.get("more_body", False)
        if self._bytes > self._most:
            await self.drain()
            raise self.refusal()
        return message

    def timed_out(self) -> Refused:
        if self._whole:
            return Refused(503, f"there was no answer in {self._seconds:g} s; try again", [(b"retry-after", b"1")])
        return Refused(408, f"the body did not arrive in {self._seconds:g} s", [(b"connection", b"close")])

    def refusal(self) -> Refused:
        return Refused(413, f"a request may have {self._most / 2**20:g} MiB at most", [(b"connection", b"close")])

    async def drain(self) -> None:
        """Read on for a while, and forget it."""
        if self._asks_first and not self._bytes:
            return
        try:
            async with asyncio.timeout(DRAINED_S):
                while not self._whole and self._bytes < DRAINED_BYTES:
                    message = await self._receive()
                    self._bytes += len(message.get("body", b""))
                    self._whole = not message.get("more_body", False)
        except TimeoutError:
            return


async def answer_problem(send: Send, status: int, reason: str, headers: Headers | None = None) -> None:
    """Answer with `Problem`."""
    body = encode(Problem(reason))
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [JSON_TYPE, length, *(headers or [])]})
    await send({"type": "http.response.body", "body": body})


async def _answer_preflight(send: Send, *, allowed: bool) -> None:
    headers = [(b"content-length", b"0")]
    if allowed:
        headers += [
            (b"access-control-allow-methods", b"GET, POST"),
            (b"access-control-allow-headers", b"authorization, content-type, x-api-key"),
            (b"access-control-max-age", b"600"),
        ]
    await send({"type": "http.response.start", "status": 204 if allowed else 403, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


def _too_often(wait_s: float) -> Refused:
    return Refused(429, "too many requests; wait a moment", [(b"retry-after", str(int(wait_s) + 1).encode())])


def _key_in(headers: dict[bytes, bytes]) -> str:
    scheme, _, token = headers.get(b"authorization", b"").partition(b" ")
    key = token.strip() if scheme.lower() == b"bearer" else headers.get(b"x-api-key", b"")
    return key.decode("latin-1")


def _without_port(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdigit() else host


def _network_of(address: str) -> str:
    """What counts as one client: an address, and of IPv6 the 64 bits that one site has."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:
        return address
    return str(ipaddress.ip_network((int(parsed) >> 64 << 64, 64)))
