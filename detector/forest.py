"""Boosted trees, kept as arrays: a few hundred small decision trees whose answers add up.

Every tree is complete and four levels deep, and all its questions are asked, of 32 rows side by side: fifteen
comparisons that vector instructions make together take less time than four that wait for one another, each with a jump
that the processor would have to guess (Lucchese et al., "QuickScorer", SIGIR 2015, goes the same way for deeper trees).
`ranker_training` makes them.
"""

from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detector.compiled import compiled, compiled_for_choices, in_halves

DEPTH = 4
QUESTIONS = 2**DEPTH - 1
"""Of each tree."""
BLOCK = 32
"""Rows that are asked side by side."""


@dataclass(frozen=True, slots=True)
class Forest:
    """Trees of 15 questions and 16 leaves each, level by level from the root."""

    columns: NDArray[np.uint16]
    """(trees, 15): which feature a question is about."""
    thresholds: NDArray[np.float32]
    """(trees, 15): to the right if the feature is larger."""
    leaves: NDArray[np.float32]
    """(trees, 16): what a tree adds."""

    def __post_init__(self) -> None:
        trees = len(self.columns)
        shapes = self.columns.shape, self.thresholds.shape, self.leaves.shape
        if shapes != ((trees, QUESTIONS), (trees, QUESTIONS), (trees, QUESTIONS + 1)):
            raise ValueError(f"trees of {QUESTIONS} questions and {QUESTIONS + 1} leaves, got {shapes}")

    def sums(self, features: NDArray[np.float32], executor: Executor) -> NDArray[np.float32]:
        """The sum over all trees (n,) for rows of features (n, columns) float32."""
        sums = np.empty(len(features), np.float32)
        in_halves(
            executor,
            len(features),
            lambda rows: _add_up(features[rows], self.columns, self.thresholds, self.leaves, sums[rows]),
        )
        return sums


Lane = NDArray[np.float32]
"""(BLOCK,) one number of each row."""


@compiled_for_choices
def _answer(
    asked: tuple[Lane, Lane, Lane],
    limits: tuple[np.float32, np.float32, np.float32],
    leaves: tuple[np.float32, np.float32, np.float32, np.float32],
    answers: Lane,
) -> None:
    """Of three questions, the second after a no and the third after a yes, with a leaf after each answer."""
    first, after_no, after_yes = asked
    first_limit, no_limit, yes_limit = limits
    no_no, no_yes, yes_no, yes_yes = leaves
    for row in range(BLOCK):
        left = no_yes if after_no[row] > no_limit else no_no
        right = yes_yes if after_yes[row] > yes_limit else yes_no
        answers[row] = right if first[row] > first_limit else left


@compiled_for_choices
def _add_answer(
    asked: tuple[Lane, Lane, Lane],
    limits: tuple[np.float32, np.float32, np.float32],
    below: tuple[Lane, Lane, Lane, Lane],
    total: Lane,
) -> None:
    """Likewise, with what was answered further down in place of leaves."""
    first, after_no, after_yes = asked
    first_limit, no_limit, yes_limit = limits
    no_no, no_yes, yes_no, yes_yes = below
    for row in range(BLOCK):
        # All are read, whichever is wanted: what is read only sometimes can't be read side by side.
        nn, ny, yn, yy = no_no[row], no_yes[row], yes_no[row], yes_yes[row]
        no, yes = after_no[row], after_yes[row]
        left = ny if no > no_limit else nn
        right = yy if yes > yes_limit else yn
        total[row] += right if first[row] > first_limit else left


@compiled
def _add_up(
    features: NDArray[np.float32],
    columns: NDArray[np.uint16],
    thresholds: NDArray[np.float32],
    leaves: NDArray[np.float32],
    sums: NDArray[np.float32],
) -> None:
    block = np.zeros((features.shape[1], BLOCK), np.float32)
    answers = np.empty((4, BLOCK), np.float32)
    total = np.empty(BLOCK, np.float32)
    for start in range(0, len(features), BLOCK):
        count = min(BLOCK, len(features) - start)
        for row in range(count):
            own = features[start + row]
            for column in range(len(own)):
                block[column, row] = own[column]
        total[:] = 0.0
        for tree in range(len(columns)):
            asked, limits, given = columns[tree], thresholds[tree], leaves[tree]
            for part in range(4):
                top, low, leaf = 3 + part, 7 + 2 * part, 4 * part
                _answer(
                    (block[asked[top]], block[asked[low]], block[asked[low + 1]]),
                    (limits[top], limits[low], limits[low + 1]),
                    (given[leaf], given[leaf + 1], given[leaf + 2], given[leaf + 3]),
                    answers[part],
                )
            _add_answer(
                (block[asked[0]], block[asked[1]], block[asked[2]]),
                (limits[0], limits[1], limits[2]),
                (answers[0], answers[1], answers[2], answers[3]),
                total,
            )
        for row in range(count):
            sums[start + row] = total[row]
