"""What a sign says about each lasting rule: that it begins or ends, and how much is permitted then."""

import math
from dataclasses import dataclass
from typing import Final, Literal

from edge.messages import Sign

LastingRule = Literal["speed-limit", "no-passing", "no-passing-heavy", "priority-road"]
LASTING_RULES: Final[tuple[LastingRule, ...]] = ("speed-limit", "no-passing", "no-passing-heavy", "priority-road")
JUNCTION_RULES: Final = frozenset(("stop", "yield", "right-of-way"))
"""Of the next junction alone."""

KMH: Final = {"km/h": 1.0, "mph": 1.609344}
END: Final = "end"
"""The category of signs that end rules."""


@dataclass(frozen=True, slots=True)
class Claim:
    """That a rule begins or ends."""

    begins: bool
    value: int | float | None
    unit: str | None
    permits: float
    """How free one is under it: more is freer, and the claims of one rule can be compared by it."""


def claims_of(sign: Sign) -> dict[LastingRule, Claim]:
    """What a sign says, by rule; nothing for one of which no lasting rule is known."""
    begins = sign.category != END
    found: dict[LastingRule, Claim] = {}
    for rule in LASTING_RULES:
        if rule in sign.rules:
            permits = _permits(rule, begins, sign)
            if permits is not None:
                found[rule] = Claim(begins, sign.value, sign.unit, permits)
    if begins and not {"stop", "yield"}.isdisjoint(sign.rules):  # whoever has to wait has no priority any more
        found["priority-road"] = Claim(False, None, None, 0.0)
    return found


def permits_unknown(rule: LastingRule) -> float:
    """Where an unknown rule stands among the claims.

    A number can permit more than what was in force, so none is taken for harmless; a ban and the loss of priority
    always are.
    """
    return -math.inf if rule == "speed-limit" else 0.5


def _permits(rule: LastingRule, begins: bool, sign: Sign) -> float | None:
    if rule != "speed-limit":
        return float(begins == (rule == "priority-road"))
    if not begins:
        return math.inf
    if sign.value is None or sign.unit not in KMH:
        return None
    return sign.value * KMH[sign.unit]
