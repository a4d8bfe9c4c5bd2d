"""A small YOLO on a frame, as one would run it instead: letterbox, network, threshold, non-maximum suppression.

Its network is `yolo_graph`, for the 43 classes of GTSRB. It has learnt nothing and finds nothing; what it takes is the
same.
"""

import sys
from collections.abc import Callable
from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.benchmarks.yolo_graph import yolo11n

CLASSES = 43
CONFIDENCE, OVERLAP = 0.25, 0.7
"""From which a box counts, and from which two are one: its authors' defaults for prediction."""
GREY = 114
"""Beside a picture that doesn't fill the network's."""

Network = Callable[[NDArray[np.float32]], NDArray[np.float32]]


class Yolo:
    """Finds boxes with a network for pictures of `size_wh`, multiples of 32 px each way."""

    def __init__(self, open_network: "Callable[[bytes, int], Network]", size_wh: tuple[int, int], threads: int) -> None:
        width, height = size_wh
        self._network = open_network(yolo11n(height, width, CLASSES).SerializeToString(), threads)
        self._size_wh = size_wh

    def read(self, image: NDArray[np.uint8]) -> list[tuple[int, float, tuple[float, float, float, float]]]:
        """Class, confidence and box (x, y, width, height in px) of what is in a frame (height, width, 3) uint8 BGR."""
        scale = min(self._size_wh[0] / image.shape[1], self._size_wh[1] / image.shape[0])
        boxed, corner = _letterboxed(image, scale, self._size_wh)
        given = cv2.dnn.blobFromImage(boxed, 1 / 255, swapRB=True)
        answer = self._network(np.asarray(given, np.float32))[0]
        kinds = answer[4:].argmax(axis=0)
        confidence = answer[4:].max(axis=0)
        sure = np.flatnonzero(confidence > CONFIDENCE)
        if not len(sure):
            return []
        boxes = answer[:4, sure].T.copy()
        boxes[:, :2] -= boxes[:, 2:] / 2 + corner
        boxes /= scale
        kept = cv2.dnn.NMSBoxesBatched(
            boxes.tolist(), confidence[sure].tolist(), kinds[sure].tolist(), CONFIDENCE, OVERLAP
        )
        return [
            (int(kinds[sure[place]]), float(confidence[sure[place]]), tuple(boxes[place].tolist())) for place in kept
        ]


def fitted(frame_wh: tuple[int, int], side_px: int) -> tuple[int, int]:
    """The least size with sides in multiples of 32 px that holds a frame scaled to `side_px` on its longer side."""
    scale = side_px / max(frame_wh)
    width, height = (max(32, -(-round(side * scale) // 32) * 32) for side in frame_wh)
    return width, height


def onnxruntime_network(model: bytes, threads: int) -> Network:
    """The network through ONNX Runtime. Raises ImportError where it isn't installed."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name

    def answer(given: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(session.run(None, {name: given})[0])

    return answer


def openvino_network(model: bytes, threads: int) -> Network:
    """The network through OpenVINO, which chooses its precision by the processor. Raises ImportError as the other."""
    settings: dict[str, Any] = {"INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY"}
    core = _core_of(load_openvino())
    compiled = core.compile_model(core.read_model(model), "CPU", settings)

    def answer(given: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(compiled(given)[0])

    return answer


def load_openvino() -> Any:
    """OpenVINO, without the package by which every import of it is told to its makers over the network.

    It does without where that can't be imported. Raises ImportError where OpenVINO isn't installed.
    """
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # None is "not to be found"
    import openvino

    return openvino


@cache
def _core_of(openvino: Any) -> Any:
    """One while the process lives: on processors with AMX OpenVINO gives signals a stack of its own, which goes
    with the last core and leaves the next signal, such as Ctrl-C, nothing to stand on.
    """
    return openvino.Core()


def openvino_precision() -> str:
    """What OpenVINO computes in on this processor where nobody says otherwise, such as `f32` or `bf16`."""
    return str(_core_of(load_openvino()).get_property("CPU", "INFERENCE_PRECISION_HINT").get_type_name())


def _letterboxed(
    image: NDArray[np.uint8], scale: float, size_wh: tuple[int, int]
) -> tuple[NDArray[np.uint8], tuple[int, int]]:
    """The frame scaled into the middle of a grey picture, and where its corner is there."""
    inner = (round(image.shape[1] * scale), round(image.shape[0] * scale))
    left, top = (size_wh[0] - inner[0]) // 2, (size_wh[1] - inner[1]) // 2
    boxed = np.full((size_wh[1], size_wh[0], 3), GREY, np.uint8)
    boxed[top : top + inner[1], left : left + inner[0]] = cv2.resize(image, inner, interpolation=cv2.INTER_LINEAR)
    return boxed, (left, top)
