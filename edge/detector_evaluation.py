"""The detector measured on street frames with known signs, each frame by itself."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detector.candidates import CandidateFinder, Candidates
from detector.detections import Detections, detect
from detector.scoring import Tally, first_ranks, match, tally_frame
from edge.frame_reader import CANDIDATE_LIMIT, LEAST_SCORE, FrameReader
from edge.reader import STILL_CONFIDENCE
from models.archive import Archive
from models.catalogue import Catalogue
from models.gtsdb import StreetFrame, read_frame

PROPOSED = 100
"""Candidates that are asked for, to know what more of them would bring; the network looks at as many as on the road."""
LOOSE, CLOSE = 0.5, 0.6
"""Intersection over union from which a candidate has found a sign."""
SIZES_PX = {"under 20 px": (0, 20), "20 to 32 px": (20, 32), "32 to 48 px": (32, 48), "48 px and more": (48, np.inf)}
"""Classes of size: the geometric mean of width and height."""


@dataclass(frozen=True, slots=True)
class JudgedFrame:
    """A frame, what was found in it, and what was there."""

    frame: StreetFrame
    candidates: Candidates
    """At most `PROPOSED`."""
    found: Detections
    matched: NDArray[np.intp]
    """(detections,) the row of the sign that each matches, or -1."""
    candidates_ms: float
    classify_ms: float

    @property
    def tally(self) -> Tally:
        """Counts, with as many candidates as on the road."""
        return tally_frame(
            _looked_at(self.candidates).boxes_xywh_px,
            self.found.boxes_xywh_px,
            self.found.class_ids,
            self.found.confidence,
            self.frame.boxes_xywh_px,
            self.frame.class_ids,
        )


def _looked_at(candidates: Candidates) -> Candidates:
    """Those of many that the network looks at on the road."""
    return candidates.first(CANDIDATE_LIMIT).above(LEAST_SCORE)


def judge_frames(
    archive: Archive,
    frames: Sequence[StreetFrame],
    finder: CandidateFinder,
    reader: FrameReader,
    report: Callable[[int, int], None],
) -> list[JudgedFrame]:
    """Look for the signs of each frame. `reader` judges what `finder` proposes."""
    judged = []
    for done, frame in enumerate(frames, start=1):
        judged.append(judge_frame(read_frame(archive, frame), frame, finder, reader))
        report(done, len(frames))
    return judged


def judge_frame(
    image: NDArray[np.uint8], frame: StreetFrame, finder: CandidateFinder, reader: FrameReader
) -> JudgedFrame:
    """Look for the signs of one frame in a picture (height, width, 3) uint8 BGR in which they lie as it says."""
    started = time.perf_counter()
    candidates = finder.find(image, PROPOSED)
    proposed = time.perf_counter()
    found = detect(*reader.judge(image, _looked_at(candidates)), STILL_CONFIDENCE)
    named = time.perf_counter()
    matched = match(found.boxes_xywh_px, found.confidence, frame.boxes_xywh_px)
    return JudgedFrame(frame, candidates, found, matched, 1e3 * (proposed - started), 1e3 * (named - proposed))


@dataclass(frozen=True, slots=True)
class SignRanks:
    """For each sign of many frames, how far down the candidates one has to look for it."""

    class_ids: NDArray[np.int64]
    """(n,)"""
    sizes_px: NDArray[np.float32]
    """(n,)"""
    loose: NDArray[np.intp]
    """(n,) place, from 0, of the first candidate that overlaps it by `LOOSE`."""
    close: NDArray[np.intp]
    """(n,) likewise by `CLOSE`."""

    def take(self, rows: NDArray[np.bool_]) -> "SignRanks":
        """Some of the signs."""
        return SignRanks(self.class_ids[rows], self.sizes_px[rows], self.loose[rows], self.close[rows])

    def recall(self, count: int, *, close: bool = False) -> float | None:
        """Share of the signs found by the best `count` candidates; None of no signs."""
        ranks = self.close if close else self.loose
        return round(float((ranks < count).mean()), 4) if len(ranks) else None


def sign_ranks(judged: Sequence[JudgedFrame]) -> SignRanks:
    """Of all signs of the frames."""
    boxes = [one.frame.boxes_xywh_px for one in judged]
    proposed = [one.candidates.boxes_xywh_px for one in judged]
    return SignRanks(
        np.concatenate([one.frame.class_ids for one in judged]),
        np.sqrt(np.concatenate(boxes)[:, 2:].prod(axis=1)),
        np.concatenate([first_ranks(*pair, LOOSE) for pair in zip(proposed, boxes, strict=True)]),
        np.concatenate([first_ranks(*pair, CLOSE) for pair in zip(proposed, boxes, strict=True)]),
    )


def by_family(ranks: SignRanks, catalogue: Catalogue) -> dict[str, SignRanks]:
    """The signs by their category in the catalogue."""
    families = np.array([catalogue[class_id].category for class_id in ranks.class_ids.tolist()], str)
    return {str(family): ranks.take(families == family) for family in np.unique(families)}


def by_size(ranks: SignRanks) -> dict[str, SignRanks]:
    """The signs by their size in the picture."""
    return {
        name: ranks.take((ranks.sizes_px >= low) & (ranks.sizes_px < high)) for name, (low, high) in SIZES_PX.items()
    }


def figures(judged: Sequence[JudgedFrame], catalogue: Catalogue) -> dict[str, object]:
    """Recall of the candidates, then what came out in the end; times in milliseconds."""
    ranks = sign_ranks(judged)
    times = np.array([(one.candidates_ms, one.candidates_ms + one.classify_ms) for one in judged])
    medians, rare = np.median(times, axis=0).round(2).tolist(), np.percentile(times, 99, axis=0).round(2).tolist()
    return sum((one.tally for one in judged), Tally()).figures() | {
        "recall_at_20": ranks.recall(20),
        "recall_at_50": ranks.recall(50),
        "recall_at_100": ranks.recall(100),
        "recall_at_50_iou_60": ranks.recall(50, close=True),
        "recall_by_family": {name: part.recall(50) for name, part in by_family(ranks, catalogue).items()},
        "recall_by_size": {name: part.recall(50) for name, part in by_size(ranks).items()},
        "ms_median": medians[0],
        "ms_p99": rare[0],
        "ms_whole_median": medians[1],
        "ms_whole_p99": rare[1],
    }
