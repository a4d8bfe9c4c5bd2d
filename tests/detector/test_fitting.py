"""Boxes a step away."""

import numpy as np
import pytest

from detector.boxes import overlaps
from detector.fitting import NEIGHBOURS, STEPS, neighbours

BOXES = np.array([[100, 50, 40, 20], [10, 10, 30, 30]], np.float32)


def test_each_box_has_its_own_neighbours() -> None:
    beside = neighbours(BOXES)
    assert beside.shape == (2, NEIGHBOURS, 4)
    assert beside.dtype == np.float32
    for box, around in zip(BOXES, beside, strict=True):
        shared = overlaps(box[None], around)[0]
        assert ((shared[: len(STEPS)] > 0.5) & (shared[: len(STEPS)] < 0.9)).all()
        assert shared[len(STEPS) :].tolist() == [1, 1], "it is no higher than wide"


@pytest.mark.parametrize("share", [0.6, 1.6])
def test_a_box_of_half_or_twice_the_area_has_a_neighbour_that_fits_better(share: float) -> None:
    sign = np.array([[200, 100, 40, 40]], np.float32)
    side = 40 * np.sqrt(share)
    wrong = np.array([[220 - side / 2, 120 - side / 2, side, side]], np.float32)
    before = overlaps(sign, wrong)[0, 0]
    assert before == pytest.approx(min(share, 1 / share), abs=0.01)
    assert overlaps(sign, neighbours(wrong)[0]).max() > before + 0.25


def test_of_no_boxes_there_are_none() -> None:
    assert neighbours(np.empty((0, 4), np.float32)).shape == (0, NEIGHBOURS, 4)


def test_of_a_box_around_two_signs_on_a_pole_each_is_a_neighbour() -> None:
    signs = np.array([[100, 100, 30, 30], [100, 130, 30, 30]], np.float32)
    both = np.array([[100, 100, 30, 60]], np.float32)
    assert overlaps(signs, neighbours(both)[0]).max(axis=1).min() > 0.7
