"""From what the network says of each candidate to the signs of one frame."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detector.boxes import Boxes, overlaps, suppress

SAME_SIGN_OVERLAP = 0.3
"""Boxes that overlap by more are of one sign; two signs on a pole touch at most."""
FUSED_OVERLAP = 0.6
"""Boxes that overlap the best one by more help to place it."""


@dataclass(frozen=True, slots=True)
class Detections:
    """The signs of one frame, surest first. Whether a thing is a sign is kept apart from which sign it is."""

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


def detect(boxes_xywh_px: Boxes, probabilities: NDArray[np.float32], min_confidence: float) -> Detections:
    """Signs among candidates (n, 4), given the network's probabilities (n, classes + 1) with background last.

    Candidates on the same sign become one detection, placed by the mean of those that agree with the surest, each
    weighted by its confidence.
    """
    if len(boxes_xywh_px) != len(probabilities):
        raise ValueError(f"{len(boxes_xywh_px)} boxes but probabilities of {len(probabilities)}")
    existence = 1.0 - probabilities[:, -1]
    signs = probabilities[:, :-1]
    confidence = signs.max(axis=1, initial=0.0)
    sure = np.flatnonzero(confidence >= min_confidence)
    boxes, confidence = boxes_xywh_px[sure], confidence[sure]
    best = suppress(boxes, confidence, SAME_SIGN_OVERLAP)
    agrees = overlaps(boxes[best], boxes) >= FUSED_OVERLAP
    agrees &= signs[sure].argmax(axis=1)[None, :] == signs[sure].argmax(axis=1)[best][:, None]
    weights = agrees * confidence[None, :]
    fused = weights @ boxes / np.maximum(weights.sum(axis=1, keepdims=True), 1e-6)
    rows = sure[best]
    given_sign = signs[rows] / np.maximum(existence[rows], 1e-6)[:, None]
    return Detections(fused.astype(np.float32), existence[rows], given_sign)
