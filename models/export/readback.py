"""Whether what was exported still says what the trained network says."""

from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from models.errors import ModelError
from models.quiet import quiet_native_code

LARGEST_DIFFERENCE = 1e-3
"""Between a float export and the trained network, as a share of the largest output; rounding stays below 1e-4."""
LEAST_PROBABILITY = 1e-6
"""Smaller ones are all alike."""
LARGEST_MEAN_DIFFERENCE_INT8 = 0.02
"""Of int8, in the probability of the likeliest answer, on average over crops: some 0.003 on hard ones is usual."""
LOST_TO_INT8 = 0.001
"""Share of held-out pictures that int8 may lose against float."""


def check_same(found: NDArray[np.float32], wanted: NDArray[np.float32], file: Path) -> None:
    """Raise ModelError where outputs (n, classes) of an export in float are not those of the trained network."""
    if found.shape != wanted.shape:
        raise ModelError(f"{file}: gives outputs {found.shape} where the trained network gives {wanted.shape}")
    difference = float(np.abs(found - wanted).max(initial=0.0))
    if not difference <= LARGEST_DIFFERENCE * max(1.0, float(np.abs(wanted).max(initial=0.0))):
        raise ModelError(f"{file}: differs from the trained network by {difference:.2g}; the export was thrown away")


def logarithms(probabilities: NDArray[np.float32]) -> NDArray[np.float32]:
    """Logarithms of probabilities, to compare by: a network that is sure says 1 and 0 whatever became of its logits."""
    return np.log(np.maximum(probabilities, np.float32(LEAST_PROBABILITY)))


def check_int8(found: NDArray[np.float32], wanted: NDArray[np.float32], file: Path) -> None:
    """Raise ModelError where probabilities (n, classes + 1) in int8 are not about those of the trained network."""
    if found.shape != wanted.shape:
        raise ModelError(f"{file}: gives outputs {found.shape} where the trained network gives {wanted.shape}")
    likeliest = wanted.argmax(axis=1)[:, None]
    difference = np.abs(np.take_along_axis(found - wanted, likeliest, axis=1)).mean() if len(wanted) else 0.0
    if not difference <= LARGEST_MEAN_DIFFERENCE_INT8:
        raise ModelError(
            f"{file}: differs from the trained network by {difference:.2g} on average; quantise by more crops, of all "
            "classes"
        )


def check_accuracy(
    int8: NDArray[np.float32], trained: NDArray[np.float32], labels: NDArray[np.int64], file: Path
) -> float:
    """Accuracy of int8 on held-out pictures (n,), 0 to 1. Raises ModelError where int8 loses over 0.1 points.

    One picture may go either way, however few there are.
    """
    lost = int((trained.argmax(axis=1) == labels).sum()) - int((int8.argmax(axis=1) == labels).sum())
    if lost > max(1, LOST_TO_INT8 * len(labels)):
        raise ModelError(f"{file}: int8 reads {lost} of {len(labels)} held-out pictures fewer right than float does")
    return float((int8.argmax(axis=1) == labels).mean())


def litert_outputs(content: bytes, pictures: NDArray[np.float32]) -> NDArray[np.float32]:
    """What any LiteRT network of one input and one output says of pictures (n, height, width, 3)."""
    with quiet_native_code():
        interpreter = Interpreter(model_content=content)
        place, answer = interpreter.get_input_details()[0]["index"], interpreter.get_output_details()[0]["index"]
        interpreter.resize_tensor_input(place, pictures.shape)
        interpreter.allocate_tensors()
    interpreter.set_tensor(place, pictures)
    interpreter.invoke()
    return np.asarray(interpreter.get_tensor(answer), np.float32)
