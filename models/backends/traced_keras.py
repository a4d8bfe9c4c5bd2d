"""The network through Keras as one traced function, on a GPU where TensorFlow sees one. Needs TensorFlow."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from models.backends import Logits
from models.pictures import CROP_SIZE_PX


def keras_logits(file: Path) -> tuple[Logits, int]:
    """Logits by a Keras file, and how many there are. Raises OSError or ValueError where it is none."""
    model = keras.models.load_model(file, compile=False)
    return traced_logits(model), int(model.output_shape[-1])


def traced_logits(model: Any) -> Logits:
    """Logits by a Keras model, which takes crops as float32 0 to 255.

    Traced once for all batches: of an unknown size, so that no size traces anew. Crops go over as bytes and become
    floats where the network runs: a quarter of the load on the way to a GPU.
    """
    crop = tf.TensorSpec([None, CROP_SIZE_PX, CROP_SIZE_PX, 3], tf.uint8)
    traced = tf.function(lambda crops: model(tf.cast(crops, tf.float32), training=False), input_signature=[crop])

    def logits(crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        return np.asarray(traced(tf.constant(crops)).numpy(), np.float32)

    return logits
