"""From a Keras model to LiteRT, in float and in int8."""

import tempfile
import warnings
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from models.errors import ModelError
from models.quiet import quiet_native_code

KEPT_IN_FLOAT = (
    *("CAST", "MUL", "ADD", "SUB", "AVERAGE_POOL_2D", "RSQRT", "CONCATENATION"),
    *("MEAN", "FULLY_CONNECTED"),
)
"""What int8 is neither good nor quick at, by LiteRT's names: the normalisation of contrast before the convolutions,
whose squares and reciprocal roots span more than 256 steps can tell apart, and the average and the logits after them.
The convolutions between are nearly all of the work, and all of it in int8."""


def to_litert(model: Any) -> bytes:
    """The network in float: it takes and gives what the Keras model does."""
    with tempfile.TemporaryDirectory() as folder, quiet_native_code():
        model.export(folder, format="tf_saved_model", verbose=False)
        return bytes(tf.lite.TFLiteConverter.from_saved_model(folder).convert())


def to_litert_int8(model: Any, crops: NDArray[np.uint8]) -> bytes:
    """The network with its convolutions in int8: uint8 crops in, float32 logits out.

    Weights have a scale for each channel; activations the range that they have on `crops` (n, 32, 32, 3) uint8 BGR,
    which should show what the road does: every class, background, and both in poor light. Raises ModelError where
    there are none.
    """
    if not len(crops):
        raise ModelError("int8 needs crops to find the range of each activation; there are none")
    bytes_in = keras.Input(crops.shape[1:], dtype="uint8", name="crops")
    taking_bytes = keras.Model(bytes_in, model(keras.ops.cast(bytes_in, "float32")))
    with tempfile.TemporaryDirectory() as folder, quiet_native_code(), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of TensorFlow's own interpreter, which only looks on here
        taking_bytes.export(folder, format="tf_saved_model", verbose=False)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: ([crop[None]] for crop in crops)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        # The one way to choose by operation what stays in float; nothing is debugged.
        quantizer = tf.lite.experimental.QuantizationDebugger(
            converter=converter,
            debug_dataset=converter.representative_dataset,
            debug_options=tf.lite.experimental.QuantizationDebugOptions(denylisted_ops=list(KEPT_IN_FLOAT)),
        )
        return bytes(quantizer.get_nondebug_quantized_model())
