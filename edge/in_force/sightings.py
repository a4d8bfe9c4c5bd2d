"""The confirmed signs in view, and what becomes of them: passed at the edge of the picture, or lost in the middle."""

from dataclasses import dataclass, field

from edge.in_force.claims import Claim, LastingRule, claims_of
from edge.messages import FrameMessage, Sign

SURE_CONFIDENCE = 0.9995
SURE_HITS = 10
"""Frames. What permits something must have been read in three times as many as confirm a sign, and a seventh of the
doubt that confirms one may be left. Every sign of the sample drive gets there well before it is passed."""

EDGE_SHARE = 0.5
"""A sign is leaving the picture when in one step more, as long as its last one, it would be nearer to the left, right
or upper edge than this share of its size."""

SAME_POST_RATIO = 1.3
"""Signs at one distance look equally large. The next post is several times as far away when the first is passed."""


@dataclass(slots=True)
class Sighting:
    """One confirmed sign, while it is followed."""

    sign: Sign
    """As it was last told."""
    claims: dict[LastingRule, Claim]
    size: tuple[int, int]
    """Width and height of the picture, px."""
    seen_s: float
    """When it was last measured."""
    former_box: tuple[float, float, float, float]
    """Where it was a frame before `sign`; in its first frame, where it is."""
    post: dict[int, dict[LastingRule, Claim]] = field(default_factory=dict)
    """What other signs of the same post or gantry say, by track."""

    @property
    def sure(self) -> bool:
        """Whether it may be believed where it permits something."""
        return self.sign.confidence >= SURE_CONFIDENCE and self.sign.hits >= SURE_HITS

    @property
    def leaving(self) -> bool:
        """Whether it is about to leave the picture, as what is passed does."""
        x, y, width, height = self.sign.box
        former_x, former_y, former_width, _ = self.former_box
        left, top, right = 2 * x - former_x, 2 * y - former_y, 2 * (x + width) - (former_x + former_width)
        reach = EDGE_SHARE * max(width, height)
        return left < reach or top < reach or right > self.size[0] - reach

    def is_outdone(self, rule: LastingRule) -> bool:
        """Whether another sign of its post permits less: of those the strictest counts."""
        own = self.claims[rule]
        return any(rule in claims and claims[rule].permits < own.permits for claims in self.post.values())


@dataclass(frozen=True, slots=True)
class Gone:
    """A sign that is followed no more."""

    sighting: Sighting
    passed: bool
    """Whether it left at the edge of the picture; else it was lost."""


class Sightings:
    """Follows the confirmed signs that are about a rule, by track."""

    def __init__(self) -> None:
        self.present: dict[int, Sighting] = {}

    def update(self, message: FrameMessage, frame_s: float) -> list[Gone]:
        """Take in a frame; gives the signs that are gone since the last one.

        A sign whose reading has changed is the same sign with other claims. One that is followed but no longer about
        any rule is not gone: what it seemed to say is void.
        """
        followed = {sign.track: sign for sign in message.signs}
        ended = [self.present.pop(track) for track in list(self.present) if track not in followed]
        gone = [Gone(one, one.leaving and one.size == message.size) for one in ended]
        for track, sign in followed.items():
            if sign.state == "confirmed" and sign.rules:
                self._see(track, sign, message, frame_s)
            else:
                self.present.pop(track, None)
        self._find_posts(frame_s)
        return gone

    def clear(self) -> None:
        """Forget all: what was in view before says nothing of what is in view now."""
        self.present.clear()

    def _see(self, track: int, sign: Sign, message: FrameMessage, frame_s: float) -> None:
        before = self.present.get(track)
        if before is None or before.sign.class_id != sign.class_id:
            self.present[track] = Sighting(sign, claims_of(sign), message.size, frame_s, sign.box)
            return
        before.former_box = before.sign.box
        before.sign, before.size = sign, message.size
        if sign.measured:
            before.seen_s = frame_s

    def _find_posts(self, frame_s: float) -> None:
        """Which signs stand together. The last sight of both decides: the nearer they are, the clearer it is."""
        measured = [one for one in self.present.values() if one.seen_s == frame_s]
        for one in measured:
            for other in measured:
                if one is not other:
                    sizes = [max(sighting.sign.box[2:]) for sighting in (one, other)]
                    if max(sizes) < SAME_POST_RATIO * min(sizes):
                        one.post[other.sign.track] = other.claims
                    else:
                        one.post.pop(other.sign.track, None)
