"""One lasting rule: what is in force by the signs that were passed, and by those ahead.

What restricts counts from the frame that confirms its sign. What permits more counts when its sign has been passed, was
read surely, and no other sign of the same post permits less.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from edge.in_force.claims import KMH, Claim, LastingRule, permits_unknown
from edge.in_force.sightings import Gone, Sighting
from edge.messages import Sign
from edge.state_message import NOTHING_SEEN, TOO_OLD, Change, Origin, Rule, unknown_rule

HOLDS_M = 3000.0
"""A speed limit is believed for as long as this distance takes at that very speed: a higher one is doubted sooner."""
HOLDS_S = 180.0
"""Any other rule is believed for so long after the last sign that says so."""


@dataclass(frozen=True, slots=True)
class Held:
    """What is believed, and why."""

    claim: Claim
    change: Change
    by: Sign
    since_ns: int
    confidence: float
    """Of the newest sign that says so."""
    seen_s: float
    """When that one was last seen."""

    @property
    def holds_s(self) -> float:
        """How long after that it is believed."""
        claim = self.claim
        if not claim.begins or claim.value is None or claim.unit not in KMH:
            return HOLDS_S
        return HOLDS_M / (max(claim.value, 1) * KMH[claim.unit] / 3.6)


class Lasting:
    """Keeps one rule. It reads no clock: times are seconds on any clock that goes on evenly."""

    def __init__(self, rule: LastingRule) -> None:
        self._rule = rule
        self._base: Held | str = NOTHING_SEEN
        """By the signs that are gone, or why nothing is known."""
        self._ahead: dict[int, Held] = {}
        """By the signs in view that permit less than that, by track."""

    def update(self, gone: Iterable[Gone], present: Iterable[Sighting], frame_ns: int) -> None:
        """Take in the signs that are gone since the last frame, and those that are in view.

        `frame_ns` is the UNIX time of this frame.
        """
        rule = self._rule
        for one in gone:
            if rule in one.sighting.claims:
                self._settle(one, frame_ns)
        views = [sighting for sighting in present if rule in sighting.claims]
        for track in self._ahead.keys() - {sighting.sign.track for sighting in views}:
            del self._ahead[track]  # it is followed and says something else now
        for sighting in views:
            self._look_at(sighting, frame_ns)

    def expire(self, now_s: float) -> None:
        """Doubt what no sign has said for too long."""
        held = self._effective()
        if isinstance(held, Held) and held is self._base and now_s - held.seen_s > held.holds_s:
            self._base = TOO_OLD

    def forget(self, why: str) -> None:
        """Nothing is known any more."""
        self._base = why
        self._ahead.clear()

    def state(self, now_s: float) -> Rule:
        """What is in force."""
        held = self._effective()
        if isinstance(held, str):
            return unknown_rule(held)
        by = held.by
        return Rule(
            "in-force" if held.claim.begins else "ended",
            None,
            held.claim.value if held.claim.begins else None,
            held.claim.unit if held.claim.begins else None,
            held.change,
            held.confidence,
            held.since_ns,
            round(max(now_s - held.seen_s, 0.0), 3),
            Origin(by.track, by.class_id, by.code, by.name),
        )

    def _effective(self) -> Held | str:
        """The strictest of the signs ahead, where one permits less than what was passed."""
        return min(self._ahead.values(), key=lambda held: held.claim.permits, default=self._base)

    def _settle(self, gone: Gone, frame_ns: int) -> None:
        sighting = gone.sighting
        claim = sighting.claims[self._rule]
        ahead = self._ahead.pop(sighting.sign.track, None)
        if claim.permits < self._permitted():
            self._base = self._renewed(ahead or self._held(sighting, frame_ns), sighting)
        elif claim.permits == self._permitted():
            self._renew(sighting)
        elif gone.passed and sighting.sure and self._is_about_this(claim) and not sighting.is_outdone(self._rule):
            self._base = self._held(sighting, frame_ns)

    def _look_at(self, sighting: Sighting, frame_ns: int) -> None:
        track, claim = sighting.sign.track, sighting.claims[self._rule]
        if claim.permits < self._permitted():
            held = self._ahead.get(track)
            if held is not None and held.claim == claim:
                self._ahead[track] = self._renewed(held, sighting)
            else:
                self._ahead[track] = self._held(sighting, frame_ns)
            return
        self._ahead.pop(track, None)
        if claim.permits == self._permitted():
            self._renew(sighting)

    def _permitted(self) -> float:
        return self._base.claim.permits if isinstance(self._base, Held) else permits_unknown(self._rule)

    def _is_about_this(self, claim: Claim) -> bool:
        """An end of 80 ends no 60: one of the two was misread, and the lower limit is the safer error."""
        if claim.begins or claim.value is None or isinstance(self._base, str):
            return True
        held = self._base.claim
        return not held.begins or (held.value, held.unit) == (claim.value, claim.unit)

    def _held(self, sighting: Sighting, frame_ns: int) -> Held:
        claim = sighting.claims[self._rule]
        change: Change = "ended"
        if claim.begins:
            change = "set"
            if isinstance(self._base, Held) and self._base.claim.begins and claim.value is not None:
                change = "raised" if claim.permits > self._base.claim.permits else "lowered"
        return Held(claim, change, sighting.sign, frame_ns, sighting.sign.confidence, sighting.seen_s)

    def _renew(self, sighting: Sighting) -> None:
        if isinstance(self._base, Held) and sighting.seen_s >= self._base.seen_s:
            self._base = self._renewed(self._base, sighting)

    @staticmethod
    def _renewed(held: Held, sighting: Sighting) -> Held:
        return replace(held, confidence=sighting.sign.confidence, seen_s=sighting.seen_s)
