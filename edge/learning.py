"""Where detector and network learn from each other: the ranker from street frames, the network from what the candidate
stage proposes in them, signs and what is none.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from detector.boxes import Boxes, overlaps
from detector.candidates import CandidateFinder, propose
from detector.crops import cut_crops
from detector.ranker import Ranker
from detector.ranker_training import Examples, examples_of
from edge.approaches import Still, ViewOfRoad, drive, plan
from models.archive import Archive
from models.errors import DataError
from models.gtsdb import StreetFrame, read_frame

BACKGROUND_OVERLAP = 0.3
"""A candidate that overlaps every sign by less is background; the next ones are left out, being neither."""
ANNOTATED_SIDE_PX = 16.0
"""GTSDB leaves smaller signs out, so a smaller candidate may be one."""
CANDIDATES_PER_FRAME = 120
CANDIDATES_PER_VIEW = 40
SIGN_OVERLAP = 0.6
"""A candidate that overlaps a sign by as much shows it, a little beside the place: as the network meets signs."""
LEGIBLE_SIDE_PX = 14
"""Of a sign that shows what it is."""
WHOLE_SHARE = 0.99
FARTHER = (0.75, 0.5, 0.33)
"""Sizes of a still, seen from farther away, that are looked at beside the still itself."""
RANKED_FARTHER = (0.4, 0.8)
"""Least and largest size of a still that the ranker sees from farther away."""
LIGHT_STOPS = (-2.0, 1.3)
"""Least and most exposure of what it sees in other light, logarithm base 2."""
TONE = 0.3
"""Largest logarithm of the tone curve's exponent."""
NO_SIGN = -1

Report = Callable[[int, int], None]
"""Gets frames done and frames in all."""


def ranker_examples(archive: Archive, frames: list[StreetFrame], seed: int, report: Report) -> list[list[Examples]]:
    """What the ranker learns from each of the frames. Raises DataError where none of them shows a sign or clutter.

    A frame is there as it is, and in other light: once as it is and once from farther away.
    """
    generator = np.random.default_rng(seed)
    examples = []
    with ThreadPoolExecutor(2) as executor:
        for done, frame in enumerate(frames, start=1):
            still = Still(read_frame(archive, frame), frame.boxes_xywh_px)
            farther = _views(still, frame.number, (float(generator.uniform(*RANKED_FARTHER)),))
            of_frame = [examples_of(propose(still.image, executor), still.boxes_xywh_px, generator, executor)]
            for view in (_whole(still), *farther):
                proposals = propose(_in_other_light(view.image, generator), executor)
                of_frame.append(examples_of(proposals, view.boxes_xywh_px, generator, executor))
            examples.append(of_frame)
            report(done, len(frames))
    for kind in (0, 1):
        if not any(((one.weight > 0) & (one.is_sign == kind)).any() for of_frame in examples for one in of_frame):
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
    crops, class_ids = street_crops(archive, frames, ranker, margin, size_px, report)
    return np.asarray(crops[class_ids == NO_SIGN], np.uint8)


def street_crops(
    archive: Archive,
    frames: list[StreetFrame],
    ranker: Ranker,
    margin: float,
    size_px: int,
    report: Report,
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Crops (n, size_px, size_px, 3) uint8 BGR of what the candidate stage proposes, and what each is: the class (n,)
    of the sign that it boxes, or `NO_SIGN`. Each sign is there as it is annotated too.

    Each frame is looked at as it is and as it was seen from farther away: what looks like a sign then is another lot.
    """
    finder = CandidateFinder(ranker)
    crops, class_ids = [], []
    for done, frame in enumerate(frames, start=1):
        still = Still(read_frame(archive, frame), frame.boxes_xywh_px)
        for view in (_whole(still), *_views(still, frame.number, FARTHER)):
            boxes, kinds = _named(view, frame.class_ids, finder)
            crops.append(cut_crops(view.image, boxes, margin, size_px))
            class_ids.append(kinds)
        report(done, len(frames))
    finder.close()
    if not crops:
        return np.empty((0, size_px, size_px, 3), np.uint8), np.empty(0, np.int64)
    return np.concatenate(crops), np.concatenate(class_ids)


def _whole(still: Still) -> ViewOfRoad:
    height, width = still.image.shape[:2]
    visible = np.ones(len(still.boxes_xywh_px))
    return ViewOfRoad(still.image, 0.0, still.boxes_xywh_px, visible, 1.0, (0, 0, width, height))


def _views(still: Still, seed: int, sizes: Sequence[float]) -> Iterator[ViewOfRoad]:
    """Frames of the drive towards what a still shows in which it has about these sizes, where it was ever as small."""
    path = plan(still, seed)
    rows = sorted({int(np.abs(path.scales - size).argmin()) for size in sizes if path.scales[0] <= size})
    few = replace(path, scales=path.scales[rows], shifts_xy_px=path.shifts_xy_px[rows], shutter_share=0.0)
    yield from drive(still, few, seed)


def _in_other_light(image: NDArray[np.uint8], generator: np.random.Generator) -> NDArray[np.uint8]:
    """Exposed for longer or, more often, for less time, with another tone curve; what gets too bright is white."""
    light = 2 ** generator.uniform(*LIGHT_STOPS)
    curve = np.exp(generator.uniform(-TONE, TONE))
    levels = 255 * (np.arange(256) / 255) ** curve * light
    return np.asarray(cv2.LUT(image, np.clip(np.rint(levels), 0, 255).astype(np.uint8)), np.uint8)


def _named(view: ViewOfRoad, sign_ids: NDArray[np.int64], finder: CandidateFinder) -> tuple[Boxes, NDArray[np.int64]]:
    """Boxes (n, 4) of a view, and the class of each or `NO_SIGN`; what is neither is left out."""
    # Farther away there is more to be proposed, and most of it is what the still itself has shown.
    count = CANDIDATES_PER_FRAME if view.scale == 1 else CANDIDATES_PER_VIEW
    found = finder.find(view.image, count).boxes_xywh_px
    boxes = np.concatenate([view.boxes_xywh_px[view.visible >= WHOLE_SHARE], found])
    shared = overlaps(boxes, view.boxes_xywh_px)
    most = shared.max(axis=1, initial=0.0)
    sides = boxes[:, 2:].min(axis=1, initial=np.inf)
    clutter = (most < BACKGROUND_OVERLAP) & (sides >= ANNOTATED_SIDE_PX * view.scale) & _known(view, boxes)
    signs = (most >= SIGN_OVERLAP) & (sides >= LEGIBLE_SIDE_PX)
    kinds = np.full(len(boxes), NO_SIGN)
    if signs.any():
        kinds[signs] = sign_ids[shared[signs].argmax(axis=1)]
    taken = clutter | signs
    return boxes[taken], kinds[taken]


def _known(view: ViewOfRoad, boxes_xywh_px: Boxes) -> NDArray[np.bool_]:
    """(n,) whether the middle of each box lies in the still, where it is known what is a sign."""
    if view.known_xywh_px is None:
        return np.ones(len(boxes_xywh_px), bool)
    left, top, across, down = view.known_xywh_px
    middles = boxes_xywh_px[:, :2] + boxes_xywh_px[:, 2:] / 2
    return np.asarray(((middles >= (left, top)) & (middles <= (left + across, top + down))).all(axis=1))
