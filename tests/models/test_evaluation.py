import numpy as np
import pytest

from models.catalogue import load_catalogue
from models.evaluation import (
    class_figures,
    classifier_figures,
    confusion,
    expected_calibration_error,
    read_as_higher_limit,
    reliability,
    wilson_interval,
)

CATALOGUE = load_catalogue()


def sure_of(*classes: int) -> np.ndarray:
    probabilities = np.zeros((len(classes), len(CATALOGUE) + 1), np.float32)
    probabilities[range(len(classes)), classes] = 1.0
    return probabilities


def test_errors_are_counted_by_kind() -> None:
    #         right, 50 read as 80, 80 read as 50, lost to background, 50 read as a stop
    answers = sure_of(14, 5, 2, len(CATALOGUE), 14)
    figures = classifier_figures(answers, np.array([14, 2, 5, 14, 2]), CATALOGUE)
    assert (figures.images, figures.errors) == (5, 4)
    assert figures.accuracy == pytest.approx(0.2)
    assert figures.higher_limit_errors == 1
    assert figures.called_background == 1
    assert figures.errors_by_class == {2: 2, 5: 1, 14: 1}


def test_calibration_error_is_the_gap_between_said_and_true() -> None:
    confidence = np.full(100, 0.9, np.float32)
    right = np.arange(100) < 90
    assert expected_calibration_error(confidence, right) == pytest.approx(0.0, abs=1e-6)
    assert expected_calibration_error(confidence, np.arange(100) < 60) == pytest.approx(0.3)


def test_probabilities_and_labels_must_belong_together() -> None:
    with pytest.raises(ValueError, match="1 rows of probabilities for 2 labels"):
        classifier_figures(sure_of(1), np.array([1, 2]), CATALOGUE)


def test_intervals_are_those_of_the_literature() -> None:
    # Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in Medicine 17, 1998, method 3.
    assert wilson_interval(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert wilson_interval(15, 148) == pytest.approx((0.0624, 0.1605), abs=1e-4)
    assert wilson_interval(0, 20) == pytest.approx((0.0, 0.1611), abs=1e-4)
    assert wilson_interval(29, 29) == pytest.approx((0.8830, 1.0), abs=1e-4)
    with pytest.raises(ValueError, match="3 right of 2"):
        wilson_interval(3, 2)


def test_a_class_is_told_by_what_it_is_read_as_and_what_is_read_as_it() -> None:
    # Two of class 0 (one read as 1), one of class 1, one of class 2 (lost to background).
    counts = confusion(np.array([0, 1, 1, 3]), np.array([0, 0, 1, 2]), 3)
    assert counts.tolist() == [[1, 1, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1]]
    rows = class_figures(counts)
    assert [(row.images, row.errors, row.recall, row.precision) for row in rows] == [
        (2, 1, 0.5, 1.0),
        (1, 0, 1.0, 0.5),
        (1, 1, 0.0, None),
    ]


def test_bins_of_confidence_say_what_is_right_in_them() -> None:
    confidence = np.array([0.99, 0.97, 0.51, 0.52, 1.0], np.float32)
    bins = reliability(confidence, np.array([True, True, True, False, True]))
    assert [one.images for one in bins] == [2, 3]
    assert [one.accuracy for one in bins] == [0.5, 1.0]
    assert bins[0].confidence == pytest.approx(0.515)


def test_only_a_higher_limit_is_a_higher_limit() -> None:
    #                  50 as 80, 80 as 50, 50 as stop, 80 as "end of 80", 120 as background
    answers, labels = np.array([5, 2, 14, 6, len(CATALOGUE)]), np.array([2, 5, 2, 5, 8])
    assert read_as_higher_limit(answers, labels, CATALOGUE).tolist() == [True, False, False, False, False]
