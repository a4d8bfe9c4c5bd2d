"""What looks like a sign and is none."""

import cv2
import numpy as np
import pytest

from models.catalogue import BUILT_IN, load_catalogue
from models.look_alikes import make_look_alikes

CATALOGUE = load_catalogue(BUILT_IN)
MARGIN = 0.3
SIZE = 48
HALF = SIZE / (1 + 2 * MARGIN) / 2
BLUE, RED, GREY, WHITE = (180, 80, 20), (30, 30, 190), (120, 120, 120), (240, 240, 240)
LIMIT_50, GENERAL_CAUTION, NO_PASSING_ENDS, AHEAD = 2, 18, 41, 35


def picture_of(colour: tuple[int, int, int], inside: tuple[int, int, int]) -> np.ndarray:
    """A disc with a rim on grey."""
    crop = np.full((SIZE, SIZE, 3), GREY, np.uint8)
    for share, part in ((1.0, colour), (0.7, inside)):
        cv2.circle(crop, (SIZE // 2, SIZE // 2), round(share * HALF), part, cv2.FILLED)
    return crop


def test_each_keeps_what_is_around_and_inside_but_neither_colour_nor_outline_as_they_were() -> None:
    crop = picture_of(RED, WHITE)
    alike = make_look_alikes(crop[None], np.array([LIMIT_50]), CATALOGUE, MARGIN, 60, 1)
    assert alike.shape == (60, SIZE, SIZE, 3)
    assert alike.dtype == np.uint8
    squared = turned = 0
    for one in alike.astype(int):
        np.testing.assert_array_equal(one[:6], crop[:6], "what is around")
        np.testing.assert_allclose(one[SIZE // 2, SIZE // 2], WHITE, atol=2, err_msg="white has no hue to turn")
        corner, rim = one[SIZE // 2 - 12, SIZE // 2 - 12], one[SIZE // 2, SIZE // 2 - 13]
        of_square, of_rim = np.abs(corner - GREY).max() > 30, np.abs(rim - RED).max() > 30
        assert of_square or of_rim
        if of_square:
            np.testing.assert_allclose(corner, rim, atol=20)
        squared, turned = squared + of_square, turned + of_rim
    assert 15 < squared < 45
    assert 25 < turned < 55


def test_a_sign_without_colour_and_one_whose_colour_cannot_be_told_are_left_alone() -> None:
    crops = np.stack([picture_of((40, 40, 40), WHITE), picture_of((100, 80, 70), GREY), picture_of(BLUE, WHITE)])
    labels = np.array([NO_PASSING_ENDS, AHEAD, len(CATALOGUE)])
    assert make_look_alikes(crops, labels, CATALOGUE, MARGIN, 10, 1).shape == (0, SIZE, SIZE, 3)


@pytest.mark.parametrize("seed", [1, 2])
def test_the_same_seed_makes_the_same(seed: int) -> None:
    crops, labels = picture_of(BLUE, BLUE)[None], np.array([AHEAD])
    one, again = (make_look_alikes(crops, labels, CATALOGUE, MARGIN, 8, seed) for _ in range(2))
    np.testing.assert_array_equal(one, again)
    assert (one != make_look_alikes(crops, labels, CATALOGUE, MARGIN, 8, seed + 5)).any()


def test_a_sign_that_stands_in_one_way_only_lies_on_its_side_now_and_then() -> None:
    crop = np.full((SIZE, SIZE, 3), GREY, np.uint8)
    middle, reach = SIZE // 2, round(HALF)
    corners = np.array([[middle, middle - reach], [middle + reach, middle + reach], [middle - reach, middle + reach]])
    cv2.fillPoly(crop, [corners], RED)
    alike = make_look_alikes(crop[None], np.array([GENERAL_CAUTION]), CATALOGUE, MARGIN, 60, 1).astype(int)
    red = np.abs(alike - RED).max(axis=3) < 30
    laid = red.sum(axis=(1, 2)) > 150
    assert 10 < laid.sum() < 32, "the others have another colour"
    left, right = (red[laid][:, :, half].sum(axis=(1, 2)) for half in (slice(middle), slice(middle, SIZE)))
    heavier = np.maximum(left, right) / np.minimum(left, right)
    assert heavier.min() > 1.5, "its broad side is left or right"
    assert 0 < (left > right).sum() < laid.sum()
