"""A folder of weights: the network for Keras and for LiteRT in float and int8, and the record beside them."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from models.backends.litert import litert_logits
from models.backends.traced_keras import traced_logits
from models.classifier import Classifier
from models.errors import ModelError
from models.export.litert import to_litert, to_litert_int8
from models.export.readback import check_accuracy, check_int8, check_same, litert_outputs
from models.network import build_network, multiply_adds
from models.weights_record import (
    KERAS,
    LITERT,
    LITERT_INT8,
    RECORD,
    WeightsRecord,
    digest_of,
    read_record,
    read_weights,
    write_record,
)
from models.whole_files import written_whole

THREADS = 2
"""For comparisons, which any number of threads would do."""
COMPARED = 256
"""Crops on which two networks in float are compared."""


@dataclass(frozen=True, slots=True)
class QuantisingCrops:
    """Real crops to quantise by, and others to see what it costs."""

    representative: NDArray[np.uint8]
    """(n, 32, 32, 3) uint8 BGR, of pictures that the network learnt from."""
    held_out: NDArray[np.uint8]
    """(m, 32, 32, 3) uint8 BGR, of tracks that it did not learn from."""
    labels: NDArray[np.int64]
    """(m,), of those held out."""


def export_weights(model: Any, folder: Path, record: WeightsRecord, crops: QuantisingCrops) -> None:
    """Write the weights of a training: `classifier.keras`, `.tflite` and `-int8.tflite`, and `classifier.json`.

    Each LiteRT file is read back and compared first; raises ModelError where it is not what was trained. Should that be
    int8, the float weights are whole and usable.
    """
    folder.mkdir(parents=True, exist_ok=True)
    bare = build_network(record.sign_classes)  # a fresh one carries no optimiser's state
    bare.set_weights(model.get_weights())
    # The record goes first and comes last: without one, no half of new weights is taken for whole ones.
    (folder / RECORD).unlink(missing_ok=True)
    with written_whole(folder / KERAS) as partial:
        bare.save(partial)
    record = replace(record, files={KERAS: digest_of((folder / KERAS).read_bytes())})
    record = write_litert(bare, folder, record, crops.held_out[:COMPARED])
    write_record(folder, record)
    write_record(folder, write_int8(bare, folder, record, crops))


def count_parameters(model: Any) -> tuple[int, int]:
    """Parameters of the network (trained ones and the normalisations' means and variances) and its multiply-adds."""
    return int(model.count_params()), multiply_adds(model)


def read_trained(folder: Path) -> tuple[Any, WeightsRecord]:
    """The Keras model of a folder of weights, of whatever shape, and its record. Raises ModelError."""
    record = read_record(folder)
    read_weights(folder / KERAS, record)
    try:
        model = keras.models.load_model(folder / KERAS, compile=False)  # Keras refuses code in it by itself
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ModelError(f"{folder / KERAS}: can't be loaded as weights ({error}); train them again") from error
    if model.output_shape[-1] != record.sign_classes + 1:
        raise ModelError(f"{folder / KERAS}: gives {model.output_shape[-1]} outputs, which is not what its record says")
    return model, record


def write_litert(model: Any, folder: Path, record: WeightsRecord, crops: NDArray[np.uint8]) -> WeightsRecord:
    """Write the float LiteRT file once it says the same on `crops`; gives the record with the file in it."""
    content = to_litert(model)
    wanted = model(crops.astype(np.float32), training=False).numpy()
    check_same(litert_outputs(content, crops.astype(np.float32)), wanted, folder / LITERT)
    return _written(folder / LITERT, content, record)


def write_int8(model: Any, folder: Path, record: WeightsRecord, crops: QuantisingCrops) -> WeightsRecord:
    """Write the int8 LiteRT file once it reads held-out crops as well; gives the record with file and figures in it."""
    content = to_litert_int8(model, crops.representative)
    found = litert_probabilities(content, record, crops.held_out)
    wanted = keras_probabilities(model, record, crops.held_out)
    check_int8(found, wanted, folder / LITERT_INT8)
    accuracy = check_accuracy(found, wanted, crops.labels, folder / LITERT_INT8)
    figures = record.figures | {"held_out_accuracy_int8": accuracy}
    return _written(folder / LITERT_INT8, content, replace(record, figures=figures))


def copy_int8(source: Path, model: Any, folder: Path, record: WeightsRecord, crops: NDArray[np.uint8]) -> WeightsRecord:
    """Take over the int8 file that the record in `source` vouches for, once it says about the same on `crops`."""
    content = read_weights(source / LITERT_INT8, read_record(source))
    found = litert_probabilities(content, record, crops)
    check_int8(found, keras_probabilities(model, record, crops), folder / LITERT_INT8)
    return _written(folder / LITERT_INT8, content, record)


def keras_probabilities(model: Any, record: WeightsRecord, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
    """What the trained network says of crops (n, 32, 32, 3) uint8 BGR: (n, classes + 1)."""
    return Classifier(record, "keras", traced_logits(model)).probabilities(crops)


def litert_probabilities(content: bytes, record: WeightsRecord, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
    """What a LiteRT network says of crops (n, 32, 32, 3) uint8 BGR: (n, classes + 1)."""
    return Classifier(record, "litert", litert_logits(content, THREADS)[0]).probabilities(crops)


def _written(file: Path, content: bytes, record: WeightsRecord) -> WeightsRecord:
    with written_whole(file) as partial:
        partial.write_bytes(content)
    return replace(record, files=record.files | {file.name: digest_of(content)})
