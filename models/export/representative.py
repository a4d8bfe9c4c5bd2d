"""Which crops stand for all when activations get their ranges: every class, background, in good light and in poor."""

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from models.augmentation import Strength, augment, centre
from models.pictures import CROP_SIZE_PX

OF_EACH_CLASS = 12
OF_BACKGROUND = 200
VIEWS_AT_ONCE = 256


def representative_rows(labels: NDArray[np.int64], sign_classes: int, seed: int) -> NDArray[np.intp]:
    """Rows of labels (n,) to quantise by, in random order: 12 of each class, 200 of background, fewer where there are.

    Background's label is `sign_classes`. The same rows for the same labels and seed.
    """
    generator = np.random.default_rng(seed)
    chosen = []
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        wanted = OF_BACKGROUND if label == sign_classes else OF_EACH_CLASS
        chosen.append(generator.choice(rows, min(wanted, len(rows)), replace=False))
    return generator.permutation(np.concatenate(chosen)) if chosen else np.empty(0, np.intp)


def representative_views(crops_with_context: NDArray[np.uint8], seed: int) -> NDArray[np.uint8]:
    """Views (n, 32, 32, 3) uint8 BGR of crops with context (n, 48, 48, 3): every second one disturbed as in training.

    The same views for the same crops and seed.
    """
    tf.random.set_seed(seed)
    undisturbed, others = crops_with_context[::2], crops_with_context[1::2]
    # Disturbances come to parts of a batch, so batches are filled up: with the same crops over again.
    filled = np.resize(others, (-(-len(others) // VIEWS_AT_ONCE) * VIEWS_AT_ONCE, *others.shape[1:]))
    disturbed = [
        _as_pixels(augment(tf.constant(filled[start : start + VIEWS_AT_ONCE]), Strength()))
        for start in range(0, len(filled), VIEWS_AT_ONCE)
    ]
    return np.concatenate([undisturbed_views(undisturbed), *disturbed])[: len(crops_with_context)]


def undisturbed_views(crops_with_context: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Crops (n, 32, 32, 3) uint8 BGR as a camera in good light gives them, of crops with context (n, 48, 48, 3)."""
    parts = [
        _as_pixels(centre(tf.constant(crops_with_context[start : start + VIEWS_AT_ONCE])))
        for start in range(0, len(crops_with_context), VIEWS_AT_ONCE)
    ]
    return np.concatenate(parts) if parts else np.empty((0, CROP_SIZE_PX, CROP_SIZE_PX, 3), np.uint8)


def _as_pixels(images: tf.Tensor) -> NDArray[np.uint8]:
    return np.asarray(np.rint(images.numpy()).clip(0, 255), np.uint8)
