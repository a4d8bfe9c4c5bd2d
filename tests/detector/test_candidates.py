from collections.abc import Iterator

import cv2
import numpy as np
import pytest

from detector.boxes import overlaps
from detector.candidates import CandidateFinder, shrink_factor
from detector.ranker import load_ranker
from detector.regions import CUTS, MAX_REGIONS_PER_MAP
from edge.sample_drive import draw_sign

LIMIT = 64


@pytest.fixture(scope="module")
def finder() -> Iterator[CandidateFinder]:
    finder = CandidateFinder(load_ranker())
    yield finder
    finder.close()


SIGNS = {2: (375, 375, 50, 50), 38: (675, 395, 50, 50), 12: (964, 364, 60, 60)}
"""Class and box of a limit, a blue disc and a yellow diamond."""


def street() -> np.ndarray:
    """Grey road, blue sky, and the signs."""
    image = np.full((800, 1360, 3), (110, 110, 110), np.uint8)
    image[:300] = (200, 170, 140)
    for class_id, (x, y, side, _) in SIGNS.items():
        sign = draw_sign(class_id, side)
        alpha = sign[..., 3:] / 255
        place = image[y : y + side, x : x + side]
        place[:] = (alpha * sign[..., 2::-1] + (1 - alpha) * place).astype(np.uint8)
    return image


@pytest.mark.parametrize("class_id", SIGNS)
def test_signs_of_every_colour_are_among_the_first(finder: CandidateFinder, class_id: int) -> None:
    found = finder.find(street(), LIMIT)
    assert overlaps(found.boxes_xywh_px[:20], np.array([SIGNS[class_id]], np.float32)).max() > 0.5


def test_candidates_come_best_first_and_never_too_many(finder: CandidateFinder) -> None:
    found = finder.find(street(), 3)
    assert len(found) == 3
    assert (np.diff(found.scores) <= 0).all()


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((1, 1, 3), np.uint8),
        np.zeros((15, 200, 3), np.uint8),
        np.zeros((300, 400, 3), np.uint8),
        np.full((300, 400, 3), (0, 0, 255), np.uint8),
        np.full((300, 400, 3), 255, np.uint8),
    ],
    ids=["1x1", "a strip", "black", "red", "white"],
)
def test_pictures_with_nothing_in_them_give_no_error(finder: CandidateFinder, image: np.ndarray) -> None:
    assert len(finder.find(image, LIMIT)) <= LIMIT


@pytest.mark.parametrize("cell", [1, 7, 20])
def test_noise_and_checkerboards_stay_within_the_bound(finder: CandidateFinder, cell: int) -> None:
    generator = np.random.default_rng(1)
    small = generator.integers(0, 256, (720 // cell + 1, 1280 // cell + 1, 3), np.uint8)
    image = np.asarray(cv2.resize(small, (1280, 720), interpolation=cv2.INTER_NEAREST), np.uint8)
    assert len(finder.find(image, LIMIT)) <= LIMIT
    assert MAX_REGIONS_PER_MAP * len(CUTS) <= 12_000


def test_what_is_no_bgr_picture_is_refused(finder: CandidateFinder) -> None:
    with pytest.raises(ValueError, match=r"\(20, 30\) uint8"):
        finder.find(np.zeros((20, 30), np.uint8), LIMIT)


@pytest.mark.parametrize(
    ("size", "factor"), [((640, 480), 1), ((960, 540), 1), ((1280, 720), 2), ((1920, 1080), 2), ((3840, 2160), 4)]
)
def test_the_working_picture_stays_small(size: tuple[int, int], factor: int) -> None:
    assert shrink_factor(*size) == factor


def test_two_signs_whose_rims_touch_are_proposed_each(finder: CandidateFinder) -> None:
    image = np.full((800, 1360, 3), (150, 140, 135), np.uint8)
    for centre in ((600, 300), (600, 347)):
        cv2.circle(image, centre, 24, (40, 35, 110), cv2.FILLED, cv2.LINE_AA)
        cv2.circle(image, centre, 18, (105, 100, 100), cv2.FILLED, cv2.LINE_AA)
    signs = np.array([(576, 276, 48, 48), (576, 323, 48, 48)], np.float32)
    found = finder.find(image, LIMIT)
    assert (overlaps(signs, found.boxes_xywh_px[:20]).max(axis=1) > 0.6).all()
