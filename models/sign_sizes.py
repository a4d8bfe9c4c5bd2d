"""How large a sign is in reality, as far as its class and the road say: a few sizes, each with a probability.

German signs are made in three sizes. Which one stands somewhere follows from the speed that is driven there, by
VwV-StVO zu §§ 39 bis 43, III. 3:

=====================  ============  =============  =================
                       size 1        size 2         size 3
=====================  ============  =============  =================
disc, diameter         420 mm        600 mm         750 mm
… for                  to 20 km/h    to 80 km/h     above
triangle, side         630 mm        900 mm         1260 mm
square, side           420 mm        600 mm         840 mm
… both for             below 50      50 to 100      above
=====================  ============  =============  =================

The stop sign (206) has no smaller size than 900 mm and one larger, 1050 mm. The widths stand in the catalogue, for each
sign as it hangs: the priority road's square stands on its corner. A catalogue of another country has other ones.

How often a size stands at a kind of road is nowhere counted: `SHARES` are the rule's, with what it leaves open (signs
that are older, a limit of 70 on a road for 100, narrow places) given to the neighbours.
"""

from dataclasses import dataclass
from typing import Literal

from models.catalogue import Shape, Sign

Road = Literal["any", "town", "country", "motorway"]
SHARES: dict[Road, tuple[float, float, float]] = {
    "any": (0.10, 0.75, 0.15),
    "town": (0.15, 0.84, 0.01),
    "country": (0.01, 0.94, 0.05),
    "motorway": (0.0, 0.15, 0.85),
}
"""Probability of each of three sizes."""
HEIGHTS: dict[Shape, float] = {"triangle": 0.88, "inverted triangle": 0.88}
"""Height of an outline in its widths, where it isn't 1: rounded corners take more off a triangle's width than off its
height, which would be 0.866."""
VARYING: tuple[Shape, ...] = ("rectangle", "pentagon", "cross", "other")
"""Shapes of which the width doesn't say the height."""


@dataclass(frozen=True, slots=True)
class RealSize:
    """One size that a sign may have, as seen from the front."""

    width_m: float
    height_m: float
    share: float
    """Probability, 0 to 1."""


def sizes_of(sign: Sign, road: Road = "any") -> tuple[RealSize, ...]:
    """The sizes that a sign may have on a kind of road, smallest first; empty where they aren't known.

    Where a catalogue tells of another number of sizes than three, each is as likely as the others, whatever the road.
    """
    if not sign.widths_mm or sign.shape in VARYING:
        return ()
    shares = SHARES[road] if len(sign.widths_mm) == 3 else (1 / len(sign.widths_mm),) * len(sign.widths_mm)
    height = HEIGHTS.get(sign.shape, 1.0)
    return tuple(
        RealSize(width / 1000, height * width / 1000, share)
        for width, share in zip(sign.widths_mm, shares, strict=True)
        if share > 0
    )
