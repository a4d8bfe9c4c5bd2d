"""A real model server for tests, in a process of its own: `python -m tests.edge.remote.model_server [PORT [PORT]]`.

It runs the network of the package and speaks the Open Inference Protocol and PredictionService over gRPC, and the REST
shape of TensorFlow Serving. It knows the model `signwatch`; those of `MISBEHAVING` answer as their names say. It writes
its two ports on standard output, gRPC's first. It is killed and paused from outside.
"""

import json
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import grpc
import numpy as np
from numpy.typing import NDArray

from edge.remote.calls import CROPS_INPUT, OUTPUT
from edge.remote.wire import ModelInferRequest, ModelInferResponse, PredictRequest, PredictResponse
from models.catalogue import load_catalogue
from models.classifier import load_classifier

MODEL = "signwatch"
SLOW_S = 1.5
MISBEHAVING = ("slow", "shape", "garbage", "name", "sum", "nan", "short", "broken")
"""Too late; two columns too few; no message at all; an output of another name; logits; not a number; fewer numbers than
said; an error of the server."""


class Network:
    """What every protocol asks."""

    def __init__(self) -> None:
        self._classifier = load_classifier(load_catalogue(), threads=1)

    def answer(self, model: str, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Probabilities, or what a misbehaving model says instead."""
        answer = self._classifier.probabilities(crops)
        match model:
            case "slow":
                time.sleep(SLOW_S)
            case "shape":
                answer = answer[:, :42]
            case "sum":
                answer = answer * 7
            case "nan":
                answer[0, 0] = np.nan
            case "broken":
                raise RuntimeError("out of memory\x1b[2J\nwhile computing")
        return answer


def serve_grpc(
    network: Network, port: int, credentials: grpc.ServerCredentials | None = None
) -> tuple[grpc.Server, int]:
    """Both services on one port, encrypted where there are credentials."""

    def infer(request: Any, context: grpc.ServicerContext) -> Any:
        crops = crops_of(request.raw_input_contents[0], request.inputs[0].shape, request.inputs[0].name)
        answer = asked(request.model_name, crops, context)
        response = ModelInferResponse()
        name = "logits" if request.model_name == "name" else OUTPUT
        response.outputs.add(name=name, datatype="FP32", shape=answer.shape)
        content = answer.tobytes()
        response.raw_output_contents.append(content[:-4] if request.model_name == "short" else content)
        return response

    def predict(request: Any, context: grpc.ServicerContext) -> Any:
        tensor = request.inputs[CROPS_INPUT]
        crops = crops_of(tensor.tensor_content, [dim.size for dim in tensor.tensor_shape.dim], CROPS_INPUT)
        model = request.model_spec.name
        answer = asked(model, crops, context)
        response = PredictResponse()
        output = response.outputs["logits" if model == "name" else OUTPUT]
        output.dtype = 1
        for size in answer.shape:
            output.tensor_shape.dim.add(size=size)
        output.float_val.extend(answer.ravel()[: -1 if model == "short" else None].tolist())
        return response

    def asked(model: str, crops: NDArray[np.uint8], context: grpc.ServicerContext) -> NDArray[np.float32]:
        if model not in (MODEL, *MISBEHAVING):
            context.abort(grpc.StatusCode.NOT_FOUND, f"Servable not found for request: Latest({model})")
        return network.answer(model, crops)

    def crops_of(content: bytes, shape: Any, name: str) -> NDArray[np.uint8]:
        assert name == CROPS_INPUT
        return np.frombuffer(content, np.uint8).reshape(shape)

    def serialized(message: Any) -> bytes:
        return bytes(message.SerializeToString()) if message.outputs else b"\xff" * 40

    def or_garbage(behaviour: Any, model_of: Callable[[Any], str]) -> Any:
        """Nothing is answered, which `serialized` makes into no message at all."""
        empty = ModelInferResponse()
        return lambda request, context: empty if model_of(request) == "garbage" else behaviour(request, context)

    server = grpc.server(ThreadPoolExecutor(4))
    for service, method, behaviour, request_class in (
        ("inference.GRPCInferenceService", "ModelInfer", or_garbage(infer, lambda r: r.model_name), ModelInferRequest),
        (
            "tensorflow.serving.PredictionService",
            "Predict",
            or_garbage(predict, lambda r: r.model_spec.name),
            PredictRequest,
        ),
    ):
        handler = grpc.unary_unary_rpc_method_handler(behaviour, request_class.FromString, serialized)
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, {method: handler}),))
    place = f"127.0.0.1:{port}"
    bound = server.add_secure_port(place, credentials) if credentials else server.add_insecure_port(place)
    server.start()
    return server, bound


class RestHandler(BaseHTTPRequestHandler):
    """`POST /v1/models/MODEL:predict`."""

    protocol_version = "HTTP/1.1"
    network: Network

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        model = self.path.removeprefix("/v1/models/").removesuffix(":predict")
        if model == "garbage":
            self._send(200, b"<html>\xff</html>")
        elif model == "name":
            self._send(200, b'{"outputs": 1}')
        elif model not in (MODEL, *MISBEHAVING):
            self._send(404, json.dumps({"error": f"Servable not found for request: Latest({model})"}).encode())
        else:
            try:
                answer = self.network.answer(model, np.array(body["instances"], np.uint8)).tolist()
            except RuntimeError as error:
                self._send(500, json.dumps({"error": str(error)}).encode())
                return
            if model == "short":
                answer[-1].pop()
            self._send(200, json.dumps({"predictions": answer}).encode())

    def _send(self, status: int, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Nobody asked."""


def main(port: int = 0, http_port: int = 0) -> None:
    """Serve until killed."""
    RestHandler.network = network = Network()
    _server, bound = serve_grpc(network, port)
    rest = ThreadingHTTPServer(("127.0.0.1", http_port), RestHandler)
    print(bound, rest.server_address[1], flush=True)
    rest.serve_forever()


if __name__ == "__main__":
    assert Path("edge").is_dir(), "runs in the project's folder"
    main(*map(int, sys.argv[1:]))
