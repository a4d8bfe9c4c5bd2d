"""The candidate stage: from a frame to the few boxes that are worth a look by the network.

    frame -> working picture -> its light put right -> colour maps -> regions -> sieve -> ranker -> best boxes

Nothing here is a neural detector: colour and shape propose, and a small ranker puts the proposals in order.
"""

import math
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from detector.boxes import Boxes, overlaps, suppress
from detector.colour import colour_maps
from detector.features import Integral, integrate, measure_grid, measure_rings
from detector.light import Gains, balanced, unveiled
from detector.limits import Limits
from detector.ranker import Ranker
from detector.regions import Regions, due_in_turn, find_regions, find_strays

WORKING_PIXELS = 272_000
"""Of the working picture at most: 680x400, a frame of 1360x800 halved. A larger frame takes no longer, from its reading
on, and what it shows of signs is found from the same distance as with 1360x800 of the same view."""
IN_TURN, TAKING_TURNS = 16, 200
"""Of a drive each frame gives so many of the less likely boxes beside the best, and the place down to which these come
from: one after another, each every tenth frame or so."""
STRAYS, STRAYING = 96, 2
"""Regions beside them that no ranker has judged, so many in every second frame."""
SAME_REGION_OVERLAP = 0.7
"""Boxes that overlap by more are one proposal; two signs on a pole overlap by less than 0.1."""
SIFTED = 1000
"""Regions that pass the sieve and are measured finely."""
LIKELY = 400
"""Regions whose boxes are corrected and compete for the places: a sign gives some five of them."""
MIN_SCORE = -6.0
"""Logit under which nothing is a sign; the rest is left out."""
EXPECTED_OVERLAP = 0.5
"""From which on a candidate covers the box where a sign should be."""
MIN_SIDE_PX = 16
"""Least width and height of a picture in which a sign can be looked for."""
LIMITS_MARGIN_PX = 48
"""Rows of the working picture that are kept beyond those in which a sign's middle can be: half of a sign, and the
surroundings that local colour is measured against."""
BOX_MARGIN_PX = 1.15
"""By how much the boxes are wider and higher than the sign's outline, in pixels of the working picture, whatever the
sign's size: they are learnt from boxes that were marked with a little room."""

STAGES = ("shrink", "light", "maps", "regions", "sieve", "rank", "place")
Mark = Callable[[str], None]
"""Called with the name of a stage when it is done: whoever measures reads the clock."""


def _unmarked(stage: str) -> None:
    """Nobody measures."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """Boxes worth a look, best first."""

    boxes_xywh_px: Boxes
    """(n, 4) in pixels of the frame."""
    scores: NDArray[np.float32]
    """(n,) logits of the ranker: comparable with one another, no probabilities."""

    def __len__(self) -> int:
        return len(self.boxes_xywh_px)

    def first(self, count: int) -> "Candidates":
        """The best of them."""
        return Candidates(self.boxes_xywh_px[:count], self.scores[:count])

    def above(self, score: float) -> "Candidates":
        """Those with at least this score."""
        return self.first(int((self.scores >= score).sum()))

    def in_turn(self, best: int, count: int, turn: int) -> "Candidates":
        """The `best` first of them, and `count` of the others at most: with each `turn` other ones, until all have been
        there.

        A sign is seen in dozens of frames, and once it has been recognised it is followed; so what looks the least like
        one needs no look in every frame.
        """
        due = np.arange(best, len(self))[due_in_turn(len(self) - best, count, turn)]
        rows = np.concatenate([np.arange(min(best, len(self))), due])
        return Candidates(self.boxes_xywh_px[rows], self.scores[rows])

    def completed(self, expected_xywh_px: Boxes, limit: int) -> "Candidates":
        """With the boxes (m, 4) where a sign should be and none of them is; of all, `limit` at most, in place of the
        last ones.

        A sign that is followed is lost for a moment where it crosses an edge of the background or a reflection, and the
        network knows it all the same. These have the least score.
        """
        near = overlaps(expected_xywh_px, self.boxes_xywh_px).max(axis=1, initial=0.0)
        missing = expected_xywh_px[near < EXPECTED_OVERLAP]
        return self.first(max(0, limit - len(missing))).beside(missing)

    def beside(self, boxes_xywh_px: Boxes) -> "Candidates":
        """And boxes (m, 4) that no ranker has judged, with the least score."""
        scores = np.full(len(boxes_xywh_px), MIN_SCORE, np.float32)
        return Candidates(np.concatenate([self.boxes_xywh_px, boxes_xywh_px]), np.concatenate([self.scores, scores]))


@dataclass(frozen=True, slots=True)
class Proposals:
    """All regions of a frame before anything is judged."""

    integral: Integral
    """Of the working picture's maps."""
    regions: Regions
    """In the working picture."""
    scale_xy: tuple[float, float]
    """Pixels of the frame for each of the working picture."""
    strays: Boxes
    """(m, 4) in the working picture: regions of a drive's frame that need a look by themselves."""
    first_row: int = 0
    """Of the working picture that was looked at; maps and regions count from it."""

    @property
    def boxes_xywh_px(self) -> Boxes:
        """(n, 4) in pixels of the frame."""
        return self._placed(self.regions.boxes_xywh_px)

    @property
    def strays_xywh_px(self) -> Boxes:
        """(m, 4) in pixels of the frame."""
        return self._placed(self.strays)

    def _placed(self, boxes: Boxes) -> Boxes:
        placed = boxes + np.array([0, self.first_row, 0, 0], np.float32)
        return np.asarray(placed * np.array(self.scale_xy * 2, np.float32), np.float32)


def working_size(width_px: int, height_px: int) -> tuple[int, int]:
    """Width and height of the working picture, in proportion to the frame's.

    It shrinks steadily with the frame's size: with powers of two, a frame of 960x544 was searched at half the size of
    one of 960x540.
    """
    grain = working_grain((width_px, height_px))
    return max(1, round(width_px / grain)), max(1, round(height_px / grain))


def working_grain(size_px: tuple[int, int]) -> float:
    """Pixels of a frame of this width and height for each of its working picture, across and down alike."""
    return max(1.0, math.sqrt(size_px[0] * size_px[1] / WORKING_PIXELS))


def working_picture(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A frame (height, width, 3) uint8 as large as it is looked at."""
    return shrunk(image, working_size(image.shape[1], image.shape[0]))[0]


class CandidateFinder:
    """Finds candidates; holds the ranker and two threads, so keep one for many frames and close it."""

    def __init__(self, ranker: Ranker, threads: int = 2) -> None:
        self._ranker = ranker
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="regions")

    def find(
        self,
        image: NDArray[np.uint8],
        limit: int,
        mark: Mark = _unmarked,
        gains: Gains | None = None,
        limits: Limits | None = None,
        turn: int | None = None,
        strays: int = STRAYS,
    ) -> Candidates:
        """The best boxes, at most `limit`, of a frame (height, width, 3) uint8 BGR. `STAGES` are marked as they end;
        `gains` take a colour cast off.

        Where `limits` say that there can be no sign, or none of that size, none is looked for. Of a frame of a drive
        that says which `turn` it is, there are `IN_TURN` less likely boxes beside them and as many `strays`, at most;
        with each turn other ones.
        """
        proposals = propose(image, self._executor, mark, gains, limits, turn, strays)
        rough = self._ranker.sift(measure_rings(proposals.integral, proposals.regions, self._executor), self._executor)
        passed = np.argsort(-rough, kind="stable")[:SIFTED]
        mark("sieve")
        fine = measure_grid(proposals.integral, proposals.regions.take(passed), self._executor)
        scores = self._ranker.rank(fine, self._executor)
        mark("rank")
        likely = np.argsort(-scores, kind="stable")[:LIKELY]
        likely = likely[scores[likely] > MIN_SCORE]
        boxes = self._ranker.refine(fine[likely], proposals.boxes_xywh_px[passed[likely]], self._executor)
        scores = scores[likely]
        best = suppress(boxes, scores, SAME_REGION_OVERLAP, limit if turn is None else max(limit, TAKING_TURNS))
        found = Candidates(boxes[best], scores[best])
        if turn is not None:
            found = found.in_turn(limit, IN_TURN, turn).beside(proposals.strays_xywh_px)
        mark("place")
        return found

    def close(self) -> None:
        """End the threads."""
        self._executor.shutdown()


def propose(
    image: NDArray[np.uint8],
    executor: Executor,
    mark: Mark = _unmarked,
    gains: Gains | None = None,
    limits: Limits | None = None,
    turn: int | None = None,
    strays: int = STRAYS,
) -> Proposals:
    """Every region of a frame (height, width, 3) uint8 BGR; none in a picture under 16 pixels wide or high.

    With `limits`, those that can be a sign where they are; with `turn`, so many `strays` beside them. The executor's
    threads share the work, most of which releases the GIL.
    """
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        raise ValueError(f"a frame is (height, width, 3) uint8, got {image.shape} {image.dtype}")
    height, width = image.shape[:2]
    if min(height, width) < MIN_SIDE_PX:
        image = np.zeros((MIN_SIDE_PX, MIN_SIDE_PX, 3), np.uint8)
        height, width = image.shape[:2]
    working, scale_xy = shrunk(image, working_size(width, height))
    rows = limits.rows(len(working), LIMITS_MARGIN_PX) if limits else slice(0, len(working))
    working = working[rows]
    mark("shrink")
    working = unveiled(balanced(working, gains), executor)
    mark("light")
    maps = colour_maps(working, executor)
    mark("maps")
    integral = executor.submit(integrate, maps)
    straying = None
    if turn is not None and strays and turn % STRAYING == 0:
        straying = executor.submit(find_strays, maps, strays, turn // STRAYING)
    regions = find_regions(maps, executor)
    beside = straying.result() if straying else np.empty((0, 4), np.float32)
    proposals = Proposals(integral.result(), regions, scale_xy, beside, rows.start)
    if limits:
        possible, stray = (
            limits.possible(boxes, (width, height)) for boxes in (proposals.boxes_xywh_px, proposals.strays_xywh_px)
        )
        proposals = replace(proposals, regions=regions.take(np.flatnonzero(possible)), strays=beside[stray])
    mark("regions")
    return proposals


def shrunk(image: NDArray[np.uint8], size: tuple[int, int]) -> tuple[NDArray[np.uint8], tuple[float, float]]:
    """The picture at another width and height, no larger ones, and how many of its pixels across and down each then
    stands for.

    Halved as long as it goes, which is quick, and the rest in one step: OpenCV's INTER_AREA takes fifty times as long
    for a factor that is no whole number.
    """
    factor = 1
    while image.shape[1] >= 2 * size[0] and image.shape[0] >= 2 * size[1]:
        height, width = image.shape[0] // 2, image.shape[1] // 2
        even = image[: 2 * height, : 2 * width]  # an odd one too would be no whole factor
        image = np.asarray(cv2.resize(even, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
        factor *= 2
    height, width = image.shape[:2]
    if size != (width, height):
        image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_LINEAR), np.uint8)
    return image, (factor * width / size[0], factor * height / size[1])
