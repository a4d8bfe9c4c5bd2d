"""One frame by itself: candidates -> crops -> networks -> detections.

The detector finds, the models tell; this is where one hands to the other.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from detector.boxes import Boxes, overlaps
from detector.candidates import EXPECTED_OVERLAP, IN_TURN, STRAYS, CandidateFinder, Candidates, shrunk, working_size
from detector.crops import cut_crops
from detector.detections import SAME_SIGN_OVERLAP, Detections, detect
from detector.fitting import neighbours
from detector.light import Gains, balanced
from detector.limits import Limits
from detector.ranker import load_ranker
from edge.budget import LEVELS, Effort
from edge.classifiers import open_classifier
from models.backends import Backend
from models.catalogue import Catalogue
from models.classifier import Classifier
from models.companions import SURROUNDINGS_MARGIN, SURROUNDINGS_SIZE_PX, WORTH_A_SECOND_LOOK, reconsidered
from models.weights_record import BUILT_IN, catalogue_of

if TYPE_CHECKING:
    from edge.remote.address import RemoteAddress
    from edge.remote.backend import RemoteBackend, RemoteEvent

CANDIDATE_LIMIT = 48
"""Boxes that the network looks at in one frame, at most: one batch."""
LEAST_SCORE = -2.8
"""Of a box that it looks at: each of 816 signs that had a candidate had one above, by folds. Some 45 boxes are left."""
BEYOND_DOUBT = 4.5e-5
"""Probability of background to the classifier, log odds of 10 for a sign, under which a box is left as it is."""
MOST_DOUBTFUL = 6
"""Boxes of a frame whose neighbours are looked at, the likeliest signs first, so that time is bounded."""
SO_MANY_TIMES_SURER = np.e
"""In odds, of a box a step away, which is then taken: for less it would wander."""


@dataclass(frozen=True, slots=True)
class FrameReading:
    """What was found in one frame before it is tracked, for drawing and measuring."""

    candidates: Candidates
    probabilities: NDArray[np.float32]
    """(n, classes + 1) what the network says of each candidate, background last."""
    detections: Detections
    candidates_ms: float
    classify_ms: float
    degraded: tuple[str, ...] = ()
    """What is not as it should be with the network's answers, a word each."""


class FrameReader:
    """Finds and names the signs of single frames; holds the networks, so keep one and close it.

    `remote` is what the classifier asks where its network is on a server.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        classifier: Classifier,
        finder: CandidateFinder,
        candidate_limit: int = CANDIDATE_LIMIT,
        remote: "RemoteBackend | None" = None,
    ) -> None:
        self.catalogue = catalogue
        self._classifier = classifier
        self._remote = remote
        self._finder = finder
        self._candidate_limit = candidate_limit

    @property
    def backend(self) -> str:
        """What runs the network, such as `litert-int8`."""
        return self._classifier.backend

    def read(
        self,
        image: NDArray[np.uint8],
        min_confidence: float,
        effort: Effort = LEVELS[0],
        expected_xywh_px: Boxes | None = None,
        gains: Gains | None = None,
        limits: Limits | None = None,
        turn: int | None = None,
    ) -> FrameReading:
        """Candidates and detections of a frame (height, width, 3) uint8 BGR, within `limits`.

        `expected_xywh_px` (n, 4) is where signs are followed: what no candidate covers there is looked at as well.
        `gains` take a colour cast off. Frames of one drive say which `turn` it is, so that each looks at other ones of
        the unlikelier candidates.
        """
        found = self.find(image, effort, gains, limits, turn)
        return self.name(image, found, min_confidence, expected_xywh_px, gains)

    def find(
        self,
        image: NDArray[np.uint8],
        effort: Effort,
        gains: Gains | None,
        limits: Limits | None,
        turn: int | None = None,
    ) -> tuple[Candidates, float]:
        """The first half of `read`: candidates, and the milliseconds that they took."""
        started = time.perf_counter()
        candidates = self._candidates(image, effort, gains, limits, turn)
        return candidates, 1e3 * (time.perf_counter() - started)

    def name(
        self,
        image: NDArray[np.uint8],
        found: tuple[Candidates, float],
        min_confidence: float,
        expected_xywh_px: Boxes | None,
        gains: Gains | None,
    ) -> FrameReading:
        """The second half; another thread may meanwhile find what is in the next frame."""
        candidates, candidates_ms = found
        started = time.perf_counter()
        if expected_xywh_px is not None:
            candidates = candidates.completed(expected_xywh_px, self._candidate_limit + IN_TURN + STRAYS)
        candidates, probabilities = self.judge(image, candidates, gains, expected_xywh_px)
        detections = detect(candidates, probabilities, min_confidence)
        classify_ms = 1e3 * (time.perf_counter() - started)
        degraded = self._remote.degraded if self._remote else ()
        return FrameReading(candidates, probabilities, detections, candidates_ms, classify_ms, degraded)

    def judge(
        self,
        image: NDArray[np.uint8],
        candidates: Candidates,
        gains: Gains | None = None,
        expected_xywh_px: Boxes | None = None,
    ) -> tuple[Candidates, NDArray[np.float32]]:
        """What the networks say of candidates of a frame, (n, classes + 1), background last, and the candidates.

        Of a drive's frame, of which it is said what is expected in it, those of which the classifier is in doubt have
        the neighbouring box of which it is in less: a later frame corrects what is wrongly made surer. And where signs
        are followed the classifier looks whatever the screen takes a candidate for.
        """
        boxes = candidates.boxes_xywh_px
        certain = np.zeros(len(boxes), np.bool_)
        if expected_xywh_px is not None:
            certain = overlaps(boxes, expected_xywh_px).max(axis=1, initial=0.0) >= EXPECTED_OVERLAP
        probabilities = self._classifier.judge(self._crops(image, boxes, gains), certain)
        if expected_xywh_px is not None:
            boxes, probabilities = self._fitted(image, boxes, probabilities, gains)
            candidates = Candidates(boxes, candidates.scores)
        if self._classifier.surroundings is None:
            return candidates, probabilities
        likely = np.flatnonzero(probabilities[:, -1] <= 1 - WORTH_A_SECOND_LOOK)
        around = cut_crops(image, boxes[likely], SURROUNDINGS_MARGIN, SURROUNDINGS_SIZE_PX)
        log_odds = self._classifier.surroundings(balanced(around, gains))
        probabilities[likely] = reconsidered(probabilities[likely], log_odds)
        return candidates, probabilities

    def _fitted(
        self, image: NDArray[np.uint8], boxes: Boxes, probabilities: NDArray[np.float32], gains: Gains | None
    ) -> tuple[Boxes, NDArray[np.float32]]:
        """Boxes (n, 4) and what the classifier says of them, doubtful ones a step away if that fits better.

        A doubtful one on a sign that another box shows beyond doubt is left as it is: the other one stands for it.
        """
        background = probabilities[:, -1]
        rows = np.flatnonzero((background <= 1 - WORTH_A_SECOND_LOOK) & (background >= BEYOND_DOUBT))
        plain = boxes[background < BEYOND_DOUBT]
        rows = rows[overlaps(boxes[rows], plain).max(axis=1, initial=0.0) < SAME_SIGN_OVERLAP]
        rows = rows[background[rows].argsort(kind="stable")[:MOST_DOUBTFUL]]
        beside, owner = neighbours(boxes[rows])
        answers = self._classifier.probabilities(self._crops(image, beside, gains))
        # By row and, within it, by how little of background there is.
        order = np.lexsort((answers[:, -1], owner))
        best = order[np.searchsorted(owner[order], np.arange(len(rows)))]
        said = answers[best, -1]
        better = np.flatnonzero((1 - said) * background[rows] > SO_MANY_TIMES_SURER * (1 - background[rows]) * said)
        boxes, probabilities = boxes.copy(), probabilities.copy()
        boxes[rows[better]] = beside[best[better]]
        probabilities[rows[better]] = answers[best[better]]
        return boxes, probabilities

    def _crops(self, image: NDArray[np.uint8], boxes: Boxes, gains: Gains | None) -> NDArray[np.uint8]:
        """What the classifier sees of boxes (n, 4)."""
        record = self._classifier.record
        return balanced(cut_crops(image, boxes, record.crop_margin, record.crop_size_px), gains)

    def close(self) -> None:
        """Let go of threads and connections."""
        self._finder.close()
        if self._remote:
            self._remote.close()

    def _candidates(
        self,
        image: NDArray[np.uint8],
        effort: Effort,
        gains: Gains | None,
        limits: Limits | None,
        turn: int | None,
    ) -> Candidates:
        limit = self._candidate_limit if effort.candidate_limit is None else effort.candidate_limit
        if not effort.half_size:
            if turn is None or effort.candidate_limit is not None:
                return self._finder.find(image, limit, gains=gains, limits=limits).above(LEAST_SCORE)
            # Without a screen each of the strays would need the classifier's look, which takes too long.
            strays = STRAYS if self._classifier.screen is not None else 0
            return self._finder.find(image, limit, gains=gains, limits=limits, turn=turn, strays=strays)
        height, width = image.shape[:2]
        working = working_size(width, height)
        small, scale_xy = shrunk(image, (max(working[0] // 2, 1), max(working[1] // 2, 1)))
        found = self._finder.find(small, limit, gains=gains, limits=limits).above(LEAST_SCORE)
        return Candidates(found.boxes_xywh_px * np.array(scale_xy * 2, np.float32), found.scores)


def open_reader(
    weights: Path = BUILT_IN,
    backend: "Backend | RemoteAddress" = "auto",
    report: "Callable[[RemoteEvent], None] | None" = None,
    *,
    threads: int = 2,
) -> FrameReader:
    """A reader with the weights that come with the package, or those in another folder, for the signs they know.

    `report` is told when a remote classifier fails and when it answers again. `threads` are those of the candidate
    stage and of LiteRT.
    """
    catalogue = catalogue_of(weights)
    classifier, remote = open_classifier(catalogue, weights, backend, report, threads=threads)
    return FrameReader(catalogue, classifier, CandidateFinder(load_ranker(), threads), remote=remote)
