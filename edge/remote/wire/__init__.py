"""The messages of both gRPC protocols, as classes of protobuf.

They are made from descriptors when they are needed, and not from generated Python, which each major version of protobuf
wants generated anew. They live in a pool of their own: TensorFlow and KServe bring messages of the same names along.
"""

from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

DESCRIPTORS = Path(__file__).with_name("descriptors.binpb")

_pool = descriptor_pool.DescriptorPool()
for _file in descriptor_pb2.FileDescriptorSet.FromString(DESCRIPTORS.read_bytes()).file:
    _pool.AddSerializedFile(_file.SerializeToString())


def _message(name: str) -> Any:
    return message_factory.GetMessageClass(_pool.FindMessageTypeByName(name))


ModelInferRequest = _message("inference.ModelInferRequest")
ModelInferResponse = _message("inference.ModelInferResponse")
PredictRequest = _message("tensorflow.PredictRequest")
PredictResponse = _message("tensorflow.PredictResponse")
TensorProto = _message("tensorflow.TensorProto")
