"""Files that are there whole or not at all, however a program or a disk ends."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from models.errors import ModelError


@contextmanager
def written_whole(file: Path) -> Iterator[Path]:
    """Gives a path beside `file` to write to; it takes the file's name, over an older one, when the block ends well.

    Raises ModelError where it can't be written, such as on a full disk; what was under the name stays as it was.
    """
    partial = file.with_name(f"partial-{file.name}")
    try:
        yield partial
        with partial.open("rb") as written:
            os.fsync(written.fileno())
        partial.replace(file)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise ModelError(
            f"{file}: can't be written ({error.strerror or error}); make room, and give the same command again"
        ) from error


def write_text_whole(file: Path, text: str) -> None:
    """Write a small text file in UTF-8, whole or not at all. Raises ModelError where it can't be written."""
    with written_whole(file) as partial:
        partial.write_text(text, encoding="utf-8", newline="")
