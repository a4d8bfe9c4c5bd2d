"""From crops to probabilities: weights, their record, and the backend that runs them, behind one interface."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.backends import Backend, Logits
from models.backends.batches import in_batches
from models.catalogue import Catalogue
from models.companions import WORTH_A_LOOK, LogOdds, load_companions
from models.errors import ModelError
from models.weights_record import BUILT_IN, KERAS, LITERT, LITERT_INT8, WeightsRecord, read_record, read_weights


@dataclass(frozen=True, slots=True)
class Classifier:
    """A network with its weights, ready to run."""

    record: WeightsRecord
    backend: str
    """What runs it: one of `Backend`, never `auto`, or the address of a server."""
    logits: Logits
    screen: LogOdds | None = None
    """What glances at candidates before it; None if every one gets its look."""
    surroundings: LogOdds | None = None
    """What looks at what is around a sign after it."""

    def probabilities(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Of crops (n, 32, 32, 3) uint8 BGR: (n, classes + 1) float32, rows sum to 1, the last column is background."""
        size = self.record.crop_size_px
        if crops.ndim != 4 or crops.shape[1:] != (size, size, 3) or crops.dtype != np.uint8:
            raise ValueError(f"crops must be (n, {size}, {size}, 3) uint8, got {crops.shape} {crops.dtype}")
        logits = in_batches(self.logits, crops, self.record.sign_classes + 1)
        return softmax(logits / self.record.temperature)

    def judge(self, crops: NDArray[np.uint8], certain: NDArray[np.bool_]) -> NDArray[np.float32]:
        """Likewise of candidates, most of which are no sign: what the screen leaves out is background.

        `certain` (n,) are those that get a look in any case.
        """
        if self.screen is None:
            return self.probabilities(crops)
        looked_at = np.flatnonzero(certain | (self.screen(crops) >= WORTH_A_LOOK))
        answers = np.zeros((len(crops), self.record.sign_classes + 1), np.float32)
        answers[:, -1] = 1.0
        answers[looked_at] = self.probabilities(crops[looked_at])
        return answers


def softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Probabilities (n, classes) of logits (n, classes): positive, and each row sums to 1."""
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(exponentials / exponentials.sum(axis=1, keepdims=True), np.float32)


def load_classifier(
    catalogue: Catalogue, folder: Path = BUILT_IN, backend: Backend = "auto", threads: int = 2
) -> Classifier:
    """Read weights from a folder that `signwatch train` made. `threads` are LiteRT's; TensorFlow takes every core.

    `auto` is `litert-int8` where the record vouches for such a file, since it is as good as the float network on
    held-out tracks and three times as fast; otherwise it is `litert`. It is never `keras`: TensorFlow takes seconds to
    start, and only a GPU over recorded drives pays that back.

    Raises ModelError where the weights are missing, damaged or for another catalogue, or the backend is not installed.
    """
    record = read_record(folder)
    record.check(catalogue, folder)
    backend = chosen_backend(backend, record)
    file = folder / {"keras": KERAS, "litert": LITERT, "litert-int8": LITERT_INT8}[backend]
    content = read_weights(file, record)
    try:
        if backend == "keras":
            logits, outputs = _keras(file)
        else:
            from models.backends.litert import litert_logits

            logits, outputs = litert_logits(content, threads)
    except (OSError, ValueError, RuntimeError) as error:
        raise ModelError(f"{file}: can't be loaded as weights ({error}); train or export them again") from error
    if outputs != record.sign_classes + 1:
        raise ModelError(
            f"{file}: gives {outputs} outputs, the record beside it says {record.sign_classes} signs and background"
        )
    return Classifier(record, backend, logits, *load_companions(folder, record, threads))


def chosen_backend(backend: Backend, record: WeightsRecord) -> Backend:
    """What `auto` is for weights with this record; any other one as it is."""
    if backend != "auto":
        return backend
    return "litert-int8" if LITERT_INT8 in record.files else "litert"


def _keras(file: Path) -> tuple[Logits, int]:
    try:
        from models.backends.traced_keras import keras_logits
    except ImportError as error:
        raise ModelError("the keras backend needs TensorFlow: pip install 'signwatch[train]'") from error
    return keras_logits(file)
