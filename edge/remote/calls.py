"""What the clients of the three protocols have in common: what is asked, what may come back, what can fail."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edge.printable import printable

CROPS_INPUT, OUTPUT, SIGNATURE = "crops_bgr", "probabilities", "serving_default"
"""Names in what `signwatch export` writes."""
MOST_ANSWER_BYTES = 2**20
"""Probabilities of 64 crops take 11 KB as bytes and 60 KB as text."""
ROUNDING = 1e-2
"""By which a row of probabilities may miss a sum of 1; a network in bfloat16 or int8 does by less."""
_SHOWN_CHARACTERS = 240


class CallFailed(Exception):
    """A call was not answered as it should be.

    Args:
        why: In words for the user; what the server said of it is cut short and made printable.
        retry: The same call may be answered when it is made again at once.
        lasting: It will not be until somebody changes the server or the address.
    """

    def __init__(self, why: str, *, retry: bool = False, lasting: bool = False) -> None:
        line = " ".join(why.split())
        super().__init__(printable(line[:_SHOWN_CHARACTERS] + ("…" if len(line) > _SHOWN_CHARACTERS else "")))
        self.retry = retry
        self.lasting = lasting


class Client(Protocol):
    """Asks one server."""

    def probabilities(self, crops: NDArray[np.uint8], timeout_s: float) -> NDArray[np.float32]:
        """Of crops (n, size, size, 3) uint8 BGR whatever the server gives. Raises CallFailed, in time."""

    def close(self) -> None:
        """Let go of the connection."""


def checked(answer: NDArray[np.float32], crops: int, classes: int) -> NDArray[np.float32]:
    """The answer, where it is probabilities (crops, classes). Raises CallFailed where it is none."""
    if answer.shape != (crops, classes):
        raise CallFailed(f"answers in shape {answer.shape} where ({crops}, {classes}) is expected", lasting=True)
    if not (np.isfinite(answer).all() and (answer >= -ROUNDING).all()):
        raise CallFailed("answers with numbers that are no probabilities", lasting=True)
    if (np.abs(answer.sum(axis=1) - 1) > ROUNDING).any():
        raise CallFailed("answers with rows that don't sum to 1, so they are no probabilities", lasting=True)
    return answer
