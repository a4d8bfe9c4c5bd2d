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
LIMIT_50, NO_ENTRY, GENERAL_CAUTION, NO_PASSING_ENDS, AHEAD = 2, 17, 18, 41, 35


def picture_of(colour: tuple[int, int, int], inside: tuple[int, int, int]) -> np.ndarray:
    """A disc with a rim on grey."""
    crop = np.full((SIZE, SIZE, 3), GREY, np.uint8)
    for share, part in ((1.0, colour), (0.7, inside)):
        cv2.circle(crop, (SIZE // 2, SIZE // 2), round(share * HALF), part, cv2.FILLED)
    return crop


def without_silhouettes(alike: np.ndarray) -> np.ndarray:
    """Those of 60 made from a crop on grey: a silhouette shows its sky instead."""
    return alike[(np.abs(alike[:, 2, 2].astype(int) - GREY) < 4).all(axis=1)]


def test_each_keeps_what_is_around_and_inside_but_neither_colour_nor_outline_as_they_were() -> None:
    crop = picture_of(RED, WHITE)
    alike = make_look_alikes(crop[None], np.array([LIMIT_50]), CATALOGUE, MARGIN, 60, 1)
    assert alike.shape == (60, SIZE, SIZE, 3)
    assert alike.dtype == np.uint8
    alike = without_silhouettes(alike)
    assert 45 < len(alike) < 60, "a few silhouettes"
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
    assert 25 < turned < 52


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


def test_a_disc_of_one_colour_bears_something_else_or_nothing() -> None:
    crop = picture_of(RED, RED)
    middle, reach = SIZE // 2, round(0.7 * HALF)
    bar = (slice(middle - 2, middle + 3), slice(middle - reach, middle + reach))
    crop[bar] = WHITE
    alike = without_silhouettes(make_look_alikes(crop[None], np.array([NO_ENTRY]), CATALOGUE, MARGIN, 120, 1))
    of_disc = np.zeros((SIZE, SIZE), np.uint8)
    cv2.circle(of_disc, (middle, middle), round(0.8 * HALF), 1, cv2.FILLED)
    rim = alike[:, middle, middle + round(0.9 * HALF)].astype(int)
    still_round = (np.abs(alike[:, middle - 12, middle - 12].astype(int) - GREY) < 30).all(axis=1)
    marked = alike[(np.abs(rim - RED) < 30).all(axis=1) & still_round]
    assert 35 < len(marked) < 85, "half of the discs"
    white = marked[:, :, :, 1] > 150  # red has none of it
    assert (white[:, bar[0], bar[1]].mean(axis=(1, 2)) < 0.9).all(), "no bar is left whole"
    bare = ~(marked[:, of_disc > 0][:, :, 1] > 90).any(axis=1)
    assert 0.1 < bare.mean() < 0.45
    assert len({one.tobytes() for one in marked[~bare]}) == (~bare).sum(), "each bears its own"


def test_a_disc_with_a_white_face_keeps_what_is_on_it() -> None:
    crop = picture_of(RED, WHITE)
    alike = without_silhouettes(make_look_alikes(crop[None], np.array([LIMIT_50]), CATALOGUE, MARGIN, 60, 1))
    face = alike[:, SIZE // 2 - 4 : SIZE // 2 + 5, SIZE // 2 - 4 : SIZE // 2 + 5].astype(int)
    np.testing.assert_allclose(face, np.broadcast_to(WHITE, face.shape), atol=2)


def test_a_silhouette_is_dark_in_the_middle_and_narrows_towards_a_bright_sky() -> None:
    crop = picture_of(RED, WHITE)
    alike = make_look_alikes(crop[None], np.array([LIMIT_50]), CATALOGUE, MARGIN, 200, 1)
    rest = {one.tobytes() for one in without_silhouettes(alike)}
    silhouettes = np.array([one for one in alike if one.tobytes() not in rest]).mean(axis=3)
    assert 6 < len(silhouettes) < 30
    sky, middle = silhouettes[:, :4].mean(axis=(1, 2)), silhouettes[:, 24:32, 20:28].mean(axis=(1, 2))
    assert (middle < 0.7 * sky).all()
    dark = silhouettes < (sky + middle)[:, None, None] / 2
    high, low = dark[:, 10:20].sum(axis=(1, 2)), dark[:, 28:38].sum(axis=(1, 2))
    assert (low > 1.5 * high).all()
