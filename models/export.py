"""From a trained Keras model to what the vehicle runs. Needs TensorFlow."""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

from models.errors import ModelError
from models.network import build_network, multiply_adds
from models.pictures import CROP_SIZE_PX
from models.weights_record import KERAS, LITERT, RECORD, WeightsRecord, write_record
from models.whole_files import written_whole

LARGEST_DIFFERENCE = 1e-3
"""Between logits of the exported and the trained network; rounding alone stays below 1e-4."""


def export_weights(model: Any, folder: Path, record: WeightsRecord) -> None:
    """Write `classifier.keras`, `classifier.tflite` and `classifier.json` to the folder.

    The LiteRT file is read back and must give the same logits; raises ModelError where it doesn't, or can't be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    bare = build_network(record.sign_classes)  # a fresh one carries no optimiser's state
    bare.set_weights(model.get_weights())
    litert = _to_litert(bare)
    _compare(bare, litert)
    # The record goes first and comes last: without one, no half of new weights is taken for whole ones.
    (folder / RECORD).unlink(missing_ok=True)
    with written_whole(folder / KERAS) as partial:
        bare.save(partial)
    with written_whole(folder / LITERT) as partial:
        partial.write_bytes(litert)
    write_record(folder, record)


def count_parameters(model: Any) -> tuple[int, int]:
    """Parameters of the network (trained ones and the normalisations' means and variances) and its multiply-adds."""
    return int(model.count_params()), multiply_adds(model)


def _to_litert(model: Any) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        model.export(folder, format="tf_saved_model", verbose=False)
        converted = tf.lite.TFLiteConverter.from_saved_model(folder).convert()
    return bytes(converted)


def _compare(model: Any, litert: bytes) -> None:
    crops = np.random.default_rng(0).uniform(0, 255, (8, CROP_SIZE_PX, CROP_SIZE_PX, 3)).astype(np.float32)
    interpreter = Interpreter(model_content=litert)
    place = interpreter.get_input_details()[0]["index"]
    interpreter.resize_tensor_input(place, crops.shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(place, crops)
    interpreter.invoke()
    exported = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    difference = float(np.abs(exported - model(crops, training=False).numpy()).max())
    if difference > LARGEST_DIFFERENCE:
        raise ModelError(f"the exported network differs from the trained one by {difference:.2g} in its logits")
