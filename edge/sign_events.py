"""The life of each track, from the frames' messages: new, changed, ended."""

import time
from typing import Literal

from edge.messages import FrameMessage, Sign, SignMessage


class SignEvents:
    """Follows the signs of one source.

    Args:
        source: Its name.
        session: Of the frames' messages.
    """

    def __init__(self, source: str, session: str) -> None:
        self.present: dict[int, SignMessage] = {}
        """The signs that are there, by track: their last event with the sign as it is now."""
        self._source = source
        self._session = session
        self._sequence = 0

    def update(self, message: FrameMessage) -> list[SignMessage]:
        """The events of one more frame, in the order in which they are to be sent."""
        followed = {sign.track: sign for sign in message.signs}
        events = [self._ended(track) for track in list(self.present) if track not in followed]
        for track, sign in followed.items():
            before = self.present.get(track)
            if before is None:
                events.append(self._event("new", message, sign))
            elif (before.sign.state, before.sign.class_id) != (sign.state, sign.class_id):
                events.append(self._event("changed", message, sign))
            else:
                self.present[track] = _renewed(before, message, sign)
        return events

    def end_all(self) -> list[SignMessage]:
        """The events of a source that gives no pictures any more: what can't be seen is not there."""
        return [self._ended(track) for track in list(self.present)]

    def _event(self, event: Literal["new", "changed"], message: FrameMessage, sign: Sign) -> SignMessage:
        told = SignMessage(
            source=self._source,
            session=self._session,
            seq=self._next_number(),
            event=event,
            frame=message.frame,
            captured_ns=message.captured_ns,
            published_ns=time.time_ns(),
            monotonic_ns=time.monotonic_ns(),
            sign=sign,
        )
        self.present[sign.track] = told
        return told

    def _ended(self, track: int) -> SignMessage:
        last = self.present.pop(track)
        return SignMessage(
            source=self._source,
            session=self._session,
            seq=self._next_number(),
            event="ended",
            frame=last.frame,
            captured_ns=last.captured_ns,
            published_ns=time.time_ns(),
            monotonic_ns=time.monotonic_ns(),
            sign=last.sign,
        )

    def _next_number(self) -> int:
        self._sequence += 1
        return self._sequence - 1


def _renewed(before: SignMessage, message: FrameMessage, sign: Sign) -> SignMessage:
    """The event as a newcomer gets it: what happened then, with the sign as it is now."""
    return SignMessage(
        source=before.source,
        session=before.session,
        seq=before.seq,
        event=before.event,
        frame=message.frame,
        captured_ns=message.captured_ns,
        published_ns=time.time_ns(),
        monotonic_ns=time.monotonic_ns(),
        sign=sign,
    )
