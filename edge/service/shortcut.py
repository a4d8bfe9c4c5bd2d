"""The commonest request past the web framework, which would take longer over it than the network does."""

from collections.abc import Awaitable, Callable

from edge.service.answering import Unanswered
from edge.service.bodies import FORM
from edge.service.gate import JSON_TYPE, App, Receive, Scope, Send, answer_problem


class Shortcut:
    """Answers one picture that is posted as it is, without parameters; hands on everything else.

    Args:
        app: What answers the rest, and would answer this in the same way.
        path: Where pictures are posted.
        predict: From a picture's bytes to the JSON of the answer. Raises Unanswered.
    """

    def __init__(self, app: App, path: str, predict: Callable[[bytes], Awaitable[bytes]]) -> None:
        self._app = app
        self._path = path
        self._predict = predict

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or hand on."""
        if (
            scope["type"] != "http"
            or scope["path"] != self._path
            or scope["method"] != "POST"
            or scope["query_string"]
            or _is_form(scope)
        ):
            await self._app(scope, receive, send)
            return
        message = await receive()
        data: bytes = message.get("body", b"")
        if message.get("more_body"):
            parts = [data]
            while message.get("more_body"):
                message = await receive()
                parts.append(message.get("body", b""))
            data = b"".join(parts)
        if message["type"] == "http.disconnect":
            return
        try:
            body = await self._predict(data)
        except Unanswered as unanswered:
            await answer_problem(send, unanswered.status, str(unanswered), unanswered.headers)
            return
        length = (b"content-length", str(len(body)).encode())
        await send({"type": "http.response.start", "status": 200, "headers": [JSON_TYPE, length]})
        await send({"type": "http.response.body", "body": body})


def _is_form(scope: Scope) -> bool:
    return any(name == b"content-type" and value.lower().startswith(FORM.encode()) for name, value in scope["headers"])
