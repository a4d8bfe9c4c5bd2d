"""From crops to probabilities, through LiteRT (small, starts at once) or Keras (where TensorFlow is installed).

Both are handed any number of crops and run them in batches of fixed sizes, because a new size means planning or tracing
anew in the middle of a drive.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from models.catalogue import Catalogue
from models.errors import ModelError
from models.weights_record import BUILT_IN, KERAS, LITERT, WeightsRecord, read_record

Backend = Literal["auto", "litert", "keras"]
BATCHES = (1, 8, 16, 24, 32, 48, 64)
"""A batch is filled up to the next of these; more crops than the last go in several batches."""

Logits = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""From crops (one of `BATCHES`, 32, 32, 3) to logits (same, classes + 1)."""


@dataclass(frozen=True, slots=True)
class Classifier:
    """A network with its weights, ready to run."""

    record: WeightsRecord
    backend: str
    logits: Logits

    def probabilities(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Of crops (n, 32, 32, 3) uint8 BGR: (n, classes + 1) float32, rows sum to 1, the last column is background."""
        size = self.record.crop_size_px
        if crops.ndim != 4 or crops.shape[1:] != (size, size, 3) or crops.dtype != np.uint8:
            raise ValueError(f"crops must be (n, {size}, {size}, 3) uint8, got {crops.shape} {crops.dtype}")
        logits = np.empty((len(crops), self.record.sign_classes + 1), np.float32)
        for start in range(0, len(crops), BATCHES[-1]):
            part = crops[start : start + BATCHES[-1]]
            batch = next(size for size in BATCHES if size >= len(part))
            padded = np.zeros((batch, *crops.shape[1:]), np.float32)
            padded[: len(part)] = part
            logits[start : start + len(part)] = self.logits(padded)[: len(part)]
        scaled = logits / self.record.temperature
        exponentials = np.exp(scaled - scaled.max(axis=1, keepdims=True, initial=0.0))
        return np.asarray(exponentials / exponentials.sum(axis=1, keepdims=True), np.float32)


def load_classifier(
    catalogue: Catalogue, folder: Path = BUILT_IN, backend: Backend = "auto", threads: int = 2
) -> Classifier:
    """Read weights from a folder that `signwatch train` made. `auto` is LiteRT.

    Raises ModelError where the weights are missing, damaged or for another catalogue, or the backend is not installed.
    """
    record = read_record(folder)
    record.check(catalogue, folder)
    if backend == "keras":
        return Classifier(record, backend, _keras(folder / KERAS, record))
    return Classifier(record, "litert", _litert(folder / LITERT, record, threads))


@contextmanager
def _without_chatter() -> Iterator[None]:
    """LiteRT greets on standard error when it plans a network, where a user looks for what went wrong."""
    kept = os.dup(2)
    try:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _litert(file: Path, record: WeightsRecord, threads: int) -> Logits:
    from ai_edge_litert.interpreter import Interpreter

    try:
        content = file.read_bytes()
        with _without_chatter():
            interpreters = {
                size: _planned(Interpreter(model_content=content, num_threads=threads), size) for size in BATCHES
            }
    except (OSError, ValueError, RuntimeError) as error:
        raise ModelError(f"{file}: can't be loaded as LiteRT weights ({error}); train or export them again") from error
    outputs = interpreters[1].get_output_details()[0]["shape"][-1]
    _check_outputs(int(outputs), record, file)

    def logits(crops: NDArray[np.float32]) -> NDArray[np.float32]:
        interpreter = interpreters[len(crops)]
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], crops)
        interpreter.invoke()
        return np.asarray(interpreter.get_tensor(interpreter.get_output_details()[0]["index"]), np.float32)

    return logits


def _planned(interpreter: Any, batch: int) -> Any:
    place = interpreter.get_input_details()[0]
    interpreter.resize_tensor_input(place["index"], (batch, *place["shape"][1:]))
    interpreter.allocate_tensors()
    return interpreter


def _keras(file: Path, record: WeightsRecord) -> Logits:
    try:
        import keras
        import tensorflow as tf
    except ImportError as error:
        raise ModelError("the keras backend needs TensorFlow: pip install 'signwatch[train]'") from error
    try:
        model = keras.models.load_model(file, compile=False)
    except (OSError, ValueError) as error:
        raise ModelError(f"{file}: can't be loaded as Keras weights ({error}); train them again") from error
    _check_outputs(int(model.output_shape[-1]), record, file)
    traced = tf.function(lambda crops: model(crops, training=False))

    def logits(crops: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(traced(tf.constant(crops)).numpy(), np.float32)

    return logits


def _check_outputs(outputs: int, record: WeightsRecord, file: Path) -> None:
    if outputs != record.sign_classes + 1:
        raise ModelError(
            f"{file}: gives {outputs} outputs, the record beside it says {record.sign_classes} signs and background"
        )
