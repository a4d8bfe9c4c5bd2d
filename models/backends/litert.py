"""The network through LiteRT: small, starts at once, and all that a vehicle needs."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.backends import BATCHES, Logits
from models.quiet import quiet_native_code


def litert_logits(content: bytes, threads: int, batches: Sequence[int] = BATCHES) -> tuple[Logits, int]:
    """Logits by a LiteRT network, and how many there are. It may take crops as float32 0 to 255, or as uint8.

    It takes them in `batches` of these sizes, each of which has its memory.

    Raises ValueError or RuntimeError where the content is not a LiteRT network of crops.
    """
    from ai_edge_litert.interpreter import Interpreter

    # LiteRT greets on standard error when it plans a network.
    with quiet_native_code():
        planned = {size: _planned(Interpreter(model_content=content, num_threads=threads), size) for size in batches}
    first = planned[batches[0]]
    place, answer = first.get_input_details()[0], first.get_output_details()[0]

    def logits(crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        interpreter = planned[len(crops)]
        interpreter.set_tensor(place["index"], np.ascontiguousarray(crops, place["dtype"]))
        interpreter.invoke()
        return np.asarray(interpreter.get_tensor(answer["index"]), np.float32)

    return logits, int(answer["shape"][-1])


def _planned(interpreter: Any, batch: int) -> Any:
    place = interpreter.get_input_details()[0]
    interpreter.resize_tensor_input(place["index"], (batch, *place["shape"][1:]))
    interpreter.allocate_tensors()
    return interpreter
