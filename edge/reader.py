"""The way of a frame, from picture to message:

    frame -> candidates -> crops -> network -> detections -> tracks -> message

The detector finds, the models tell; this is where one hands to the other.
"""

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from detector.candidates import CandidateFinder, Candidates
from detector.crops import cut_crops
from detector.detections import Detections, detect
from detector.ranker import load_ranker
from detector.tracker import FIRST_CONFIDENCE, State, Track, Tracker
from edge.frame import Frame
from edge.messages import FrameMessage, Latency, Sign
from models.backends import Backend
from models.catalogue import Catalogue
from models.classifier import Classifier, load_classifier
from models.weights_record import BUILT_IN, catalogue_of

CANDIDATE_LIMIT = 64
"""Boxes that the network looks at in one frame: one batch."""
MIN_CONFIDENCE = FIRST_CONFIDENCE
"""Of a single frame's reading that may begin a track, which then has to be confirmed."""
FEEDING_CONFIDENCE = 0.3
"""Of one that may go on with a track: doubt about what is followed is evidence too."""
STILL_CONFIDENCE = 0.9
"""Of a reading in an unrelated picture, where nothing later can confirm it."""

SEQUENCE_FPS = 25.0
"""A folder of pictures carries no times: it is taken for a sequence at this rate."""


@dataclass(frozen=True, slots=True)
class FrameReading:
    """What was found in one frame before it is tracked, for drawing and measuring."""

    candidates: Candidates
    detections: Detections
    candidates_ms: float
    classify_ms: float


class FrameReader:
    """Finds and names the signs of single frames; holds the networks, so keep one and close it."""

    def __init__(
        self,
        catalogue: Catalogue,
        classifier: Classifier,
        finder: CandidateFinder,
        candidate_limit: int = CANDIDATE_LIMIT,
    ) -> None:
        self.catalogue = catalogue
        self._classifier = classifier
        self._finder = finder
        self._candidate_limit = candidate_limit

    def read(self, image: NDArray[np.uint8], min_confidence: float) -> FrameReading:
        """Candidates and detections of a frame (height, width, 3) uint8 BGR."""
        started = time.perf_counter()
        candidates = self._finder.find(image, self._candidate_limit)
        found = time.perf_counter()
        record = self._classifier.record
        crops = cut_crops(image, candidates.boxes_xywh_px, record.crop_margin, record.crop_size_px)
        probabilities = self._classifier.probabilities(crops)
        detections = detect(candidates, probabilities, min_confidence)
        named = time.perf_counter()
        return FrameReading(candidates, detections, 1e3 * (found - started), 1e3 * (named - found))

    def close(self) -> None:
        """Let go of threads."""
        self._finder.close()


def open_reader(weights: Path = BUILT_IN, backend: Backend = "auto") -> FrameReader:
    """A reader with the weights that come with the package, or those in another folder, for the signs they know."""
    catalogue = catalogue_of(weights)
    classifier = load_classifier(catalogue, weights, backend)
    return FrameReader(catalogue, classifier, CandidateFinder(load_ranker()))


def limits_of(catalogue: Catalogue) -> dict[int, float]:
    """Speed of each class that is a speed limit."""
    return {sign.class_id: float(sign.value or 0) for sign in catalogue.speed_limits}


def _time_s(frame: Frame) -> float:
    """When the frame was taken, on any clock that goes on evenly; never when it happened to be computed."""
    if frame.media_s is not None:
        return frame.media_s
    if frame.file is not None:
        return frame.number / SEQUENCE_FPS
    return frame.captured_monotonic_ns / 1e9


class SignReader:
    """Turns the frames of one source into messages. `stills`: pictures have nothing to do with one another."""

    def __init__(self, reader: FrameReader, source: str, *, stills: bool = False) -> None:
        self._reader = reader
        self._source = source
        self._stills = stills
        self._tracker = Tracker(limits_of(reader.catalogue))
        self._session = secrets.token_hex(8)
        self._sequence = 0
        self._still_numbers = 0

    def read(self, frame: Frame, *, dropped: int = 0, degraded: Sequence[str] = ()) -> FrameMessage:
        """The message of a frame: every frame gives one."""
        confidence = STILL_CONFIDENCE if self._stills else FEEDING_CONFIDENCE
        reading = self._reader.read(frame.image, confidence)
        signs = (
            self._still_signs(reading.detections) if self._stills else self._tracked_signs(reading.detections, frame)
        )
        height, width = frame.image.shape[:2]
        message = FrameMessage(
            source=self._source,
            session=self._session,
            seq=self._sequence,
            frame=frame.number,
            file=frame.file,
            captured_ns=frame.captured_ns,
            published_ns=time.time_ns(),
            media_s=frame.media_s,
            size=(width, height),
            dropped=dropped,
            degraded=tuple(degraded),
            latency_ms=Latency(
                candidates=round(reading.candidates_ms, 2),
                classify=round(reading.classify_ms, 2),
                total=round((time.monotonic_ns() - frame.captured_monotonic_ns) / 1e6, 2),
            ),
            signs=tuple(signs),
        )
        self._sequence += 1
        return message

    def _tracked_signs(self, detections: Detections, frame: Frame) -> list[Sign]:
        height, width = frame.image.shape[:2]
        tracks = self._tracker.update(detections, _time_s(frame), (width, height))
        return [self._sign_of_track(track) for track in tracks]

    def _sign_of_track(self, track: Track) -> Sign:
        return self._sign(
            track.number,
            track.state,
            track.class_id,
            track.confidence,
            track.box_xywh_px,
            hits=track.hits,
            age=track.age,
            measured=track.measured,
        )

    def _still_signs(self, detections: Detections) -> list[Sign]:
        """A picture stands alone: what passes the higher threshold is all the confirmation there will be."""
        signs = []
        for box, class_id, confidence in zip(
            detections.boxes_xywh_px.tolist(),
            detections.class_ids.tolist(),
            detections.confidence.tolist(),
            strict=True,
        ):
            self._still_numbers += 1
            x, y, w, h = box
            signs.append(
                self._sign(
                    self._still_numbers, "confirmed", class_id, confidence, (x, y, w, h), hits=1, age=1, measured=True
                )
            )
        return signs

    def _sign(
        self,
        track: int,
        state: State,
        class_id: int,
        confidence: float,
        box_xywh_px: tuple[float, float, float, float],
        *,
        hits: int,
        age: int,
        measured: bool,
    ) -> Sign:
        kind = self._reader.catalogue[class_id]
        x, y, w, h = (round(value, 1) for value in box_xywh_px)
        return Sign(
            track=track,
            state=state,
            class_id=class_id,
            code=kind.code,
            name=kind.name,
            category=kind.category,
            value=kind.value,
            unit=kind.unit,
            confidence=round(confidence, 4),
            box=(x, y, w, h),
            hits=hits,
            age=age,
            measured=measured,
        )
