import msgspec
import pytest

from edge.messages import FrameMessage
from edge.stream_state import WINDOW_NS, StreamState
from tests.edge.messages import HEALTH, MESSAGE

MS, S = 10**6, 10**9
TOTAL_MS = 10.0
ELSEWHERE_NS = 987_654_321 * MS
"""What the publisher's monotonic clock happens to be ahead."""


def frame(seq: int, sent_ns: int, session: str = "a1b2") -> FrameMessage:
    """Sent at a time of the subscriber's clock, 10 ms after its capture."""
    latency = msgspec.structs.replace(MESSAGE.latency_ms, total=TOTAL_MS)
    return msgspec.structs.replace(
        MESSAGE, seq=seq, session=session, monotonic_ns=sent_ns + ELSEWHERE_NS, latency_ms=latency
    )


def test_a_frames_age_counts_from_its_capture() -> None:
    state = StreamState()
    assert state.fresh_ms(0) is None
    state.note_frame(frame(0, 100 * MS), 100 * MS)
    assert state.fresh_ms(100 * MS) == pytest.approx(TOTAL_MS)
    assert state.fresh_ms(130 * MS) == pytest.approx(TOTAL_MS + 30)


def test_what_waited_in_a_queue_is_not_fresh_when_it_is_read() -> None:
    state = StreamState()
    for seq in range(10):
        state.note_frame(frame(seq, seq * 33 * MS), seq * 33 * MS)
    state.note_frame(frame(10, 330 * MS), 5 * S)
    assert state.fresh_ms(5 * S) == pytest.approx(TOTAL_MS + 5000 - 330)


def test_clocks_on_walls_are_not_even_looked_at() -> None:
    state = StreamState()
    for seq, hour_ns in enumerate((0, -3600 * S, 3600 * S)):
        message = msgspec.structs.replace(
            frame(seq, seq * 33 * MS),
            captured_ns=MESSAGE.captured_ns + hour_ns,
            published_ns=MESSAGE.published_ns + hour_ns,
        )
        state.note_frame(message, seq * 33 * MS)
        assert state.fresh_ms(seq * 33 * MS) == pytest.approx(TOTAL_MS)


def test_clocks_that_drift_apart_do_not_make_every_frame_stale() -> None:
    state = StreamState()
    for second in range(3600):
        state.note_frame(frame(second, second * S), second * S + second * MS // 10)
    now_ns = 3599 * S + 3599 * MS // 10
    assert state.fresh_ms(now_ns) == pytest.approx(TOTAL_MS, abs=0.1 * 2 * WINDOW_NS / S + 1)


def test_a_publisher_of_an_older_version_is_judged_by_arrival() -> None:
    state = StreamState()
    state.note_frame(msgspec.structs.replace(frame(0, 0), monotonic_ns=None), 70 * MS)
    assert state.fresh_ms(100 * MS) == pytest.approx(TOTAL_MS + 30)


def test_gaps_are_counted_by_number_and_a_new_session_is_none() -> None:
    state = StreamState()
    for position, (seq, session) in enumerate([(5, "a"), (6, "a"), (9, "a"), (11, "a"), (0, "b"), (3, "b")]):
        assert state.note_frame(frame(seq, position, session), position)
    assert (state.missed, state.gaps, state.restarts, state.session) == (2 + 1 + 2, 3, 1, "b")


def test_what_is_repeated_is_taken_once() -> None:
    state = StreamState()
    assert state.note_frame(frame(5, 0), 0)
    assert not state.note_frame(frame(5, 0), 10 * S)
    assert state.fresh_ms(10 * S) == pytest.approx(TOTAL_MS + 10_000)
    state.note_health(HEALTH, 11 * S)
    state.note_health(HEALTH, 20 * S)
    assert state.silent_ms(20 * S) == pytest.approx(9000)


def test_the_rate_is_of_the_last_two_seconds() -> None:
    state = StreamState()
    for seq in range(100):
        state.note_frame(frame(seq, seq * 40 * MS), seq * 40 * MS)
    assert state.rate_hz(99 * 40 * MS) == pytest.approx(25, abs=1)
    assert state.rate_hz(99 * 40 * MS + 1 * S) == pytest.approx(12.5, abs=1)
    assert state.rate_hz(99 * 40 * MS + 3 * S) == 0


def test_health_keeps_a_stream_alive_but_makes_no_frame_fresh() -> None:
    state = StreamState()
    state.note_frame(frame(0, 0), 0)
    state.note_health(HEALTH, 5 * S)
    assert state.silent_ms(5 * S) == 0
    assert state.fresh_ms(5 * S) == pytest.approx(TOTAL_MS + 5000)
