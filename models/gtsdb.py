"""Reader of the German Traffic Sign Detection Benchmark (Houben et al., "Detection of traffic signs in real-world
images", IJCNN 2013): full frames and a `gt.txt` with one sign a line, `file;x1;y1;x2;y2;class`, corners inclusive.

Frames may be the official PPM or anything else under the same number: `00012.ppm` in the table is `00012.webp` here.
"""

from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np
from numpy.typing import NDArray

from models.archive import Archive
from models.errors import DataError
from models.pictures import decode_bgr

FOLDS = 5
"""Frames are in the fold of their number's rest, 0 to 4. Those of fold 0 teach nothing that ships, so that figures on
them are honest."""
PICTURE_SUFFIXES = (".ppm", ".png", ".webp", ".jpg")


@dataclass(frozen=True, slots=True)
class StreetFrame:
    """One frame of the benchmark, not yet decoded, and the signs in it."""

    number: int
    file: str
    """Path inside the archive."""
    boxes_xywh_px: NDArray[np.float32]
    """(n, 4); n is 0 in frames without a sign of the classes annotated."""
    class_ids: NDArray[np.int64]
    """(n,)"""

    @property
    def fold(self) -> int:
        """The fifth of the frames that it is in, 0 to 4: what is measured on one has learnt from the others."""
        return self.number % FOLDS

    @property
    def held_out(self) -> bool:
        """Whether nothing that ships has learnt from the frame."""
        return self.fold == 0


def list_frames(archive: Archive, classes: int | None = None) -> list[StreetFrame]:
    """All frames in order of their number.

    Raises DataError where the table or its frames are missing or unreadable, or a class id lies outside 0 to
    `classes` - 1; with None, for whoever only asks where signs are, any will do.
    """
    tables = [name for name in archive.names("gt.txt") if PurePosixPath(name).name == "gt.txt"]
    if not tables:
        raise DataError(f"{archive.path}: no gt.txt in it, so it is not GTSDB")
    folder = PurePosixPath(tables[0]).parent
    signs: dict[int, list[tuple[float, float, float, float, int]]] = {}
    for line_number, line in enumerate(archive.read_text(tables[0]), start=1):
        if not line.strip():
            continue
        try:
            file, x1, y1, x2, y2, class_id = line.strip().split(";")
            box = (float(x1), float(y1), float(x2) - float(x1) + 1, float(y2) - float(y1) + 1)
            signs.setdefault(int(PurePosixPath(file).stem), []).append((*box, int(class_id)))
        except ValueError as error:
            raise DataError(f"{archive.path}: gt.txt, line {line_number}: {error}") from error
        if classes is not None and not 0 <= int(class_id) < classes:
            raise DataError(
                f"{archive.path}: gt.txt, line {line_number}: class id {class_id}, and there are 0 to {classes - 1}"
            )
    frames = []
    for name in archive.names():
        path = PurePosixPath(name)
        if path.parent == folder and path.suffix.lower() in PICTURE_SUFFIXES and path.stem.isdigit():
            number = int(path.stem)
            of_frame = np.array(signs.pop(number, []), np.float32).reshape(-1, 5)
            frames.append(StreetFrame(number, name, of_frame[:, :4], of_frame[:, 4].astype(np.int64)))
    if signs:
        raise DataError(f"{archive.path}: the picture of frame {min(signs):05d} is missing, named in gt.txt")
    return sorted(frames, key=lambda frame: frame.number)


def read_frame(archive: Archive, frame: StreetFrame) -> NDArray[np.uint8]:
    """The frame's picture (height, width, 3) uint8 BGR."""
    return decode_bgr(archive.read(frame.file), f"{archive.path}: {frame.file}")
