import numpy as np
import pytest

from calibration.corners import Corners
from calibration.view_collector import ViewCollector
from tests.calibration.boards import BOARD, PINHOLE, views

SHARP_PX = 2.0


def corners(*pose: float) -> Corners:
    view = views(PINHOLE, np.array([pose]), noise_px=0)[0]
    return Corners(view.points_px, view.corners)


MIDDLE = corners(0, 0, 0, 0, 0, 20)


@pytest.fixture
def collector() -> ViewCollector:
    return ViewCollector(BOARD, PINHOLE.size_px)


def test_a_board_is_still_only_once_it_was_seen_there_before(collector: ViewCollector) -> None:
    assert not collector.is_still(MIDDLE, 0.0)
    assert collector.is_still(MIDDLE, 0.2)
    moved = Corners(MIDDLE.points_px + np.array([10, 0]), MIDDLE.numbers)
    assert not collector.is_still(moved, 0.4), "50 px a second"
    assert collector.is_still(moved, 0.6)


def test_time_that_stands_still_tells_nothing(collector: ViewCollector) -> None:
    collector.is_still(MIDDLE, 1.0)
    assert not collector.is_still(MIDDLE, 1.0)


def test_a_place_is_new_until_a_view_was_taken_there(collector: ViewCollector) -> None:
    assert collector.is_new(MIDDLE)
    assert collector.take("first", MIDDLE, SHARP_PX)
    assert not collector.is_new(Corners(MIDDLE.points_px + 5, MIDDLE.numbers))
    assert collector.is_new(Corners(MIDDLE.points_px + 60, MIDDLE.numbers))
    assert collector.is_new(corners(0, 0, 0, 0, 0, 12)), "nearer is another place too"


def test_a_blurred_view_is_not_taken(collector: ViewCollector) -> None:
    assert not collector.take("blurred", MIDDLE, 6.0)
    assert collector.views == []


def test_coverage_and_tilts_grow_until_nothing_is_missing(collector: ViewCollector) -> None:
    assert collector.wish() == "show the board at the upper left"
    collector.take("all", corners(0, 0, 0, 0, 0, 8.2), SHARP_PX)
    assert (collector.coverage() > 0).all() and collector.tilts() == set()
    assert collector.wish() == "tilt the board with its left side towards the camera"
    for name, pose in {"left": (0, -0.5, 0), "right": (0, 0.5, 0), "top": (0.5, 0, 0), "bottom": (-0.5, 0, 0)}.items():
        collector.take(name, corners(*pose, 0, 0, 16), SHARP_PX)
        assert name in collector.tilts()
    assert len(collector.tilts()) == 4 and collector.wish() is None
