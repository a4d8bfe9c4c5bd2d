"""The kinds of number that messages are made of."""

from math import isfinite
from typing import Annotated

import msgspec

# Upper bounds keep every whole number within 64 bits, which readers in other languages use.
Count = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
Milliseconds = Annotated[float, msgspec.Meta(ge=0)]
Seconds = Annotated[float, msgspec.Meta(ge=0)]
Metres = Annotated[float, msgspec.Meta(ge=0)]
Degrees = Annotated[float, msgspec.Meta(ge=0)]
Pixels = Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]
Score = Annotated[float, msgspec.Meta(ge=0, le=1)]


def check_finite(*numbers: float | None) -> None:
    """Refuse what JSON can't carry.

    Raises:
        ValueError: For NaN and infinity; they would arrive as null.
    """
    if not all(number is None or isfinite(number) for number in numbers):
        raise ValueError(f"a message's numbers must be finite, not {numbers}")
