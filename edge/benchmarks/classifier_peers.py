"""The same network as others would run it: Keras' own predict, ONNX Runtime, OpenVINO. Needs TensorFlow.

Each is a function from crops to logits, as `models.backends` has them.
"""

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.benchmarks.yolo import onnxruntime_network, openvino_network
from edge.cli.heavy import load_tensorflow
from models.backends import Logits
from models.classifier import Classifier
from models.errors import ModelError
from models.weights_record import KERAS, read_record, read_weights

PREDICT, ONNXRUNTIME, OPENVINO = "keras-predict", "onnxruntime", "openvino"
PEERS = (PREDICT, ONNXRUNTIME, OPENVINO)
EXTRA = "pip install 'signwatch[bench]'"


def open_peers(folder: Path, threads: int) -> tuple[dict[str, Classifier], dict[str, str]]:
    """Those that can run the weights of a folder here, and why the others can't.

    `threads` are ONNX Runtime's and OpenVINO's; Keras takes every core.
    """
    record = read_record(folder)
    try:
        load_tensorflow("the network of others")
    except ModelError as error:
        return {}, dict.fromkeys(PEERS, str(error))
    read_weights(folder / KERAS, record)
    import keras

    model = keras.models.load_model(folder / KERAS, compile=False)
    networks: dict[str, Logits] = {PREDICT: _predict(model)}
    left_out: dict[str, str] = {}
    try:
        graph = _as_onnx(model, record.crop_size_px)
    except ModelError as error:
        graph = b""
        left_out |= dict.fromkeys((ONNXRUNTIME, OPENVINO), str(error))
    openings: dict[str, Callable[[bytes, int], Callable[[NDArray[np.float32]], NDArray[np.float32]]]]
    openings = {ONNXRUNTIME: onnxruntime_network, OPENVINO: openvino_network}
    for name, opening in openings.items():
        if name in left_out:
            continue
        if find_spec(name) is None:
            left_out[name] = f"{name} isn't installed: {EXTRA}"
        else:
            networks[name] = _of_floats(opening(graph, threads))
    return {name: Classifier(record, name, logits) for name, logits in networks.items()}, left_out


def _predict(model: Any) -> Logits:
    return lambda crops: np.asarray(model.predict(crops.astype(np.float32), batch_size=len(crops), verbose=0))


def _of_floats(network: Callable[[NDArray[np.float32]], NDArray[np.float32]]) -> Logits:
    return lambda crops: network(crops.astype(np.float32)).copy()


def _as_onnx(model: Any, size_px: int) -> bytes:
    from models.export.serving import ONNX, write_onnx

    with TemporaryDirectory() as folder:
        file = Path(folder) / ONNX
        write_onnx(model, file, np.zeros((2, size_px, size_px, 3), np.float32))
        return file.read_bytes()
