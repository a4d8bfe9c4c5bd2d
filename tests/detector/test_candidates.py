from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest

from detector.boxes import overlaps
from detector.candidates import MIN_SCORE, WORKING_PIXELS, CandidateFinder, Candidates, propose, working_size
from detector.ranker import load_ranker
from detector.regions import CUTS, MAX_REGIONS, MAX_STACKED
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
    with ThreadPoolExecutor(2) as executor:
        assert len(propose(image, executor).regions) <= MAX_STACKED * sum(MAX_REGIONS) * len(CUTS)


def test_what_is_no_bgr_picture_is_refused(finder: CandidateFinder) -> None:
    with pytest.raises(ValueError, match=r"\(20, 30\) uint8"):
        finder.find(np.zeros((20, 30), np.uint8), LIMIT)


def test_the_working_picture_grows_and_shrinks_without_a_step() -> None:
    assert working_size(1360, 800) == (680, 400)
    assert working_size(640, 360) == (640, 360), "what is small stays as it is"
    for width in range(700, 8000, 50):
        wide, high = working_size(width, width * 9 // 16)
        assert wide * high == pytest.approx(WORKING_PIXELS, rel=0.01)
        assert wide / high == pytest.approx(16 / 9, rel=0.01)
    assert working_size(16, 10_000_000) == (1, 412_311)


@pytest.mark.parametrize("size", [(960, 544), (1281, 721), (1361, 801), (1920, 1200), (3840, 2160)])
def test_a_sign_is_found_in_its_place_at_any_size(finder: CandidateFinder, size: tuple[int, int]) -> None:
    image = cv2.resize(street(), size, interpolation=cv2.INTER_AREA if size[0] < 1360 else cv2.INTER_LINEAR)
    scale = np.array((size[0] / 1360, size[1] / 800) * 2, np.float32)
    found = finder.find(np.asarray(image, np.uint8), LIMIT)
    for box in SIGNS.values():
        assert overlaps(found.boxes_xywh_px, np.array([box], np.float32) * scale).max() > 0.65


@pytest.mark.parametrize("size", [(16, 40_000), (40_000, 16), (7680, 4320)])
def test_frames_of_any_shape_up_to_8k_are_looked_through(finder: CandidateFinder, size: tuple[int, int]) -> None:
    generator = np.random.default_rng(1)
    grain = generator.integers(0, 256, (size[1] // 16 + 1, size[0] // 16 + 1, 3), np.uint8)
    image = np.asarray(cv2.resize(grain, size, interpolation=cv2.INTER_NEAREST), np.uint8)
    assert len(finder.find(image, LIMIT)) <= LIMIT


@pytest.mark.parametrize("class_id", [1, 14, 38], ids=["a limit", "stop", "a blue disc"])
def test_a_sign_before_something_red_that_fills_the_frame_is_found(finder: CandidateFinder, class_id: int) -> None:
    image = np.full((800, 1360, 3), (45, 40, 180), np.int16) + np.random.default_rng(1).integers(
        -25, 26, (800, 1360, 1)
    )
    sign = draw_sign(class_id, 60)
    alpha = sign[..., 3:] / 255
    image[300:360, 700:760] = alpha * sign[..., 2::-1] + (1 - alpha) * image[300:360, 700:760]
    found = finder.find(np.clip(image, 0, 255).astype(np.uint8), LIMIT)
    assert overlaps(found.boxes_xywh_px, np.array([(700, 300, 60, 60)], np.float32)).max() > 0.5


def test_a_faint_sign_beside_a_wall_of_grain_keeps_its_place_among_the_regions() -> None:
    image = np.random.default_rng(5).integers(0, 256, (800, 1360, 3), np.uint8)
    image[:, 1060:] = (120, 118, 115)
    sign = draw_sign(14, 80)
    alpha = 0.08 * sign[..., 3:] / 255
    place = image[300:380, 1150:1230]
    place[:] = (alpha * sign[..., 2::-1] + (1 - alpha) * place).astype(np.uint8)
    with ThreadPoolExecutor(2) as executor:
        boxes = propose(image, executor).boxes_xywh_px
    assert overlaps(boxes, np.array([(1150, 300, 80, 80)], np.float32)).max() > 0.8


def test_two_signs_whose_rims_touch_are_proposed_each(finder: CandidateFinder) -> None:
    image = np.full((800, 1360, 3), (150, 140, 135), np.uint8)
    for centre in ((600, 300), (600, 347)):
        cv2.circle(image, centre, 24, (40, 35, 110), cv2.FILLED, cv2.LINE_AA)
        cv2.circle(image, centre, 18, (105, 100, 100), cv2.FILLED, cv2.LINE_AA)
    signs = np.array([(576, 276, 48, 48), (576, 323, 48, 48)], np.float32)
    found = finder.find(image, LIMIT)
    assert (overlaps(signs, found.boxes_xywh_px[:20]).max(axis=1) > 0.6).all()


def test_what_scores_too_little_is_left_out() -> None:
    found = Candidates(np.zeros((3, 4), np.float32), np.array([3.0, 1.0, -2.0], np.float32))
    assert [len(found.above(score)) for score in (-3.0, -2.0, 0.0, 4.0)] == [3, 3, 2, 0]


def test_where_a_sign_should_be_and_no_candidate_is_the_poorest_make_room() -> None:
    boxes = np.array([[100, 100, 40, 40], [300, 100, 40, 40], [500, 100, 40, 40]], np.float32)
    found = Candidates(boxes, np.array([3.0, 1.0, -2.0], np.float32))
    elsewhere = np.array([[104, 102, 38, 38], [700, 100, 30, 30]], np.float32)
    completed = found.completed(elsewhere, 3)
    assert completed.boxes_xywh_px.tolist() == [*boxes[:2].tolist(), [700, 100, 30, 30]]
    assert completed.scores.tolist() == [3.0, 1.0, MIN_SCORE]
    nothing = np.empty((0, 4), np.float32)
    assert len(found.completed(elsewhere, 4)) == 4, "where there is room, nothing makes room"
    assert found.completed(nothing, 3).boxes_xywh_px.tolist() == boxes.tolist()
    alone = Candidates(nothing, np.empty(0, np.float32)).completed(boxes, 3)
    assert alone.boxes_xywh_px.tolist() == boxes.tolist()


def test_what_looks_less_like_a_sign_takes_turns_until_all_have_been_there() -> None:
    scores = np.arange(23, 0, -1, dtype=np.float32)
    found = Candidates(np.zeros((23, 4), np.float32), scores)
    turns = [found.in_turn(3, 8, turn).scores.tolist() for turn in range(3)]
    assert all(turn[:3] == [23.0, 22.0, 21.0] for turn in turns)
    assert all(len(turn) <= 3 + 8 for turn in turns)
    others = [score for turn in turns for score in turn[3:]]
    assert sorted(others, reverse=True) == scores[3:].tolist()
    assert found.in_turn(3, 8, 3).scores.tolist() == turns[0]
    assert len(found.first(2).in_turn(3, 8, 1)) == 2
