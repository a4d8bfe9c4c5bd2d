"""Reader of the German Traffic Sign Recognition Benchmark (Stallkamp et al., Neural Networks 32, 2012).

Two layouts, each as folder, zip or folder of zips:

* Kaggle's: `Train.csv` and `Test.csv` with the columns Width, Height, Roi.X1, Roi.Y1, Roi.X2, Roi.Y2, ClassId, Path;
* the official one: a `GT-000NN.csv` a class and `GT-final_test.csv`, `;` between the columns Filename, Width, Height,
  Roi.X1, Roi.Y1, Roi.X2, Roi.Y2, ClassId.

Training pictures come in tracks of about 30 views of one physical sign. A split for validation goes by track: pictures
of one sign on both sides would measure memory.
"""

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal, NoReturn

import numpy as np
from numpy.typing import NDArray

from models.archive import Archive
from models.errors import DataError
from models.pictures import Cut, decode_bgr

Part = Literal["train", "test"]


@dataclass(frozen=True, slots=True)
class SignPicture:
    """One picture of the benchmark, not yet decoded."""

    file: str
    """Path inside the archive."""
    class_id: int
    roi_xywh_px: tuple[int, int, int, int]
    """The sign inside the picture."""
    track: str
    """Which physical sign it shows, as `class/track`; the file's own name for test pictures, which have no tracks."""


def _refuse(problem: str) -> NoReturn:
    raise DataError(problem)


def list_pictures(
    archive: Archive, part: Part, classes: int = 43, on_problem: Callable[[str], None] = _refuse
) -> list[SignPicture]:
    """What the benchmark's tables list, in file order; nothing is decoded yet.

    A row without numbers, with a class id outside 0 to `classes` - 1, or whose picture is missing goes to `on_problem`
    as one line; if that returns, the row is left out. Without one it raises DataError, as does an archive without such
    a table.
    """
    kaggle_table = {"train": "Train.csv", "test": "Test.csv"}[part]
    tables = [name for name in archive.names(".csv") if PurePosixPath(name).name == kaggle_table]
    if tables:
        found = True
        pictures = _rows(archive, tables[0], ",", "Path", classes, on_problem)
    else:
        found = False
        pictures = []
        for name in archive.names(".csv"):
            table = PurePosixPath(name).name
            is_test = table == "GT-final_test.csv"
            is_train = table.startswith("GT-") and table[3:-4].isdigit()
            if is_test if part == "test" else is_train:
                found = True
                pictures += _rows(archive, name, ";", "Filename", classes, on_problem)
    if not pictures and not (found and on_problem is not _refuse):
        raise DataError(
            f"{archive.path}: no {part} part of GTSRB in it (neither {kaggle_table} nor the official GT-*.csv tables)"
        )
    return sorted(pictures, key=lambda picture: picture.file)


def _rows(
    archive: Archive, table: str, delimiter: str, file_column: str, classes: int, on_problem: Callable[[str], None]
) -> list[SignPicture]:
    folder = PurePosixPath(table).parent
    pictures = []
    rows = csv.DictReader(archive.read_text(table), delimiter=delimiter)
    for row in rows:
        place = f"{archive.path}: {table}, line {rows.line_num}"
        try:
            x1, y1, x2, y2 = (int(row[f"Roi.{corner}"]) for corner in ("X1", "Y1", "X2", "Y2"))
            class_id, name = int(row["ClassId"]), row[file_column]
        except (KeyError, TypeError, ValueError) as error:
            on_problem(f"{place}: {error!r}")
            continue
        if not 0 <= class_id < classes:
            on_problem(f"{place}: class id {class_id} of {classes} classes")
            continue
        file = _existing(archive, folder, name)
        if file is None:
            on_problem(f"{place}: the picture {folder / name} is missing")
            continue
        parts = PurePosixPath(file).stem.split("_")
        track = f"{class_id}/{parts[-2]}" if len(parts) > 1 else file
        pictures.append(SignPicture(file, class_id, (x1, y1, max(1, x2 - x1 + 1), max(1, y2 - y1 + 1)), track))
    return pictures


def _existing(archive: Archive, folder: PurePosixPath, name: str) -> str | None:
    """Where the picture lies: beside its table or, since the official test table comes in a zip of its own, by name."""
    beside = str(folder / name)
    return beside if beside in archive else archive.path_ending(f"Final_Test/Images/{name}")


def read_picture(archive: Archive, picture: SignPicture) -> NDArray[np.uint8]:
    """The whole picture (height, width, 3) uint8 BGR.

    Raises DataError where it can't be read, or the sign's box lies outside it altogether.
    """
    name = f"{archive.path}: {picture.file}"
    image = decode_bgr(archive.read(picture.file), name)
    x, y, w, h = picture.roi_xywh_px
    height, width = image.shape[:2]
    if x + w <= 0 or y + h <= 0 or x >= width or y >= height:
        raise DataError(f"{name}: the sign's box {picture.roi_xywh_px} lies outside the picture of {width}x{height}")
    return image


def read_crops(
    archive: Archive, pictures: list[SignPicture], cut: Cut, margin: float, size_px: int
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Crops (n, size_px, size_px, 3) uint8 BGR around each sign's region, and class ids (n,)."""
    crops = np.empty((len(pictures), size_px, size_px, 3), np.uint8)
    for row, picture in enumerate(pictures):
        crops[row] = cut(read_picture(archive, picture), picture.roi_xywh_px, margin, size_px)
    return crops, np.array([picture.class_id for picture in pictures], np.int64)


def split_by_track(pictures: list[SignPicture], share: float, seed: int) -> tuple[list[int], list[int]]:
    """Positions for training and for validation; `share` of each class's tracks (one at least) goes to validation.

    No track is on both sides.
    """
    if not 0.0 < share < 1.0:
        raise ValueError(f"share must lie between 0 and 1, got {share}")
    tracks: dict[int, list[str]] = {}
    for picture in pictures:
        of_class = tracks.setdefault(picture.class_id, [])
        if picture.track not in of_class:
            of_class.append(picture.track)
    generator = np.random.default_rng(seed)
    held_out: set[str] = set()
    for class_id in sorted(tracks):
        order = generator.permutation(sorted(tracks[class_id]))
        held_out.update(order[: max(1, round(share * len(order)))].tolist())
    training = [row for row, picture in enumerate(pictures) if picture.track not in held_out]
    validation = [row for row, picture in enumerate(pictures) if picture.track in held_out]
    return training, validation
