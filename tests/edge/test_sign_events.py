import msgspec

from edge.messages import FrameMessage, Sign, SignMessage
from edge.sign_events import SignEvents
from tests.edge.messages import MESSAGE, SIGN


def frame(number: int, *signs: Sign) -> FrameMessage:
    return msgspec.structs.replace(MESSAGE, frame=number, captured_ns=1000 + number, signs=signs)


def sign(track: int, state: str = "tentative", class_id: int = 2, confidence: float = 0.9) -> Sign:
    return msgspec.structs.replace(SIGN, track=track, state=state, class_id=class_id, confidence=confidence)


def told(events: list[SignMessage]) -> list[tuple[int, str, int]]:
    return [(event.seq, event.event, event.sign.track) for event in events]


def test_a_tracks_life_is_told_without_repeating_it() -> None:
    events = SignEvents("front", "a1b2")
    assert told(events.update(frame(0, sign(1)))) == [(0, "new", 1)]
    assert told(events.update(frame(1, sign(1, confidence=0.95)))) == []
    assert told(events.update(frame(2, sign(1, "confirmed"), sign(2)))) == [(1, "changed", 1), (2, "new", 2)]
    assert told(events.update(frame(3, sign(1, "confirmed", class_id=3), sign(2)))) == [(3, "changed", 1)]
    assert told(events.update(frame(4, sign(2)))) == [(4, "ended", 1)]
    assert told(events.update(frame(5))) == [(5, "ended", 2)]
    assert events.present == {}


def test_what_has_ended_is_told_as_it_was_last() -> None:
    events = SignEvents("front", "a1b2")
    events.update(frame(0, sign(1)))
    events.update(frame(7, sign(1, confidence=0.99)))
    (ended,) = events.update(frame(8))
    assert (ended.frame, ended.captured_ns, ended.sign.confidence) == (7, 1007, 0.99)


def test_newcomers_get_the_sign_as_it_is_now_under_its_old_number() -> None:
    events = SignEvents("front", "a1b2")
    (new,) = events.update(frame(0, sign(1)))
    events.update(frame(5, sign(1, confidence=0.97)))
    present = events.present[1]
    assert (present.seq, present.event) == (new.seq, "new")
    assert (present.frame, present.captured_ns, present.sign.confidence) == (5, 1005, 0.97)


def test_a_source_that_goes_takes_its_signs_with_it() -> None:
    events = SignEvents("front", "a1b2")
    events.update(frame(0, sign(1), sign(2)))
    assert told(events.end_all()) == [(2, "ended", 1), (3, "ended", 2)]
    assert events.end_all() == []
