"""What networks learn from: crops of known signs and of what streets show, with limits in other typefaces between."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from detector.crops import cut_crop
from detector.ranker import Ranker
from edge.learning import NO_SIGN, street_crops
from edge.progress import progress_bar
from models.archive import Archive
from models.catalogue import BUILT_IN, Catalogue, load_catalogue
from models.class_folders import list_signs
from models.errors import DataError
from models.gtsdb import StreetFrame, list_frames
from models.gtsrb import SignPicture, digest_of_list, read_crops, split_by_track

if TYPE_CHECKING:
    from models.training import TrainingSet

SPLIT_SEED = 1
"""The same tracks are held out whatever the seed of the training: weights that others begin from have not seen them."""
NAMED_FAULTS = 3
"""Of many that are alike, so many are named."""
HELD_OUT_SHARE = 0.08
"""Of each class's tracks, unless said otherwise."""


@dataclass(frozen=True, slots=True)
class Street:
    """Where background comes from."""

    frames: Path
    fold: int
    """Of frames that teach nothing."""
    ranker: Ranker


@dataclass(frozen=True, slots=True)
class Lessons:
    """Crops with some of what is around them, named: background's label is the number of sign classes."""

    training: "TrainingSet"
    validation: "TrainingSet"
    """Of other tracks; signs alone."""
    described: dict[str, Any]
    """Which data they are of, for a record."""


def lessons_of(
    data: Path,
    catalogue: Catalogue,
    street: Street | None,
    drawn_share: float,
    look_alike_share: float,
    held_out_share: float,
    seed: int,
    *,
    skip_broken: bool,
) -> Lessons:
    """Read all of them; `drawn_share` and `look_alike_share` are of the photographs of limits and of all of them.

    Raises DataError where data is missing or, unless it is skipped, broken. Needs TensorFlow.
    """
    from models.augmentation import CONTEXT_MARGIN
    from models.look_alikes import make_look_alikes
    from models.training import TrainingSet
    from models.typefaces import draw_limits

    with Archive(data) as archive:
        training, validation, described = _sign_crops(archive, catalogue, held_out_share, skip_broken)
    wanted = round(look_alike_share * len(training.labels))
    alike = make_look_alikes(training.crops, training.labels, catalogue, CONTEXT_MARGIN, wanted, seed)
    crops, labels = [training.crops, alike], [training.labels, np.full(len(alike), len(catalogue))]
    described |= {"look_alikes": len(alike)}
    if street is not None:
        seen, kinds, described_frames = _street_crops(street)
        background = seen[kinds == NO_SIGN]
        drawn, drawn_labels = draw_limits(training.labels, catalogue, background, CONTEXT_MARGIN, drawn_share, seed)
        # Frames name signs by the benchmark's classes, which are another catalogue's only by chance.
        learnt = kinds != NO_SIGN if catalogue.digest == load_catalogue(BUILT_IN).digest else np.zeros(len(kinds), bool)
        crops += [drawn, seen[learnt], background]
        labels += [drawn_labels, kinds[learnt], np.full(len(background), len(catalogue))]
        counts = {"drawn": len(drawn), "street_signs": int(learnt.sum()), "background": len(background)}
        described |= described_frames | counts
    return Lessons(TrainingSet(np.concatenate(crops), np.concatenate(labels)), validation, described)


def teaching_frames(archive: Archive, fold: int = 0) -> list[StreetFrame]:
    """The street frames of all folds but one; of what ships that is fold 0."""
    return [frame for frame in list_frames(archive) if frame.fold != fold]


def digest_of(archive: Archive, ending: str) -> str:
    """The head of the SHA-256 of the file whose path ends like this, empty where there is none."""
    name = archive.path_ending(ending)
    return hashlib.sha256(archive.read(name)).hexdigest()[:16] if name else ""


def _sign_crops(
    archive: Archive, catalogue: Catalogue, share: float, skip_broken: bool
) -> tuple[Any, Any, dict[str, Any]]:
    from models.augmentation import CONTEXT_MARGIN, CONTEXT_SIZE_PX
    from models.training import TrainingSet

    problems: list[str] = []
    pictures = list_signs(archive, "train", catalogue, problems.append)
    broken: dict[int, DataError] = {}
    crops, labels = read_crops(
        archive, pictures, cut_crop, CONTEXT_MARGIN, CONTEXT_SIZE_PX, lambda row, error: broken.update({row: error})
    )
    problems += map(str, broken.values())
    if problems and not skip_broken:
        raise DataError(
            f"{archive.path}: {len(problems)} of {len(pictures) - len(broken) + len(problems)} pictures can't be used, "
            f"such as {'; '.join(problems[:NAMED_FAULTS])}; mend them, or go on without them with --skip-broken"
        )
    whole = [row for row in range(len(pictures)) if row not in broken]
    pictures, crops, labels = [pictures[row] for row in whole], crops[whole], labels[whole]
    _check_classes(archive, pictures, catalogue)
    for_training, for_validation = split_by_track(pictures, share, SPLIT_SEED)
    described = {
        "training_pictures": len(for_training),
        "held_out_pictures": len(for_validation),
        "held_out_share": share,
        "skipped_pictures": len(problems),
        "list_sha256": digest_of_list(pictures),
    }
    return (
        TrainingSet(crops[for_training], labels[for_training]),
        TrainingSet(crops[for_validation], labels[for_validation]),
        described,
    )


def _check_classes(archive: Archive, pictures: list[SignPicture], catalogue: Catalogue) -> None:
    shown = {picture.class_id for picture in pictures}
    empty = [sign for sign in catalogue if sign.class_id not in shown]
    if empty:
        named = ", ".join(f"{sign.class_id} ({sign.name})" for sign in empty[:NAMED_FAULTS])
        raise DataError(
            f"{archive.path}: no training picture of {len(empty)} of {len(catalogue)} classes, such as {named}; "
            "add some, or leave the class out of the catalogue"
        )


def _street_crops(street: Street) -> tuple[NDArray[np.uint8], NDArray[np.int64], dict[str, Any]]:
    from models.augmentation import CONTEXT_MARGIN, CONTEXT_SIZE_PX

    with Archive(street.frames) as archive:
        frames = teaching_frames(archive, street.fold)
        crops, kinds = _seen_in(archive, frames, street, CONTEXT_MARGIN, CONTEXT_SIZE_PX)
        return crops, kinds, _described(archive, street, len(frames))


def surroundings_of(street: Street, sign_classes: int) -> Lessons:
    """What is around what the candidate stage proposes; held out are the frames that teach nothing. Needs TensorFlow.

    Raises DataError where no background is seen, in the ones or the others.
    """
    from models.augmentation import with_context
    from models.companions import SURROUNDINGS_MARGIN, SURROUNDINGS_SIZE_PX
    from models.training import TrainingSet

    margin, size_px = with_context(SURROUNDINGS_MARGIN, SURROUNDINGS_SIZE_PX)
    with Archive(street.frames) as archive:
        teaching = teaching_frames(archive, street.fold)
        held_out = [frame for frame in list_frames(archive) if frame.fold == street.fold]
        of_teaching, of_held_out = (
            _seen_in(archive, frames, street, margin, size_px) for frames in (teaching, held_out)
        )
        described = _described(archive, street, len(teaching))
    training, validation = (
        TrainingSet(crops, np.where(kinds == NO_SIGN, sign_classes, kinds))
        for crops, kinds in (of_teaching, of_held_out)
    )
    counts = {
        "street_signs": int((training.labels < sign_classes).sum()),
        "background": int((training.labels == sign_classes).sum()),
    }
    return Lessons(training, validation, described | counts)


def _seen_in(
    archive: Archive, frames: list[StreetFrame], street: Street, margin: float, size_px: int
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    with progress_bar("looking at streets", len(frames)) as step:
        crops, kinds = street_crops(archive, frames, street.ranker, margin, size_px, step)
    if not (kinds == NO_SIGN).any():
        raise DataError(f"{street.frames}: nothing in its frames to learn from what is no sign; give more of them")
    return crops, kinds


def _described(archive: Archive, street: Street, frames: int) -> dict[str, Any]:
    return {"background_frames": frames, "fold": street.fold, "gt.txt": digest_of(archive, "gt.txt")}
