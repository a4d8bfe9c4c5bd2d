import numpy as np
import pytest

from models.catalogue import load_catalogue
from models.evaluation import classifier_figures, expected_calibration_error

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
