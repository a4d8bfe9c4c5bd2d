import cv2
import numpy as np
import pytest

from detector.boxes import overlaps
from detector.trees import SAME_BOX, Shape, find_components

SHAPE = Shape(min_side_px=4, max_side_px=40, max_aspect=2.2, max_stacked=3.3, min_fill=0.12)
PLENTY = (10_000,)
AS_IT_IS = np.arange(256, dtype=np.uint8)


def blobs(seed: int) -> np.ndarray:
    """Smooth noise as a map of some 20 levels, a third of it at level 0."""
    noise = np.random.default_rng(seed).integers(0, 256, (90, 120), np.uint8)
    smooth = np.asarray(cv2.GaussianBlur(noise, (0, 0), 2), np.float64)
    smooth = 255 * (smooth - smooth.min()) / np.ptp(smooth)
    return np.asarray(np.maximum(smooth - 100, 0) // 8, np.uint8)


def labelled(levels: np.ndarray) -> np.ndarray:
    """The same by the book: cut at every level and label, (n, 5)."""
    found = []
    for level in range(1, int(levels.max()) + 1):
        stats = cv2.connectedComponentsWithStats((levels >= level).astype(np.uint8), connectivity=8)[2][1:]
        for x, y, width, height, area in stats.tolist():
            fits = min(width, height) >= SHAPE.min_side_px and max(width, height / 3.3) <= SHAPE.max_side_px
            fits = fits and width <= 2.2 * height and height <= 3.3 * width
            if fits and area >= 0.12 * width * height:
                found.append((x, y, width, height, area))
    return np.array(found)


@pytest.mark.parametrize("seed", range(6))
def test_a_tree_finds_what_labelling_every_level_finds(seed: int) -> None:
    levels = blobs(seed)
    found, expected = find_components(levels, AS_IT_IS, SHAPE, PLENTY), labelled(levels)
    assert len(found) > 30
    assert {tuple(row) for row in found.tolist()} <= {tuple(row) for row in expected.tolist()}
    near = overlaps(expected[:, :4].astype(np.float32), found[:, :4].astype(np.float32)).max(axis=1)
    assert near.min() > 1 - 3 * SAME_BOX, "what is left out is all but the same as a region that is there"


def test_higher_levels_come_first() -> None:
    levels = np.zeros((40, 60), np.uint8)
    levels[5:35, 5:35] = 3
    levels[10:20, 10:20] = 9
    levels[10:20, 45:55] = 5
    found = find_components(levels, AS_IT_IS, SHAPE, PLENTY).tolist()
    assert found == [[10, 10, 10, 10, 100], [45, 10, 10, 10, 100], [5, 5, 30, 30, 900]]


def test_regions_touch_at_corners_and_at_the_border() -> None:
    levels = np.zeros((10, 10), np.uint8)
    levels[:5, :5] = levels[5:, 5:] = 255
    assert find_components(levels, AS_IT_IS, SHAPE, PLENTY).tolist() == [[0, 0, 10, 10, 50]]


def test_no_more_regions_than_asked_for() -> None:
    assert len(find_components(blobs(0), AS_IT_IS, SHAPE, (7,))) == 7


def test_grain_takes_no_place_from_what_is_larger_and_fainter() -> None:
    levels = np.zeros((90, 120), np.uint8)
    levels[10:40, 10:40] = 2
    for y in range(50, 85, 6):
        for x in range(5, 115, 6):
            levels[y : y + 4, x : x + 4] = 9
    found = find_components(levels, AS_IT_IS, SHAPE, (5, 5, 5)).tolist()
    assert found[:5] == [[x, 50, 4, 4, 16] for x in (5, 11, 17, 23, 29)]
    assert found[5:] == [[10, 10, 30, 30, 900]]


@pytest.mark.parametrize("size", [(1, 1), (1, 50), (30, 20)])
def test_empty_maps_have_no_regions(size: tuple[int, int]) -> None:
    assert find_components(np.zeros(size, np.uint8), AS_IT_IS, SHAPE, PLENTY).shape == (0, 5)
