"""Files that are there whole or not at all, however a program or a disk ends."""

import os
import shutil
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
        raise ModelError(
            f"{file}: can't be written ({error.strerror or error}); make room, and give the same command again"
        ) from error
    finally:
        partial.unlink(missing_ok=True)


def write_text_whole(file: Path, text: str) -> None:
    """Write a small text file in UTF-8, whole or not at all. Raises ModelError where it can't be written."""
    with written_whole(file) as partial:
        partial.write_text(text, encoding="utf-8", newline="")


@contextmanager
def folder_written_whole(folder: Path) -> Iterator[Path]:
    """The same for a folder, which starts empty; an older one under its name is gone once the new one is whole.

    Raises ModelError where it can't be written.
    """
    partial, older = folder.with_name(f"partial-{folder.name}"), folder.with_name(f"older-{folder.name}")
    try:
        for left_over in (partial, older):
            if left_over.exists():
                shutil.rmtree(left_over)
        partial.mkdir(parents=True)
        yield partial
        if folder.exists():
            folder.replace(older)
        partial.replace(folder)
        shutil.rmtree(older, ignore_errors=True)
    except OSError as error:
        raise ModelError(
            f"{folder}: can't be written ({error.strerror or error}); make room, and give the same command again"
        ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
