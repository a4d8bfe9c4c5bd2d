"""How good a classifier is, from its probabilities and the truth."""

import math
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
    accuracy_interval: tuple[float, float]
    """Where the accuracy lies with 95 % probability, had other pictures of the same kind been drawn."""
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
    classes, counts = np.unique(labels[wrong], return_counts=True)
    errors = int(wrong.sum())
    return ClassifierFigures(
        images=len(labels),
        errors=errors,
        accuracy=float(1 - wrong.mean()),
        accuracy_interval=wilson_interval(len(labels) - errors, len(labels)),
        called_background=int((answers[wrong] == len(catalogue)).sum()),
        higher_limit_errors=int(read_as_higher_limit(answers, labels, catalogue).sum()),
        ece=expected_calibration_error(probabilities.max(axis=1), ~wrong),
        errors_by_class={int(class_id): int(count) for class_id, count in zip(classes, counts, strict=True)},
    )


def read_as_higher_limit(
    answers: NDArray[np.int64], labels: NDArray[np.int64], catalogue: Catalogue
) -> NDArray[np.bool_]:
    """Which of the readings (n,) say a higher speed limit than the true one: (n,)."""
    limits = np.full(len(catalogue) + 1, np.nan)
    for sign in catalogue.speed_limits:
        limits[sign.class_id] = sign.value
    return np.asarray(limits[answers] > limits[labels], np.bool_)


NORMAL_95 = 1.959964
"""Standard deviations that hold 95 % of a normal distribution, both sides together."""


def wilson_interval(right: int, images: int) -> tuple[float, float]:
    """The 95 % interval of a share of which `right` of `images` were seen, 0 to 1; right also near 0 and 1.

    Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22, 1927. It takes the pictures
    for independent; views of one sign are not, so the true interval over tracks is wider.
    """
    if not 0 <= right <= images or not images:
        raise ValueError(f"{right} right of {images} is no share")
    share, spread = right / images, NORMAL_95**2 / images
    middle = share + spread / 2
    half = NORMAL_95 * math.sqrt(share * (1 - share) / images + spread / (4 * images))
    return max(0.0, (middle - half) / (1 + spread)), min(1.0, (middle + half) / (1 + spread))


def confusion(answers: NDArray[np.int64], labels: NDArray[np.int64], classes: int) -> NDArray[np.int64]:
    """How often each true class (row) was read as each class (column): (classes, classes + 1), background last."""
    counts = np.zeros((classes, classes + 1), np.int64)
    np.add.at(counts, (labels, answers), 1)
    return counts


@dataclass(frozen=True, slots=True)
class ClassFigures:
    """How one class fares."""

    class_id: int
    images: int
    errors: int
    """Pictures of it that were read as something else."""
    recall: float | None
    """Of its pictures, the share read as it; None where there is none."""
    precision: float | None
    """Of the readings as it, the share that was right; None where there is none."""


def class_figures(counts: NDArray[np.int64]) -> list[ClassFigures]:
    """One row a class, in their order, from a confusion (classes, classes + 1)."""
    rows = []
    for class_id, of_class in enumerate(counts):
        images, read, right = int(of_class.sum()), int(counts[:, class_id].sum()), int(of_class[class_id])
        rows.append(
            ClassFigures(
                class_id, images, images - right, right / images if images else None, right / read if read else None
            )
        )
    return rows


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Readings of like confidence."""

    images: int
    confidence: float
    """Their mean confidence, 0 to 1."""
    accuracy: float
    """The share of them that is right."""


def reliability(confidence: NDArray[np.float32], right: NDArray[np.bool_]) -> list[ReliabilityBin]:
    """What is right of what is said with a confidence (n,), over 15 equal bins of it; only bins that hold any."""
    bins = np.minimum((confidence * CALIBRATION_BINS).astype(np.intp), CALIBRATION_BINS - 1)
    return [
        ReliabilityBin(int(inside.sum()), float(confidence[inside].mean()), float(right[inside].mean()))
        for inside in (bins == number for number in np.unique(bins))
    ]


def expected_calibration_error(confidence: NDArray[np.float32], right: NDArray[np.bool_]) -> float:
    """Mean distance between confidence (n,) and the share that is right, over the bins of `reliability`.

    Naeini, Cooper and Hauskrecht, "Obtaining well calibrated probabilities using Bayesian binning", AAAI 2015.
    """
    bins = reliability(confidence, right)
    return sum(one.images * abs(one.accuracy - one.confidence) for one in bins) / len(right)
