"""From what the network says of each candidate to the signs of one frame."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detector.boxes import Boxes, overlaps, suppress
from detector.candidates import Candidates

SAME_SIGN_OVERLAP = 0.3
"""Boxes that overlap by more are of one sign; two signs on a pole touch at most."""
FUSED_OVERLAP = 0.6
"""Boxes that overlap the best one by more help to place it."""
SCORE_SCALE = 2.0
"""Divides the ranker's logits before they weigh in; of what was tried on frames that it hasn't learnt from, this placed
boxes best."""


@dataclass(frozen=True, slots=True)
class Detections:
    """The signs of one frame, best first. Whether a thing is a sign is kept apart from which sign it is."""

    boxes_xywh_px: Boxes
    """(n, 4)"""
    existence: NDArray[np.float32]
    """(n,) probability that there is a sign of the catalogue at all."""
    class_probabilities: NDArray[np.float32]
    """(n, classes), given that it is a sign; rows sum to 1."""

    def __len__(self) -> int:
        return len(self.boxes_xywh_px)

    @property
    def class_ids(self) -> NDArray[np.intp]:
        """(n,) the likeliest class of each."""
        return np.asarray(self.class_probabilities.argmax(axis=1), np.intp)

    @property
    def confidence(self) -> NDArray[np.float32]:
        """(n,) probability that it is a sign and of that class."""
        return np.asarray(self.existence * self.class_probabilities.max(axis=1, initial=0.0), np.float32)


def detect(candidates: Candidates, probabilities: NDArray[np.float32], min_confidence: float) -> Detections:
    """Signs among candidates, given the network's probabilities (n, classes + 1) with background last.

    Candidates on the same sign become one detection: the network is as sure of a box that is half as large again as of
    the right one, so the ranker, which has learnt what a box that fits looks like, has its say in which leads. Those
    that agree with the leading one place the box with it, each by how much better or worse it is to the ranker.
    """
    if len(candidates) != len(probabilities):
        raise ValueError(f"{len(candidates)} boxes but probabilities of {len(probabilities)}")
    existence = 1.0 - probabilities[:, -1]
    signs = probabilities[:, :-1]
    confidence = signs.max(axis=1, initial=0.0)
    sure = np.flatnonzero(confidence >= min_confidence)
    boxes, classes = candidates.boxes_xywh_px[sure], signs[sure].argmax(axis=1)
    scores = candidates.scores[sure] / SCORE_SCALE
    best = suppress(boxes, confidence[sure] / (1.0 + np.exp(-scores)), SAME_SIGN_OVERLAP)
    agrees = (overlaps(boxes[best], boxes) >= FUSED_OVERLAP) & (classes[best][:, None] == classes[None, :])
    weights = agrees * np.exp(scores[None, :] - scores[best][:, None])
    fused = weights @ boxes / weights.sum(axis=1, keepdims=True)
    rows = sure[best]
    given_sign = signs[rows] / np.maximum(existence[rows], 1e-6)[:, None]
    return Detections(fused.astype(np.float32), existence[rows], given_sign)
