"""Asks TensorFlow Serving over gRPC (PredictionService)."""

import numpy as np
from numpy.typing import NDArray

from edge.remote.address import RemoteAddress
from edge.remote.calls import CROPS_INPUT, OUTPUT, SIGNATURE, CallFailed
from edge.remote.grpc_calls import GrpcCalls
from edge.remote.wire import PredictRequest, PredictResponse

METHOD = "/tensorflow.serving.PredictionService/Predict"
FLOAT32, UINT8 = 1, 4
"""Of the enumeration `tensorflow.DataType`."""


class PredictionServiceClient:
    """A `Client` of `tfserving+grpc`."""

    def __init__(self, address: RemoteAddress) -> None:
        self._model = address.model
        self._calls = GrpcCalls(address, METHOD, PredictResponse)

    def probabilities(self, crops: NDArray[np.uint8], timeout_s: float) -> NDArray[np.float32]:
        """As of `Client`."""
        request = PredictRequest(output_filter=[OUTPUT])
        request.model_spec.name = self._model
        request.model_spec.signature_name = SIGNATURE
        tensor = request.inputs[CROPS_INPUT]
        tensor.dtype = UINT8
        for size in crops.shape:
            tensor.tensor_shape.dim.add(size=size)
        tensor.tensor_content = crops.tobytes()
        answer = self._calls.ask(request, timeout_s)
        if OUTPUT not in answer.outputs:
            names = ", ".join(sorted(answer.outputs)) or "none"
            raise CallFailed(f"gives no output `{OUTPUT}`, but {names}", lasting=True)
        output = answer.outputs[OUTPUT]
        if output.dtype != FLOAT32:
            raise CallFailed(f"gives `{OUTPUT}` as type {output.dtype} of TensorFlow, not float32", lasting=True)
        try:
            if output.tensor_content:
                numbers = np.frombuffer(output.tensor_content, "<f4")
            else:
                numbers = np.array(output.float_val, np.float32)
            return numbers.reshape([dim.size for dim in output.tensor_shape.dim])
        except ValueError:
            raise CallFailed(f"gives `{OUTPUT}` in another size than it says", lasting=True) from None

    def close(self) -> None:
        """As of `Client`."""
        self._calls.close()
