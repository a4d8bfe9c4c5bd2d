"""The networks that ours is compared with, and how each of them learns. Needs TensorFlow.

The seed is the small network of the project that this one grew from, sgkertsos/traffic-sign-classification: whole
pictures at 32x32 as Pillow shrinks them, grey levels 0 to 255 as they are, each picture once an epoch, Adam at one
rate, ten epochs. ResNet50 (He et al., "Deep residual learning for image recognition", CVPR 2016) learns from the crops
that ours learns from, each once an epoch and undisturbed: what teaches ours in six epochs leaves it at 65 %.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import keras
import numpy as np
import tensorflow as tf
from keras import layers
from numpy.typing import NDArray
from PIL import Image

from models.augmentation import centre
from models.pictures import CROP_SIZE_PX
from models.training import HISTORY, OURS, Method, Precision, Recipe

SEED_RECIPE = Recipe(
    epochs=10,
    batch=32,
    learning_rate=1e-4,
    warm_up_epochs=0.0,
    weight_decay=0.0,
    label_smoothing=0.0,
    background_share=0.0,
)

RESNET50_LEARNING_RATE = 1e-3


def build_seed(sign_classes: int) -> Any:
    """The seed's network: (n, 32, 32, 3) float32 0 to 255 in, logits (n, sign_classes) out.

    Its softmax is in the loss instead, where it is the same and rounds less.
    """
    crops = keras.Input((CROP_SIZE_PX, CROP_SIZE_PX, 3), name="crops")
    maps = layers.Conv2D(32, 3, activation="relu")(crops)
    for width in (64, 128):
        maps = layers.MaxPooling2D()(maps)
        maps = layers.Conv2D(width, 3, activation="relu")(maps)
    hidden = layers.Dense(256, activation="relu")(layers.Flatten()(maps))
    logits = layers.Dense(sign_classes, dtype="float32", name="logits")(layers.Dropout(0.5)(hidden))
    return keras.Model(crops, logits, name="seed")


def build_resnet50(sign_classes: int) -> Any:
    """ResNet50 from nothing: (n, 32, 32, 3) float32 0 to 255 in, logits (n, sign_classes + 1) out, as ours."""
    crops = keras.Input((CROP_SIZE_PX, CROP_SIZE_PX, 3), name="crops")
    scaled = layers.Rescaling(1 / 64.0, offset=-2.0, dtype="float32", name="scale")(crops)
    body = keras.applications.ResNet50(include_top=False, weights=None, input_tensor=scaled, pooling="avg")
    logits = layers.Dense(sign_classes + 1, dtype="float32", name="logits")(body.output)
    return keras.Model(crops, logits, name="resnet50")


def whole_picture(
    image: NDArray[np.uint8], _: tuple[float, float, float, float], __: float, size_px: int
) -> NDArray[np.uint8]:
    """All of the picture, wherever its sign is, at (size_px, size_px, 3) uint8: a `Cut` that cuts nothing."""
    return np.asarray(Image.fromarray(image).resize((size_px, size_px)), np.uint8)


def as_floats(crops: tf.Tensor) -> tf.Tensor:
    """Crops (n, 32, 32, 3) uint8 as the network takes them, float32 0 to 255; nothing else is done to them."""
    return tf.cast(crops, tf.float32)


def each_once(labels: NDArray[np.int64], _: int, recipe: Recipe, epoch: int) -> NDArray[np.intp]:
    """Every row once, in an order that is the same for the same seed and epoch."""
    return np.random.default_rng([recipe.seed, epoch]).permutation(len(labels))


def _adam(recipe: Recipe, _: int) -> Any:
    return keras.optimizers.Adam(recipe.learning_rate)


def _undisturbed(crops: tf.Tensor, labels: tf.Tensor, _: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    return as_floats(crops), labels


Split = Literal["track", "picture"]
"""What is held out: all pictures of some physical signs, or some pictures of any."""


@dataclass(frozen=True, slots=True)
class Contestant:
    """One network and the way in which it learns."""

    name: str
    title: str
    split: Split
    whole_pictures: bool
    """Learns from whole pictures at 32x32 rather than from crops with context."""
    method: Method
    recipe: Recipe


AS_THE_SEED = Method(build_seed, _adam, each_once, _undisturbed, as_floats)


def _seeds(epochs: int | None, seed: int, _: Precision) -> tuple[Contestant, ...]:
    recipe = replace(SEED_RECIPE, epochs=epochs or SEED_RECIPE.epochs, seed=seed)
    return (
        Contestant("seed-by-picture", "seed, split by picture", "picture", True, AS_THE_SEED, recipe),
        Contestant("seed", "seed", "track", True, AS_THE_SEED, recipe),
    )


def _centred(crops: tf.Tensor, labels: tf.Tensor, _: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    return centre(crops), labels


def _by_track(
    name: str, method: Method, learning_rate: float
) -> Callable[[int | None, int, Precision], tuple[Contestant, ...]]:
    def contestants(epochs: int | None, seed: int, precision: Precision) -> tuple[Contestant, ...]:
        recipe = Recipe(epochs=epochs or Recipe().epochs, learning_rate=learning_rate, precision=precision, seed=seed)
        return (Contestant(name, name, "track", False, method, recipe),)

    return contestants


NETWORKS: dict[str, Callable[[int | None, int, Precision], tuple[Contestant, ...]]] = {
    "seed": _seeds,
    "resnet50": _by_track(
        "resnet50", replace(OURS, build=build_resnet50, draw=each_once, disturb=_centred), RESNET50_LEARNING_RATE
    ),
    "signwatch": _by_track("signwatch", OURS, Recipe().learning_rate),
}
"""From epochs (None for its own number), seed and precision to the trainings of a network: two for the seed, whose own
figure was measured with pictures of one sign on both sides. The seed computes in float32, as it did."""


def split_by_picture(count: int, share: float, seed: int) -> tuple[list[int], list[int]]:
    """Positions for training and for validation, drawn without a look at tracks: pictures of one sign on both sides."""
    order = np.random.default_rng(seed).permutation(count)
    held_out = max(1, round(share * count))
    return sorted(order[held_out:].tolist()), sorted(order[:held_out].tolist())


def training_time(folder: Path, epochs: int) -> tuple[float, float] | None:
    """Seconds and processor seconds of all epochs, from a run's history; None where it doesn't tell."""
    try:
        lines = [json.loads(line) for line in (folder / HISTORY).read_text(encoding="utf-8").splitlines()]
        by_epoch = {line["epoch"]: (float(line["seconds"]), float(line["processor_seconds"])) for line in lines}
        times = [by_epoch[epoch] for epoch in range(1, epochs + 1)]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return sum(seconds for seconds, _ in times), sum(processor for _, processor in times)
