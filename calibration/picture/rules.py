"""What is wrong with a picture, and for how long it has to be before it is said.

A rule gives a picture a score: 1 and more is wrong, under `LEAVE` is right, and what lies between changes nothing. Its
limits were chosen on the training frames of GTSDB with the margins that `docs/picture-judgement.md` gives, and none was
moved for a recording.
"""

from collections.abc import Callable
from typing import NamedTuple

from calibration.picture.measures import Measures

OVEREXPOSED, UNDEREXPOSED, NIGHT = "overexposed", "underexposed", "night"
BLOCKED, BLURRED, FROZEN, DIRTY = "blocked", "blurred", "frozen", "dirty-lens"
REASONS = (OVEREXPOSED, UNDEREXPOSED, NIGHT, BLOCKED, BLURRED, FROZEN, DIRTY)
"""Every word that may be said."""

LEAVE = 0.85
"""Of what makes a picture wrong, under which it is right again."""

WHITE, WHITE_BELOW = 0.7, 0.5
"""Share of the picture, and of its lower half, cut off at white: a bright sky alone fills less."""
DARK_BRIGHT = 100.0
"""A picture is dark where no more than a twentieth of it is brighter: by day the sky is, or a tunnel's end …"""
DARK_MEAN = 45.0
"""… or where this is its mean level."""
LAMP_LEVEL = 140.0
"""Something this bright in a dark picture is a lamp or what one shines on, and the picture is of a night."""
BLACK_LEVEL = 30.0
"""Where nothing is brighter, nothing is seen."""
FLAT = 0.88
"""Share of tiles in which nothing is to be seen …"""
FAINT_CONTRAST = 40.0
"""… and height of the strongest edges anywhere: what covers a lens has none."""
BLURRED_SHARPNESS = 0.345
"""A Gaussian of 2 to 3 px in the picture that signs are sought in, 5 px in one of 1360x800."""
SHARP = 0.25
"""The least sharpness, that of a ramp."""
LEAST_CONTRAST = 12.0
"""Of edges by which sharpness can be told."""
STANDING = 0.02
"""Share of the picture covered by the rims of what stands: dirt on 5 to 8 % of it."""


class Rule(NamedTuple):
    """One thing that may be wrong with a single picture."""

    name: str
    score: Callable[[Measures], float]
    begins_s: float
    """So long it has to be seen before it is said."""
    ends_s: float
    """So long it has to be gone."""


def overexposed(picture: Measures) -> float:
    """A camera that can't shut itself down any further, or looks into the sun."""
    return max(picture.white / WHITE, picture.white_below / WHITE_BELOW)


def dark(picture: Measures) -> float:
    """A night, a tunnel without lamps, or a camera that opens too short."""
    return max(DARK_BRIGHT / max(picture.bright, 1.0), min(DARK_MEAN / max(picture.mean, 1.0), 1.5))


def underexposed(picture: Measures) -> float:
    """Dark, and nothing in it shines."""
    return 0.0 if picture.brightest >= LAMP_LEVEL or blocked(picture) >= 1 else dark(picture)


def night(picture: Measures) -> float:
    """Dark, with lamps or what they shine on."""
    return dark(picture) if picture.brightest >= LAMP_LEVEL else 0.0


def blocked(picture: Measures) -> float:
    """Nothing to be seen: something before the lens, snow on it, a cap, no picture at all."""
    if overexposed(picture) >= 1:
        return 0.0
    if picture.brightest < BLACK_LEVEL:
        return 1.5
    # What is dark is faint everywhere, and not therefore covered.
    return 0.0 if dark(picture) >= 1 or picture.contrast >= FAINT_CONTRAST else picture.flat / FLAT


def blurred(picture: Measures) -> float:
    """No sharp edge in any direction: out of focus, or a film on the lens."""
    if picture.contrast < LEAST_CONTRAST or picture.flat >= FLAT:
        return 0.0  # so few edges tell nothing
    return (BLURRED_SHARPNESS - SHARP) / max(picture.sharpness - SHARP, 1e-3)


RULES = (
    Rule(OVEREXPOSED, overexposed, 1.0, 1.0),
    Rule(UNDEREXPOSED, underexposed, 2.0, 1.0),
    Rule(NIGHT, night, 3.0, 3.0),
    Rule(BLOCKED, blocked, 1.5, 1.0),
    Rule(BLURRED, blurred, 3.0, 2.0),
)
FROZEN_S, MOVING_S = 3.0, 0.5
"""The same picture for so long is frozen; moving for so long it is no more."""


class Lasting:
    """Whether something is said: only after it has lasted, and until it has been gone for some time.

    What is seen for moments adds up and is forgotten as fast, so that one picture in between begins nothing anew.

    Args:
        begins_s: How long it must last.
        ends_s: How long it must be gone.
    """

    def __init__(self, begins_s: float, ends_s: float) -> None:
        self._begins_s, self._ends_s = begins_s, ends_s
        self._level = 0.0
        self.said = False

    def take(self, score: float, passed_s: float) -> bool:
        """Take in the score of the next picture, so many seconds after the last; gives back whether it is said."""
        if score >= 1:
            self._level = min(1.0, self._level + passed_s / self._begins_s)
        elif score < LEAVE:
            self._level = max(0.0, self._level - passed_s / self._ends_s)
        # Tenths of a second don't add up to whole ones exactly.
        if self._level > 1 - 1e-6:
            self.said = True
        elif self._level < 1e-6:
            self.said = False
        return self.said
