from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from detector import forest
from detector.forest import Forest

TREE = Forest(
    columns=np.array([[0, 1, 1]], np.uint16),
    thresholds=np.array([[0.5, 2.0, -1.0]], np.float32),
    leaves=np.array([[1.0, 2.0, 3.0, 4.0]], np.float32),
)
"""Asks column 0 for more than 0.5, then column 1: to the left for more than 2, to the right for more than -1."""


def sums(trees: Forest, *rows: tuple[float, float]) -> list[float]:
    with ThreadPoolExecutor(2) as executor:
        return [float(total) for total in trees.sums(np.array(rows, np.float32).reshape(-1, 2), executor)]


def test_every_leaf_is_reached_by_its_answers() -> None:
    assert sums(TREE, (0, 0), (0, 3), (1, -2), (1, 0)) == [1, 2, 3, 4]


def test_what_equals_a_threshold_goes_left() -> None:
    assert sums(TREE, (0.5, 2.0)) == [1]


def test_trees_add_up() -> None:
    columns, thresholds, leaves = (part.repeat(2, axis=0) for part in (TREE.columns, TREE.thresholds, TREE.leaves))
    twice = Forest(columns.astype(np.uint16), thresholds.astype(np.float32), leaves.astype(np.float32))
    assert sums(twice, (0, 3)) == [4]


def test_no_rows_have_no_sums() -> None:
    assert sums(TREE) == []


def test_compiled_and_plain_sums_agree() -> None:
    generator = np.random.default_rng(0)
    trees = (
        generator.integers(0, 5, (20, 15)).astype(np.uint16),
        generator.normal(size=(20, 15)).astype(np.float32),
        generator.normal(size=(20, 16)).astype(np.float32),
    )
    features = generator.normal(size=(30, 5)).astype(np.float32)
    fast, plain = np.empty(30, np.float32), np.empty(30, np.float32)
    forest._add_up(features, *trees, fast)
    forest._add_up.py_func(features, *trees, plain)  # type: ignore[attr-defined]
    assert (fast == plain).all()


@pytest.mark.parametrize(("questions", "leaves"), [(2, 3), (3, 3), (0, 1)])
def test_a_tree_that_is_not_complete_is_refused(questions: int, leaves: int) -> None:
    with pytest.raises(ValueError, match="question"):
        Forest(
            np.zeros((1, questions), np.uint16),
            np.zeros((1, questions), np.float32),
            np.zeros((1, leaves), np.float32),
        )
