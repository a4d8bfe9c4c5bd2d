"""What every place that pictures come from looks like to the rest of the program."""

from collections.abc import Iterator
from types import TracebackType
from typing import Protocol, Self

from edge.frame import Frame


class Source(Protocol):
    """A camera, stream, recording, set of pictures or test pattern; a context manager.

    A source is opened by making it, read once by `frames`, and closed.
    """

    name: str
    """What messages and errors call it; holds no credentials."""
    live: bool
    """True where time does not wait: a frame not fetched in time is dropped and counted."""
    frame_count: int | None
    """Frames from beginning to end as far as the source knows; None for endless ones."""
    fps: float | None
    """Frames a second as the source says; None where it doesn't. Live ones are often wrong."""
    dropped: int
    """Frames that passed unread so far because the reader was late; always 0 if not live."""
    skipped: list[str]
    """Names of the pictures that could not be read so far; empty but for picture sources."""

    def frames(self) -> Iterator[Frame]:
        """Give the frames in order, once.

        Raises:
            SourceError: Where the source stops giving pictures before its end.
        """
        ...

    def interrupt(self) -> None:
        """Have `frames` end soon, from another thread; where every wait is short anyway, nothing need be done."""
        return

    def close(self) -> None:
        """Let go of the device or file; a second call does nothing."""
        ...

    def __enter__(self) -> Self:
        """Give the source itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it, however the block ended."""
        self.close()
