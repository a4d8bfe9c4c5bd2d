"""Boxes a step away."""

import numpy as np
import pytest

from detector.boxes import overlaps
from detector.fitting import STEPS, neighbours

BOXES = np.array([[100, 50, 40, 20], [10, 10, 30, 30]], np.float32)


def test_each_box_has_its_own_neighbours() -> None:
    beside, rows = neighbours(BOXES)
    assert beside.dtype == np.float32
    assert sorted(rows.tolist()) == sorted([0, 1] * len(STEPS))
    shared = overlaps(BOXES, beside)[rows, np.arange(len(rows))]
    assert ((shared > 0.5) & (shared < 0.9)).all()


@pytest.mark.parametrize("share", [0.6, 1.6])
def test_a_box_of_half_or_twice_the_area_has_a_neighbour_that_fits_better(share: float) -> None:
    sign = np.array([[200, 100, 40, 40]], np.float32)
    side = 40 * np.sqrt(share)
    wrong = np.array([[220 - side / 2, 120 - side / 2, side, side]], np.float32)
    before = overlaps(sign, wrong)[0, 0]
    assert before == pytest.approx(min(share, 1 / share), abs=0.01)
    assert overlaps(sign, neighbours(wrong)[0]).max() > before + 0.25


def test_of_no_boxes_there_are_none() -> None:
    beside, rows = neighbours(np.empty((0, 4), np.float32))
    assert beside.shape == (0, 4)
    assert rows.shape == (0,)


def test_of_a_box_around_two_signs_on_a_pole_each_is_a_neighbour() -> None:
    signs = np.array([[100, 100, 30, 30], [100, 130, 30, 30]], np.float32)
    both = np.array([[100, 100, 30, 60]], np.float32)
    assert overlaps(signs, neighbours(both)[0]).max(axis=1).min() > 0.7
