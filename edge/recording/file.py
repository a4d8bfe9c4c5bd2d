"""One MCAP file being written, so that at any moment what is on the disk can be read up to the last chunk."""

import contextlib
import os
from importlib import metadata
from pathlib import Path

from mcap.writer import Writer

from edge.recording.layout import JSON, JSON_SCHEMA, Entry, schema_data

CHUNK_BYTES = 2**20
"""Before compression: some six pictures."""


class RecordingFile:
    """Writes entries to a new file. Every method raises OSError where the disk doesn't take them.

    Times in the file run evenly whatever happens to the clock on the wall: they are the monotonic clock's, moved so
    that they are UNIX times as of the file's beginning.

    Args:
        path: A file that isn't there yet.
        unix_ns: UNIX time of the beginning, in nanoseconds.
        monotonic_ns: The same moment on the monotonic clock.

    Attributes:
        began_ns: `monotonic_ns` of the beginning.
    """

    def __init__(self, path: Path, unix_ns: int, monotonic_ns: int) -> None:
        self.path = path
        self.began_ns = monotonic_ns
        self._offset_ns = unix_ns - monotonic_ns
        self._channels: dict[str, int] = {}
        self._safe_bytes = 0
        self._stream = path.open("xb")
        self._writer = Writer(self._stream, chunk_size=CHUNK_BYTES)
        try:
            self._writer.start(library=f"signwatch {metadata.version('signwatch')}")
            _sync_folder(path.parent)
        except OSError:
            self.abandon()
            raise

    @property
    def size(self) -> int:
        """Bytes so far, without the chunk that is being filled."""
        return self._stream.tell()

    def write(self, entry: Entry) -> None:
        """Add an entry. It is safe only after `flush`."""
        channel = self._channels.get(entry.topic)
        if channel is None:
            schema = self._writer.register_schema(entry.schema, JSON_SCHEMA, schema_data(entry.schema))
            channel = self._channels[entry.topic] = self._writer.register_channel(entry.topic, JSON, schema)
        self._writer.add_message(
            channel,
            log_time=max(0, entry.monotonic_ns + self._offset_ns),
            data=entry.data,
            publish_time=entry.unix_ns,
            sequence=entry.sequence,
        )

    def flush(self) -> None:
        """End the chunk and have all of it on the disk, where no power cut takes it away."""
        self._writer.flush()
        os.fsync(self._stream.fileno())
        self._safe_bytes = self._stream.tell()

    def close(self) -> None:
        """Add the index by which others find their way, and end the file."""
        self.flush()
        self._writer.finish()
        self._stream.flush()
        os.fsync(self._stream.fileno())
        self._stream.close()

    def abandon(self) -> None:
        """Let go of it after an error, leaving what was safe before; a file with nothing in it goes. Never raises."""
        with contextlib.suppress(OSError):
            self._stream.close()
        with contextlib.suppress(OSError):
            if self._safe_bytes:
                os.truncate(self.path, self._safe_bytes)
            else:
                self.path.unlink()


def _sync_folder(folder: Path) -> None:
    """A new file's name is as little safe as its content until its folder is on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
