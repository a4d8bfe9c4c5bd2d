import numpy as np
import pytest

from detector.candidates import Candidates
from detector.detections import detect

BOXES = np.array([[100, 100, 40, 40], [102, 98, 40, 40], [100, 142, 40, 40], [400, 100, 30, 30]], np.float32)
"""Two candidates of one sign, another sign right below on the same pole, and a wall."""


def candidates(rows: int, *scores: float) -> Candidates:
    """The first rows of `BOXES`, equally good unless scores are given."""
    return Candidates(BOXES[:rows], np.array(scores or [3.0] * rows, np.float32))


def probabilities(*rows: tuple[float, float]) -> np.ndarray:
    """Rows of (class 0, class 1, background)."""
    return np.array([(first, second, 1 - first - second) for first, second in rows], np.float32)


def test_two_signs_on_a_pole_stay_two_and_doubles_become_one() -> None:
    found = detect(candidates(4), probabilities((0.9, 0.05), (0.8, 0.1), (0.1, 0.85), (0.05, 0.05)), 0.5)
    assert found.class_ids.tolist() == [0, 1]
    assert found.boxes_xywh_px[1].tolist() == [100, 142, 40, 40]


def test_candidates_that_agree_place_the_box_together() -> None:
    found = detect(candidates(2), probabilities((0.8, 0.0), (0.8, 0.0)), 0.5)
    assert found.boxes_xywh_px[0].tolist() == pytest.approx([101, 99, 40, 40])
    found = detect(candidates(2), probabilities((0.8, 0.0), (0.0, 0.7)), 0.5)
    assert found.boxes_xywh_px[0].tolist() == pytest.approx([100, 100, 40, 40]), "one that reads otherwise has no say"


def test_of_two_readings_as_sure_the_box_that_fits_better_leads() -> None:
    sure = probabilities((0.97, 0.0), (0.96, 0.0))
    best = detect(candidates(2, -1.0, 5.0), sure, 0.5).boxes_xywh_px[0]
    assert abs(best - BOXES[1]).max() < abs(best - BOXES[0]).max()


def test_whether_it_is_a_sign_is_kept_apart_from_which() -> None:
    found = detect(candidates(1), probabilities((0.6, 0.2)), 0.5)
    assert found.existence[0] == pytest.approx(0.8)
    assert found.class_probabilities[0].tolist() == pytest.approx([0.75, 0.25])
    assert found.confidence[0] == pytest.approx(0.6)


def test_no_candidates_give_no_detections() -> None:
    found = detect(candidates(0), np.empty((0, 3), np.float32), 0.5)
    assert len(found) == 0
    assert found.class_ids.shape == found.confidence.shape == (0,)


def test_boxes_and_probabilities_must_belong_together() -> None:
    with pytest.raises(ValueError, match="4 boxes but probabilities of 1"):
        detect(candidates(4), probabilities((0.9, 0.0)), 0.5)
