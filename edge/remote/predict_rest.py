"""Asks TensorFlow Serving over HTTP: `POST /v1/models/MODEL:predict`, which KServe takes too."""

import http.client
import socket
import ssl
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress

import msgspec
import numpy as np
from numpy.typing import NDArray

from edge.remote.address import RemoteAddress
from edge.remote.calls import MOST_ANSWER_BYTES, SIGNATURE, CallFailed
from models.errors import ModelError

_WORTH_ANOTHER_TRY = {502, 503, 504}
_REFUSALS = {400, 401, 403, 404, 405, 411, 413, 415, 422, 501}


class _Answer(msgspec.Struct):
    predictions: list[list[float]]


class _Refusal(msgspec.Struct):
    error: str


class RestClient:
    """A `Client` of `tfserving+http`.

    The connection is kept. A time-out of a socket is one for each piece that comes, so a server that gives a byte now
    and then would be waited for without end: each call is a thread's, which loses its socket when the time is over.
    """

    def __init__(self, address: RemoteAddress) -> None:
        self._address = address
        self._path = f"/v1/models/{address.model}:predict"
        self._context = _context(address) if address.encrypted else None
        self._connection: http.client.HTTPConnection | None = None
        self._thread = ThreadPoolExecutor(1, "remote-rest")

    def probabilities(self, crops: NDArray[np.uint8], timeout_s: float) -> NDArray[np.float32]:
        """As of `Client`."""
        body = msgspec.json.encode({"signature_name": SIGNATURE, "instances": crops.tolist()})
        try:
            asked: Future[tuple[int, bytes]] = self._thread.submit(self._post, body, timeout_s)
        except RuntimeError:  # another thread has closed this client
            raise CallFailed("was left") from None
        try:
            status, content = asked.result(timeout_s)
        except TimeoutError:
            self._give_up()
            raise CallFailed(f"doesn't answer within {timeout_s * 1e3:.0f} ms") from None
        except OSError as error:
            self._give_up()
            raise CallFailed(f"can't be reached ({error.strerror or error})", retry=True) from None
        except http.client.HTTPException:
            self._give_up()
            raise CallFailed("answers with something else than HTTP", lasting=True) from None
        if len(content) > MOST_ANSWER_BYTES:
            self._give_up()
            raise CallFailed(f"answers with more than {MOST_ANSWER_BYTES >> 20} MiB", lasting=True)
        if status != http.client.OK:
            refused = status in _REFUSALS
            why = f"{'refuses' if refused else 'fails'} ({status}: {_said(content)})"
            raise CallFailed(why, retry=status in _WORTH_ANOTHER_TRY, lasting=refused)
        try:
            return np.array(msgspec.json.decode(content, type=_Answer).predictions, np.float32)
        except (ValueError, OverflowError):  # msgspec's are ValueErrors, and rows of several lengths too
            why = "answers with something else than JSON with `predictions`, a row each"
            raise CallFailed(why, lasting=True) from None

    def close(self) -> None:
        """As of `Client`."""
        self._cut()
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _post(self, body: bytes, timeout_s: float) -> tuple[int, bytes]:
        connection = self._connection
        if connection is None:
            address = self._address
            if self._context:
                connection = http.client.HTTPSConnection(
                    address.host, address.port, timeout=timeout_s, context=self._context
                )
            else:
                connection = http.client.HTTPConnection(address.host, address.port, timeout=timeout_s)
            self._connection = connection
            connection.connect()
            if self._connection is not connection:  # given up meanwhile, when it had no socket to lose yet
                connection.close()
                raise TimeoutError
            connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.request("POST", self._path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.read(MOST_ANSWER_BYTES + 1)

    def _give_up(self) -> None:
        """Leave the call under way to its thread, which ends when it finds its socket gone."""
        self._cut()
        self._thread.shutdown(wait=False, cancel_futures=True)
        self._thread = ThreadPoolExecutor(1, "remote-rest")

    def _cut(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None and connection.sock is not None:
            with suppress(OSError):
                connection.sock.shutdown(socket.SHUT_RDWR)
            connection.close()


def _said(content: bytes) -> str:
    try:
        return msgspec.json.decode(content, type=_Refusal).error
    except msgspec.DecodeError:
        return content[:200].decode(errors="replace") or "nothing more"


def _context(address: RemoteAddress) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=address.authorities)
        if address.identity:
            context.load_cert_chain(*address.identity)
    except (OSError, ssl.SSLError) as error:
        files = ", ".join(map(str, (address.authorities, *(address.identity or ()))))
        raise ModelError(f"{files}: can't be used for an encrypted connection ({error.strerror or error})") from error
    return context
