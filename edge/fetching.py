"""Fetching a large file over HTTP, so that it is there whole or not at all.

What has come lies beside the file as `.part`, and a connection that breaks, or a program that is ended, goes on from
there: with a Range where the server has them, from the beginning where it hasn't.
"""

import fcntl
import http.client
import json
import os
import re
import shutil
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import asdict, dataclass
from email.message import Message
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

import click

from edge.errors import FetchError, SinkError
from edge.progress import Report

TIMEOUT_S = 30.0
"""For a connection to open, and for any next piece to come."""
MAX_TRIES = 6
"""In a row that bring less than `PROGRESS_BYTES` more than ever before."""
PROGRESS_BYTES = 1 << 20
FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 30.0
CHUNK_BYTES = 1 << 18
MAX_FILE_BYTES = 8 << 30
"""No data set's file comes near."""
MAX_REDIRECTS = 5
WORTH_ANOTHER_TRY = frozenset({408, 425, 429, 500, 502, 503, 504})
CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+)")


@dataclass(frozen=True, slots=True)
class _Partial:
    """What is known of a part, so that only the same file is added to it."""

    address: str
    validator: str
    """The server's strong ETag or date of the file; empty where it gives none."""
    size: int | None


class _Interrupted(Exception):
    """A try that may go better next time."""

    def __init__(self, why: str, wait_s: float = 0.0) -> None:
        super().__init__(why)
        self.wait_s = wait_s


def fetch(
    address: str,
    file: Path,
    report: Report,
    check: Callable[[Path], None],
    wait: Callable[[str, float], None] | None = None,
) -> None:
    """Fetch `address` to `file`, going on from what an earlier call left.

    `report` gets bytes done and bytes in all (0 where the server doesn't say). `check` gets the path of all that came;
    where it raises, that is thrown away, else it takes the name of `file`. `wait` gets why a try failed and how many
    seconds to wait for the next; by default it says so and does. Raises FetchError where the server can't be reached,
    gives something else than it announced, or too little comes in many tries; SinkError where the disk is full or can't
    be written to.
    """
    if not _is_http(address):
        raise FetchError(f"{address}: is no address of http or https")
    part = file.with_name(file.name + ".part")
    try:
        with part.open("ab") as output:
            _lock(output, part)
            try:
                _fetch_with_tries(address, output, part, report, wait or _say_and_wait)
                output.flush()
                os.fsync(output.fileno())
                _accept(part, file, check)
            finally:
                if part.exists() and not part.stat().st_size:
                    _remove(part)
    except OSError as error:
        raise SinkError(
            f"{part}: can't be written ({error.strerror or error}); make room, and give the same command again"
        ) from error


def _lock(output: IO[bytes], part: Path) -> None:
    try:
        fcntl.flock(output, fcntl.LOCK_EX | fcntl.LOCK_NB)
        alone = os.path.samestat(os.fstat(output.fileno()), part.stat())
    except (BlockingIOError, FileNotFoundError):
        alone = False  # or it was just done, and what was opened here has another name by now
    if not alone:
        raise FetchError(f"{part}: another program is fetching it; let it end first")


def _fetch_with_tries(
    address: str, output: IO[bytes], part: Path, report: Report, wait: Callable[[str, float], None]
) -> None:
    tries, farthest = 0, output.seek(0, os.SEEK_END)
    while True:
        try:
            _fetch_once(address, output, part, report)
            return
        except _Interrupted as interruption:
            tries += 1
            if output.tell() >= farthest + PROGRESS_BYTES:
                tries, farthest = 1, output.tell()
            if tries >= MAX_TRIES:
                raise FetchError(
                    f"{address}: {interruption}, {MAX_TRIES} times in a row; the same command goes on from here later"
                ) from interruption
            wait(str(interruption), max(interruption.wait_s, min(FIRST_WAIT_S * 2 ** (tries - 1), LONGEST_WAIT_S)))


def _fetch_once(address: str, output: IO[bytes], part: Path, report: Report) -> None:
    known = _read_notes(part)
    done = output.seek(0, os.SEEK_END)
    if done and (known is None or known.address != address):
        done = _restart(output)
    if done and known is not None and known.size == done:
        return  # all of it came before
    headers = {"User-Agent": "signwatch", "Accept-Encoding": "identity"}
    if done and known is not None:
        headers["Range"] = f"bytes={done}-"
        if known.validator:
            headers["If-Range"] = known.validator
    with _open(urllib.request.Request(address, headers=headers), output) as answer:
        size = _length(answer.headers)
        if answer.status == 206:
            begin, size = _content_range(answer.headers)
            if begin != done or (known is not None and known.size not in (None, size)):
                _restart(output)
                raise _Interrupted("the file has changed while it was fetched")
        elif done:
            done = _restart(output)  # a server without ranges, or another file than before
        _check_room(address, part, done, size)
        _write_notes(part, _Partial(address, _validator(answer.headers), size))
        while chunk := _next(answer):
            output.write(chunk)
            done += len(chunk)
            if done > (size or MAX_FILE_BYTES):
                raise FetchError(f"{address}: sends more than {size or MAX_FILE_BYTES} bytes")
            report(done, size or 0)
        output.flush()
        if size is not None and done < size:
            raise _Interrupted(f"the connection ended after {done} of {size} bytes")


def _open(request: urllib.request.Request, output: IO[bytes]) -> Any:
    """The server's answer, 200 or 206. Its type is http.client's, with the headers and status of the last redirect."""
    try:
        return _OPENER.open(request, timeout=TIMEOUT_S)
    except urllib.error.HTTPError as error:
        with error:
            if error.code == 416:  # more is there than the server has: it can't be of the same file
                _restart(output)
                raise _Interrupted("the file has changed while it was fetched") from error
            if error.code in WORTH_ANOTHER_TRY:
                why = f"the server answers {error.code} {error.reason}"
                raise _Interrupted(why, _retry_after_s(error.headers)) from error
            raise FetchError(f"{request.full_url}: the server answers {error.code} {error.reason}") from error
    except urllib.error.URLError as error:
        if isinstance(error.reason, ssl.SSLCertVerificationError):
            raise FetchError(f"{request.full_url}: can't be trusted ({error.reason.verify_message})") from error
        raise _Interrupted(f"can't be reached ({_reason(error.reason)})") from error
    except (OSError, http.client.HTTPException) as error:
        raise _Interrupted(f"no answer ({_reason(error)})") from error


def _next(answer: Any) -> bytes:
    try:
        return bytes(answer.read(CHUNK_BYTES))
    except http.client.IncompleteRead as error:
        return error.partial
    except (OSError, http.client.HTTPException) as error:
        raise _Interrupted(f"the connection broke ({_reason(error)})") from error


class _RedirectWithinHttp(urllib.request.HTTPRedirectHandler):
    """Follows to http and https alone, and never from https back to http."""

    max_redirections = MAX_REDIRECTS

    def redirect_request(
        self, request: urllib.request.Request, file: IO[bytes], code: int, text: str, headers: Any, address: str
    ) -> urllib.request.Request | None:
        scheme = urlsplit(address).scheme
        if scheme not in ("http", "https") or (request.type == "https" and scheme == "http"):
            file.close()
            raise FetchError(f"{request.full_url}: leads on to {address}, which is not followed")
        return super().redirect_request(request, file, code, text, headers, address)


def _opener() -> urllib.request.OpenerDirector:
    """Without the handlers for files, FTP and data addresses that urllib's own opener has."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        _RedirectWithinHttp(),
        urllib.request.HTTPErrorProcessor(),
    ):
        opener.add_handler(handler)
    return opener


_OPENER = _opener()


def _is_http(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _say_and_wait(why: str, wait_s: float) -> None:
    click.echo(f"\r{why}; trying again in {wait_s:.0f} s", err=True)
    time.sleep(wait_s)


def _length(headers: Message) -> int | None:
    text = headers.get("Content-Length", "")
    return int(text) if text.isdecimal() else None


def _content_range(headers: Message) -> tuple[int, int]:
    found = CONTENT_RANGE.fullmatch(headers.get("Content-Range", ""))
    return (int(found[1]), int(found[2])) if found else (-1, -1)


def _validator(headers: Message) -> str:
    tag = headers.get("ETag", "")
    return tag if tag.startswith('"') else headers.get("Last-Modified", "")


def _retry_after_s(headers: Message) -> float:
    text = headers.get("Retry-After", "")
    return min(float(text), LONGEST_WAIT_S) if text.isdecimal() else 0.0


def _reason(error: object) -> str:
    if isinstance(error, TimeoutError):
        return f"nothing came for {TIMEOUT_S:.0f} s"
    return str(getattr(error, "strerror", None) or error)


def _check_room(address: str, part: Path, done: int, size: int | None) -> None:
    if size is None:
        return
    if size > MAX_FILE_BYTES:
        raise FetchError(f"{address}: {size} bytes are too many for a data set")
    free = shutil.disk_usage(part.parent).free
    if size - done > free:
        raise SinkError(f"{part.parent}: {free >> 20} MiB are free, and {(size - done) >> 20} MiB are still to come")


def _accept(part: Path, file: Path, check: Callable[[Path], None]) -> None:
    try:
        check(part)
    except Exception:
        _remove(part)
        raise
    part.replace(file)
    _remove(part)


def _remove(part: Path) -> None:
    part.unlink(missing_ok=True)
    _notes(part).unlink(missing_ok=True)


def _restart(output: IO[bytes]) -> int:
    output.truncate(0)
    return output.seek(0)


def _notes(part: Path) -> Path:
    return part.with_name(part.name + ".json")


def _read_notes(part: Path) -> _Partial | None:
    try:
        return _Partial(**json.loads(_notes(part).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _write_notes(part: Path, known: _Partial) -> None:
    _notes(part).write_text(json.dumps(asdict(known)), encoding="utf-8")
