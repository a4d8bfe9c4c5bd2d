"""Networks trained on the same pictures and measured alike. Needs TensorFlow."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from detector.crops import cut_crop
from edge.comparison_report import NetworkFigures
from edge.progress import progress_bar, say_epoch
from edge.timing import time_interleaved
from models.archive import Archive
from models.augmentation import CONTEXT_MARGIN, CONTEXT_SIZE_PX
from models.catalogue import Catalogue
from models.comparison import Contestant, Split, as_floats, split_by_picture, training_time, whole_picture
from models.errors import ModelError
from models.export import count_parameters
from models.gtsrb import SignPicture, digest_of_list, list_pictures, read_crops, split_by_track
from models.pictures import CROP_MARGIN, CROP_SIZE_PX
from models.training import CHECKPOINT, TrainingSet, load_keras, logits_of, train_network
from models.weights_record import KERAS, read_record
from models.whole_files import write_text_whole, written_whole

SETTINGS, NETWORK, RESULT = "settings.json", "network.keras", "result.json"
READING_CHUNK = 2048
TIMED_BATCHES = (1, 64)
TIMED_ROUNDS = 50


class Pictures:
    """The benchmark as the contestants learn from it and are judged on it; read as far as it is asked for.

    Raises DataError where a part is missing, or a picture is missing or broken.
    """

    def __init__(self, archive: Archive, classes: int, share: float, split_seed: int) -> None:
        self._archive = archive
        self.train = list_pictures(archive, "train", classes)
        self.test = list_pictures(archive, "test", classes)
        self.labels = np.array([picture.class_id for picture in self.train], np.int64)
        self.test_labels = np.array([picture.class_id for picture in self.test], np.int64)
        self.rows: dict[Split, tuple[list[int], list[int]]] = {
            "track": split_by_track(self.train, share, split_seed),
            "picture": split_by_picture(len(self.train), share, split_seed),
        }
        """For each way of splitting: rows of the training part to learn from, and those held out."""
        self.digest = digest_of_list(self.train)
        """As `signwatch train` writes it into the record of weights."""

    @cached_property
    def whole(self) -> NDArray[np.uint8]:
        """The training part as whole pictures (n, 32, 32, 3)."""
        return self._read(self.train, whole=True)

    @cached_property
    def whole_test(self) -> NDArray[np.uint8]:
        """The official test as whole pictures (n, 32, 32, 3)."""
        return self._read(self.test, whole=True)

    @cached_property
    def with_context(self) -> NDArray[np.uint8]:
        """The training part's signs with what is around them (n, 48, 48, 3)."""
        return self._read(self.train, whole=False, margin=CONTEXT_MARGIN, size_px=CONTEXT_SIZE_PX)

    @cached_property
    def held_out(self) -> NDArray[np.uint8]:
        """The held-out tracks as crops (n, 32, 32, 3), in the order of their rows."""
        return self._read([self.train[row] for row in self.rows["track"][1]], whole=False)

    @cached_property
    def cropped_test(self) -> NDArray[np.uint8]:
        """The official test as crops (n, 32, 32, 3), cut as on the road."""
        return self._read(self.test, whole=False)

    def _read(
        self, pictures: list[SignPicture], whole: bool, margin: float = CROP_MARGIN, size_px: int = CROP_SIZE_PX
    ) -> NDArray[np.uint8]:
        crops = np.empty((len(pictures), size_px, size_px, 3), np.uint8)
        cut = whole_picture if whole else cut_crop
        with progress_bar("reading pictures", len(pictures)) as report:
            for start in range(0, len(pictures), READING_CHUNK):
                chunk = pictures[start : start + READING_CHUNK]
                crops[start : start + len(chunk)], _ = read_crops(self._archive, chunk, cut, margin, size_px)
                report(start + len(chunk), len(pictures))
        return crops


def train_contestant(contestant: Contestant, pictures: Pictures, catalogue: Catalogue, folder: Path) -> NetworkFigures:
    """Train one network in `folder` and measure it, or go on where that was left; a whole result is taken as it is.

    Background and drawn limits are left out, so that all learn from the same. Raises ModelError where the folder holds
    a run with other settings or files that can't be read.
    """
    _keep_settings(folder / SETTINGS, _settings(contestant, pictures))
    if (folder / RESULT).exists() and (folder / NETWORK).exists():
        return _read_result(folder / RESULT)
    teaching, judging = pictures.rows[contestant.split]
    kept = pictures.whole if contestant.whole_pictures else pictures.with_context
    recipe = contestant.recipe
    with progress_bar(f"training {contestant.title}", None) as step:
        model = train_network(
            TrainingSet(kept[teaching], pictures.labels[teaching]),
            TrainingSet(kept[judging], pictures.labels[judging]),
            [sign.mirror for sign in catalogue],
            recipe,
            folder,
            None,
            step,
            say_epoch(recipe.epochs),
            contestant.method,
        )
    held_out = pictures.whole[judging] if contestant.whole_pictures else pictures.held_out
    test = pictures.whole_test if contestant.whole_pictures else pictures.cropped_test
    taken_s = training_time(folder, recipe.epochs)
    figures = _figures(contestant, model, pictures, held_out, test, recipe.epochs, taken_s)
    with written_whole(folder / NETWORK) as unfinished:
        model.save(unfinished)
    _write(folder / RESULT, asdict(figures))
    (folder / CHECKPOINT).unlink(missing_ok=True)  # three times the network's size, and of no more use
    return figures


def measure_weights(contestant: Contestant, pictures: Pictures, catalogue: Catalogue, folder: Path) -> NetworkFigures:
    """Measure the weights that `signwatch train` made in `folder`, in place of training the contestant.

    On held-out tracks only where the record beside them says that they were held out of these weights too. Raises
    ModelError where the weights are missing, damaged or for another catalogue.
    """
    record = read_record(folder)
    record.check(catalogue, folder)
    judging = pictures.rows["track"][1]
    same_split = (record.data.get("list_sha256"), record.data.get("held_out_pictures")) == (
        pictures.digest,
        len(judging),
    )
    epochs = record.recipe.get("epochs")
    model = load_network(folder / KERAS)
    held_out = pictures.held_out if same_split else None
    taken_s = training_time(folder, epochs) if epochs else None
    return _figures(contestant, model, pictures, held_out, pictures.cropped_test, epochs, taken_s)


def _figures(
    contestant: Contestant,
    model: Any,
    pictures: Pictures,
    held_out: NDArray[np.uint8] | None,
    test: NDArray[np.uint8],
    epochs: int | None,
    taken_s: tuple[float, float] | None,
) -> NetworkFigures:
    judging = pictures.rows[contestant.split][1]
    wrong = None if held_out is None else _errors(model, held_out, pictures.labels[judging])
    errors = _errors(model, test, pictures.test_labels)
    parameters, multiply_adds = count_parameters(model)
    return NetworkFigures(
        name=contestant.name,
        title=contestant.title,
        split=contestant.split,
        epochs=epochs,
        validation_images=len(judging),
        validation_accuracy=None if wrong is None else 1 - wrong / len(judging),
        test_images=len(test),
        test_errors=errors,
        test_accuracy=1 - errors / len(test),
        parameters=parameters,
        multiply_adds=multiply_adds,
        training_s=taken_s[0] if taken_s else None,
        training_processor_s=taken_s[1] if taken_s else None,
    )


def _errors(model: Any, crops: NDArray[np.uint8], labels: NDArray[np.int64]) -> int:
    """Crops whose likeliest class, background included, is not the truth."""
    return int((logits_of(model, crops, as_floats).argmax(axis=1) != labels).sum())


def load_network(file: Path) -> Any:
    """A Keras model without what it was trained with. Raises ModelError where it can't be loaded."""
    return load_keras(file, "remove it and train again", compile=False)


def latencies_ms(models: Mapping[str, Any]) -> dict[str, dict[int, float]]:
    """Median milliseconds of one call with each of `TIMED_BATCHES`, by network.

    Each network is one traced function, and the networks take turns, so that whatever else the machine does meets all
    of them alike.
    """
    crops = np.random.default_rng(0).uniform(0, 255, (max(TIMED_BATCHES), CROP_SIZE_PX, CROP_SIZE_PX, 3))
    batches = {size: tf.constant(crops[:size], tf.float32) for size in TIMED_BATCHES}
    any_number = [tf.TensorSpec([None, *crops.shape[1:]], tf.float32)]
    forward = {
        name: tf.function(lambda crops, model=model: model(crops, training=False), input_signature=any_number)
        for name, model in models.items()
    }
    calls = {(name, size): partial(_call, forward[name], batches[size]) for name in models for size in TIMED_BATCHES}
    with progress_bar("timing", TIMED_ROUNDS) as report:
        taken = time_interleaved(calls, dict.fromkeys(calls, 1), TIMED_ROUNDS, report)
    return {name: {size: float(np.median(taken[name, size])) for size in TIMED_BATCHES} for name in models}


def _call(forward: Any, batch: tf.Tensor) -> None:
    forward(batch).numpy()


def _settings(contestant: Contestant, pictures: Pictures) -> dict[str, Any]:
    """All that decides what a training makes, to tell whether a folder holds the same one."""
    teaching, judging = pictures.rows[contestant.split]
    return {
        "network": contestant.name,
        "split": contestant.split,
        "training_pictures": len(teaching),
        "held_out_pictures": len(judging),
        "list_sha256": pictures.digest,
        "recipe": asdict(contestant.recipe),
    }


def _keep_settings(file: Path, settings: dict[str, Any]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    if file.exists():
        if _read_json(file) != settings:
            raise ModelError(f"{file.parent} holds a run with other settings; give another --out, or remove it")
    else:
        _write(file, settings)


def _read_result(file: Path) -> NetworkFigures:
    try:
        return NetworkFigures(**_read_json(file))
    except TypeError as error:
        raise ModelError(
            f"{file}: no result of a comparison ({error}); remove {file.parent} to train it again"
        ) from error


def _read_json(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ModelError(f"{file}: can't be read ({error}); remove {file.parent} to train it again") from error


def _write(file: Path, content: dict[str, Any]) -> None:
    write_text_whole(file, json.dumps(content, indent=2) + "\n")
