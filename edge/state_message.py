"""The message of topic `state`: which rules are in force, and which signs are ahead."""

from typing import Final, Literal

import msgspec

from edge.message_types import Count, Milliseconds, Score, Seconds, check_finite

STATE_SCHEMA: Final = "signwatch.state/1"

Status = Literal["in-force", "ended", "unknown"]
Change = Literal["set", "raised", "lowered", "ended"]
Place = Literal["ahead", "passed", "lost"]

NOTHING_SEEN, STREAM_DEAD, TOO_OLD = "nothing-seen", "stream-dead", "too-old"
"""Why a rule is unknown."""


class Origin(msgspec.Struct, frozen=True):
    """The sign that a rule comes from."""

    track: Count
    """Number of the physical sign within the session."""
    class_id: Count
    """Class id in the catalogue of the weights in use."""
    code: str
    """The country's own number for the sign."""
    name: str
    """Name in the catalogue."""


class Rule(msgspec.Struct, frozen=True):
    """One rule of the road."""

    status: Status
    """`in-force`; `ended` where a sign has ended it, so that what holds without signs holds; `unknown` where nobody
    can tell."""
    why: str | None
    """Why it is unknown, else None: `nothing-seen` since the start, `stream-dead` where there was nothing to look at
    for a while, `too-old` where no sign has repeated it; more of them may come."""
    value: Count | float | None
    """The number of a rule in force that has one, in `unit`; None otherwise."""
    unit: str | None
    """Unit of `value`, such as `km/h`."""
    change: Change | None
    """How it came to this: `set` where nothing was known or in force before, `raised` and `lowered` against the value
    before, `ended`; None where it is unknown."""
    confidence: Score | None
    """How sure the reading of the newest sign that says so is, 0 to 1; None where it is unknown."""
    since_ns: Count | None
    """UNIX time in nanoseconds of the frame with which it came to this; None where it is unknown."""
    age_s: Seconds | None
    """Seconds since a sign that says so was last seen; None where it is unknown."""
    by: Origin | None
    """The sign that made it so; one that only repeats it is not told. None where it is unknown."""

    def __post_init__(self) -> None:
        """Refuse what JSON can't carry.

        Raises:
            ValueError: For a number that is not finite.
        """
        check_finite(self.value, self.confidence, self.age_s)


class ComingSign(msgspec.Struct, frozen=True):
    """A confirmed sign that a rule begins or ends with, or that says who goes first at the next junction."""

    track: Count
    """Number of the physical sign within the session."""
    class_id: Count
    """Class id in the catalogue of the weights in use."""
    code: str
    """The country's own number for the sign."""
    name: str
    """Name in the catalogue."""
    rules: tuple[str, ...]
    """As of a sign in a frame's message, such as `stop`."""
    ends: bool
    """Whether it ends these rules instead of beginning them."""
    value: Count | float | None
    """The number on the sign where it has one, in `unit`."""
    unit: str | None
    """Unit of `value`."""
    place: Place
    """`ahead` while it is followed in the picture; `passed` after it has left the picture at its edge, `lost` where it
    went out of sight in the middle of it. Only signs of the next junction are told after they are out of sight, for
    10 s."""
    confidence: Score
    """How sure the reading is, 0 to 1."""
    sure: bool
    """Whether it was read well enough to be believed where it permits something; to restrict, being confirmed is
    enough."""
    distance_m: float | None
    """Distance from the camera in metres when it was last seen; None where the camera isn't calibrated."""
    age_s: Seconds
    """Seconds since it was last seen."""

    def __post_init__(self) -> None:
        """Refuse what JSON can't carry.

        Raises:
            ValueError: For a number that is not finite.
        """
        check_finite(self.value, self.confidence, self.distance_m, self.age_s)


class DriveState(msgspec.Struct, frozen=True):
    """What a driver who has seen the same signs has to go by."""

    speed_limit: Rule
    """How fast one may go by the signs; `ended` says no more than that the road's general limit holds."""
    no_passing: Rule
    """No passing, for all motor vehicles."""
    no_passing_heavy: Rule
    """No passing for heavy vehicles, in Germany those over 3.5 t; one for all of them is told in `no_passing`."""
    priority_road: Rule
    """Whether this road has priority at every junction."""
    ahead: tuple[ComingSign, ...]
    """Signs that are coming up, the nearest first as far as that is known."""

    def coming(self, rule: str) -> ComingSign | None:
        """The nearest sign that begins a rule, such as `stop`; None where there is none."""
        return next((sign for sign in self.ahead if rule in sign.rules and not sign.ends), None)


class StateMessage(msgspec.Struct, frozen=True, kw_only=True):
    """What is in force; sent when it changes and once a second, and to each new subscriber."""

    schema: Literal["signwatch.state/1"] = STATE_SCHEMA
    """What this message is, and in which version."""
    source: str
    """Name of the camera or recording."""
    session: str
    """Changes whenever the publisher starts anew; `seq` and tracks count within it."""
    seq: Count
    """Number of this message within the session and topic, from 0 and without gaps; a new subscriber gets the last one
    again."""
    published_ns: Count
    """UNIX time in nanoseconds at which this message was made."""
    monotonic_ns: Count
    """The publisher's monotonic clock at `published_ns`, in nanoseconds."""
    frame: Count | None
    """Number of the newest frame that was taken in; None before the first."""
    stream: Literal["ok", "dead"]
    """`dead` where there was no frame for 2 s, or none yet: then nothing is known."""
    frame_age_ms: Milliseconds | None
    """Age of that frame, from its capture; None before the first. Of recordings that are read at another pace than
    their own, in the time of the recording."""
    state: DriveState
    """What is in force, and what is coming up."""


def unknown_rule(why: str) -> Rule:
    """A rule that nobody can tell."""
    return Rule("unknown", why, None, None, None, None, None, None, None)


def unknown_state(why: str) -> DriveState:
    """Nothing is known."""
    rule = unknown_rule(why)
    return DriveState(rule, rule, rule, rule, ())
