"""The folder of recordings: names that stay in order, a quota, and one writer at a time."""

import contextlib
import fcntl
import os
import re
import shutil
from collections import deque
from datetime import UTC, datetime
from pathlib import Path

from edge.errors import SinkError

NAME = re.compile(r"signwatch-(\d{6,})-\d{8}T\d{6}Z\.mcap")
"""Of our own files; no other is ever counted or removed."""


class Shelf:
    """A folder that is recorded into.

    Files are numbered, because a clock that was set back would put them out of order.

    Args:
        folder: Made if it isn't there.
        quota_bytes: Of all recordings together.

    Raises:
        SinkError: Where the folder can't be made, or another process records into it.
    """

    def __init__(self, folder: Path, quota_bytes: int) -> None:
        self.folder = folder
        self._quota_bytes = quota_bytes
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        except OSError as error:
            raise SinkError(f"{folder}: can't be recorded into ({error.strerror})") from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._lock)
            raise SinkError(f"{folder}: another process records into it; choose another folder") from error
        found = sorted((int(match[1]), path) for path in folder.iterdir() if (match := NAME.fullmatch(path.name)))
        self._kept = deque((path, path.stat().st_size) for _, path in found)
        self._number = found[-1][0] + 1 if found else 1

    @property
    def kept_bytes(self) -> int:
        """Of the recordings that are there, without the one that is being written."""
        return sum(size for _, size in self._kept)

    @property
    def free_bytes(self) -> int:
        """What is free on the disk; 0 where nobody can tell."""
        try:
            return shutil.disk_usage(self.folder).free
        except OSError:
            return 0

    def next_path(self, unix_ns: int) -> Path:
        """A name for the next file, with its number and the time in it."""
        began = datetime.fromtimestamp(unix_ns / 1e9, UTC)
        path = self.folder / f"signwatch-{self._number:06}-{began:%Y%m%dT%H%M%SZ}.mcap"
        self._number += 1
        return path

    def keep(self, path: Path) -> None:
        """A file is written no more, so from now on it may be removed."""
        with contextlib.suppress(FileNotFoundError):
            self._kept.append((path, path.stat().st_size))

    def make_room(self, wanted_bytes: int) -> None:
        """Remove the oldest files until there is room within the quota for one of that size.

        Raises OSError where one can't be removed.
        """
        while self._kept and self.kept_bytes + wanted_bytes > self._quota_bytes:
            self._kept[0][0].unlink(missing_ok=True)
            self._kept.popleft()

    def close(self) -> None:
        """Let others record into the folder."""
        os.close(self._lock)
