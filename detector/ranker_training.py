"""Learns the ranker's weights from frames with known signs. Needs TensorFlow (the extra `train`)."""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detector.boxes import Boxes, overlaps
from detector.candidates import Proposals
from detector.features import measure_grid, measure_rings, mirror_grid
from detector.ranker import Layer, Ranker, offsets_between

GOOD_OVERLAP = 0.6
POOR_OVERLAP = 0.35
"""Regions between the two are neither shown as signs nor as clutter."""
REFINABLE_OVERLAP = 0.4
CLUTTER_PER_FRAME = 200
SIGN_WEIGHT = 25.0
"""Every sign weighs this much, shared among its regions, however many it has."""
SIEVE_UNITS = (16,)
JUDGE_UNITS = (64, 32)
BATCH = 1024

Report = Callable[[int, int], None]
"""Gets epochs done and epochs in all."""


@dataclass(frozen=True, slots=True)
class Examples:
    """Regions to learn from, one a row of each array."""

    rough: NDArray[np.float32]
    fine: NDArray[np.float32]
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
        fine=measure_grid(proposals.integral, regions, executor),
        is_sign=(best[used] >= GOOD_OVERLAP).astype(np.float32),
        weight=weight[used],
        offsets=offsets[used],
        offset_weight=offset_weight[used],
    )


def train_ranker(frames: Sequence[Examples], *, epochs: int, seed: int, report: Report) -> Ranker:
    """Learn from the examples of many frames.

    The sieve's loss is weighted cross-entropy of being a sign; the judge's has besides it the Huber loss of the box
    offsets of regions that lie on a sign. The judge sees every region in its mirror image too.
    """
    import keras

    keras.utils.set_random_seed(seed)
    whole = Examples(*(np.concatenate([getattr(frame, field.name) for frame in frames]) for field in fields(Examples)))
    targets = _targets(whole)
    mirrored = targets.copy()
    mirrored[:, 2] *= -1  # the shift to the right
    judge_features = np.concatenate([whole.fine, mirror_grid(whole.fine)])
    judge_targets = np.concatenate([targets, mirrored])
    sieve = _fit(whole.rough, targets, SIEVE_UNITS, 1, epochs, lambda epoch: report(epoch, 2 * epochs))
    judge = _fit(
        judge_features, judge_targets, JUDGE_UNITS, 5, epochs, lambda epoch: report(epochs + epoch, 2 * epochs)
    )
    return Ranker(sieve, judge)


def _targets(examples: Examples) -> NDArray[np.float32]:
    """(n, 7): is it a sign, its weight, four offsets, their weight."""
    return np.column_stack([examples.is_sign, examples.weight, examples.offsets, examples.offset_weight])


def _fit(
    features: NDArray[np.float32],
    targets: NDArray[np.float32],
    units: tuple[int, ...],
    outputs: int,
    epochs: int,
    report: Callable[[int], None],
) -> tuple[Layer, ...]:
    import keras
    import tensorflow as tf

    mean, scale = features.mean(axis=0), features.std(axis=0) + 1e-3
    inputs = keras.Input((features.shape[1],))
    hidden = keras.layers.GaussianNoise(0.1)(inputs)
    for width in units:
        hidden = keras.layers.Dense(width, "relu", kernel_regularizer=keras.regularizers.L2(2e-4))(hidden)
        hidden = keras.layers.Dropout(0.1)(hidden)
    model = keras.Model(inputs, keras.layers.Dense(outputs)(hidden))

    def loss(truth: Any, found: Any) -> Any:
        sign = truth[:, 1] * tf.nn.sigmoid_cross_entropy_with_logits(labels=truth[:, 0], logits=found[:, 0])
        if outputs == 1:
            return tf.reduce_mean(sign)
        error = tf.abs(truth[:, 2:6] - found[:, 1:])
        huber = tf.reduce_sum(tf.where(error < 0.1, 5.0 * error**2, error - 0.05), axis=1)
        return tf.reduce_mean(sign + truth[:, 6] * huber)

    steps = epochs * -(-len(features) // BATCH)
    model.compile(keras.optimizers.AdamW(keras.optimizers.schedules.CosineDecay(3e-3, steps), weight_decay=1e-3), loss)
    progress = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: report(epoch + 1))
    model.fit((features - mean) / scale, targets, batch_size=BATCH, epochs=epochs, verbose=0, callbacks=[progress])
    weights = [np.asarray(array, np.float32) for array in model.get_weights()]
    # On the road features come as they are: what centres and scales them here goes into the first layer.
    weights[0] = weights[0] / scale[:, None]
    weights[1] = weights[1] - mean @ weights[0]
    return tuple(zip(weights[::2], weights[1::2], strict=True))
