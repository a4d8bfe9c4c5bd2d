"""Any number of crops through a network that takes a few sizes of batch."""

import numpy as np
from numpy.typing import NDArray

from models.backends import BATCHES, Logits


def in_batches(logits: Logits, crops: NDArray[np.uint8], outputs: int) -> NDArray[np.float32]:
    """Logits (n, outputs) of crops (n, side, side, 3) uint8."""
    answers = np.empty((len(crops), outputs), np.float32)
    for start in range(0, len(crops), BATCHES[-1]):
        part = crops[start : start + BATCHES[-1]]
        answers[start : start + len(part)] = logits(_filled(part))[: len(part)]
    return answers


def _filled(crops: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The crops with black ones after them, up to the next size of batch."""
    batch = next(size for size in BATCHES if size >= len(crops))
    if len(crops) == batch:
        return crops
    filled = np.zeros((batch, *crops.shape[1:]), np.uint8)
    filled[: len(crops)] = crops
    return filled
