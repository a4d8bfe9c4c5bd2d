"""What a check found."""

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warning", "broken"]


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of one check."""

    check: str
    """What was checked, such as `camera` or `clock`."""
    state: State
    """`broken` where `signwatch run` would fail or give nothing; `warning` where it would run all the same."""
    found: str
    """What is there, in one line without passwords."""
    mend: str | None = None
    """What to do about it; None where nothing is to be done."""


def broken_by(check: str, error: Exception) -> Finding:
    """The finding of an error whose message is meant for users: what is wrong, and after a semicolon the mend."""
    found, _, mend = str(error).rpartition("; ")
    return Finding(check, "broken", found or mend, mend if found else None)
