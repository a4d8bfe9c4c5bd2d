"""From the signs of one source's frames to what is in force."""

from dataclasses import dataclass

from edge.in_force.claims import END, JUNCTION_RULES, LASTING_RULES
from edge.in_force.lasting import Lasting
from edge.in_force.sightings import Gone, Sighting, Sightings
from edge.messages import FrameMessage
from edge.state_message import STREAM_DEAD, ComingSign, DriveState, Place

BLIND_S = 2.0
"""After a gap this long, a sign may have been passed unseen: at 100 km/h one is in view for little longer."""

JUNCTION_S = 10.0
"""A sign of the next junction is told for so long after it was last seen."""


@dataclass(frozen=True, slots=True)
class _OutOfSight:
    sighting: Sighting
    place: Place


class InForce:
    """Keeps what is in force, of one source. It reads no clock.

    All times handed to it are seconds on one clock that goes on evenly: the monotonic one for live sources, that of
    the recording for recordings. Where it goes back by as much as a gap, what was known is forgotten.
    """

    def __init__(self) -> None:
        self.frame: int | None = None
        """Number of the newest frame; None before the first."""
        self.frame_s: float | None = None
        """When it was captured."""
        self._session: str | None = None
        self._sightings = Sightings()
        self._rules = {rule: Lasting(rule) for rule in LASTING_RULES}
        self._junction: dict[int, _OutOfSight] = {}

    def update(self, message: FrameMessage, frame_s: float) -> None:
        """Take in a frame that was captured at `frame_s`."""
        if self.frame_s is not None:
            if abs(frame_s - self.frame_s) > BLIND_S or message.session != self._session:
                self.forget()
            else:  # a stream's own timestamps can correct a capture time by a little
                frame_s = max(frame_s, self.frame_s)
        self.frame, self.frame_s, self._session = message.frame, frame_s, message.session
        gone = self._sightings.update(message, frame_s)
        for rule in self._rules.values():
            rule.update(gone, self._sightings.present.values(), message.captured_ns)
            rule.expire(frame_s)
        self._keep_junction(gone, frame_s)

    def look(self, now_s: float) -> None:
        """Tell what time it is where there are no frames."""
        if self.frame_s is not None and self.is_dead(now_s):
            self.forget()

    def forget(self) -> None:
        """Nothing is known any more: there was nothing to look at."""
        self._sightings.clear()
        self._junction.clear()
        for rule in self._rules.values():
            rule.forget(STREAM_DEAD)

    def is_dead(self, now_s: float) -> bool:
        """Whether there was no frame for too long, or none yet."""
        return self.frame_s is None or now_s - self.frame_s > BLIND_S

    def state(self, now_s: float) -> DriveState:
        """What is in force at `now_s`, which is no earlier than the newest frame."""
        speed_limit, no_passing, no_passing_heavy, priority_road = (
            self._rules[rule].state(now_s) for rule in LASTING_RULES
        )
        return DriveState(speed_limit, no_passing, no_passing_heavy, priority_road, self._ahead(now_s))

    def _keep_junction(self, gone: list[Gone], frame_s: float) -> None:
        for one in gone:
            if not JUNCTION_RULES.isdisjoint(one.sighting.sign.rules):
                self._junction[one.sighting.sign.track] = _OutOfSight(one.sighting, "passed" if one.passed else "lost")
        found_again = {sighting.sign.class_id for sighting in self._sightings.present.values()}
        self._junction = {
            track: one
            for track, one in self._junction.items()
            if frame_s - one.sighting.seen_s <= JUNCTION_S
            and not (one.place == "lost" and one.sighting.sign.class_id in found_again)
        }

    def _ahead(self, now_s: float) -> tuple[ComingSign, ...]:
        """What is out of sight is nearest; of two in view, the one that looks larger."""
        in_view = sorted(self._sightings.present.values(), key=_nearness)
        out_of_sight = [_coming(one.sighting, one.place, now_s) for one in self._junction.values()]
        return (*out_of_sight, *(_coming(sighting, "ahead", now_s) for sighting in in_view))


def _nearness(sighting: Sighting) -> tuple[bool, float]:
    sign = sighting.sign
    return (True, -max(sign.box[2:])) if sign.distance_m is None else (False, sign.distance_m)


def _coming(sighting: Sighting, place: Place, now_s: float) -> ComingSign:
    sign = sighting.sign
    return ComingSign(
        track=sign.track,
        class_id=sign.class_id,
        code=sign.code,
        name=sign.name,
        rules=sign.rules,
        ends=sign.category == END,
        value=sign.value,
        unit=sign.unit,
        place=place,
        confidence=sign.confidence,
        sure=sighting.sure,
        distance_m=sign.distance_m,
        age_s=round(max(now_s - sighting.seen_s, 0.0), 3),
    )
