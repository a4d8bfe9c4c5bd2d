"""The messages of topic `state`, of one source: when what is in force changes, and once a second."""

import time
from collections.abc import Callable, Hashable

from edge.in_force import InForce
from edge.messages import STATE_TOPIC, FrameMessage, encode
from edge.publisher import SignPublisher
from edge.state_message import ComingSign, DriveState, Rule, StateMessage

STATE_INTERVAL_S = 1.0


class StateFeed:
    """Follows the signs of one source, and makes its messages.

    Times handed in are those of `InForce`. Nothing here runs by itself, so where detecting hangs no state is told any
    more.

    Args:
        source: Its name.
        session: Of the frames' messages.
        clock: Gives seconds, for once a second: a recording's own time may stand still meanwhile.
    """

    def __init__(self, source: str, session: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._source = source
        self._session = session
        self._clock = clock
        self._in_force = InForce()
        self._sequence = 0
        self._told: Hashable = None
        self._due_s = clock()

    def update(self, message: FrameMessage, frame_s: float, now_s: float) -> StateMessage | None:
        """Take in a frame; gives the message that is due, if one is."""
        self._in_force.update(message, frame_s)
        return self.look(now_s)

    def look(self, now_s: float) -> StateMessage | None:
        """The message that is due, if one is."""
        self._in_force.look(now_s)
        state = self._in_force.state(now_s)
        dead = self._in_force.is_dead(now_s)
        gist = (_gist(state), dead)
        if gist == self._told and self._clock() < self._due_s:
            return None
        self._told, self._due_s = gist, self._clock() + STATE_INTERVAL_S
        return self._message(state, dead, now_s)

    def end(self, now_s: float) -> StateMessage:
        """The last message: what gives no pictures any more tells nothing."""
        self._in_force.forget()
        return self._message(self._in_force.state(now_s), True, now_s)

    def _message(self, state: DriveState, dead: bool, now_s: float) -> StateMessage:
        frame_s = self._in_force.frame_s
        self._sequence += 1
        return StateMessage(
            source=self._source,
            session=self._session,
            seq=self._sequence - 1,
            published_ns=time.time_ns(),
            monotonic_ns=time.monotonic_ns(),
            frame=self._in_force.frame,
            stream="dead" if dead else "ok",
            frame_age_ms=None if frame_s is None else round(1e3 * max(now_s - frame_s, 0.0), 2),
            state=state,
        )


def publish_state(publisher: SignPublisher, message: StateMessage | None) -> None:
    """Send a message that is due, and keep it for new subscribers; None does nothing. Raises WireError as `send`."""
    if message is not None:
        payload = encode(message)
        publisher.retain(STATE_TOPIC, {message.source: payload})
        publisher.send(STATE_TOPIC, payload)


def _gist(state: DriveState) -> Hashable:
    """What is worth a message when it changes: not each frame's age and confidence."""
    rules = (state.speed_limit, state.no_passing, state.no_passing_heavy, state.priority_road)
    return tuple(map(_rule_gist, rules)), frozenset(map(_coming_gist, state.ahead))


def _rule_gist(rule: Rule) -> Hashable:
    return rule.status, rule.why, rule.value, rule.unit, rule.change, rule.by


def _coming_gist(sign: ComingSign) -> Hashable:
    metres = None if sign.distance_m is None else round(sign.distance_m)
    return sign.track, sign.class_id, sign.place, sign.sure, metres
