"""What can go wrong on the way of a frame, as one family.

A user meets each of these as one line, so every message names the thing and, where there is
one, the mend::

    SignwatchError
    ├── SourceError          a source can't be opened, or stops giving pictures
    │   └── SourceTruncated  a recording ends before its container says it should
    ├── SinkError            an output can't be written
    ├── ReportError          a report can't be made with what is installed
    ├── WireError            an address can't be bound or connected to
    ├── FetchError           a file can't be fetched from the network
    ├── BenchError           a benchmark's process ended before it had its figures
    ├── RemoteError          a remote classifier doesn't answer as it should, and nothing may stand in
    └── MessageError         a payload is not a message of a schema known here

Wrong arguments of a function are not part of it: they raise `ValueError`.
"""

__all__ = [
    "BenchError",
    "FetchError",
    "MessageError",
    "RemoteError",
    "ReportError",
    "SignwatchError",
    "SinkError",
    "SourceError",
    "SourceTruncated",
    "WireError",
]


class SignwatchError(Exception):
    """Base of all; `str(error)` is the one line a user sees."""


class SourceError(SignwatchError):
    """A camera, stream, recording or folder can't be opened, or stops giving pictures."""


class SourceTruncated(SourceError):
    """A recording ended clearly before the number of frames its container promises.

    It is raised after the last frame that could be read, so whatever was computed from the
    frames before it is good.

    Args:
        source: The recording's name, as the user knows it.
        read: Frames that were read, 0 or more.
        expected: Frames that the container promises; None where even that is lost.
    """

    def __init__(self, source: str, *, read: int, expected: int | None) -> None:
        if expected is None:
            what = f"its index is missing, so {read} frames could be read"
        else:
            what = f"{read} of {expected} frames could be read"
        super().__init__(f"{source} is cut off or damaged: {what}; copy or record it anew")
        self.source = source
        self.read = read
        self.expected = expected


class SinkError(SignwatchError):
    """A video, message or table file can't be written."""


class ReportError(SignwatchError):
    """A report or plot can't be made with what is installed."""


class WireError(SignwatchError):
    """A ZeroMQ address is in use, malformed, or not allowed; or a peer takes no messages."""


class FetchError(SignwatchError):
    """A server can't be reached, refuses, or sends something else than what was asked for."""


class BenchError(SignwatchError):
    """A process that a benchmark started ended before it had its figures."""


class RemoteError(SignwatchError):
    """A remote classifier can't be reached, is too slow or answers nonsense, and no other network may stand in."""


class MessageError(SignwatchError):
    """A payload is too large, malformed, or of a schema this version doesn't know."""
