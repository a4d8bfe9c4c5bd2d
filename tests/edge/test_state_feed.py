import msgspec

from edge.state_feed import STATE_INTERVAL_S, StateFeed
from edge.state_message import StateMessage
from tests.edge.in_force.road import AT_THE_EDGE, Drive, sign


def feed() -> tuple[Drive, StateFeed]:
    drive = Drive()
    return drive, StateFeed("front", "a1b2", clock=lambda: drive.now_s)


def told(feed: StateFeed, drive: Drive, *, distance_m: float | None = None, track: int = 1) -> StateMessage | None:
    """What is told of the next frame, with a stop sign at a distance or without one."""
    drive.now_s += 0.04
    drive.frame += 1
    signs = () if distance_m is None else (sign("206", track, distance_m=distance_m),)
    return feed.update(drive.message(*signs), drive.now_s, drive.now_s + 0.01)


def test_what_changes_is_told_at_once_and_what_stays_once_a_second() -> None:
    drive, states = feed()
    first = told(states, drive)
    assert first is not None
    assert (first.seq, first.source, first.session, first.stream) == (0, "front", "a1b2", "ok")
    assert (first.frame, first.frame_age_ms) == (drive.frame, 10.0)
    heard = [told(states, drive) for _ in range(53)]
    assert [message.seq for message in heard if message is not None] == [1, 2]
    stop = told(states, drive, distance_m=40.0)
    assert stop is not None and stop.seq == 3 and stop.state.coming("stop") is not None
    ended = told(states, drive)
    assert ended is not None and [one.place for one in ended.state.ahead] == ["lost"]


def test_a_distance_is_told_by_the_metre() -> None:
    drive, states = feed()
    told(states, drive, distance_m=40.0)
    heard = [told(states, drive, distance_m=distance_m) for distance_m in (39.9, 39.6, 39.4, 39.2, 38.8, 38.4)]
    assert [message is not None for message in heard] == [False, False, True, False, False, True]


def test_confidence_and_age_alone_are_no_change() -> None:
    drive, states = feed()
    for confidence in (0.996, 0.997, 0.998):
        drive.now_s += 0.04
        message = drive.message(sign("206", 1, confidence=confidence))
        answer = states.update(message, drive.now_s, drive.now_s)
        assert (answer is None) is (confidence > 0.996)


def test_a_source_that_gives_nothing_is_told_as_dead_without_a_frame() -> None:
    drive, states = feed()
    before = states.look(drive.now_s)
    assert before is not None
    assert (before.stream, before.frame, before.frame_age_ms) == ("dead", None, None)
    assert before.state.speed_limit.why == "nothing-seen"
    drive.now_s += STATE_INTERVAL_S / 2
    assert states.look(drive.now_s) is None
    drive.now_s += STATE_INTERVAL_S / 2
    assert states.look(drive.now_s) is not None


def test_once_a_second_is_told_also_where_a_recording_stands_still() -> None:
    drive, states = feed()
    told(states, drive)
    media_s = drive.now_s
    drive.now_s += 10.0
    again = states.look(media_s)
    assert again is not None and again.stream == "ok"


def test_silence_is_told_when_it_has_lasted_too_long() -> None:
    drive, states = feed()
    for box in (sign("274-50", 1).box, AT_THE_EDGE, None):
        drive.now_s += 0.04
        message = drive.message(*(() if box is None else (sign("274-50", 1, box=box),)))
        states.update(message, drive.now_s, drive.now_s)
    drive.now_s += 1.9
    alive = states.look(drive.now_s)
    assert alive is not None
    assert (alive.stream, alive.state.speed_limit.value) == ("ok", 50)
    drive.now_s += 0.2
    dead = states.look(drive.now_s)
    assert dead is not None, "at once, and not a second later"
    assert (dead.stream, dead.state.speed_limit.value, dead.state.speed_limit.why) == ("dead", None, "stream-dead")
    assert dead.frame_age_ms == 2100.0


def test_the_last_message_knows_nothing() -> None:
    drive, states = feed()
    told(states, drive, distance_m=40.0)
    last = states.end(drive.now_s)
    assert (last.stream, last.state.ahead, last.state.speed_limit.status) == ("dead", (), "unknown")


def test_every_message_can_be_read_by_others() -> None:
    drive, states = feed()
    message = told(states, drive, distance_m=40.0)
    assert message is not None
    assert msgspec.json.decode(msgspec.json.encode(message), type=StateMessage) == message
