"""Training of the network: from crops to weights, in epochs that can be interrupted. Needs TensorFlow.

Recipe: classes drawn by the square root of their count, background as a fixed share, augmentation to fit what the
candidate stage and the camera do, label smoothing, AdamW with warm-up and cosine decay, then one temperature fitted on
the held-out tracks so that a confidence means what it says (Guo et al., "On calibration of modern neural networks",
ICML 2017).
"""

import json
import math
import time
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from models.augmentation import Strength, augment, centre, mirror_half
from models.errors import ModelError
from models.network import build_network
from models.whole_files import write_text_whole, written_whole


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """Crops (n, size, size, 3) uint8 BGR and labels (n,); background's is the number of sign classes.

    Size is what the method of the training takes: 48 for ours, which wants some of what is around the sign.
    """

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
    background_share: float = 0.18
    precision: Precision = "float32"
    seed: int = 1
    kept_share: float = 0.0
    """Of the weights that it began from, averaged into those that it learnt (Wortsman et al., "Robust fine-tuning of
    zero-shot models", CVPR 2022)."""


@dataclass(frozen=True, slots=True)
class Method:
    """How a network learns, where the recipe says how long and how hard; `OURS` made the shipped weights."""

    build: Callable[[int], Any]
    """From the number of sign classes to an untrained Keras model that gives a logit for each; one for background may
    follow."""
    optimizer: Callable[[Recipe, int], Any]
    """From the recipe and the steps of an epoch."""
    draw: Callable[[NDArray[np.int64], int, Recipe, int], NDArray[np.intp]]
    """From labels, sign classes, recipe and epoch (from 0) to the rows of that epoch, as many as pictures of signs."""
    disturb: Callable[[tf.Tensor, tf.Tensor, tf.Tensor], tuple[tf.Tensor, tf.Tensor]]
    """From crops as they are kept, labels, and the class of each class's mirror image (-1 where it has none) to what
    the network learns from: (n, 32, 32, 3) float32, 0 to 255, and labels."""
    view: Callable[[tf.Tensor], tf.Tensor]
    """From crops as they are kept to what the network sees when it is asked: (n, 32, 32, 3) float32, 0 to 255."""


@dataclass(frozen=True, slots=True)
class EpochResult:
    """What one epoch gave, for progress and curves."""

    epoch: int
    loss: float
    accuracy: float
    validation_accuracy: float
    seconds: float
    """From its first step to its last; what a kill cut off is in no epoch."""
    processor_seconds: float
    """The same in time of all processors, which other programs beside it don't lengthen."""


USUAL_TEMPERATURE, TEMPERATURE_SPREAD = 0.5, 0.1
"""What held-out tracks gave for networks of this recipe's smoothing, and the standard deviation of its logarithm."""
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
    method: Method | None = None,
) -> Any:
    """Train, or go on from the checkpoint in `folder`, and give the Keras model, in float32.

    `mirrors` tells for each class of signs what it is in a mirror, None where that is no sign. A checkpoint is written
    after every epoch, under its name only once it is whole. `report_step` gets steps done and steps in all. `start` is
    a Keras file to begin from instead of from nothing; `method` is `OURS` if not given. Raises ModelError where
    `folder` holds the run of another recipe or of other data, or can't be written to, such as on a full disk.
    """
    method = method or OURS
    sign_classes = len(mirrors)
    folder.mkdir(parents=True, exist_ok=True)
    _keep_recipe(folder / CONFIG, recipe)
    keras.utils.set_random_seed(recipe.seed)
    steps = math.ceil(_rows_per_epoch(training.labels, sign_classes) / recipe.batch)
    checkpoint = folder / CHECKPOINT
    if checkpoint.exists():
        model = load_keras(checkpoint, "remove it to begin anew")
        first, rest = divmod(int(model.optimizer.iterations), steps)
        history = _history(folder / HISTORY, recipe.epochs)
        said = json.loads(history[-1])["epoch"] if history else first
        if rest or abs(said - first) > 1 or model.output_shape[-1] - sign_classes not in (0, 1):
            raise ModelError(f"{folder} holds a run on other data or signs; give another --out, or remove it")
    else:
        model = _network(method, sign_classes, recipe.precision)
        if start is not None:
            _begin_from(model, start)
        model.compile(
            method.optimizer(recipe, steps),
            _smoothed_loss(recipe.label_smoothing),
            metrics=["accuracy"],
            jit_compile=bool(tf.config.list_physical_devices("GPU")),  # on a CPU, oneDNN alone is 1.7 times as fast
        )
        first = 0
    _write_history(folder / HISTORY, _history(folder / HISTORY, first))
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
        rows = method.draw(training.labels, sign_classes, recipe, epoch)
        began, began_processor = time.monotonic(), time.process_time()
        logs = model.fit(
            _batches(crops, labels, mirror_of, rows, recipe.batch, method, model.output_shape[-1]),
            shuffle=False,
            verbose=0,
            callbacks=[progress],
        ).history
        seconds, processor_seconds = time.monotonic() - began, time.process_time() - began_processor
        result = EpochResult(
            epoch + 1,
            float(logs["loss"][-1]),
            float(logs["accuracy"][-1]),
            float((logits_of(model, validation.crops, method.view).argmax(axis=1) == validation.labels).mean()),
            round(seconds, 3),
            round(processor_seconds, 3),
        )
        # First the history: a line that the checkpoint doesn't bear out is taken back when the run goes on.
        _write_history(folder / HISTORY, [*_history(folder / HISTORY, epoch), json.dumps(asdict(result))])
        with written_whole(checkpoint) as partial:
            model.save(partial)
        report_epoch(result)
    trained = _network(method, sign_classes, "float32")
    learnt = model.get_weights()
    if start is not None and recipe.kept_share:
        _begin_from(trained, start)
        kept = recipe.kept_share
        learnt = [kept * old + (1 - kept) * new for old, new in zip(trained.get_weights(), learnt, strict=True)]
    trained.set_weights(learnt)
    return trained


def _begin_from(model: Any, start: Path) -> None:
    try:
        model.set_weights(load_keras(start, "train them again", compile=False).get_weights())
    except ValueError as error:
        raise ModelError(f"{start}: weights of a network of another shape; begin from others") from error


def _network(method: Method, sign_classes: int, precision: Precision) -> Any:
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(precision)
    try:
        return method.build(sign_classes)
    finally:
        keras.config.set_dtype_policy(before)


def load_keras(file: Path, mend: str, **options: Any) -> Any:
    """A Keras model, loaded with Keras's own options. Raises ModelError, with what to do, where it can't be."""
    try:
        return keras.models.load_model(file, **options)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise ModelError(f"{file}: can't be loaded as Keras weights ({error}); {mend}") from error


def _keep_recipe(file: Path, recipe: Recipe) -> None:
    try:
        other = file.exists() and json.loads(file.read_text(encoding="utf-8")) != asdict(recipe)
    except ValueError as error:
        raise ModelError(f"{file}: no record of a run ({error}); give another --out, or remove it") from error
    if other:
        raise ModelError(f"{file.parent} holds a run of another recipe; give another --out, or remove it")
    write_text_whole(file, json.dumps(asdict(recipe), indent=2) + "\n")


def _history(file: Path, epochs: int) -> list[str]:
    """The lines of the first `epochs` epochs, without any that a kill cut off."""
    lines = {}
    for line in file.read_text(encoding="utf-8", errors="replace").splitlines() if file.exists() else ():
        try:
            number = int(json.loads(line)["epoch"])
        except (ValueError, TypeError, KeyError):
            continue
        if number <= epochs:
            lines[number] = line
    return [lines[number] for number in sorted(lines)]


def _write_history(file: Path, lines: list[str]) -> None:
    write_text_whole(file, "".join(line + "\n" for line in lines))


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
    crops: tf.Tensor,
    labels: tf.Tensor,
    mirror_of: tf.Tensor,
    rows: NDArray[np.intp],
    batch: int,
    method: Method,
    outputs: int,
) -> tf.data.Dataset:
    """What the network learns from: crops (batch, 32, 32, 3) and labels as (batch, outputs) of ones and zeros."""

    def learn_from(rows: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        views, classes = method.disturb(tf.gather(crops, rows), tf.gather(labels, rows), mirror_of)
        return views, tf.one_hot(classes, outputs)

    order = tf.data.Dataset.from_tensor_slices(rows)
    return order.batch(batch).map(learn_from, num_parallel_calls=2, deterministic=True).prefetch(4)


def disturbing(strength: Strength) -> Callable[[tf.Tensor, tf.Tensor, tf.Tensor], tuple[tf.Tensor, tf.Tensor]]:
    """A method's `disturb`: half of the crops in a mirror, where that is a sign, and all as a camera has them."""

    def disturb(crops: tf.Tensor, labels: tf.Tensor, mirror_of: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        views, classes = mirror_half(crops, labels, mirror_of)
        return augment(views, strength), classes

    return disturb


OURS = Method(build_network, _optimizer, draw_rows, disturbing(Strength()), centre)


def logits_of(
    model: Any, crops: NDArray[np.uint8], view: Callable[[tf.Tensor], tf.Tensor] = centre, batch: int = 256
) -> NDArray[np.float32]:
    """Logits (n, outputs) of crops, seen undisturbed: by `centre` those with context."""
    any_number = [tf.TensorSpec([None, *crops.shape[1:]], tf.uint8)]
    forward = tf.function(lambda crops: model(view(crops), training=False), input_signature=any_number)
    parts = [forward(tf.constant(crops[start : start + batch])).numpy() for start in range(0, len(crops), batch)]
    return np.concatenate(parts) if parts else np.empty((0, model.output_shape[1]), np.float32)


def fit_temperature(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """The temperature, 0.2 to 5, that is likeliest given the held-out labels, and what it came to before.

    A network makes one to fifteen errors of 3,270 there, and these few would decide it by themselves: six trainings
    alike gave 0.2 to 0.53, and with that other odds of being a sign at all.
    """
    temperatures = np.geomspace(0.2, 5.0, 200)

    def surprise(temperature: float) -> float:
        scaled = logits / temperature
        scaled = scaled - scaled.max(axis=1, keepdims=True)
        log_sum = np.log(np.exp(scaled).sum(axis=1))
        before = (math.log(temperature / USUAL_TEMPERATURE) / TEMPERATURE_SPREAD) ** 2 / 2
        return float((log_sum - scaled[np.arange(len(labels)), labels]).sum()) + before

    return float(min(temperatures, key=surprise))
