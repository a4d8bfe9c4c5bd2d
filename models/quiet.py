"""Silence for native libraries that chat on standard error, where a user looks for what went wrong."""

import io
import os
import sys
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

STANDARD_ERROR = 2


@contextmanager
def quiet_native_code() -> Iterator[None]:
    """Drop what native code writes to standard error while the block runs.

    What Python writes to `sys.stderr` comes through, from any thread, and exceptions do as ever.
    """
    sys.stderr.flush()
    own = sys.stderr
    kept = os.dup(STANDARD_ERROR)
    beside = _stream_to(os.dup(STANDARD_ERROR))
    try:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), STANDARD_ERROR)
        if _is_standard_error(own):
            sys.stderr = beside
        yield
    finally:
        sys.stderr = own
        own.flush()
        os.dup2(kept, STANDARD_ERROR)
        os.close(kept)


def _is_standard_error(stream: TextIO) -> bool:
    try:
        return stream.fileno() == STANDARD_ERROR
    except (AttributeError, ValueError, io.UnsupportedOperation):
        return False  # a test or a program has put something else in its place


def _stream_to(descriptor: int) -> TextIO:
    """Write to a descriptor that is closed once nobody holds the stream; another thread may a little longer."""
    stream = open(  # noqa: SIM115
        descriptor, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False
    )
    weakref.finalize(stream, os.close, descriptor)
    return stream
