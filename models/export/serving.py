"""The network as other people's programs want it: crops or encoded pictures in, probabilities out.

Crops are BGR everywhere, as OpenCV reads them and as all of this project has them: one order for every format, said in
the name of the input. Encoded pictures carry their own order.
"""

import warnings
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from models.errors import ModelError
from models.export.readback import check_same, logarithms
from models.quiet import quiet_native_code
from models.weights_record import WeightsRecord
from models.whole_files import folder_written_whole, written_whole

SAVED_MODEL = "saved_model"
ONNX = "classifier.onnx"
CROPS_SIGNATURE = "serving_default"
ENCODED_SIGNATURE = "encoded"
CROPS_INPUT, ENCODED_INPUT, OUTPUT = "crops_bgr", "encoded", "probabilities"


def serving_model(model: Any, record: WeightsRecord) -> Any:
    """A Keras model: `crops_bgr` (n, 32, 32, 3) uint8 in, `probabilities` (n, classes + 1) out, background last."""
    crops = keras.Input((record.crop_size_px, record.crop_size_px, 3), dtype="uint8", name=CROPS_INPUT)
    logits = model(keras.ops.cast(crops, "float32"))
    probabilities = keras.layers.Softmax(name=OUTPUT)(logits / record.temperature)
    return keras.Model(crops, probabilities, name="signwatch")


def write_saved_model(serving: Any, folder: Path, crops: NDArray[np.uint8]) -> None:
    """Write a SavedModel with two signatures once it is read back and says the same as `serving` on `crops`.

    `serving_default` takes `crops_bgr`, `encoded` takes pictures (n,) as PNG or JPEG, whole, each of one sign with the
    margin of a crop around it; both give `probabilities`. Raises ModelError where the folder holds something else.
    """
    refuse_other_folder(folder)
    size = int(serving.input_shape[1])

    def of_crops(crops_bgr: tf.Tensor) -> dict[str, tf.Tensor]:
        return {OUTPUT: serving(crops_bgr, training=False)}

    def of_encoded(encoded: tf.Tensor) -> dict[str, tf.Tensor]:
        spec = tf.TensorSpec([size, size, 3], tf.uint8)
        return of_crops(tf.map_fn(lambda picture: _decode(picture, size), encoded, fn_output_signature=spec))

    signatures = {
        CROPS_SIGNATURE: tf.function(of_crops, [tf.TensorSpec([None, size, size, 3], tf.uint8, CROPS_INPUT)]),
        ENCODED_SIGNATURE: tf.function(of_encoded, [tf.TensorSpec([None], tf.string, ENCODED_INPUT)]),
    }
    module = tf.Module()
    module.network = serving
    wanted = logarithms(serving(crops, training=False).numpy())
    with folder_written_whole(folder) as partial, quiet_native_code():
        try:
            tf.saved_model.save(module, str(partial), signatures=signatures)
        except tf.errors.OpError as error:  # a full disk, as TensorFlow says it
            raise ModelError(f"{folder}: can't be written ({error.message})") from error
        loaded = tf.saved_model.load(str(partial)).signatures
        check_same(logarithms(loaded[CROPS_SIGNATURE](tf.constant(crops))[OUTPUT].numpy()), wanted, folder)
        # PNG loses nothing and a crop needs no resizing, so the answers must be the same.
        pictures = tf.stack([tf.io.encode_png(crop[:, :, ::-1]) for crop in crops])
        check_same(logarithms(loaded[ENCODED_SIGNATURE](pictures)[OUTPUT].numpy()), wanted, folder)


def refuse_other_folder(folder: Path) -> None:
    """Raise ModelError where something lies at the place of a SavedModel that is none, and so would be lost."""
    if folder.exists() and not (folder / "saved_model.pb").exists():
        raise ModelError(f"{folder}: is there and is no SavedModel; give another --out, or remove it")


def _decode(picture: tf.Tensor, size: int) -> tf.Tensor:
    """One encoded picture as a crop (size, size, 3) uint8 BGR, stretched as the candidate stage's crops are."""
    # This one operation takes PNG too; the accurate transform is OpenCV's.
    rgb = tf.io.decode_jpeg(picture, channels=3, dct_method="INTEGER_ACCURATE")
    image = tf.cast(rgb[None, :, :, ::-1], tf.float32)
    height, width = tf.shape(rgb)[0], tf.shape(rgb)[1]
    resized = tf.cond(
        tf.minimum(height, width) >= size,  # shrinking averages over areas, so that small pictograms don't alias
        lambda: tf.image.resize(image, [size, size], method="area"),
        lambda: tf.image.resize(image, [size, size], method="bilinear"),
    )
    return tf.cast(tf.clip_by_value(tf.round(tf.ensure_shape(resized, [1, size, size, 3])[0]), 0.0, 255.0), tf.uint8)


def write_onnx(model: Any, file: Path, crops: NDArray[Any]) -> None:
    """Write a Keras model as ONNX once ONNX Runtime reads it and says the same on `crops` (n, height, width, 3).

    The output has the name of the model's last layer. Raises ModelError where the packages of the extra `export` are
    missing.
    """
    onnxruntime = onnx_runtime()
    wanted = model(crops, training=False).numpy()  # Keras only exports to ONNX what has been called
    with written_whole(file) as partial:
        with quiet_native_code(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # tf2onnx's, which asks numpy about names that older ones had
            model.export(partial, format="onnx", verbose=False)
            _name_output(partial, model.layers[-1].name)
            session = onnxruntime.InferenceSession(str(partial), providers=["CPUExecutionProvider"])
            (found,) = session.run(None, {session.get_inputs()[0].name: crops})
        check_same(found, wanted, file)


def _name_output(file: Path, name: str) -> None:
    """Give the only output of an ONNX file a name; Keras calls every one `output_0`."""
    import onnx

    network = onnx.load(file)
    (output,) = network.graph.output
    for node in network.graph.node:
        for names in (node.input, node.output):
            names[:] = [name if one == output.name else one for one in names]
    output.name = name
    onnx.save(network, file)


def onnx_runtime() -> Any:
    """The package onnxruntime. Raises ModelError where it, or what writes ONNX, is missing."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # as above
            import onnx  # noqa: F401  (Keras writes with these two)
            import onnxruntime
            import tf2onnx  # noqa: F401
    except ImportError as error:
        raise ModelError(f"ONNX needs {error.name}: pip install 'signwatch[export]'") from error
    return onnxruntime
