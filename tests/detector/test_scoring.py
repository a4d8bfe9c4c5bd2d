import numpy as np

from detector.scoring import NEVER, Tally, first_ranks, match, tally_frame

TRUTH = np.array([[0, 0, 10, 10], [50, 50, 10, 10]], np.float32)


def test_two_detections_on_one_sign_are_one_right_and_one_false() -> None:
    boxes = np.array([[0, 0, 10, 10], [1, 0, 10, 10], [50, 50, 10, 10]], np.float32)
    assert match(boxes, np.array([0.5, 0.9, 0.7], np.float32), TRUTH).tolist() == [-1, 0, 1]


def test_the_class_must_be_right_too() -> None:
    tally = tally_frame(TRUTH, TRUTH, np.array([3, 4]), np.array([0.9, 0.9], np.float32), TRUTH, np.array([3, 5]))
    assert tally == Tally(frames=1, signs=2, boxes_found=2, detections=2, right=1, candidates=2)


def test_figures_are_those_of_the_sum() -> None:
    one = Tally(frames=1, signs=2, boxes_found=2, detections=1, right=1, candidates=10)
    other = Tally(frames=3, signs=2, boxes_found=1, detections=3, right=1, candidates=20)
    figures = (one + other).figures()
    assert (figures["recall"], figures["precision"], figures["f1"]) == (0.5, 0.5, 0.5)
    assert (figures["boxes_recall"], figures["false_per_frame"], figures["candidates_per_frame"]) == (0.75, 0.5, 7.5)


def test_a_frame_without_signs_has_no_recall_to_lose() -> None:
    nothing = np.empty((0, 4), np.float32)
    no_score = np.empty(0, np.float32)
    tally = tally_frame(nothing, nothing, np.empty(0, np.intp), no_score, nothing, np.empty(0, np.int64))
    assert tally == Tally(frames=1)
    assert tally.figures()["f1"] == 0


def test_a_signs_rank_is_that_of_the_first_candidate_that_fits() -> None:
    candidates = np.array([[200, 200, 10, 10], [4, 0, 10, 10], [0, 0, 10, 10]], np.float32)
    assert first_ranks(candidates, TRUTH, 0.5).tolist() == [2, NEVER], "4 px off shares less than half"
    assert first_ranks(candidates, TRUTH, 0.4).tolist() == [1, NEVER]
    assert first_ranks(candidates[:0], TRUTH, 0.5).tolist() == [NEVER, NEVER]
    assert first_ranks(candidates, TRUTH[:0], 0.5).tolist() == []
