"""Trainings that each left out another fifth of the street frames, so that all of them can be measured on: each fifth
by what has learnt nothing from it.
"""

from dataclasses import dataclass
from pathlib import Path

from detector.ranker import BUILT_IN as RANKER_BUILT_IN
from detector.ranker import RANKER, Ranker, load_ranker, ranker_record
from models.backends import Backend
from models.catalogue import Catalogue
from models.classifier import Classifier, load_classifier
from models.errors import ModelError
from models.gtsdb import FOLDS
from models.weights_record import BUILT_IN, catalogue_of, read_record


@dataclass(frozen=True, slots=True)
class Fold:
    """What has learnt nothing from the frames of one fold."""

    number: int
    """0 to 4; those frames have this as their `StreetFrame.fold`."""
    ranker: Ranker
    network: Classifier


def shipped_fold(weights: Path | None, backend: Backend) -> Fold:
    """Fold 0, of which what ships has learnt nothing; with the weights of another folder, if one is given."""
    folder = weights or BUILT_IN
    return Fold(0, ranker_without(0), load_classifier(catalogue_of(folder), folder, backend))


def open_folds(folder: Path, backend: Backend) -> list[Fold]:
    """Rankers and networks that `signwatch train --fold` made in the sub-folders `0` to `4`, in this order.

    Raises ModelError where one is missing, damaged, of another catalogue, or left another fold out.
    """
    catalogue = catalogue_of(folder / "0")
    return [_open_fold(folder / str(number), number, catalogue, backend) for number in range(FOLDS)]


def folds_to_measure(weights: Path | None, fold_weights: Path | None, backend: Backend) -> tuple[Catalogue, list[Fold]]:
    """The signs known, and the folds of `fold_weights` or, where there is none, what ships. Raises ModelError."""
    if fold_weights is not None:
        return catalogue_of(fold_weights / "0"), open_folds(fold_weights, backend)
    return catalogue_of(weights or BUILT_IN), [shipped_fold(weights, backend)]


def _open_fold(folder: Path, number: int, catalogue: Catalogue, backend: Backend) -> Fold:
    ranker = ranker_without(number, folder)
    left_out = read_record(folder).data.get("fold")
    if left_out != number:
        raise ModelError(f"{folder}: these weights left out fold {left_out}, not {number}; train with --fold {number}")
    return Fold(number, ranker, load_classifier(catalogue, folder, backend))


def ranker_without(fold: int, folder: Path | None = None) -> Ranker:
    """The ranker in a folder, or the one of the package, that has learnt nothing from a fold of frames.

    Raises ModelError where it is missing, damaged, or left another fold out.
    """
    file = RANKER_BUILT_IN if folder is None else folder / RANKER
    try:
        ranker, left_out = load_ranker(file), ranker_record(file)["fold"]
    except ValueError as error:
        raise ModelError(str(error)) from error
    if left_out != fold:
        raise ModelError(f"{file}: this ranker left out fold {left_out}, not {fold}; train one with --fold {fold}")
    return ranker
