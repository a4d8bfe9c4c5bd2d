import cv2
import numpy as np
import pytest

from models.numerals import NUMERALS, draw_numerals

HOLES = {"0": 1, "1": 0, "2": 0, "3": 0, "4": 1, "5": 0, "6": 1, "7": 0, "8": 2, "9": 1}


SPECK_PX = 20
"""What strokes leave open where they join is no hole of the numeral."""


def holes(mask: np.ndarray) -> int:
    ground = np.pad((mask < 128).astype(np.uint8), 1, constant_values=1)
    areas = cv2.connectedComponentsWithStats(ground, connectivity=4)[2][1:, cv2.CC_STAT_AREA]
    return int((areas > SPECK_PX).sum()) - 1


@pytest.mark.parametrize("numeral", HOLES)
def test_in_every_hand_a_numeral_keeps_its_form(numeral: str) -> None:
    for seed in range(200):
        mask = draw_numerals(numeral, np.random.default_rng(seed))
        assert holes(mask) == HOLES[numeral], f"hand {seed}"


def test_every_numeral_has_a_form_that_is_known() -> None:
    assert set(HOLES) == set(NUMERALS)


def test_hands_differ_and_one_seed_is_one_hand() -> None:
    first, again, other = (draw_numerals("60", np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert (first == again).all()
    assert first.shape != other.shape or (first != other).any()


def test_numbers_are_cut_to_their_strokes() -> None:
    mask = draw_numerals("120", np.random.default_rng(3))
    assert mask[0].any() and mask[-1].any() and mask[:, 0].any() and mask[:, -1].any()


def test_what_is_no_numeral_is_refused() -> None:
    with pytest.raises(KeyError):
        draw_numerals("6o", np.random.default_rng(0))
