"""Which readings somebody should look at, and why."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.archive_report.places import Contradiction, contradictions
from edge.archive_report.tables import NO_CLASS, Archive

LOW_CONFIDENCE = 0.999
"""A sign is confirmed from 0.9955 on, and one that is seen well soon has more than 0.9999 (`detector.evidence`)."""
CLOSE_RUNNER_UP = 0.001
"""What another class may have at the most when a sign is confirmed is 0.002."""
FEW_FRAMES = 5
"""Confirming takes 3; a sign that is driven past is seen in dozens."""
SHORT_S = 0.25
"""What is seen for less after it was confirmed left no time for a second look."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a reading is doubtful; `word` is its name for programs."""

    word: str
    title: str
    text: str


REASONS = (
    Reason("contradicted", "Read differently", "another limit was read at this place by other recordings"),
    Reason("changed", "Changed class", "it was confirmed as something else before"),
    Reason("runner-up", "Close runner-up", f"another class had more than {100 * CLOSE_RUNNER_UP:g} %"),
    Reason("unsure", "Low confidence", f"less than {100 * LOW_CONFIDENCE:g} % sure when last seen"),
    Reason("short", "Short-lived", f"seen in {FEW_FRAMES} frames or fewer, or under {SHORT_S:g} s once confirmed"),
)
"""Those that weigh most come first."""


@dataclass(frozen=True, slots=True)
class Doubts:
    """What is doubtful about the signs of an archive."""

    reasons: NDArray[np.uint8]
    """(n,) bits, by the place in `REASONS`."""
    contradictions: dict[int, Contradiction]
    """By row."""

    @property
    def counts(self) -> list[int]:
        """Signs by reason."""
        return [int((self.reasons >> bit & 1).sum()) for bit in range(len(REASONS))]

    def worst_first(self) -> NDArray[np.int64]:
        """Rows of the doubtful signs: the gravest reason first, and of those the ones with the most reasons."""
        weight = sum((self.reasons >> bit & 1) * 2 ** (len(REASONS) - bit) for bit in range(len(REASONS)))
        rows = np.flatnonzero(self.reasons)
        return rows[np.argsort(-np.asarray(weight, np.int64)[rows], kind="stable")]


def find_doubts(archive: Archive) -> Doubts:
    """Look at every sign of an archive."""
    signs = archive.signs
    against = contradictions(signs, archive.kinds)
    contradicted = np.zeros(len(signs), np.bool_)
    contradicted[list(against)] = True
    found = (
        contradicted,
        signs.changes > 0,
        (signs.runner_up != NO_CLASS) & (signs.runner_up_confidence > CLOSE_RUNNER_UP),
        signs.confidence < LOW_CONFIDENCE,
        (signs.hits <= FEW_FRAMES) | (signs.last_s - signs.confirmed_s < SHORT_S),
    )
    reasons = np.zeros(len(signs), np.uint8)
    for bit, holds in enumerate(found):
        reasons |= np.where(holds, 1 << bit, 0).astype(np.uint8)
    return Doubts(reasons, against)
