"""Which recordings the folders and files that a user named are."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

import msgspec

from edge.errors import SourceError
from edge.sources import RECORDING_SUFFIX
from edge.sources.pictures import is_picture, natural_key

VIDEO_SUFFIXES = frozenset({".avi", ".m4v", ".mkv", ".mov", ".mp4", ".mpg", ".ts", ".webm"})
LEAST_PICTURES = 2
"""In a folder, for them to be a recording."""

Format = Literal["video", "mcap", "pictures"]


class Recording(msgspec.Struct, frozen=True):
    """A file of one or several cameras, or a folder of pictures."""

    path: str
    """Absolute."""
    name: str
    """As tables call it: as the user gave it, with the way to it within a folder."""
    format: Format

    def stamp(self) -> tuple[int, int]:
        """Bytes, and when it was last changed in ns. Raises OSError where it isn't there."""
        path = Path(self.path)
        files = pictures_in(path) if self.format == "pictures" else [path]
        stats = [file.stat() for file in (*files, path)]
        return sum(stat.st_size for stat in stats[:-1]), max(stat.st_mtime_ns for stat in stats)


def find_recordings(sources: Iterable[str]) -> list[Recording]:
    """All recordings, by name; each path once.

    A folder is gone through with all folders in it, hidden ones and links to folders left out. One that directly holds
    pictures and no recording is itself one.

    Raises:
        SourceError: Where a source isn't there, or none holds a recording.
    """
    found: dict[str, Recording] = {}
    for source in sources:
        for recording in _recordings_of(Path(source)):
            found.setdefault(recording.path, recording)
    if not found:
        raise SourceError("there is no recording: no MP4 or other video, no MCAP file, no folder of pictures")
    return sorted(found.values(), key=lambda recording: natural_key(Path(recording.name)))


def pictures_in(folder: Path) -> list[Path]:
    """The pictures directly in a folder, in natural order."""
    with os.scandir(folder) as entries:
        files = [Path(entry.path) for entry in entries if entry.is_file() and not entry.name.startswith(".")]
    return sorted(filter(is_picture, files), key=natural_key)


def _recordings_of(source: Path) -> Iterator[Recording]:
    if source.is_dir():
        yield from _in_folder(source)
    elif source.exists():
        yield _recording(source, _format_of(source) or "video")
    else:
        raise SourceError(f"{source} isn't there; check the name")


def _in_folder(top: Path) -> Iterator[Recording]:
    for folder, inner, files in os.walk(top, onerror=_unreadable):
        inner[:] = [name for name in inner if not name.startswith(".")]
        shown = [Path(folder, name) for name in files if not name.startswith(".")]
        recordings = [(file, kind) for file in shown if (kind := _format_of(file)) is not None]
        yield from (_recording(file, kind) for file, kind in recordings)
        if not recordings and sum(map(is_picture, shown)) >= LEAST_PICTURES:
            yield _recording(Path(folder), "pictures")


def _format_of(file: Path) -> Format | None:
    if file.suffix.lower() == RECORDING_SUFFIX:
        return "mcap"
    return "video" if file.suffix.lower() in VIDEO_SUFFIXES else None


def _recording(path: Path, kind: Format) -> Recording:
    return Recording(str(path.absolute()), str(path), kind)


def _unreadable(error: OSError) -> None:
    raise SourceError(f"{error.filename} can't be read: {error.strerror}") from error
