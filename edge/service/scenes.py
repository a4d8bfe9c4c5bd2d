"""Searching whole pictures for signs, with the vehicle's own reader. It takes a second and much memory to load, so that
is done when the first picture asks for it."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from models.catalogue import Catalogue
from models.classifier import Classifier

if TYPE_CHECKING:
    from edge.frame_reader import FrameReader


class SceneReader:
    """Reads scenes, from one thread.

    Args:
        catalogue: The signs that the classifier tells apart.
        classifier: Safe to use beside other threads.
    """

    def __init__(self, catalogue: Catalogue, classifier: Classifier) -> None:
        self._catalogue = catalogue
        self._classifier = classifier
        self._reader: FrameReader | None = None

    def read(self, bgr: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Signs of a picture (height, width, 3) uint8 BGR, surest first.

        Returns:
            Their boxes (n, 4) x, y, width, height in px, and the probability that there is a sign and of which class,
            (n, classes).
        """
        from edge.reader import STILL_CONFIDENCE

        if self._reader is None:
            self._reader = self._open()
        detections = self._reader.read(bgr, STILL_CONFIDENCE).detections
        order = np.argsort(-detections.confidence, kind="stable")
        probabilities = detections.existence[:, None] * detections.class_probabilities
        return detections.boxes_xywh_px[order], probabilities[order]

    def close(self) -> None:
        """Let go of threads."""
        if self._reader is not None:
            self._reader.close()

    def _open(self) -> "FrameReader":
        from detector.candidates import CandidateFinder
        from detector.ranker import load_ranker
        from edge.frame_reader import FrameReader

        return FrameReader(self._catalogue, self._classifier, CandidateFinder(load_ranker()))
