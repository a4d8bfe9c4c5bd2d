"""Classifiers in `.h5` files, as Keras 2 wrote them, to the formats of today.

What such a file takes and gives is its own matter (most were trained on pixels from 0 to 1, and end in a softmax), so
its exports take and give the same: float32 pictures in, whatever the last layer says out.
"""

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from models.errors import ModelError
from models.export.litert import to_litert
from models.export.readback import check_same, litert_outputs
from models.export.serving import refuse_other_folder
from models.quiet import quiet_native_code
from models.whole_files import folder_written_whole, written_whole

KNOWN_CLASSES = frozenset(
    {
        *("Sequential", "Functional", "Model", "InputLayer"),
        *("Conv2D", "SeparableConv2D", "DepthwiseConv2D", "Dense", "Flatten", "Reshape", "ZeroPadding2D"),
        *("MaxPooling2D", "AveragePooling2D", "GlobalAveragePooling2D", "GlobalMaxPooling2D"),
        *("BatchNormalization", "Dropout", "SpatialDropout2D", "GaussianNoise", "Rescaling", "Normalization"),
        *("Activation", "ReLU", "LeakyReLU", "Softmax", "Add", "Concatenate"),
        *("Zeros", "Ones", "Constant", "VarianceScaling", "RandomNormal", "RandomUniform", "TruncatedNormal"),
        *("GlorotUniform", "GlorotNormal", "HeUniform", "HeNormal", "LecunUniform", "LecunNormal", "Orthogonal"),
        *("L1", "L2", "L1L2", "MaxNorm", "NonNeg", "UnitNorm", "MinMaxNorm"),
        *("DTypePolicy", "Policy"),
    }
)
"""Parts of a network that hold numbers and no code. A file that names any other is not read."""
MAX_FILE_BYTES = 1 << 30


def read_old_classifier(file: Path) -> Any:
    """The Keras model in an `.h5` file: pictures (n, height, width, 3) float32 in, (n, classes) out.

    Raises ModelError where it can't be read or names a part that could hold code, such as a Lambda, before any of it is
    made.
    """
    import h5py  # comes with Keras, so it is there only with TensorFlow

    try:
        if file.stat().st_size > MAX_FILE_BYTES:
            raise ModelError(f"{file}: is larger than {MAX_FILE_BYTES >> 20} MiB, which no such classifier is")
        with h5py.File(file, "r") as content:
            _refuse_code(json.loads(content.attrs["model_config"]), file)
        with quiet_native_code():
            model = keras.models.load_model(file, compile=False, safe_mode=True)
    except KeyError as error:
        raise ModelError(f"{file}: holds no whole model ({error}); it must come from model.save") from error
    except (OSError, ValueError, TypeError, AttributeError, IndexError, RecursionError) as error:
        raise ModelError(f"{file}: can't be read as a Keras model ({error})") from error
    shape = model.input_shape
    if not (isinstance(shape, tuple) and len(shape) == 4 and shape[3] == 3 and all(shape[1:])):
        raise ModelError(f"{file}: takes {shape}, and not pictures of one size in three colours")
    return model


def _refuse_code(config: Any, file: Path) -> None:
    """Raise ModelError where a class is named, at any depth, that is not known here, or a module that is not Keras."""
    if isinstance(config, list):
        for part in config:
            _refuse_code(part, file)
    if isinstance(config, dict):
        name, module = config.get("class_name"), config.get("module")
        if name is not None and name not in KNOWN_CLASSES:
            raise ModelError(f"{file}: refused, for its part {name!r} may hold code; only plain layers are converted")
        if module is not None and str(module).partition(".")[0] != "keras":
            raise ModelError(f"{file}: refused, for it asks for code from {module!r}; only plain layers are converted")
        for part in config.values():
            _refuse_code(part, file)


def probing_pictures(model: Any, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Crops (n, h, w, 3) uint8 at the model's own size, to compare on: once as they are and once from 0 to 1."""
    pictures = tf.image.resize(crops, model.input_shape[1:3]).numpy()
    return np.concatenate([pictures, pictures / 255.0]).astype(np.float32)


def write_old_saved_model(model: Any, folder: Path, pictures: NDArray[np.float32]) -> None:
    """Write the model as a SavedModel, signature `serving_default`, once it is read back and says the same."""
    refuse_other_folder(folder)
    with folder_written_whole(folder) as partial:
        with quiet_native_code():
            model.export(partial, format="tf_saved_model", verbose=False)
            (found,) = tf.saved_model.load(str(partial)).signatures["serving_default"](tf.constant(pictures)).values()
        check_same(found.numpy(), model(pictures, training=False).numpy(), folder)


def write_old_litert(model: Any, file: Path, pictures: NDArray[np.float32]) -> None:
    """Write the model for LiteRT, in float, once it says the same on `pictures`."""
    content = to_litert(model)
    check_same(litert_outputs(content, pictures), model(pictures, training=False).numpy(), file)
    with written_whole(file) as partial:
        partial.write_bytes(content)
