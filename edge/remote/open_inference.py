"""Asks a server over the Open Inference Protocol, as KServe, MLServer, Triton and others speak it."""

import numpy as np
from numpy.typing import NDArray

from edge.remote.address import RemoteAddress
from edge.remote.calls import CROPS_INPUT, OUTPUT, CallFailed
from edge.remote.grpc_calls import GrpcCalls
from edge.remote.wire import ModelInferRequest, ModelInferResponse

METHOD = "/inference.GRPCInferenceService/ModelInfer"


class OpenInferenceClient:
    """A `Client` of `kserve+grpc`."""

    def __init__(self, address: RemoteAddress) -> None:
        self._model = address.model
        self._calls = GrpcCalls(address, METHOD, ModelInferResponse)

    def probabilities(self, crops: NDArray[np.uint8], timeout_s: float) -> NDArray[np.float32]:
        """As of `Client`."""
        request = ModelInferRequest(model_name=self._model)
        request.inputs.add(name=CROPS_INPUT, datatype="UINT8", shape=crops.shape)
        request.outputs.add(name=OUTPUT)
        request.raw_input_contents.append(crops.tobytes())
        answer = self._calls.ask(request, timeout_s)
        names = [output.name for output in answer.outputs]
        if OUTPUT not in names:
            raise CallFailed(f"gives no output `{OUTPUT}`, but {', '.join(names) or 'none'}", lasting=True)
        place = names.index(OUTPUT)
        output = answer.outputs[place]
        if output.datatype != "FP32":
            raise CallFailed(f"gives `{OUTPUT}` as {output.datatype}, not FP32", lasting=True)
        try:
            if answer.raw_output_contents:
                numbers = np.frombuffer(answer.raw_output_contents[place], "<f4")
            else:
                numbers = np.array(output.contents.fp32_contents, np.float32)
            return numbers.reshape(output.shape)
        except (IndexError, ValueError):
            raise CallFailed(f"gives `{OUTPUT}` in another size than it says", lasting=True) from None

    def close(self) -> None:
        """As of `Client`."""
        self._calls.close()
