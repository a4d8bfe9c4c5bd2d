"""Ways in which maps are cut into regions, and strays, which no ranker judges."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from detector.boxes import Boxes, overlaps
from detector.candidates import IN_TURN, STRAYING, STRAYS, CandidateFinder, propose
from detector.colour import MAPS, encode
from detector.limits import Limits
from detector.ranker import load_ranker
from detector.regions import CUTS, STRAY_CUTS, Cut, Regions, find_regions, find_strays

COLUMNS, ROWS = 4, 3
SQUARES = np.array([[20 + 40 * i, 20 + 40 * j, 10, 10] for i in range(COLUMNS) for j in range(ROWS)], np.float32)


def maps_with(cut: Cut, value: float) -> np.ndarray:
    """A dozen squares of 10 pixels that have another value than what is around, which is neutral."""
    maps = np.full((len(MAPS), 160, 200), 128, np.uint8)
    plane = maps[MAPS.index(cut.map)]
    plane[:] = np.clip(encode(cut.map, neutral(cut)), 0, 255)
    for x, y, w, h in SQUARES.astype(int):
        plane[y : y + h, x : x + w] = np.clip(encode(cut.map, value), 0, 255)
    return maps


def neutral(cut: Cut) -> float:
    return 1.0 if cut.map.endswith("brightness") else 0.0


def grown(cut: Cut) -> Boxes:
    """What the squares' signs would cover."""
    side = 10 * cut.growth
    return np.asarray([[x + 5 - side / 2, y + 5 - side / 2, side, side] for x, y, _, _ in SQUARES], np.float32)


def in_order(boxes: Boxes) -> Boxes:
    return np.asarray(boxes[np.lexsort((boxes[:, 1], boxes[:, 0]))])


def regions_where(cut: Cut, value: float) -> Regions:
    with ThreadPoolExecutor(1) as executor:
        return find_regions(maps_with(cut, value), executor)


@pytest.mark.parametrize("number", range(len(CUTS)))
def test_a_region_lies_beyond_the_faintest_level_and_grows_to_what_a_sign_would_cover(number: int) -> None:
    cut = CUTS[number]
    middle = (cut.faintest + cut.strongest) / 2
    found = regions_where(cut, middle)
    own = found.take(np.flatnonzero(found.cut == number))
    np.testing.assert_allclose(in_order(own.boxes_xywh_px), grown(cut), rtol=1e-5)
    assert (own.fill == 1).all()
    for other in ((cut.faintest + neutral(cut)) / 2, 2 * neutral(cut) - middle):
        assert number not in regions_where(cut, other).cut, "too faint, or on the other side"


@pytest.mark.parametrize("turn", range(len(STRAY_CUTS)))
def test_a_stray_lies_beyond_the_faintest_level_on_its_cuts_side(turn: int) -> None:
    cut = STRAY_CUTS[turn]
    middle = (cut.faintest + cut.strongest) / 2
    np.testing.assert_allclose(in_order(find_strays(maps_with(cut, middle), 100, turn)), grown(cut), rtol=1e-5)
    for other in ((cut.faintest + neutral(cut)) / 2, 2 * neutral(cut) - middle):
        assert not len(find_strays(maps_with(cut, other), 100, turn))


def test_with_each_turn_there_are_other_strays_until_all_have_been_there() -> None:
    cut = STRAY_CUTS[1]
    maps = maps_with(cut, (cut.faintest + cut.strongest) / 2)
    turns = [find_strays(maps, 5, turn) for turn in range(1, 1 + 3 * len(STRAY_CUTS), len(STRAY_CUTS))]
    assert all(0 < len(boxes) <= 5 for boxes in turns)
    np.testing.assert_allclose(in_order(np.concatenate(turns)), grown(cut), rtol=1e-5)
    np.testing.assert_array_equal(find_strays(maps, 5, 1 + 3 * len(STRAY_CUTS)), turns[0])


@pytest.fixture(scope="module")
def shade() -> np.ndarray:
    """A frame in the shade with a yellow core in a pale border, hardly yellow itself."""
    image = np.full((800, 1360, 3), (88, 74, 66), np.uint8)
    across, down = np.meshgrid(np.arange(1360) - 700, np.arange(800) - 300)
    away = np.abs(across) + np.abs(down)
    image[away < 24] = (92, 86, 82)
    image[away < 13] = (50, 62, 62)
    return np.asarray(image, np.uint8)


PLACE = np.array([[676, 276, 48, 48]], np.float32)


def test_a_drives_frame_has_strays_beside_its_candidates_and_a_single_picture_has_none(shade: np.ndarray) -> None:
    finder = CandidateFinder(load_ranker())
    alone = finder.find(shade, 8)
    for turn in range(STRAYING * len(STRAY_CUTS)):
        assert len(finder.find(shade, 8, turn=turn)) <= 8 + IN_TURN + STRAYS
    with_strays, without = finder.find(shade, 8, turn=0), finder.find(shade, 8, turn=0, strays=0)
    finder.close()
    assert len(alone) <= 8
    assert len(with_strays) > len(without)
    assert overlaps(PLACE, with_strays.boxes_xywh_px[len(without) :]).max() > 0.6


def test_strays_of_each_cut_have_their_turn_and_frames_between_have_none(shade: np.ndarray) -> None:
    with ThreadPoolExecutor(1) as executor:
        turns = STRAYING * len(STRAY_CUTS) + 1
        found = [propose(shade, executor, turn=turn).strays_xywh_px for turn in range(turns)]
    assert all(len(boxes) == 0 for boxes in found[1::STRAYING])
    assert overlaps(PLACE, found[0]).max() > 0.6
    np.testing.assert_array_equal(found[-1], found[0], "once more, since it has but one region")
    assert all(len(boxes) != len(found[0]) or (boxes != found[0]).any() for boxes in found[STRAYING:-1:STRAYING])


def test_strays_keep_to_where_signs_can_be(shade: np.ndarray) -> None:
    nowhere_above = np.full((8, 16), np.inf, np.float32)
    nowhere_above[5:] = 0.0
    limits = Limits(nowhere_above, np.ones_like(nowhere_above))
    with ThreadPoolExecutor(1) as executor:
        free, limited = (propose(shade, executor, limits=one, turn=0) for one in (None, limits))
    assert overlaps(PLACE, free.strays_xywh_px).max() > 0.6
    assert overlaps(PLACE, limited.strays_xywh_px).max(initial=0.0) == 0.0
