from pathlib import Path

import numpy as np
import pytest

from edge.remote.wire import DESCRIPTORS, TensorProto


def test_the_descriptors_are_those_of_the_proto_files(tmp_path: Path) -> None:
    pytest.importorskip("grpc_tools", reason="compiling .proto files needs grpcio-tools")
    from edge.remote.wire.__main__ import compile_to

    assert compile_to(tmp_path / "descriptors.binpb") == 0
    assert (tmp_path / "descriptors.binpb").read_bytes() == DESCRIPTORS.read_bytes()


def test_tensorflow_reads_our_tensors_and_we_read_its() -> None:
    tf = pytest.importorskip("tensorflow", reason="TensorFlow's own messages need TensorFlow")
    crops = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    ours = TensorProto(dtype=4, tensor_content=crops.tobytes())
    for size in crops.shape:
        ours.tensor_shape.dim.add(size=size)
    theirs = type(tf.make_tensor_proto(0)).FromString(ours.SerializeToString())
    np.testing.assert_array_equal(tf.make_ndarray(theirs), crops)
    back = TensorProto.FromString(tf.make_tensor_proto([[0.25, 0.75]], tf.float32).SerializeToString())
    assert (back.dtype, [dim.size for dim in back.tensor_shape.dim]) == (1, [1, 2])
    np.testing.assert_array_equal(np.frombuffer(back.tensor_content, "<f4"), [0.25, 0.75])
