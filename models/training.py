"""Training of the network: from crops to weights, in epochs that can be interrupted. Needs TensorFlow.

Recipe: classes drawn by the square root of their count, background as a fixed share, augmentation to fit what the
candidate stage and the camera do, label smoothing, AdamW with warm-up and cosine decay, then one temperature fitted on
the held-out tracks so that a confidence means what it says (Guo et al., "On calibration of modern neural networks",
ICML 2017).
"""

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from models.augmentation import Strength, augment, centre, mirror_half
from models.network import build_network


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """Crops with context (n, 48, 48, 3) uint8 BGR and labels (n,); background's is the number of sign classes."""

    crops: NDArray[np.uint8]
    labels: NDArray[np.int64]

    def __post_init__(self) -> None:
        if len(self.crops) != len(self.labels):
            raise ValueError(f"{len(self.crops)} crops but {len(self.labels)} labels")


Precision = Literal["float32", "mixed_bfloat16"]
"""What the convolutions compute in while they learn; weights and sums are float32 either way (Kalamkar et al., "A study
of BFLOAT16 for deep learning training", 2019)."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that decides what a training makes, besides the data."""

    epochs: int = 24
    batch: int = 128
    learning_rate: float = 3e-3
    warm_up_epochs: float = 1.0
    weight_decay: float = 0.02
    label_smoothing: float = 0.05
    background_share: float = 0.15
    precision: Precision = "float32"
    seed: int = 1


@dataclass(frozen=True, slots=True)
class EpochResult:
    """What one epoch gave, for progress and curves."""

    epoch: int
    loss: float
    accuracy: float
    validation_accuracy: float


CHECKPOINT = "checkpoint.keras"
HISTORY = "history.jsonl"
CONFIG = "config.json"


def train_network(
    training: TrainingSet,
    validation: TrainingSet,
    mirrors: Sequence[int | None],
    recipe: Recipe,
    folder: Path,
    start: Path | None,
    report_step: Callable[[int, int], None],
    report_epoch: Callable[[EpochResult], None],
) -> Any:
    """Train, or go on from the checkpoint in `folder`, and give the Keras model, in float32.

    `mirrors` tells for each class of signs what it is in a mirror, None where that is no sign. A checkpoint is written
    after every epoch, under its name only once it is whole. `report_step` gets steps done and
    steps in all. `start` is a Keras file to begin from instead of from nothing. Raises ValueError where `folder` holds
    the run of another recipe.
    """
    sign_classes = len(mirrors)
    folder.mkdir(parents=True, exist_ok=True)
    _keep_recipe(folder / CONFIG, recipe)
    keras.utils.set_random_seed(recipe.seed)
    steps = math.ceil(_rows_per_epoch(training.labels, sign_classes) / recipe.batch)
    checkpoint = folder / CHECKPOINT
    if checkpoint.exists():
        model = keras.models.load_model(checkpoint)
        first = int(model.optimizer.iterations) // steps
    else:
        model = _network(sign_classes, recipe.precision)
        if start is not None:
            model.set_weights(keras.models.load_model(start, compile=False).get_weights())
        model.compile(
            _optimizer(recipe, steps),
            _smoothed_loss(recipe.label_smoothing),
            metrics=["accuracy"],
            jit_compile=bool(tf.config.list_physical_devices("GPU")),  # on a CPU, oneDNN alone is 1.7 times as fast
        )
        first = 0
    # Once: each epoch would keep its own.
    crops, labels = tf.constant(training.crops), tf.constant(training.labels)
    mirror_of = tf.constant([-1 if mirror is None else mirror for mirror in (*mirrors, sign_classes)], tf.int64)
    for epoch in range(first, recipe.epochs):
        progress = keras.callbacks.LambdaCallback(
            on_train_batch_end=lambda batch, logs, epoch=epoch: report_step(
                epoch * steps + batch + 1, recipe.epochs * steps
            )
        )
        tf.random.set_seed(recipe.seed * 1000 + epoch)
        logs = model.fit(
            _batches(crops, labels, mirror_of, draw_rows(training.labels, sign_classes, recipe, epoch), recipe.batch),
            shuffle=False,
            verbose=0,
            callbacks=[progress],
        ).history
        partial = checkpoint.with_name("partial-" + CHECKPOINT)
        model.save(partial)
        partial.replace(checkpoint)
        result = EpochResult(
            epoch + 1,
            float(logs["loss"][-1]),
            float(logs["accuracy"][-1]),
            float((logits_of(model, validation.crops).argmax(axis=1) == validation.labels).mean()),
        )
        with (folder / HISTORY).open("a", encoding="utf-8") as history:
            history.write(json.dumps(asdict(result)) + "\n")
        report_epoch(result)
    trained = _network(sign_classes, "float32")
    trained.set_weights(model.get_weights())
    return trained


def _network(sign_classes: int, precision: Precision) -> Any:
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(precision)
    try:
        return build_network(sign_classes)
    finally:
        keras.config.set_dtype_policy(before)


def _keep_recipe(file: Path, recipe: Recipe) -> None:
    text = json.dumps(asdict(recipe), indent=2)
    if file.exists() and json.loads(file.read_text(encoding="utf-8")) != asdict(recipe):
        raise ValueError(f"{file.parent} holds a run of another recipe; give another --out, or remove it")
    file.write_text(text + "\n", encoding="utf-8")


def _optimizer(recipe: Recipe, steps: int) -> Any:
    warm_up = round(recipe.warm_up_epochs * steps)
    schedule = keras.optimizers.schedules.CosineDecay(
        recipe.learning_rate / 30,
        decay_steps=max(1, recipe.epochs * steps - warm_up),
        warmup_target=recipe.learning_rate,
        warmup_steps=warm_up,
    )
    return keras.optimizers.AdamW(schedule, weight_decay=recipe.weight_decay)


def _smoothed_loss(smoothing: float) -> Any:
    return keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=smoothing)


def draw_rows(labels: NDArray[np.int64], sign_classes: int, recipe: Recipe, epoch: int) -> NDArray[np.intp]:
    """Rows of one epoch, as many as there are pictures of signs: the same for the same seed and epoch.

    A class is drawn in proportion to the square root of its count, so that rare signs are learnt without being worn
    out; background takes `recipe.background_share` where there is any.
    """
    counts = np.bincount(labels, minlength=sign_classes + 1).astype(np.float64)
    share = np.sqrt(counts)
    share[sign_classes] = 0.0
    share /= share.sum()
    if counts[sign_classes]:
        share *= 1 - recipe.background_share
        share[sign_classes] = recipe.background_share
    weights = share[labels] / counts[labels]
    generator = np.random.default_rng([recipe.seed, epoch])
    return generator.choice(len(labels), _rows_per_epoch(labels, sign_classes), p=weights / weights.sum())


def _rows_per_epoch(labels: NDArray[np.int64], sign_classes: int) -> int:
    return int((labels < sign_classes).sum())


def _batches(
    crops: tf.Tensor, labels: tf.Tensor, mirror_of: tf.Tensor, rows: NDArray[np.intp], batch: int
) -> tf.data.Dataset:
    """Augmented crops (batch, 32, 32, 3) and labels as (batch, classes) of ones and zeros."""
    strength = Strength()

    def disturb(rows: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        views, classes = mirror_half(tf.gather(crops, rows), tf.gather(labels, rows), mirror_of)
        return augment(views, strength), tf.one_hot(classes, len(mirror_of))

    order = tf.data.Dataset.from_tensor_slices(rows)
    return order.batch(batch).map(disturb, num_parallel_calls=2, deterministic=True).prefetch(4)


def logits_of(model: Any, crops_with_context: NDArray[np.uint8], batch: int = 256) -> NDArray[np.float32]:
    """Logits (n, classes + 1) of crops with context, seen undisturbed."""
    forward = tf.function(lambda crops: model(centre(crops), training=False), reduce_retracing=True)
    parts = [
        forward(tf.constant(crops_with_context[start : start + batch])).numpy()
        for start in range(0, len(crops_with_context), batch)
    ]
    return np.concatenate(parts) if parts else np.empty((0, model.output_shape[1]), np.float32)


def fit_temperature(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """The temperature, 0.2 to 5, under which the held-out labels are most likely."""
    temperatures = np.geomspace(0.2, 5.0, 200)

    def surprise(temperature: float) -> float:
        scaled = logits / temperature
        scaled = scaled - scaled.max(axis=1, keepdims=True)
        log_sum = np.log(np.exp(scaled).sum(axis=1))
        return float((log_sum - scaled[np.arange(len(labels)), labels]).mean())

    return float(min(temperatures, key=surprise))
