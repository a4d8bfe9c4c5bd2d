"""What is in a set of sign pictures: sizes, light, what can't be read, what is in it twice, which tracks look alike."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from models.archive import Archive
from models.errors import DataError
from models.gtsrb import SignPicture, read_picture
from models.pictures import Cut


@dataclass(frozen=True, slots=True)
class Survey:
    """Pictures that could be read, as columns, and what is wrong with the rest."""

    pictures: list[SignPicture]
    """(n)"""
    picture_wh_px: NDArray[np.int64]
    """(n, 2) width and height of the whole picture."""
    side_px: NDArray[np.float64]
    """(n,) mean of the sign's width and height."""
    brightness: NDArray[np.float64]
    """(n,) mean grey level of the sign, 0 to 255."""
    contrast: NDArray[np.float64]
    """(n,) standard deviation of the sign's grey levels."""
    crops: NDArray[np.uint8]
    """(n, size_px, size_px, 3) uint8 BGR, as the network sees them."""
    problems: list[str]
    """One line each, naming the file."""
    duplicates: list[tuple[str, str]]
    """Files with the same pixels: one, and an earlier one."""

    @property
    def labels(self) -> NDArray[np.int64]:
        """(n,) class ids."""
        return np.array([picture.class_id for picture in self.pictures], np.int64)

    def tracks(self) -> dict[str, int]:
        """How many readable pictures each track has."""
        lengths: dict[str, int] = {}
        for picture in self.pictures:
            lengths[picture.track] = lengths.get(picture.track, 0) + 1
        return lengths


def survey(
    archive: Archive,
    pictures: list[SignPicture],
    cut: Cut,
    margin: float,
    size_px: int,
    report: Callable[[int, int], None],
) -> Survey:
    """Look at every picture; one that can't be used is a line among the problems. `report` gets done and in all."""
    good: list[SignPicture] = []
    sizes: list[tuple[int, int]] = []
    light: list[tuple[float, float]] = []
    problems: list[str] = []
    duplicates: list[tuple[str, str]] = []
    seen: dict[bytes, str] = {}
    crops = np.empty((len(pictures), size_px, size_px, 3), np.uint8)
    for done, picture in enumerate(pictures, start=1):
        try:
            image = read_picture(archive, picture)
        except DataError as error:
            problems.append(str(error))
        else:
            crops[len(good)] = cut(image, picture.roi_xywh_px, margin, size_px)
            x, y, w, h = picture.roi_xywh_px
            height, width = image.shape[:2]
            if x < 0 or y < 0 or x + w > width or y + h > height:
                problems.append(
                    f"{archive.path}: {picture.file}: the sign's box reaches out of the picture of {width}x{height}"
                )
            inside = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)[max(0, y) : y + h, max(0, x) : x + w]
            good.append(picture)
            sizes.append((width, height))
            light.append((float(inside.mean()), float(inside.std())))
            earlier = seen.setdefault(hashlib.sha256(image.tobytes()).digest(), picture.file)
            if earlier != picture.file:
                duplicates.append((picture.file, earlier))
        report(done, len(pictures))
    columns = np.array(light, np.float64).reshape(-1, 2)
    return Survey(
        pictures=good,
        picture_wh_px=np.array(sizes, np.int64).reshape(-1, 2),
        side_px=np.array([sum(picture.roi_xywh_px[2:]) / 2 for picture in good], np.float64),
        brightness=columns[:, 0],
        contrast=columns[:, 1],
        crops=crops[: len(good)],
        problems=problems,
        duplicates=duplicates,
    )


@dataclass(frozen=True, slots=True)
class LikeTracks:
    """Two tracks of a class with two pictures that are nearly the same."""

    likeness: float
    """Correlation of their details, up to 1."""
    first: int
    second: int
    """Rows of the two pictures."""


LIKE = 0.94
"""From here on, pairs of the benchmark's tracks look like one sign, or like twins on both sides of a road."""
COMPARED_EVERY = 5
"""Of a track's pictures, which hardly change from one to the next."""
DETAIL_PX = 4.0
"""Standard deviation of the blur whose difference is compared, in a crop of 32 px: bright and dark areas all agree."""


def like_tracks(found: Survey) -> list[LikeTracks]:
    """Pairs of tracks that may show one physical sign, likest first. A split between them isn't quite honest."""
    places: dict[str, int] = {}
    chosen: list[int] = []
    for row, picture in enumerate(found.pictures):
        place = places[picture.track] = places.get(picture.track, -1) + 1
        if place % COMPARED_EVERY == 0:
            chosen.append(row)
    best: dict[tuple[str, str], LikeTracks] = {}
    for class_id in np.unique(found.labels):
        rows = [row for row in chosen if found.pictures[row].class_id == class_id]
        details = np.stack([_details(found.crops[row]) for row in rows]) if rows else np.empty((0, 1), np.float32)
        for i, j in np.argwhere(np.triu(details @ details.T, 1) > LIKE).tolist():
            pair = (found.pictures[rows[i]].track, found.pictures[rows[j]].track)
            likeness = float(details[i] @ details[j])
            if pair[0] != pair[1] and (pair not in best or likeness > best[pair].likeness):
                best[pair] = LikeTracks(likeness, rows[i], rows[j])
    return sorted(best.values(), key=lambda pair: -pair.likeness)


def _details(crop: NDArray[np.uint8]) -> NDArray[np.float32]:
    """What is finer than the blur, flat, of mean 0 and length 1 (0 where there is nothing)."""
    levels = crop.astype(np.float32)
    fine = (levels - cv2.GaussianBlur(levels, (0, 0), DETAIL_PX)).ravel()
    fine -= fine.mean()
    return np.asarray(fine / max(float(np.linalg.norm(fine)), 1.0), np.float32)
