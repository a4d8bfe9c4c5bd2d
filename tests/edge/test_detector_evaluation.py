"""Whose rank counts where."""

import numpy as np

from detector.scoring import NEVER
from edge.detector_evaluation import SIZES_PX, SignRanks, by_family, by_size
from models.catalogue import load_catalogue

RANKS = SignRanks(
    class_ids=np.array([1, 1, 18, 38], np.int64),
    sizes_px=np.array([17, 20, 40, 90], np.float32),
    loose=np.array([0, 49, 50, NEVER], np.intp),
    close=np.array([3, NEVER, 50, NEVER], np.intp),
)


def test_recall_is_the_share_that_is_found_early_enough() -> None:
    assert [RANKS.recall(count) for count in (1, 49, 50, 51, 100)] == [0.25, 0.25, 0.5, 0.75, 0.75]
    assert RANKS.recall(51, close=True) == 0.5
    assert RANKS.take(np.zeros(4, bool)).recall(50) is None


def test_families_are_those_of_the_catalogue() -> None:
    found = {name: part.recall(50) for name, part in by_family(RANKS, load_catalogue()).items()}
    assert found == {"prohibitory": 1.0, "danger": 0.0, "mandatory": 0.0}


def test_every_sign_is_of_one_size() -> None:
    parts = by_size(RANKS)
    assert [len(part.loose) for part in parts.values()] == [1, 1, 1, 1]
    assert list(parts) == list(SIZES_PX)
