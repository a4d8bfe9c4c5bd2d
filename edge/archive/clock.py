"""When a video began, as its file tells it."""

from pathlib import Path
from typing import IO

MOST_BOXES = 10_000
"""Before the one that is looked for; a hostile file could hold as many as fit."""
HEADER_BYTES = 16
MOVIE_HEADER_BYTES = 20
UNIX_EPOCH_S = 2_082_844_800
"""Seconds from 1904, which MP4 counts from, to 1970."""
EARLIEST_S = 946_684_800
"""The year 2000 in UNIX time: what is said to be older was made by a camera without a clock."""
NS = 10**9


def video_start_ns(path: Path) -> int | None:
    """UNIX time in ns at which an MP4 or MOV says that it was made; None where it doesn't, or is another container.

    The movie header holds it (ISO/IEC 14496-12, section 8.2.2), in whole seconds of UTC. Raises OSError where the file
    can't be read.
    """
    with path.open("rb") as file:
        file.seek(0, 2)
        movie = _box(file, b"moov", 0, file.tell())
        header = movie and _box(file, b"mvhd", *movie)
        if not header:
            return None
        file.seek(header[0])
        content = file.read(min(MOVIE_HEADER_BYTES, header[1] - header[0]))
    made = content[4:12] if content[:1] == b"\1" else content[4:8]
    unix_s = int.from_bytes(made, "big") - UNIX_EPOCH_S
    return unix_s * NS if EARLIEST_S <= unix_s < 2**33 else None


def _box(file: IO[bytes], wanted: bytes, offset: int, end: int) -> tuple[int, int] | None:
    """Where the content of the first box of a kind begins and ends, among those from an offset to an end."""
    for _ in range(MOST_BOXES):
        if offset + 8 > end:
            return None
        file.seek(offset)
        head = file.read(HEADER_BYTES)
        size, kind, begin = int.from_bytes(head[:4], "big"), head[4:8], 8
        if size == 1:
            size, begin = int.from_bytes(head[8:16], "big"), HEADER_BYTES
        elif size == 0:
            size = end - offset
        if size < begin:
            return None
        if kind == wanted:
            return offset + begin, min(offset + size, end)
        offset += size
    return None
