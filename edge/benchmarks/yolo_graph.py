"""YOLO11n as an ONNX graph with random weights: how long it takes hardly depends on what it has learnt.

Built after its published description (Jocher and Qiu, Ultralytics YOLO11, 2024, `yolo11.yaml` at scale n), with batch
normalisation folded into the convolutions as an export does. At 80 classes it has the 2,616,248 parameters that its
authors give. Needs the package `onnx`.
"""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

OPSET, IR_VERSION = 17, 8
STRIDES = (8, 16, 32)
"""Pixels of the picture to a cell of each of the three grids that boxes are told for."""
BINS = 16
"""Of the distribution over the distance from a cell to each side of its box."""
HEAD_DIM, KEY_DIM = 64, 32
"""Of attention."""
SEED = 11
INPUT, OUTPUT = "images", "output0"


def yolo11n(height_px: int, width_px: int, classes: int) -> Any:
    """The network as `onnx.ModelProto`, for pictures of one size, whose sides are multiples of 32 px.

    It takes (1, 3, height, width) float32 RGB from 0 to 1 and gives (1, 4 + classes, cells) float32: boxes as middle x
    and y, width and height in px, then a probability for each class.
    """
    if height_px % STRIDES[-1] or width_px % STRIDES[-1]:
        raise ValueError(f"sides have to be multiples of {STRIDES[-1]} px, got {width_px}x{height_px}")
    graph = _Graph()
    three_scales = _neck(graph, *_backbone(graph, _Tensor(INPUT, 3)))
    _head(graph, three_scales, (height_px, width_px), classes)
    return graph.model((1, 3, height_px, width_px))


class _Tensor(NamedTuple):
    name: str
    channels: int


class _Graph:
    """Nodes and weights in the order in which they were asked for."""

    def __init__(self) -> None:
        self._generator = np.random.default_rng(SEED)
        self._nodes: list[Any] = []
        self._weights: list[Any] = []

    def model(self, shape: tuple[int, ...]) -> Any:
        from onnx import TensorProto, helper

        given = helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, shape)
        answer = helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, None)
        graph = helper.make_graph(self._nodes, "yolo11n", [given], [answer], self._weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="signwatch")
        model.ir_version = IR_VERSION
        return model

    def constant(self, values: NDArray[Any]) -> str:
        from onnx import numpy_helper

        name = f"w{len(self._weights)}"
        self._weights.append(numpy_helper.from_array(values, name))
        return name

    def node(self, kind: str, inputs: Sequence[str], outputs: int = 1, last: str = "", **attributes: Any) -> list[str]:
        from onnx import helper

        names = [last or f"t{len(self._nodes)}_{place}" for place in range(outputs)]
        self._nodes.append(helper.make_node(kind, list(inputs), names, **attributes))
        return names

    def one(self, kind: str, *inputs: str, **attributes: Any) -> str:
        return self.node(kind, inputs, **attributes)[0]

    def conv(
        self,
        x: _Tensor,
        channels: int,
        kernel: int = 1,
        stride: int = 1,
        groups: int = 1,
        *,
        active: bool = True,
        bias: float = 0.0,
    ) -> _Tensor:
        """A convolution, and SiLU behind it where it is `active`."""
        shape = (channels, x.channels // groups, kernel, kernel)
        spread = math.sqrt(2.0 / math.prod(shape[1:]))
        weights = self.constant(self._generator.normal(0.0, spread, shape).astype(np.float32))
        biases = self.constant(np.full(channels, bias, np.float32))
        edge = kernel // 2
        y = self.one(
            "Conv",
            x.name,
            weights,
            biases,
            kernel_shape=[kernel] * 2,
            strides=[stride] * 2,
            pads=[edge] * 4,
            group=groups,
        )
        return _Tensor(self.one("Mul", y, self.one("Sigmoid", y)) if active else y, channels)

    def concat(self, *parts: _Tensor) -> _Tensor:
        name = self.one("Concat", *(part.name for part in parts), axis=1)
        return _Tensor(name, sum(part.channels for part in parts))

    def halves(self, x: _Tensor) -> tuple[_Tensor, _Tensor]:
        first, second = self.node("Split", [x.name], outputs=2, axis=1)
        return _Tensor(first, x.channels // 2), _Tensor(second, x.channels // 2)

    def add(self, x: _Tensor, y: _Tensor) -> _Tensor:
        return _Tensor(self.one("Add", x.name, y.name), x.channels)

    def reshape(self, x: str, *shape: int) -> str:
        return self.one("Reshape", x, self.constant(np.array(shape, np.int64)))


def _backbone(graph: _Graph, x: _Tensor) -> tuple[_Tensor, _Tensor, _Tensor]:
    """Features at an eighth, a sixteenth and a thirty-second of the picture's size."""
    x = graph.conv(graph.conv(x, 16, 3, 2), 32, 3, 2)
    x = graph.conv(_block(graph, x, 64, share=0.25), 64, 3, 2)
    eighth = _block(graph, x, 128, share=0.25)
    sixteenth = _block(graph, graph.conv(eighth, 128, 3, 2), 128, deep=True)
    x = _block(graph, graph.conv(sixteenth, 256, 3, 2), 256, deep=True)
    return eighth, sixteenth, _attending(graph, _pooled(graph, x))


def _neck(graph: _Graph, eighth: _Tensor, sixteenth: _Tensor, last: _Tensor) -> tuple[_Tensor, _Tensor, _Tensor]:
    """The three scales with what the others know."""
    middle = _block(graph, graph.concat(_enlarged(graph, last), sixteenth), 128)
    fine = _block(graph, graph.concat(_enlarged(graph, middle), eighth), 64)
    middle = _block(graph, graph.concat(graph.conv(fine, 64, 3, 2), middle), 128)
    coarse = _block(graph, graph.concat(graph.conv(middle, 128, 3, 2), last), 256, deep=True)
    return fine, middle, coarse


def _head(graph: _Graph, scales: Sequence[_Tensor], size_px: tuple[int, int], classes: int) -> None:
    """From features to boxes and probabilities: distances as distributions (Li et al., "Generalized Focal Loss")."""
    wide, narrow = 4 * BINS, max(scales[0].channels, min(classes, 100))
    told = []
    for x, stride in zip(scales, STRIDES, strict=True):
        sides = graph.conv(graph.conv(graph.conv(x, wide, 3), wide, 3), 4 * BINS, active=False, bias=1.0)
        kinds = graph.conv(graph.conv(x, x.channels, 3, groups=x.channels), narrow)
        kinds = graph.conv(graph.conv(kinds, narrow, 3, groups=narrow), narrow)
        # As rare as an untrained one is made to take signs for, so that hardly a box is left to choose from.
        rare = math.log(5 / classes / (640 / stride) ** 2)
        kinds = graph.conv(kinds, classes, active=False, bias=rare)
        told.append(graph.reshape(graph.concat(sides, kinds).name, 1, 4 * BINS + classes, -1))
    split = graph.constant(np.array([4 * BINS, classes], np.int64))
    sides_of_all, kinds_of_all = graph.node("Split", [graph.one("Concat", *told, axis=2), split], outputs=2, axis=1)
    bins = graph.one("Transpose", graph.reshape(sides_of_all, 1, 4, BINS, -1), perm=[0, 2, 1, 3])
    expectation = graph.constant(np.arange(BINS, dtype=np.float32).reshape(1, BINS, 1, 1))
    distances = graph.reshape(graph.one("Conv", graph.one("Softmax", bins, axis=1), expectation), 1, 4, -1)
    near, far = graph.node("Split", [distances], outputs=2, axis=1)
    middles, strides = _cells(size_px)
    middle = graph.constant(middles)
    first, last = graph.one("Sub", middle, near), graph.one("Add", middle, far)
    centre = graph.one("Div", graph.one("Add", first, last), graph.constant(np.array(2.0, np.float32)))
    boxes = graph.one("Concat", centre, graph.one("Sub", last, first), axis=1)
    boxes_px = graph.one("Mul", boxes, graph.constant(strides))
    graph.node("Concat", [boxes_px, graph.one("Sigmoid", kinds_of_all)], last=OUTPUT, axis=1)


def _block(graph: _Graph, x: _Tensor, channels: int, *, share: float = 0.5, deep: bool = False) -> _Tensor:
    """C3k2: half of the channels goes by, the other half through a bottleneck, or through two of them in a C3."""
    inner = int(channels * share)
    aside, through = graph.halves(graph.conv(x, 2 * inner))
    made = _two_bottlenecks(graph, through) if deep else _bottleneck(graph, through, inner // 2)
    return graph.conv(graph.concat(aside, through, made), channels)


def _two_bottlenecks(graph: _Graph, x: _Tensor) -> _Tensor:
    inner = x.channels // 2
    made = graph.conv(x, inner)
    for _ in range(2):
        made = _bottleneck(graph, made, inner)
    return graph.conv(graph.concat(made, graph.conv(x, inner)), x.channels)


def _bottleneck(graph: _Graph, x: _Tensor, inner: int) -> _Tensor:
    return graph.add(x, graph.conv(graph.conv(x, inner, 3), x.channels, 3))


def _pooled(graph: _Graph, x: _Tensor) -> _Tensor:
    """SPPF: three poolings in a row beside what they were made of."""
    pools = [graph.conv(x, x.channels // 2)]
    for _ in range(3):
        name = graph.one("MaxPool", pools[-1].name, kernel_shape=[5, 5], strides=[1, 1], pads=[2] * 4)
        pools.append(_Tensor(name, pools[-1].channels))
    return graph.conv(graph.concat(*pools), x.channels)


def _attending(graph: _Graph, x: _Tensor) -> _Tensor:
    """C2PSA: half of the channels goes through attention over all places."""
    aside, through = graph.halves(graph.conv(x, x.channels))
    through = graph.add(through, _attention(graph, through))
    wider = graph.conv(through, 2 * through.channels)
    through = graph.add(through, graph.conv(wider, through.channels, active=False))
    return graph.conv(graph.concat(aside, through), x.channels)


def _attention(graph: _Graph, x: _Tensor) -> _Tensor:
    heads = x.channels // HEAD_DIM
    asked = graph.conv(x, x.channels + 2 * KEY_DIM * heads, active=False)
    sizes = graph.constant(np.array([KEY_DIM, KEY_DIM, HEAD_DIM], np.int64))
    by_head = graph.reshape(asked.name, 1, heads, 2 * KEY_DIM + HEAD_DIM, -1)
    query, key, value = graph.node("Split", [by_head, sizes], outputs=3, axis=2)
    alike = graph.one("MatMul", graph.one("Transpose", query, perm=[0, 1, 3, 2]), key)
    scaled = graph.one("Mul", alike, graph.constant(np.array(KEY_DIM**-0.5, np.float32)))
    weights = graph.one("Transpose", graph.one("Softmax", scaled, axis=-1), perm=[0, 1, 3, 2])
    shape = graph.one("Shape", x.name)
    seen = graph.one("Reshape", graph.one("MatMul", value, weights), shape)
    values = _Tensor(graph.one("Reshape", value, shape), x.channels)
    placed = graph.conv(values, x.channels, 3, groups=x.channels, active=False)
    return graph.conv(graph.add(_Tensor(seen, x.channels), placed), x.channels, active=False)


def _enlarged(graph: _Graph, x: _Tensor) -> _Tensor:
    scales = graph.constant(np.array([1, 1, 2, 2], np.float32))
    name = graph.one(
        "Resize",
        x.name,
        "",
        scales,
        mode="nearest",
        coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
    )
    return _Tensor(name, x.channels)


def _cells(size_px: tuple[int, int]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Middles (1, 2, cells) of all cells in cells, and the pixels (1, cells) of each."""
    middles, strides = [], []
    for stride in STRIDES:
        rows, columns = np.indices((size_px[0] // stride, size_px[1] // stride)) + 0.5
        middles.append(np.stack([columns.ravel(), rows.ravel()]))
        strides.append(np.full(rows.size, stride))
    return np.concatenate(middles, axis=1)[None].astype(np.float32), np.concatenate(strides)[None].astype(np.float32)
