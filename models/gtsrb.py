"""Reader of the German Traffic Sign Recognition Benchmark (Stallkamp et al., Neural Networks 32, 2012).

Two layouts, each as folder, zip or folder of zips:

* Kaggle's: `Train.csv` and `Test.csv` with the columns Width, Height, Roi.X1, Roi.Y1, Roi.X2, Roi.Y2, ClassId, Path;
* the official one: a `GT-000NN.csv` a class and `GT-final_test.csv`, `;` between the columns Filename, Width, Height,
  Roi.X1, Roi.Y1, Roi.X2, Roi.Y2, ClassId.

Training pictures come in tracks of about 30 views of one physical sign. A split for validation goes by track: pictures
of one sign on both sides would measure memory.
"""

import csv
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal, NoReturn

import numpy as np
from numpy.typing import NDArray

from models.archive import Archive
from models.errors import DataError
from models.pictures import Cut, decode_bgr

Part = Literal["train", "test"]
KAGGLE_TABLES: dict[Part, str] = {"train": "Train.csv", "test": "Test.csv"}


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


def refuse(problem: str) -> NoReturn:
    """What to do about a problem where nothing else is asked for: raise it as DataError."""
    raise DataError(problem)


def list_pictures(
    archive: Archive, part: Part, classes: int = 43, on_problem: Callable[[str], None] = refuse
) -> list[SignPicture]:
    """What the benchmark's tables list, in file order; nothing is decoded yet.

    A row without numbers, with a class id outside 0 to `classes` - 1, or whose picture is missing goes to `on_problem`
    as one line; if that returns, the row is left out. Without one it raises DataError, as does an archive without such
    a table.
    """
    tables = tables_of(archive, part)
    pictures = []
    for table in tables:
        kaggle = PurePosixPath(table).name == KAGGLE_TABLES[part]
        delimiter, column = (",", "Path") if kaggle else (";", "Filename")
        pictures += _rows(archive, table, delimiter, column, classes, on_problem)
    if not pictures and not (tables and on_problem is not refuse):
        raise DataError(
            f"{archive.path}: no {part} part of GTSRB in it "
            f"(neither {KAGGLE_TABLES[part]} nor the official GT-*.csv tables)"
        )
    return sorted(pictures, key=lambda picture: picture.file)


def tables_of(archive: Archive, part: Part) -> list[str]:
    """The tables that list a part of the benchmark: Kaggle's one, else the official ones; none in other data."""
    tables = {name: PurePosixPath(name).name for name in archive.names(".csv")}
    kaggle = [path for path, name in tables.items() if name == KAGGLE_TABLES[part]]
    if kaggle:
        return kaggle[:1]
    if part == "test":
        return [path for path, name in tables.items() if name == "GT-final_test.csv"]
    return [path for path, name in tables.items() if name.startswith("GT-") and name[3:-4].isdigit()]


def _rows(
    archive: Archive, table: str, delimiter: str, file_column: str, classes: int, on_problem: Callable[[str], None]
) -> list[SignPicture]:
    folder = PurePosixPath(table).parent
    pictures = []
    for row, place in table_rows(archive, table, delimiter):
        try:
            roi = region(row)
            class_id, name = int(row["ClassId"]), row[file_column]
        except (KeyError, TypeError, ValueError) as error:
            on_problem(f"{place}: {error!r}")
            continue
        if not 0 <= class_id < classes:
            on_problem(f"{place}: class id {class_id}, and there are 0 to {classes - 1}")
            continue
        file = _existing(archive, folder, name)
        if file is None:
            on_problem(f"{place}: the picture {folder / name} is missing")
            continue
        parts = PurePosixPath(file).stem.split("_")
        track = f"{class_id}/{parts[-2]}" if len(parts) > 1 else file
        pictures.append(SignPicture(file, class_id, roi, track))
    return pictures


def table_rows(archive: Archive, table: str, delimiter: str) -> Iterator[tuple[dict[str, str], str]]:
    """Each row of a table by its column names, and its place for errors. Raises DataError where it is no table."""
    rows = csv.DictReader(archive.read_text(table), delimiter=delimiter)
    try:
        for row in rows:
            yield row, f"{archive.path}: {table}, line {rows.line_num}"
    except csv.Error as error:
        raise DataError(f"{archive.path}: {table}, line {rows.line_num}: {error}") from error


def region(row: dict[str, str]) -> tuple[int, int, int, int]:
    """x, y, width and height in pixels from a row's corners, which are inclusive.

    Raises KeyError, TypeError or ValueError where they are no numbers.
    """
    x1, y1, x2, y2 = (int(row[f"Roi.{corner}"]) for corner in ("X1", "Y1", "X2", "Y2"))
    return x1, y1, max(1, x2 - x1 + 1), max(1, y2 - y1 + 1)


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
    archive: Archive,
    pictures: list[SignPicture],
    cut: Cut,
    margin: float,
    size_px: int,
    on_broken: Callable[[int, DataError], None] | None = None,
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Crops (n, size_px, size_px, 3) uint8 BGR around each sign's region, and class ids (n,).

    A picture that is missing, broken, or doesn't reach to its region raises DataError; with `on_broken`, that gets its
    row and the error instead, and its crop is black.
    """
    crops = np.zeros((len(pictures), size_px, size_px, 3), np.uint8)
    for row, picture in enumerate(pictures):
        try:
            crops[row] = cut(read_picture(archive, picture), picture.roi_xywh_px, margin, size_px)
        except DataError as error:
            if on_broken is None:
                raise
            on_broken(row, error)
    return crops, np.array([picture.class_id for picture in pictures], np.int64)


def digest_of_list(pictures: list[SignPicture]) -> str:
    """16 hex digits by which a record knows which pictures there were: the same for the same files in that order."""
    return hashlib.sha256("\n".join(picture.file for picture in pictures).encode()).hexdigest()[:16]


def split_by_track(pictures: list[SignPicture], share: float, seed: int) -> tuple[list[int], list[int]]:
    """Positions for training and for validation; `share` of each class's tracks (one at least) goes to validation.

    No track is on both sides. Raises DataError where a class has only one track, which can't be on either side alone.
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
        if len(tracks[class_id]) < 2:
            raise DataError(
                f"class {class_id} has pictures of one physical sign only ({tracks[class_id][0]}); add another, "
                "so that one can be learnt from and one held out"
            )
        order = generator.permutation(sorted(tracks[class_id]))
        held_out.update(order[: min(max(1, round(share * len(order))), len(order) - 1)].tolist())
    training = [row for row, picture in enumerate(pictures) if picture.track not in held_out]
    validation = [row for row, picture in enumerate(pictures) if picture.track in held_out]
    return training, validation
