"""Whether an MP4 still has its index."""

from pathlib import Path

BOX_HEADER_BYTES = 8
LARGE_SIZE_BYTES = 8


def lacks_index(path: Path) -> bool:
    """Tell an MP4 without an index from a file that is no MP4.

    Most recorders write the index (the `moov` box) last. Where the power went or a copy was
    cut off, the pictures are there but nothing says where, and no player can show them.

    Args:
        path: A file that can be read.

    Returns:
        True for a file that begins as MP4 or MOV does (ISO/IEC 14496-12, section 4: boxes of
        size, type, content) and holds no whole `moov` box.
    """
    total = path.stat().st_size
    offset = 0
    with path.open("rb") as file:
        while offset + BOX_HEADER_BYTES <= total:
            file.seek(offset)
            header = file.read(BOX_HEADER_BYTES + LARGE_SIZE_BYTES)
            size, kind = int.from_bytes(header[:4], "big"), header[4:8]
            if offset == 0 and kind != b"ftyp":
                return False
            if size == 1:
                size = int.from_bytes(header[BOX_HEADER_BYTES:], "big")
            if kind == b"moov":
                return offset + size > total
            # Size 0 means "to the end of the file"; anything else below a header is damage.
            if size < BOX_HEADER_BYTES:
                break
            offset += size
    return offset > 0
