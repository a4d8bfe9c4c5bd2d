"""Where detector and network learn from each other: the ranker from street frames, the network's background from what
the candidate stage proposes and is no sign.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from detector.boxes import overlaps
from detector.candidates import CandidateFinder, propose
from detector.crops import cut_crops
from detector.ranker import Ranker
from detector.ranker_training import Examples, examples_of
from models.archive import Archive
from models.errors import DataError
from models.gtsdb import StreetFrame, read_frame

BACKGROUND_OVERLAP = 0.3
"""A candidate that overlaps every sign by less is background; the next ones are left out, being neither."""
ANNOTATED_SIDE_PX = 16.0
"""GTSDB leaves smaller signs out, so a smaller candidate may be one."""
CANDIDATES_PER_FRAME = 120

Report = Callable[[int, int], None]
"""Gets frames done and frames in all."""


def ranker_examples(archive: Archive, frames: list[StreetFrame], seed: int, report: Report) -> list[Examples]:
    """What the ranker learns from each of the frames. Raises DataError where none of them shows a sign or clutter."""
    generator = np.random.default_rng(seed)
    examples = []
    with ThreadPoolExecutor(2) as executor:
        for done, frame in enumerate(frames, start=1):
            proposals = propose(read_frame(archive, frame), executor)
            examples.append(examples_of(proposals, frame.boxes_xywh_px, generator, executor))
            report(done, len(frames))
    for kind in (0, 1):
        if not any(((one.weight > 0) & (one.is_sign == kind)).any() for one in examples):
            raise DataError(f"{archive.path}: no region of {('clutter', 'a sign')[kind]} in its frames to learn from")
    return examples


def mine_background(
    archive: Archive,
    frames: list[StreetFrame],
    ranker: Ranker,
    margin: float,
    size_px: int,
    report: Report,
) -> NDArray[np.uint8]:
    """Crops (n, size_px, size_px, 3) uint8 BGR of candidates that are no sign: walls, leaves, lamps, other signs."""
    finder = CandidateFinder(ranker)
    crops = []
    for done, frame in enumerate(frames, start=1):
        image = read_frame(archive, frame)
        boxes = finder.find(image, CANDIDATES_PER_FRAME).boxes_xywh_px
        clutter = overlaps(boxes, frame.boxes_xywh_px).max(axis=1, initial=0.0) < BACKGROUND_OVERLAP
        clutter &= boxes[:, 2:].min(axis=1, initial=np.inf) >= ANNOTATED_SIDE_PX
        crops.append(cut_crops(image, boxes[clutter], margin, size_px))
        report(done, len(frames))
    finder.close()
    return np.concatenate(crops) if crops else np.empty((0, size_px, size_px, 3), np.uint8)
