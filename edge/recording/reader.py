"""What an MCAP file holds, read in order without its index, however it was cut off, damaged or made up.

Nothing in the file is believed: records have a largest size, chunks are unpacked to a largest size and within a largest
ratio, and what can't be read is left out and said.
"""

import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import IO, Final

import lz4.frame
import zstandard
from mcap.data_stream import ReadDataStream
from mcap.exceptions import McapError
from mcap.opcode import Opcode
from mcap.records import Channel, Chunk, Message, Schema
from mcap.writer import MCAP0_MAGIC

from edge.errors import SourceError
from edge.recording.layout import JSON, JSON_SCHEMA

MAX_RECORD_BYTES = 32 * 2**20
"""Of a chunk as it lies in the file. Ours have 1 MiB and a picture."""
MAX_CHUNK_BYTES = 32 * 2**20
"""Of a chunk that was unpacked."""
MAX_RATIO = 50
"""The whole file unpacks to so many times its size at most; messages without signs reach 20."""
MAX_NAME_BYTES = 1024
"""Of a topic or schema."""

_HEAD = struct.Struct("<BQ")
_DAMAGED: Final = (McapError, struct.error, ValueError, OverflowError, RuntimeError, zstandard.ZstdError)
"""What parsing raises on bytes that are no record. LZ4 raises RuntimeError."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """One JSON message of a recording."""

    topic: str
    schema: str
    """Name of its schema."""
    data: bytes
    log_ns: int
    """When it was recorded, in nanoseconds; in our recordings these go on evenly within a file."""
    sequence: int


class Recording:
    """One MCAP file.

    Args:
        path: Any file.

    Raises:
        SourceError: Where it can't be read at all, or is no MCAP file.

    Attributes:
        fault: What was wrong with it, in one line, once `messages` has come to its end; None where it is whole.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.fault: str | None = None
        if not is_recording(path):
            raise SourceError(f"{path} is no MCAP recording")

    def messages(self) -> Iterator[Recorded]:
        """Give every JSON message in the order of the file. Raises SourceError where the disk fails."""
        try:
            with self.path.open("rb") as file:
                walk = _Walk(file)
                yield from walk.messages()
        except OSError as error:
            raise SourceError(f"{self.path} can't be read: {error.strerror}") from error
        self.fault = walk.fault and f"{self.path} {walk.fault}"


def is_recording(path: Path) -> bool:
    """Tell by its first bytes whether a file is MCAP. Raises SourceError where it can't be read."""
    try:
        with path.open("rb") as file:
            return file.read(len(MCAP0_MAGIC)) == MCAP0_MAGIC
    except OSError as error:
        raise SourceError(f"{path} can't be read: {error.strerror}") from error


class _Walk:
    """One way through an open file."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._end = os.fstat(file.fileno()).st_size
        self._schemas: dict[int, str] = {}
        self._channels: dict[int, tuple[str, str]] = {}
        """Topic and schema's name, of those whose messages are JSON."""
        self._unpacked = 0
        self._left_out = 0
        self._stopped: str | None = None
        self._count = 0

    @property
    def fault(self) -> str | None:
        """What was wrong, in words that follow the file's name."""
        parts = [self._stopped] if self._stopped else []
        if self._left_out:
            parts.append(f"has {self._left_out} damaged part{'s' * (self._left_out != 1)}, left out")
        return f"{' and '.join(parts)}; {self._count} messages were read" if parts else None

    def messages(self) -> Iterator[Recorded]:
        self._file.seek(len(MCAP0_MAGIC))
        while (record := self._next_record()) is not None:
            opcode, content = record
            for inner, part in self._unpack(content) if opcode == Opcode.CHUNK else [record]:
                try:
                    message = self._take(inner, part)
                except _DAMAGED:
                    self._left_out += 1
                    continue
                if message is not None:
                    self._count += 1
                    yield message

    def _next_record(self) -> tuple[int, bytes] | None:
        """The next record of use; None at the end of the data, or where no further one can be found."""
        while self._stopped is None:
            head = self._file.read(_HEAD.size)
            if len(head) < _HEAD.size:
                self._stopped = "is cut off"
                return None
            opcode, length = _HEAD.unpack(head)
            if opcode in (Opcode.DATA_END, Opcode.FOOTER):
                return None
            if length > self._end - self._file.tell():
                self._stopped = "is cut off or damaged"
                return None
            if opcode not in (Opcode.SCHEMA, Opcode.CHANNEL, Opcode.MESSAGE, Opcode.CHUNK):
                self._file.seek(length, os.SEEK_CUR)
            elif length > MAX_RECORD_BYTES:
                self._left_out += 1
                self._file.seek(length, os.SEEK_CUR)
            else:
                return opcode, self._file.read(length)
        return None

    def _unpack(self, content: bytes) -> Iterator[tuple[int, bytes]]:
        """The records of a chunk; none where it is damaged, because then nothing in it can be trusted."""
        try:
            chunk = Chunk.read(ReadDataStream(BytesIO(content)))
            data = _unpacked(chunk)
            if chunk.uncompressed_crc and zlib.crc32(data) != chunk.uncompressed_crc:
                raise McapError("checksum")
        except _DAMAGED:
            self._left_out += 1
            return
        self._unpacked += len(data)
        if self._unpacked > MAX_CHUNK_BYTES + MAX_RATIO * self._file.tell():
            self._stopped = f"unpacks to more than {MAX_RATIO} times its size"
            self._file.seek(self._end)
            return
        offset = 0
        while offset < len(data):
            start = offset + _HEAD.size
            if start > len(data) or (length := _HEAD.unpack_from(data, offset)[1]) > len(data) - start:
                self._left_out += 1
                return
            yield data[offset], data[start : start + length]
            offset = start + length

    def _take(self, opcode: int, content: bytes) -> Recorded | None:
        """Take in one record; gives a message where it is one in JSON. Raises what parsing raises."""
        stream = ReadDataStream(BytesIO(content))
        match opcode:
            case Opcode.SCHEMA:
                schema = Schema.read(stream)
                self._schemas[schema.id] = _short(schema.name) if schema.encoding == JSON_SCHEMA else ""
            case Opcode.CHANNEL:
                channel = Channel.read(stream)
                if channel.message_encoding == JSON:
                    self._channels[channel.id] = _short(channel.topic), self._schemas.get(channel.schema_id, "")
            case Opcode.MESSAGE:
                message = Message.read(stream, len(content))
                if message.channel_id in self._channels:
                    topic, schema_name = self._channels[message.channel_id]
                    return Recorded(topic, schema_name, message.data, message.log_time, message.sequence)
        return None


def _unpacked(chunk: Chunk) -> bytes:
    """A chunk's content. Raises McapError where it is too large, and what the libraries raise where it is none."""
    if chunk.uncompressed_size > MAX_CHUNK_BYTES:
        raise McapError("too large")
    # Unpacked by hand, because what mcap itself calls believes the size that the packed data claims.
    wanted = chunk.uncompressed_size + 1
    match chunk.compression:
        case "zstd":
            unpacker = zstandard.ZstdDecompressor(max_window_size=MAX_CHUNK_BYTES)
            data = unpacker.stream_reader(BytesIO(chunk.data)).read(wanted)
        case "lz4":
            data = lz4.frame.LZ4FrameDecompressor().decompress(chunk.data, max_length=wanted)
        case "":
            data = chunk.data
        case _:
            raise McapError("of an unknown kind")
    if len(data) != chunk.uncompressed_size:
        raise McapError("of another size")
    return data


def _short(name: str) -> str:
    if len(name) > MAX_NAME_BYTES:
        raise McapError("too long a name")
    return name
