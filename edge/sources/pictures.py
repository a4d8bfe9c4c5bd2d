"""Pictures in files: a folder, a glob, or single ones, in their natural order."""

import os
import re
import time
import warnings
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from edge.errors import SourceError
from edge.frame import Frame
from edge.opencv_log import quiet_opencv
from edge.sources.source import Source

PICTURE_SUFFIXES = frozenset({".bmp", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"})
MAX_FILE_BYTES = 256 * 2**20
MAX_PIXELS = 64 * 10**6
"""More than any camera for vehicles gives; a small hostile file can claim far more."""

GLOB_CHARACTERS = frozenset("*?[")


class PictureSource(Source):
    """Pictures of any sizes as frames; those that can't be read are skipped and named.

    Args:
        paths: The files, in the order in which they are wanted.
        name: What messages and errors call them together.

    Raises:
        SourceError: Where there is no file at all.
    """

    def __init__(self, paths: Sequence[Path], *, name: str) -> None:
        if not paths:
            raise SourceError(f"{name} holds no pictures ({_suffixes()})")
        self.name = name
        self.live = False
        self.fps: float | None = None
        self.dropped = 0
        self.skipped: list[str] = []
        self.frame_count: int | None = len(paths)
        self._paths = tuple(paths)
        self._root = Path(os.path.commonpath([path.parent.absolute() for path in paths]))

    def frames(self) -> Iterator[Frame]:
        """Give every picture that can be read; `Frame.file` is its name within the source.

        `Frame.number` counts the skipped ones too, so a picture keeps its number.

        Raises:
            SourceError: At the end, where not one could be read.
        """
        for number, path in enumerate(self._paths):
            file = str(path.absolute().relative_to(self._root))
            try:
                image = read_picture(path)
            except SourceError:
                self.skipped.append(file)
                continue
            yield Frame(
                image=image,
                number=number,
                captured_ns=time.time_ns(),
                captured_monotonic_ns=time.monotonic_ns(),
                media_s=None,
                file=file,
            )
        if len(self.skipped) == len(self._paths):
            raise SourceError(
                f"none of the pictures of {self.name} can be read, beginning with {self.skipped[0]}; are they whole?"
            )

    def close(self) -> None:
        """Do nothing: no file stays open."""


def read_picture(path: Path) -> npt.NDArray[np.uint8]:
    """Read a picture of any kind as the rest of the program wants it.

    Grey becomes three equal channels, an alpha channel is left out, 16 bits become the upper
    8, and the orientation noted by a camera (EXIF) is applied.

    Returns:
        (height, width, 3) uint8, BGR.

    Raises:
        SourceError: Where the file can't be read, is no picture, or is too large.
    """
    try:
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise SourceError(f"{path} is larger than {MAX_FILE_BYTES // 2**20} MiB")
        content = path.read_bytes()
    except OSError as error:
        raise SourceError(f"{path} can't be read: {error.strerror}") from error
    return decode_picture(content, str(path))


def decode_picture(content: bytes, name: str) -> npt.NDArray[np.uint8]:
    """Make a picture of a file's content; as `read_picture`, with `name` for what it is called in errors."""
    try:
        # Pillow reads only the header here: the size is known before memory is taken for it.
        with warnings.catch_warnings(action="ignore"), Image.open(BytesIO(content)) as header:
            width, height = header.size
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError) as error:
        raise SourceError(f"{name} can't be read as a picture; is it whole?") from error
    if width * height > MAX_PIXELS:
        raise SourceError(f"{name} has {width}x{height} px, more than {MAX_PIXELS // 10**6} Mpx")
    quiet_opencv()
    try:
        image = cv2.imdecode(np.frombuffer(content, dtype=np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        image = None
    if image is None or image.dtype != np.uint8:
        raise SourceError(f"{name} can't be read as a picture; is it whole?")
    return np.asarray(image, dtype=np.uint8)


def find_pictures(spec: str) -> list[Path]:
    """Find the files that a folder, a glob or a picture's name stands for.

    Args:
        spec: A folder (the pictures directly in it), a glob (`**` goes into folders), or one
            picture. A name that exists is never taken for a glob.

    Returns:
        The files in natural order: `2.png` before `10.png`. Hidden ones are left out of
        folders and globs. Empty where nothing matches.

    Raises:
        SourceError: Where a folder or picture isn't there.
    """
    path = Path(spec)
    if path.is_dir():
        found = list(path.iterdir())
    elif path.exists():
        return [path]
    elif is_glob(spec):
        anchor = Path(path.anchor)
        found = list(anchor.glob(str(path.relative_to(anchor))))
    else:
        raise SourceError(f"{spec} isn't there; check the name")
    return sorted(
        (file for file in found if is_picture(file) and not file.name.startswith(".")),
        key=natural_key,
    )


def is_glob(spec: str) -> bool:
    """Tell whether a name holds characters that stand for others."""
    return not GLOB_CHARACTERS.isdisjoint(spec)


def is_picture(path: Path) -> bool:
    """Tell by its suffix whether a file is a picture."""
    return path.suffix.lower() in PICTURE_SUFFIXES


def natural_key(path: Path) -> list[tuple[int, int, str]]:
    """Sort key by which numbers within a path count as numbers."""
    parts = re.split(r"([0-9]+)", str(path))
    return [(0, int(part), part) if part.isdecimal() else (1, 0, part) for part in parts]


def _suffixes() -> str:
    return ", ".join(sorted(PICTURE_SUFFIXES))
