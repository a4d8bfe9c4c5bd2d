import math
import sys
from importlib.util import find_spec

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.benchmarks.yolo import Yolo, fitted
from edge.benchmarks.yolo_graph import yolo11n

pytest.importorskip("onnx", reason="the graph is made with onnx")


def test_the_graph_has_as_many_parameters_and_operations_as_its_authors_give() -> None:
    from onnx import checker, shape_inference

    model = shape_inference.infer_shapes(yolo11n(640, 640, 80), strict_mode=True)
    checker.check_model(model, full_check=True)
    sizes = {weight.name: tuple(weight.dims) for weight in model.graph.initializer}
    shapes = {
        value.name: [side.dim_value for side in value.type.tensor_type.shape.dim] for value in model.graph.value_info
    }
    convolutions = [node for node in model.graph.node if node.op_type == "Conv"]
    parameters = sum(math.prod(sizes[name]) for node in convolutions for name in node.input[1:])
    multiplications = sum(
        math.prod(sizes[node.input[1]]) * math.prod(shapes[node.output[0]][2:]) for node in convolutions
    )
    assert parameters == 2_616_248
    assert round(2 * multiplications / 1e9, 1) == 6.5
    answer = model.graph.output[0].type.tensor_type.shape.dim
    assert [side.dim_value for side in answer] == [1, 84, 8400]


def test_pictures_that_the_three_grids_do_not_fill_are_refused() -> None:
    with pytest.raises(ValueError, match="multiples of 32"):
        yolo11n(640, 400, 43)


@pytest.mark.skipif(find_spec("openvino") is None, reason="OpenVINO is one of them")
def test_both_runtimes_say_the_same_of_a_picture() -> None:
    pytest.importorskip("onnxruntime")
    from edge.benchmarks.yolo import onnxruntime_network, openvino_network, openvino_precision

    model = yolo11n(64, 96, 43).SerializeToString()
    given = np.random.default_rng(1).random((1, 3, 64, 96), np.float32)
    one, other = onnxruntime_network(model, 1)(given), openvino_network(model, 1)(given)
    assert sys.modules.get("openvino_telemetry") is None, "nobody is told"
    assert one.shape == other.shape == (1, 47, 126)
    assert np.abs(one[:, :4] - other[:, :4]).max() < (0.1 if openvino_precision() == "f32" else 4.0)
    assert one[:, 4:].min() > 0 and one[:, 4:].max() < 0.05, "an untrained one is sure of nothing"


def test_boxes_come_back_in_pixels_of_the_frame_and_two_of_one_thing_are_one() -> None:
    answer = np.zeros((1, 47, 126), np.float32)
    # A picture of 200x100 in one of 96x64 is scaled by 0.48 and begins 8 px from above.
    for place, (x, y, confidence) in enumerate([(48, 32, 0.9), (48.5, 32, 0.8), (20, 20, 0.2)]):
        answer[0, :4, place] = x, y, 9.6, 4.8
        answer[0, 4 + 14, place] = confidence

    def network(given: NDArray[np.float32]) -> NDArray[np.float32]:
        assert given.shape == (1, 3, 64, 96) and given[0, 0, 0, 0] == pytest.approx(114 / 255)
        assert given[0, :, 32, 48] == pytest.approx([1.0, 0.0, 0.0]), "red is first"
        return answer

    yolo = Yolo(lambda model, threads: network, (96, 64), 1)
    (found,) = yolo.read(np.full((100, 200, 3), (0, 0, 255), np.uint8))
    class_id, confidence, box = found
    assert class_id == 14 and confidence == pytest.approx(0.9)
    assert box == pytest.approx((90.0, 45.0, 20.0, 10.0))


def test_a_fitted_size_holds_the_frame() -> None:
    assert fitted((1360, 800), 640) == (640, 384)
    assert fitted((800, 1360), 1280) == (768, 1280)
    assert fitted((640, 640), 640) == (640, 640)
