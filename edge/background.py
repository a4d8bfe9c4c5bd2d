"""How well the network keeps apart what is a sign and what the candidate stage only takes for one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from detector.boxes import Boxes, overlaps
from detector.candidates import CandidateFinder
from detector.crops import cut_crop, cut_crops
from edge.frame_reader import CANDIDATE_LIMIT
from edge.learning import ANNOTATED_SIDE_PX, BACKGROUND_OVERLAP
from models.archive import Archive
from models.catalogue import Catalogue
from models.classifier import Classifier
from models.gtsdb import StreetFrame, read_frame
from models.gtsrb import SignPicture, read_crops
from models.look_alikes import make_look_alikes

FOUND_OVERLAP = 0.5
"""A candidate that overlaps a sign by as much has found it."""
SAME_THING_OVERLAP = 0.5
"""Candidates that overlap by more are one thing on the road, which is counted once."""
LOOK_ALIKES = 1500
LOOK_ALIKE_SCALE = 3
"""Made so many times larger than the network sees them, then averaged down."""
LOOK_ALIKE_SEED = 4
NO_FRAME = -1


@dataclass(frozen=True, slots=True)
class Things:
    """Things of the road and how much of a sign each was to the network: the largest probability of any class."""

    confidence: NDArray[np.float32]
    """(n,) 0 to 1"""
    answers: NDArray[np.int64]
    """(n,) the class that had it."""
    crops: NDArray[np.uint8]
    """(n, size, size, 3) uint8 BGR: what the network saw."""
    frames: NDArray[np.int64]
    """(n,) the number of the frame it is in; of a look-alike `NO_FRAME`."""

    def passing(self, threshold: float) -> int:
        """How many are signs at a threshold of confidence."""
        return int((self.confidence >= threshold).sum())


@dataclass(frozen=True, slots=True)
class Separation:
    """What was found in some frames."""

    frames: int
    background: Things
    """What the candidate stage proposes and is no annotated sign, each thing once, as its most sign-like candidate."""
    annotated: Things
    """Annotated signs, each read at its annotated box."""
    found: Things
    """Annotated signs that a candidate has found, each read at the most sign-like of those."""


def pooled(parts: Sequence[Separation]) -> Separation:
    """What was found in several lots of frames, as if in one."""
    return Separation(
        sum(part.frames for part in parts),
        _joined([part.background for part in parts]),
        _joined([part.annotated for part in parts]),
        _joined([part.found for part in parts]),
    )


def separate(
    archive: Archive,
    frames: list[StreetFrame],
    finder: CandidateFinder,
    network: Classifier,
    report: Callable[[int, int], None],
) -> Separation:
    """Read the candidates of each frame, as many as on the road, and its annotated signs.

    Background overlaps every annotated sign by less than 0.3 and is 16 px large or more: smaller signs aren't
    annotated, so a smaller candidate may be one. What overlaps a sign by 0.3 to 0.5 is neither.
    """
    background, annotated, found = [], [], []
    for done, frame in enumerate(frames, start=1):
        image = read_frame(archive, frame)
        boxes = finder.find(image, CANDIDATE_LIMIT).boxes_xywh_px
        candidates = _read(image, boxes, network, frame.number)
        shared = overlaps(boxes, frame.boxes_xywh_px)
        clutter = np.flatnonzero(
            (shared.max(axis=1, initial=0.0) < BACKGROUND_OVERLAP)
            & (boxes[:, 2:].min(axis=1, initial=np.inf) >= ANNOTATED_SIDE_PX)
        )
        background.append(_rows(candidates, clutter[_most_sign_like(boxes[clutter], candidates.confidence[clutter])]))
        annotated.append(_read(image, frame.boxes_xywh_px, network, frame.number))
        finders = [np.flatnonzero(of_sign >= FOUND_OVERLAP) for of_sign in shared.T]
        best = [rows[candidates.confidence[rows].argmax()] for rows in finders if len(rows)]
        found.append(_rows(candidates, np.array(best, np.intp)))
        report(done, len(frames))
    return Separation(len(frames), _joined(background), _joined(annotated), _joined(found))


def read_look_alikes(
    archive: Archive, pictures: list[SignPicture], catalogue: Catalogue, networks: Sequence[Classifier]
) -> Things:
    """What is a sign but for its colour or its outline: `LOOK_ALIKES` made from pictures, as each network reads them.

    The networks see crops of one size, so that what is made for the first is for all. Nothing where no picture has
    colour enough.
    """
    record = networks[0].record
    size = LOOK_ALIKE_SCALE * record.crop_size_px
    crops, labels = read_crops(archive, pictures, cut_crop, record.crop_margin, size)
    alike = make_look_alikes(crops, labels, catalogue, record.crop_margin, LOOK_ALIKES, LOOK_ALIKE_SEED)
    small = [cv2.resize(crop, [record.crop_size_px] * 2, interpolation=cv2.INTER_AREA) for crop in alike]
    seen = np.array(small, np.uint8).reshape(-1, record.crop_size_px, record.crop_size_px, 3)
    return _joined([_judged(seen, network, NO_FRAME) for network in networks])


def _read(image: NDArray[np.uint8], boxes: Boxes, network: Classifier, frame: int) -> Things:
    record = network.record
    return _judged(cut_crops(image, boxes, record.crop_margin, record.crop_size_px), network, frame)


def _judged(crops: NDArray[np.uint8], network: Classifier, frame: int) -> Things:
    signs = network.probabilities(crops)[:, :-1]
    return Things(signs.max(axis=1), signs.argmax(axis=1), crops, np.full(len(crops), frame, np.int64))


def _most_sign_like(boxes: Boxes, confidence: NDArray[np.float32]) -> list[int]:
    """One row for each thing: candidates come best first, and one that overlaps a better one belongs to its thing."""
    leaders: list[int] = []
    members: list[list[int]] = []
    for row, shared in enumerate(overlaps(boxes, boxes)):
        of_leaders = shared[leaders]
        if len(leaders) and of_leaders.max() > SAME_THING_OVERLAP:
            members[int(of_leaders.argmax())].append(row)
        else:
            leaders.append(row)
            members.append([row])
    return [max(rows, key=lambda row: float(confidence[row])) for rows in members]


def _rows(things: Things, rows: NDArray[np.intp]) -> Things:
    return Things(things.confidence[rows], things.answers[rows], things.crops[rows], things.frames[rows])


def _joined(parts: Sequence[Things]) -> Things:
    return Things(
        np.concatenate([part.confidence for part in parts]),
        np.concatenate([part.answers for part in parts]),
        np.concatenate([part.crops for part in parts]),
        np.concatenate([part.frames for part in parts]),
    )
