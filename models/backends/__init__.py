"""What runs the network: LiteRT in float or int8 on the vehicle, Keras where TensorFlow is installed.

Every backend is a function from a batch of crops to logits. Batches come in fixed sizes, because a new size means
planning or tuning anew in the middle of a drive.
"""

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import NDArray

BATCHES = (1, 2, 3, 4, 6, 8, 16, 24, 28, 32, 36, 40, 44, 48, 64)
"""A batch is filled up to the next of these; more crops than the last go in several batches."""

Backend = Literal["auto", "litert", "litert-int8", "keras"]

Logits = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
"""From crops (one of `BATCHES`, 32, 32, 3) uint8 BGR to logits (same, classes + 1)."""
