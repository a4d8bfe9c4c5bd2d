"""Any number of crops through a network that takes a few sizes of batch."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from models.backends import BATCHES, Logits


def in_batches(
    logits: Logits, crops: NDArray[np.uint8], outputs: int, batches: Sequence[int] = BATCHES
) -> NDArray[np.float32]:
    """Logits (n, outputs) of crops (n, side, side, 3) uint8, by a network that takes them in `batches`."""
    answers = np.empty((len(crops), outputs), np.float32)
    for start in range(0, len(crops), batches[-1]):
        part = crops[start : start + batches[-1]]
        answers[start : start + len(part)] = logits(_filled(part, batches))[: len(part)]
    return answers


def _filled(crops: NDArray[np.uint8], batches: Sequence[int]) -> NDArray[np.uint8]:
    """The crops with black ones after them, up to the next size of batch."""
    batch = next(size for size in batches if size >= len(crops))
    if len(crops) == batch:
        return crops
    filled = np.zeros((batch, *crops.shape[1:]), np.uint8)
    filled[: len(crops)] = crops
    return filled
