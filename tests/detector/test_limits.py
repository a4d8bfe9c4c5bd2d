"""Limits on where signs can be: what they close is not searched, and what they leave open is found as without them."""

from collections.abc import Iterator

import numpy as np
import pytest

from detector.boxes import overlaps
from detector.candidates import CandidateFinder, propose, working_grain
from detector.limits import TOLERANCE, Limits
from detector.ranker import load_ranker
from edge.sample_drive import draw_sign

LIMIT = 64
SIGNS = np.array([(300, 200, 50, 50), (700, 380, 60, 60), (900, 640, 40, 40)], np.float32)
"""In a picture of 1280x720: the last one in what `limits` may close."""


@pytest.fixture(scope="module")
def finder() -> Iterator[CandidateFinder]:
    finder = CandidateFinder(load_ranker())
    yield finder
    finder.close()


@pytest.fixture(scope="module")
def street() -> np.ndarray:
    image = np.full((720, 1280, 3), (110, 110, 110), np.int16)
    image += np.random.default_rng(0).integers(-6, 7, image.shape, np.int16)
    for x, y, side, _ in SIGNS.astype(int):
        sign = draw_sign(2, int(side))
        alpha = sign[..., 3:] / 255
        place = image[y : y + side, x : x + side]
        place[:] = alpha * sign[..., 2::-1] + (1 - alpha) * place
    return image.astype(np.uint8)


def limits(open_rows: slice = slice(None), smallest: float = 0.0, largest: float = 1.0) -> Limits:
    """Over a grid of 9 by 16."""
    low = np.full((9, 16), np.inf, np.float32)
    low[open_rows] = smallest
    return Limits(low, np.where(np.isfinite(low), largest, 0).astype(np.float32))


def test_with_everything_open_nothing_changes(finder: CandidateFinder, street: np.ndarray) -> None:
    free, limited = finder.find(street, LIMIT), finder.find(street, LIMIT, limits=limits())
    assert np.array_equal(free.boxes_xywh_px, limited.boxes_xywh_px)


def test_signs_in_open_rows_are_found_in_their_place_and_others_are_not(
    finder: CandidateFinder, street: np.ndarray
) -> None:
    found = finder.find(street, LIMIT, limits=limits(slice(2, 6))).boxes_xywh_px
    best = overlaps(SIGNS, found).max(axis=1)
    assert (best[:2] > 0.7).all()
    assert best[2] < 0.1


def test_closed_rows_are_not_even_searched(finder: CandidateFinder, street: np.ndarray) -> None:
    proposals = propose(street, finder._executor, limits=limits(slice(2, 5)))
    height = proposals.integral.shape[1]
    assert height < 0.8 * 720 / working_grain((1280, 720))
    assert proposals.first_row > 0


@pytest.mark.parametrize(("smallest", "largest"), [(60 / TOLERANCE / 1280 * 1.1, 1.0), (0.0, 30 * TOLERANCE / 1280)])
def test_what_is_too_small_or_too_large_for_its_place_is_left_out(
    finder: CandidateFinder, street: np.ndarray, smallest: float, largest: float
) -> None:
    proposals = propose(street, finder._executor, limits=limits(slice(None), smallest, largest))
    assert not (overlaps(SIGNS, proposals.boxes_xywh_px) > 0.8).any()


def test_where_nothing_can_be_nothing_is_found(finder: CandidateFinder, street: np.ndarray) -> None:
    assert len(finder.find(street, LIMIT, limits=limits(slice(0)))) == 0


@pytest.mark.parametrize("size", [(1, 1), (16, 2000), (200, 15)])
def test_pictures_of_odd_sizes_give_no_error(finder: CandidateFinder, size: tuple[int, int]) -> None:
    finder.find(np.zeros((*size, 3), np.uint8), LIMIT, limits=limits(slice(4, 5)))


def test_boxes_beyond_the_picture_count_as_at_its_edge() -> None:
    boxes = np.array([(-30, -30, 20, 20), (1300, 800, 20, 20)], np.float32)
    assert limits().possible(boxes, (1280, 720)).all()
    assert limits(slice(0, 1)).possible(boxes, (1280, 720)).tolist() == [True, False]


def test_grids_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(2, 3\) and \(3, 2\)"):
        Limits(np.zeros((2, 3), np.float32), np.zeros((3, 2), np.float32))
    with pytest.raises(ValueError, match="two grids"):
        Limits(np.zeros((0, 3), np.float32), np.zeros((0, 3), np.float32))
