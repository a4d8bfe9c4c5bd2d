"""Learns the ranker's weights from frames with known signs. Needs TensorFlow (the extra `train`)."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detector.boxes import Boxes, overlaps
from detector.candidates import MeasuredRegions
from detector.ranker import Ranker, offsets_between

GOOD_OVERLAP = 0.6
POOR_OVERLAP = 0.35
"""Regions between the two are neither shown as signs nor as clutter."""
REFINABLE_OVERLAP = 0.4
CLUTTER_PER_FRAME = 150
SIGN_WEIGHT = 25.0
"""Every sign weighs this much, shared among its regions, however many it has."""
HIDDEN = (48, 24)


@dataclass(frozen=True, slots=True)
class Examples:
    """Regions to learn from."""

    features: NDArray[np.float32]
    is_sign: NDArray[np.float32]
    weight: NDArray[np.float32]
    offsets: NDArray[np.float32]
    offset_weight: NDArray[np.float32]


def examples_of(regions: MeasuredRegions, signs_xywh_px: Boxes, generator: np.random.Generator) -> Examples:
    """Examples from one frame whose signs lie in `signs_xywh_px` (m, 4), m may be 0."""
    count = len(regions.boxes_xywh_px)
    overlap = overlaps(regions.boxes_xywh_px, signs_xywh_px)
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
        offsets = offsets_between(regions.boxes_xywh_px, signs_xywh_px[own])
    is_sign = (best >= GOOD_OVERLAP).astype(np.float32)
    return Examples(regions.features[used], is_sign[used], weight[used], offsets[used], offset_weight[used])


def train_ranker(
    frames: list[Examples], *, epochs: int, seed: int, report: Callable[[int, float], None] | None = None
) -> Ranker:
    """Learn from the examples of many frames; `report` gets the epoch from 1 and the loss.

    Loss: weighted cross-entropy of being a sign plus Huber loss of the box offsets of regions that lie on a sign.
    """
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(seed)
    features = np.concatenate([frame.features for frame in frames])
    targets = np.concatenate([_targets(frame) for frame in frames])
    mean, scale = features.mean(axis=0), features.std(axis=0) + 1e-3

    inputs = keras.Input((features.shape[1],))
    hidden = keras.layers.GaussianNoise(0.1)(inputs)
    for units in HIDDEN:
        hidden = keras.layers.Dense(units, "relu", kernel_regularizer=keras.regularizers.L2(2e-4))(hidden)
        hidden = keras.layers.Dropout(0.1)(hidden)
    model = keras.Model(inputs, keras.layers.Dense(5)(hidden))

    def loss(truth: tf.Tensor, outputs: tf.Tensor) -> tf.Tensor:
        sign = tf.nn.sigmoid_cross_entropy_with_logits(labels=truth[:, 0], logits=outputs[:, 0])
        error = tf.abs(truth[:, 2:6] - outputs[:, 1:])
        huber = tf.reduce_sum(tf.where(error < 0.1, 5.0 * error**2, error - 0.05), axis=1)
        return tf.reduce_mean(truth[:, 1] * sign + truth[:, 6] * huber)

    batch = 1024
    steps = epochs * -(-len(features) // batch)
    model.compile(keras.optimizers.AdamW(keras.optimizers.schedules.CosineDecay(3e-3, steps), weight_decay=1e-3), loss)
    callback = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: report(epoch + 1, logs["loss"]) if report else None
    )
    model.fit((features - mean) / scale, targets, batch_size=batch, epochs=epochs, verbose=0, callbacks=[callback])
    arrays = [np.asarray(weight, np.float32) for weight in model.get_weights()]
    return Ranker(mean.astype(np.float32), scale.astype(np.float32), *arrays)


def _targets(frame: Examples) -> NDArray[np.float32]:
    """(n, 7): is it a sign, its weight, four offsets, their weight."""
    columns = [frame.is_sign[:, None], frame.weight[:, None], frame.offsets, frame.offset_weight[:, None]]
    return np.concatenate(columns, axis=1)
