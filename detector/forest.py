"""Boosted trees, kept as arrays: a few hundred small decision trees whose answers add up.

Every tree is complete, all its leaves at the same depth, so that going down is arithmetic and never a jump that the
processor would have to guess. `ranker_training` makes them.
"""

from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detector.compiled import compiled, in_halves


@dataclass(frozen=True, slots=True)
class Forest:
    """Trees of one depth d: 2^d - 1 questions and 2^d leaves each, level by level from the root."""

    columns: NDArray[np.uint16]
    """(trees, 2^d - 1): which feature a question is about."""
    thresholds: NDArray[np.float32]
    """(trees, 2^d - 1): to the right if the feature is larger."""
    leaves: NDArray[np.float32]
    """(trees, 2^d): what a tree adds."""

    def __post_init__(self) -> None:
        trees, questions = self.columns.shape
        if self.thresholds.shape != (trees, questions) or self.leaves.shape != (trees, questions + 1):
            raise ValueError(
                f"trees of {questions} questions with {self.thresholds.shape} thresholds and {self.leaves.shape} leaves"
            )
        if questions & (questions + 1) or not questions:
            raise ValueError(f"{questions} questions make no complete tree")

    def sums(self, features: NDArray[np.float32], executor: Executor) -> NDArray[np.float32]:
        """The sum over all trees (n,) for rows of features (n, columns) float32."""
        sums = np.empty(len(features), np.float32)
        in_halves(
            executor,
            len(features),
            lambda rows: _add_up(features[rows], self.columns, self.thresholds, self.leaves, sums[rows]),
        )
        return sums


@compiled
def _add_up(
    features: NDArray[np.float32],
    columns: NDArray[np.uint16],
    thresholds: NDArray[np.float32],
    leaves: NDArray[np.float32],
    sums: NDArray[np.float32],
) -> None:
    # Unsigned numbers all through: of a signed index Numba would ask each time whether it counts from the end.
    questions, one = np.uint32(columns.shape[1]), np.uint32(1)
    for row in range(len(features)):
        own = features[row]
        total = np.float32(0.0)
        for tree in range(len(columns)):
            asked, limits = columns[tree], thresholds[tree]
            node = np.uint32(0)
            while node < questions:
                node = np.uint32(node + node + one + np.uint32(own[asked[node]] > limits[node]))
            total += leaves[tree, node - questions]
        sums[row] = total
