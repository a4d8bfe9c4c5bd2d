"""Which pictures of a data set something is measured on, and from picture to probabilities."""

from collections.abc import Callable
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from detector.crops import cut_crop
from edge.training_crops import HELD_OUT_SHARE, SPLIT_SEED
from models.archive import Archive
from models.catalogue import Catalogue
from models.class_folders import list_signs
from models.classifier import Classifier
from models.errors import DataError
from models.gtsrb import SignPicture, read_crops, split_by_track
from models.weights_record import WeightsRecord

Measured = TypeVar("Measured")
MeasuredPart = Literal["test", "held-out"]
PART_TITLES: dict[MeasuredPart, str] = {
    "test": "GTSRB's official test pictures, or all of other data",
    "held-out": "training pictures of tracks that were held out of training",
}
CHUNK = 2048
"""Pictures read and classified at a time."""


def pictures_of(archive: Archive, part: MeasuredPart, catalogue: Catalogue, record: WeightsRecord) -> list[SignPicture]:
    """The pictures of a part in file order: the official test, or the tracks that these weights have not learnt from.

    Of class folders, all pictures are the test. Raises DataError where the archive lacks the part.
    """
    if part == "test":
        return list_signs(archive, "test", catalogue)
    pictures = list_signs(archive, "train", catalogue)
    share = float(record.data.get("held_out_share", HELD_OUT_SHARE))
    return [pictures[row] for row in split_by_track(pictures, share, SPLIT_SEED)[1]]


def spread(pictures: list[Measured], limit: int | None) -> list[Measured]:
    """At most `limit` of them, taken evenly over the whole list; all where there is no limit.

    Raises DataError where there is none.
    """
    if not pictures:
        raise DataError("there is no picture to measure on")
    if limit is None or limit >= len(pictures):
        return pictures
    return [pictures[row] for row in np.linspace(0, len(pictures) - 1, limit).round().astype(int)]


def read_probabilities(
    archive: Archive, pictures: list[SignPicture], network: Classifier, report: Callable[[int, int], None]
) -> NDArray[np.float32]:
    """What the network says of each picture, cut at its annotated box: (n, classes + 1), background last."""
    record = network.record
    parts = []
    for start in range(0, len(pictures), CHUNK):
        chunk = pictures[start : start + CHUNK]
        crops, _ = read_crops(archive, chunk, cut_crop, record.crop_margin, record.crop_size_px)
        parts.append(network.probabilities(crops))
        report(start + len(chunk), len(pictures))
    return np.concatenate(parts)


THUMBNAIL_PX = 96
THUMBNAIL_MARGIN = 0.25
"""More than the network sees, so that a person understands what it looked at."""


def thumbnails(archive: Archive, pictures: list[SignPicture], size_px: int = THUMBNAIL_PX) -> NDArray[np.uint8]:
    """The signs with some surroundings, for people: (n, size_px, size_px, 3) uint8 BGR."""
    return read_crops(archive, pictures, cut_crop, THUMBNAIL_MARGIN, size_px)[0]
