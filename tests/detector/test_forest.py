from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.typing import NDArray

from detector import forest
from detector.forest import Forest

TREE = Forest(
    columns=np.array([[0, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3]], np.uint16),
    thresholds=np.array([[0.5, 2.0, -1.0, *[0.0] * 12]], np.float32),
    leaves=np.arange(1, 17, dtype=np.float32)[None],
)
"""Asks column 0 for more than 0.5, then column 1: to the left for more than 2, to the right for more than -1; then
columns 2 and 3 for more than 0."""


def walked(trees: Forest, row: NDArray[np.float32]) -> float:
    """A row's sum by going down each tree, one question after the other."""
    total = np.float32(0)
    for columns, thresholds, leaves in zip(trees.columns, trees.thresholds, trees.leaves, strict=True):
        node = 0
        while node < len(columns):
            node = 2 * node + (2 if row[columns[node]] > thresholds[node] else 1)
        total += leaves[node - len(columns)]
    return float(total)


def sums(trees: Forest, *rows: tuple[float, ...]) -> list[float]:
    with ThreadPoolExecutor(2) as executor:
        return [float(total) for total in trees.sums(np.array(rows, np.float32).reshape(len(rows), -1), executor)]


def test_every_leaf_is_reached_by_its_answers() -> None:
    answers = [
        (top, second, low, last)
        for top, seconds in ((0, (0, 3)), (1, (-2, 0)))
        for second in seconds
        for low in (-1, 1)
        for last in (-1, 1)
    ]
    assert sums(TREE, *answers) == list(range(1, 17))


def test_what_equals_a_threshold_goes_left() -> None:
    assert sums(TREE, (0.5, 2.0, 0, 0)) == [1]


def test_trees_add_up() -> None:
    columns, thresholds, leaves = (part.repeat(2, axis=0) for part in (TREE.columns, TREE.thresholds, TREE.leaves))
    twice = Forest(columns.astype(np.uint16), thresholds.astype(np.float32), leaves.astype(np.float32))
    assert sums(twice, (0, 3, -1, 1)) == [2 * 6]


def test_no_rows_have_no_sums() -> None:
    with ThreadPoolExecutor(2) as executor:
        assert len(TREE.sums(np.empty((0, 4), np.float32), executor)) == 0


@pytest.mark.parametrize("count", [1, 31, 32, 33, 150])
def test_all_answers_at_once_and_one_after_the_other_agree(count: int) -> None:
    generator = np.random.default_rng(0)
    trees = Forest(
        generator.integers(0, 5, (20, 15)).astype(np.uint16),
        generator.normal(size=(20, 15)).astype(np.float32),
        generator.normal(size=(20, 16)).astype(np.float32),
    )
    features = generator.normal(size=(count, 5)).astype(np.float32)
    fast = np.empty(count, np.float32)
    forest._add_up(features, trees.columns, trees.thresholds, trees.leaves, fast)
    assert fast.tolist() == [walked(trees, row) for row in features]


@pytest.mark.parametrize(("questions", "leaves"), [(3, 4), (15, 15), (14, 15), (0, 1)])
def test_a_tree_of_another_shape_is_refused(questions: int, leaves: int) -> None:
    with pytest.raises(ValueError, match="question"):
        Forest(
            np.zeros((1, questions), np.uint16),
            np.zeros((1, questions), np.float32),
            np.zeros((1, leaves), np.float32),
        )
