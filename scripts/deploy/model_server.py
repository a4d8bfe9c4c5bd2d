"""Serves the SavedModel that `signwatch export` writes, with KServe's own server: `model_server.py FOLDER`.

It speaks the Open Inference Protocol (gRPC on 8081, HTTP on 8080) and the REST shape of TensorFlow Serving (8080). The
server binds every address of its machine and knows no keys, so it belongs into a container or network namespace.
Options are KServe's, such as --model_name and --grpc_port. Needs `kserve` and TensorFlow.
"""

import argparse
import asyncio
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from kserve import InferOutput, InferRequest, InferResponse, Model, ModelServer, model_server
from kserve.errors import InvalidInput

SIGNATURE, INPUT, OUTPUT = "serving_default", "crops_bgr", "probabilities"
LARGEST_BATCH = 256
"""Four times what Signwatch asks for: anything larger is not its."""


class SignClassifier(Model):  # type: ignore[misc]
    """Crops (n, 32, 32, 3) uint8 BGR in, probabilities (n, classes + 1) out, background last."""

    def __init__(self, name: str, folder: Path) -> None:
        super().__init__(name)
        self._network = tf.saved_model.load(str(folder))  # holds what the signature needs
        self._classify = self._network.signatures[SIGNATURE]
        _, inputs = self._classify.structured_input_signature
        self._crop_shape = tuple(inputs[INPUT].shape[1:])
        self._classes = int(self._classify.structured_outputs[OUTPUT].shape[-1])
        self._ask(np.zeros((1, *self._crop_shape), np.uint8))  # laid out before it says that it is ready
        self.ready = True

    def get_input_types(self) -> list[dict[str, Any]]:
        """For whoever asks what it takes."""
        return [{"name": INPUT, "datatype": "UINT8", "shape": [-1, *self._crop_shape]}]

    def get_output_types(self) -> list[dict[str, Any]]:
        """For whoever asks what it gives."""
        return [{"name": OUTPUT, "datatype": "FP32", "shape": [-1, self._classes]}]

    async def predict(
        self, payload: InferRequest | dict[str, Any], headers: Any = None, response_headers: Any = None
    ) -> InferResponse | dict[str, Any]:
        """Answer a request of either protocol; probes are answered meanwhile."""
        if not isinstance(payload, InferRequest):
            answer = await asyncio.to_thread(self._ask, self._crops(payload.get("instances")))
            return {"predictions": answer.tolist()}
        asked = payload.get_input_by_name(INPUT)
        if asked is None:
            raise InvalidInput(f"wants an input {INPUT}")
        answer = await asyncio.to_thread(self._ask, self._crops(asked.as_numpy()))
        output = InferOutput(OUTPUT, list(answer.shape), "FP32")
        output.set_data_from_numpy(answer)
        return InferResponse(payload.id, self.name, [output])

    def _crops(self, given: Any) -> np.ndarray:
        try:
            crops = np.asarray(given, np.uint8)
        except (OverflowError, TypeError, ValueError) as error:
            raise InvalidInput(f"no crops: {error}") from error
        if crops.shape[1:] != self._crop_shape or not 1 <= len(crops) <= LARGEST_BATCH:
            raise InvalidInput(f"crops must be (1 to {LARGEST_BATCH}, {self._crop_shape}), not {crops.shape}")
        return crops

    def _ask(self, crops: np.ndarray) -> np.ndarray:
        return np.asarray(self._classify(**{INPUT: tf.constant(crops)})[OUTPUT].numpy(), np.float32)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, parents=[model_server.parser])
    parser.add_argument("folder", type=Path, help="the SavedModel")
    parser.set_defaults(model_name="signwatch")
    arguments = parser.parse_args()
    ModelServer().start([SignClassifier(arguments.model_name, arguments.folder)])
