"""How good a classifier is, from its probabilities and the truth."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.catalogue import Catalogue

CALIBRATION_BINS = 15


@dataclass(frozen=True, slots=True)
class ClassifierFigures:
    """Figures over a set of pictures that all show a sign of the catalogue."""

    images: int
    errors: int
    """Pictures whose likeliest answer, background included, is not the truth."""
    accuracy: float
    called_background: int
    """Errors that called a sign background."""
    higher_limit_errors: int
    """Speed limits read as a higher one: the worse error for a vehicle."""
    ece: float
    """Expected calibration error, 0 to 1."""
    errors_by_class: dict[int, int]
    """Only classes that have any."""


def classifier_figures(
    probabilities: NDArray[np.float32], labels: NDArray[np.int64], catalogue: Catalogue
) -> ClassifierFigures:
    """Compare probabilities (n, classes + 1), background last, with the true classes (n,)."""
    if len(probabilities) != len(labels) or not len(labels):
        raise ValueError(f"{len(probabilities)} rows of probabilities for {len(labels)} labels")
    answers = probabilities.argmax(axis=1)
    wrong = answers != labels
    limits = {sign.class_id: sign.value for sign in catalogue if sign.category == "prohibitory" and sign.unit == "km/h"}
    higher = [
        int(truth) in limits and int(answer) in limits and (limits[int(answer)] or 0) > (limits[int(truth)] or 0)
        for truth, answer in zip(labels[wrong], answers[wrong], strict=True)
    ]
    classes, counts = np.unique(labels[wrong], return_counts=True)
    return ClassifierFigures(
        images=len(labels),
        errors=int(wrong.sum()),
        accuracy=float(1 - wrong.mean()),
        called_background=int((answers[wrong] == len(catalogue)).sum()),
        higher_limit_errors=sum(higher),
        ece=expected_calibration_error(probabilities.max(axis=1), ~wrong),
        errors_by_class={int(class_id): int(count) for class_id, count in zip(classes, counts, strict=True)},
    )


def expected_calibration_error(confidence: NDArray[np.float32], right: NDArray[np.bool_]) -> float:
    """Mean distance between confidence (n,) and the share that is right, over 15 equal bins of confidence.

    Naeini, Cooper and Hauskrecht, "Obtaining well calibrated probabilities using Bayesian binning", AAAI 2015.
    """
    bins = np.minimum((confidence * CALIBRATION_BINS).astype(np.intp), CALIBRATION_BINS - 1)
    gaps = [
        (bins == number).mean() * abs(right[bins == number].mean() - confidence[bins == number].mean())
        for number in np.unique(bins)
    ]
    return float(sum(gaps))
