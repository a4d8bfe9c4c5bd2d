"""Learns the ranker's trees from frames with known signs. Needs LightGBM (the extra `train`; Ke et al., "LightGBM: a
highly efficient gradient boosting decision tree", NeurIPS 2017).
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detector.boxes import Boxes, overlaps
from detector.candidates import Proposals
from detector.features import measure_grid, measure_rings, mirror_grid
from detector.forest import DEPTH, QUESTIONS, Forest
from detector.ranker import OFFSETS, Ranker, offsets_between

GOOD_OVERLAP = 0.6
POOR_OVERLAP = 0.35
"""Regions between the two are neither shown as signs nor as clutter."""
REFINABLE_OVERLAP = 0.4
CLUTTER_PER_FRAME = 1000
"""Drawn from some 3,900; the sieve learns from the first `SIEVED`, the judge from the `JUDGED` that pass it best."""
SIEVED = JUDGED = 150
SIGN_WEIGHT = 25.0
"""Every sign weighs this much, shared among its regions, however many it has; a region of clutter 1."""
SIEVE_TREES, JUDGE_TREES, OFFSET_TREES = 100, 300, 120
FORESTS = 2 + len(OFFSETS)

Report = Callable[[int, int], None]
"""Gets forests done and forests in all."""


@dataclass(frozen=True, slots=True)
class Examples:
    """Regions of one frame to learn from, one a row of each array."""

    rough: NDArray[np.float32]
    fine: NDArray[np.float16]
    """Half as long as on the road, since there are many."""
    is_sign: NDArray[np.float32]
    weight: NDArray[np.float32]
    offsets: NDArray[np.float32]
    offset_weight: NDArray[np.float32]


def examples_of(
    proposals: Proposals, signs_xywh_px: Boxes, generator: np.random.Generator, executor: Executor
) -> Examples:
    """Examples from one frame whose signs lie in `signs_xywh_px` (m, 4), m may be 0."""
    boxes = proposals.boxes_xywh_px
    count = len(boxes)
    overlap = overlaps(boxes, signs_xywh_px)
    best = overlap.max(axis=1, initial=0.0)
    own = overlap.argmax(axis=1) if len(signs_xywh_px) else np.zeros(count, np.intp)
    clutter = np.flatnonzero(best < POOR_OVERLAP)
    clutter = generator.choice(clutter, min(len(clutter), CLUTTER_PER_FRAME), replace=False)
    weight = np.zeros(count, np.float32)
    offset_weight = np.zeros(count, np.float32)
    for sign in range(len(signs_xywh_px)):
        good = (own == sign) & (best >= GOOD_OVERLAP)
        weight[good] = SIGN_WEIGHT / max(1, good.sum())
        refinable = (own == sign) & (best >= REFINABLE_OVERLAP)
        offset_weight[refinable] = SIGN_WEIGHT / max(1, refinable.sum())
    weight[clutter] = 1.0
    used = np.flatnonzero((weight > 0) | (offset_weight > 0))
    offsets = np.zeros((count, 4), np.float32)
    if len(signs_xywh_px):
        offsets = offsets_between(boxes, signs_xywh_px[own])
    regions = proposals.regions.take(used)
    return Examples(
        rough=measure_rings(proposals.integral, regions, executor),
        fine=measure_grid(proposals.integral, regions, executor).astype(np.float16),
        is_sign=(best[used] >= GOOD_OVERLAP).astype(np.float32),
        weight=weight[used],
        offsets=offsets[used],
        offset_weight=offset_weight[used],
    )


def train_ranker(frames: Sequence[Examples], *, trees: int = JUDGE_TREES, seed: int, report: Report) -> Ranker:
    """Learn from the examples of many frames; `trees` is how many the judge has.

    Sieve and judge learn by weighted cross-entropy whether a region is a sign, the judge from clutter that the sieve
    lets pass; the offsets learn by Huber loss from the regions that lie on a sign. All but the sieve, whose rings are
    their own mirror image, see every region in the mirrored picture too.
    """
    on_sign = [np.flatnonzero((frame.weight > 0) & (frame.is_sign > 0)) for frame in frames]
    clutter = [np.flatnonzero((frame.weight > 0) & (frame.is_sign == 0)) for frame in frames]
    some = [_evenly(rows, SIEVED) for rows in clutter]
    sieve = _boost("binary", SIEVE_TREES, seed, *_judged(frames, "rough", on_sign, some))
    report(1, FORESTS)
    with ThreadPoolExecutor(2) as executor:
        hard = [_likeliest(sieve, frame, rows, executor) for frame, rows in zip(frames, clutter, strict=True)]
    fine, is_sign, weight = _judged(frames, "fine", on_sign, hard)
    judge = _boost("binary", trees, seed, _both_ways(fine), np.tile(is_sign, 2), np.tile(weight, 2))
    report(2, FORESTS)
    placed = [np.flatnonzero(frame.offset_weight) for frame in frames]
    fine, offsets, weight = (_gathered(frames, name, placed) for name in ("fine", "offsets", "offset_weight"))
    fine, offsets = _both_ways(fine), np.concatenate([offsets, offsets * np.array([-1, 1, 1, 1], np.float32)])
    corrected = []
    for side in range(len(OFFSETS)):
        corrected.append(_boost("huber", OFFSET_TREES, seed, fine, offsets[:, side], np.tile(weight, 2)))
        report(3 + side, FORESTS)
    return Ranker(sieve, judge, tuple(corrected))


def _evenly(rows: NDArray[np.intp], count: int) -> NDArray[np.intp]:
    return rows[np.linspace(0, len(rows), min(count, len(rows)), endpoint=False).astype(np.intp)]


def _likeliest(sieve: Forest, frame: Examples, rows: NDArray[np.intp], executor: Executor) -> NDArray[np.intp]:
    scores = sieve.sums(frame.rough[rows], executor)
    return rows[np.argsort(-scores, kind="stable")[:JUDGED]]


def _judged(
    frames: Sequence[Examples], features: str, on_sign: list[NDArray[np.intp]], clutter: list[NDArray[np.intp]]
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Features, whether it is a sign, and weight, of some rows of each frame."""
    rows = [np.concatenate(pair) for pair in zip(on_sign, clutter, strict=True)]
    found, is_sign, weight = (_gathered(frames, name, rows) for name in (features, "is_sign", "weight"))
    return found, is_sign, weight


def _gathered(frames: Sequence[Examples], name: str, rows: list[NDArray[np.intp]]) -> NDArray[np.float32]:
    parts = [getattr(frame, name)[of_frame] for frame, of_frame in zip(frames, rows, strict=True)]
    return np.concatenate(parts).astype(np.float32)


def _both_ways(fine: NDArray[np.float32]) -> NDArray[np.float32]:
    """Each region, then each as the mirrored picture has it."""
    return np.concatenate([fine, mirror_grid(fine)])


def _boost(
    objective: str,
    trees: int,
    seed: int,
    features: NDArray[np.float32],
    targets: NDArray[np.float32],
    weight: NDArray[np.float32],
) -> Forest:
    import lightgbm

    settings = {
        "objective": objective,
        "alpha": 0.1,  # of Huber's loss: where it turns from square to straight
        "max_depth": DEPTH,
        "num_leaves": 2**DEPTH,
        "learning_rate": 0.08,
        "min_data_in_leaf": 30,
        "lambda_l2": 20.0,
        "feature_fraction": 0.3,
        "bagging_fraction": 0.7,
        "bagging_freq": 1,
        "max_bin": 63,
        "seed": seed,
        "deterministic": True,
        "num_threads": 1,  # several wait for one another in a spin: beside other work that takes ten times as long
        "verbose": -1,
    }
    data = lightgbm.Dataset(features, np.ascontiguousarray(targets), weight=weight)
    dumped = lightgbm.train(settings, data, num_boost_round=trees).dump_model()
    return _complete([tree["tree_structure"] for tree in dumped["tree_info"]])


def _complete(trees: Sequence[dict[str, Any]]) -> Forest:
    """Trees as LightGBM describes them, made complete: a leaf that comes early stands below both answers."""
    columns = np.zeros((len(trees), QUESTIONS), np.uint16)
    thresholds = np.full((len(trees), QUESTIONS), np.inf, np.float32)
    leaves = np.zeros((len(trees), QUESTIONS + 1), np.float32)

    def lay(tree: int, node: int, part: dict[str, Any]) -> None:
        if node >= QUESTIONS:
            leaves[tree, node - QUESTIONS] = part["leaf_value"]
            return
        if "split_feature" in part:
            columns[tree, node] = part["split_feature"]
            thresholds[tree, node] = part["threshold"]
        lay(tree, 2 * node + 1, part.get("left_child", part))
        lay(tree, 2 * node + 2, part.get("right_child", part))

    for number, tree in enumerate(trees):
        lay(number, 0, tree)
    return Forest(columns, thresholds, leaves)
