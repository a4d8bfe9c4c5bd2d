"""How good candidates and detections are, against known signs."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detector.boxes import Boxes, overlaps

MATCHING_OVERLAP = 0.5


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts over any number of frames; they add up."""

    frames: int = 0
    signs: int = 0
    boxes_found: int = 0
    """Signs that a candidate overlaps enough."""
    detections: int = 0
    right: int = 0
    """Detections right in box and class, one to a sign."""
    candidates: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        """Both together."""
        return Tally(
            self.frames + other.frames,
            self.signs + other.signs,
            self.boxes_found + other.boxes_found,
            self.detections + other.detections,
            self.right + other.right,
            self.candidates + other.candidates,
        )

    def figures(self) -> dict[str, float]:
        """Recall, precision and the rest; a share of nothing is 0."""
        recall, precision = self.right / max(1, self.signs), self.right / max(1, self.detections)
        return {
            "frames": self.frames,
            "signs": self.signs,
            "boxes_recall": round(self.boxes_found / max(1, self.signs), 4),
            "precision": round(precision, 4),
            "recall": round(recall, 4),
            "f1": round(2 * precision * recall / max(1e-9, precision + recall), 4),
            "false_per_frame": round((self.detections - self.right) / max(1, self.frames), 4),
            "candidates_per_frame": round(self.candidates / max(1, self.frames), 2),
        }


NEVER = np.iinfo(np.intp).max


def first_ranks(candidates_xywh_px: Boxes, truth_xywh_px: Boxes, min_overlap: float) -> NDArray[np.intp]:
    """For each true box (m, 4) the place, from 0, of the first candidate (n, 4) that overlaps it enough: (m,).

    `NEVER` where none does. Recall in the best k is then the share that is smaller than k.
    """
    enough = overlaps(truth_xywh_px, candidates_xywh_px) >= min_overlap
    if not enough.shape[1]:
        return np.full(len(truth_xywh_px), NEVER, np.intp)
    return np.where(enough.any(axis=1), enough.argmax(axis=1), NEVER).astype(np.intp)


def match(
    boxes_xywh_px: Boxes, scores: NDArray[np.float32], truth_xywh_px: Boxes, min_overlap: float = MATCHING_OVERLAP
) -> NDArray[np.intp]:
    """For each box (n, 4) the row of the true box (m, 4) that it matches, or -1: (n,).

    One to one, in order of score, each taking the free true box that it overlaps most (the rule of PASCAL VOC,
    Everingham et al., IJCV 2010).
    """
    matched = np.full(len(boxes_xywh_px), -1, np.intp)
    overlap = overlaps(boxes_xywh_px, truth_xywh_px)
    for row in np.argsort(-scores, kind="stable"):
        if overlap.shape[1] and overlap[row].max() >= min_overlap:
            matched[row] = overlap[row].argmax()
            overlap[:, matched[row]] = 0.0
    return matched


def tally_frame(
    candidates_xywh_px: Boxes,
    detections_xywh_px: Boxes,
    class_ids: NDArray[np.intp],
    confidence: NDArray[np.float32],
    truth_xywh_px: Boxes,
    truth_class_ids: NDArray[np.int64],
) -> Tally:
    """Counts of one frame at intersection over union 0.5."""
    covered = overlaps(truth_xywh_px, candidates_xywh_px).max(axis=1, initial=0.0) >= MATCHING_OVERLAP
    matched = match(detections_xywh_px, confidence, truth_xywh_px)
    hit = matched >= 0
    return Tally(
        frames=1,
        signs=len(truth_xywh_px),
        boxes_found=int(covered.sum()),
        detections=len(detections_xywh_px),
        right=int((truth_class_ids[matched[hit]] == class_ids[hit]).sum()),
        candidates=len(candidates_xywh_px),
    )
