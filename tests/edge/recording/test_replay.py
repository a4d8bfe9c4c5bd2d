from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from edge.inbox import Limits
from edge.messages import (
    FRAME_TOPIC,
    HEALTH_TOPIC,
    SIGN_TOPIC,
    FrameMessage,
    HealthMessage,
    Message,
    SignMessage,
    decode_topic,
    encode,
)
from edge.publisher import SignPublisher
from edge.recording.file import RecordingFile
from edge.recording.reader import Recording
from edge.recording.replay import LONGEST_PAUSE_S, Replay, Replayed
from edge.subscriber import SignSubscriber
from tests.edge.messages import EVENT, HEALTH, MESSAGE, SIGN
from tests.edge.recording.recordings import MONOTONIC_NS, START_NS, entry, write_recording
from tests.waiting import PATIENCE_S


@pytest.fixture
def publisher() -> Iterator[SignPublisher]:
    with SignPublisher("tcp://127.0.0.1:*", high_water_mark=1000) as publisher:
        yield publisher


def recorded(path: Path, *messages: tuple[float, bytes, Message]) -> Recording:
    file = RecordingFile(path, START_NS, MONOTONIC_NS)
    for at_s, topic, message in messages:
        file.write(entry(topic, encode(message), at_s))
    file.close()
    return Recording(path)


class Sent:
    """What a replay sends, and when by a clock that only its waiting moves."""

    def __init__(self, *recordings: Recording, speed: float = 1.0) -> None:
        self.messages: list[Message] = []
        self.at_s: list[float] = []
        self._now_s = 0.0
        with SignPublisher("inproc://signs", note=self._note) as publisher:
            replay = Replay(publisher, speed, monotonic_s=lambda: self._now_s, sleep=self._sleep)
            self.done: Replayed = replay.play(recordings)

    def _note(self, topic: bytes, payload: bytes) -> None:
        self.messages.append(decode_topic(topic, payload))
        self.at_s.append(self._now_s)

    def _sleep(self, seconds: float) -> None:
        self._now_s += seconds


def frame_at(at_s: float, seq: int, session: str = "a1b2") -> tuple[float, bytes, Message]:
    return at_s, FRAME_TOPIC, msgspec.structs.replace(MESSAGE, seq=seq, session=session)


def test_signs_and_capture_times_stay_and_the_rest_is_of_now(tmp_path: Path) -> None:
    sent = Sent(recorded(tmp_path / "a.mcap", frame_at(0, 812), (0.1, HEALTH_TOPIC, HEALTH), (0.2, SIGN_TOPIC, EVENT)))
    frame, health, event = sent.messages
    assert isinstance(frame, FrameMessage) and isinstance(health, HealthMessage) and isinstance(event, SignMessage)
    assert (frame.signs, frame.captured_ns, frame.media_s, frame.frame, frame.latency_ms) == (
        MESSAGE.signs, MESSAGE.captured_ns, MESSAGE.media_s, MESSAGE.frame, MESSAGE.latency_ms,
    )  # fmt: skip
    assert frame.published_ns > MESSAGE.published_ns and frame.seq == 0
    assert frame.degraded == ("replay",)
    assert health.degraded == ("half-size", "replay") and health.state == "fault"
    assert event.sign == SIGN
    assert len({message.session for message in sent.messages}) == 1
    assert frame.session.startswith("replay-")


def test_health_that_was_well_is_degraded_because_it_is_no_news(tmp_path: Path) -> None:
    well = msgspec.structs.replace(HEALTH, state="ok", fault=None, degraded=())
    (health,) = Sent(recorded(tmp_path / "a.mcap", (0, HEALTH_TOPIC, well))).messages
    assert isinstance(health, HealthMessage)
    assert (health.state, health.degraded) == ("degraded", ("replay",))


def test_each_recorded_session_becomes_another_and_its_messages_are_numbered_anew(tmp_path: Path) -> None:
    first = recorded(tmp_path / "a.mcap", frame_at(0, 5), frame_at(0, 9))
    second = recorded(tmp_path / "b.mcap", frame_at(0, 12), frame_at(0, 3, "later"))
    messages = Sent(first, second).messages
    sessions = [message.session for message in messages]
    assert sessions[0] == sessions[1] == sessions[2] != sessions[3]
    assert [message.seq for message in messages] == [0, 1, 2, 0]


@pytest.mark.parametrize("speed", [1.0, 4.0])
def test_messages_come_at_their_own_pace_and_long_pauses_are_cut_short(tmp_path: Path, speed: float) -> None:
    sent = Sent(
        recorded(tmp_path / "a.mcap", frame_at(0, 0), frame_at(0.5, 1), frame_at(3600, 2), frame_at(3601, 3)),
        speed=speed,
    )
    assert sent.at_s == pytest.approx(
        [0, 0.5 / speed, (0.5 + LONGEST_PAUSE_S) / speed, (1.5 + LONGEST_PAUSE_S) / speed]
    )
    assert sent.done.skipped_s == pytest.approx(3599.5 - LONGEST_PAUSE_S)


def test_a_clock_that_runs_backwards_between_files_holds_nothing_up(tmp_path: Path) -> None:
    later = recorded(tmp_path / "a.mcap", frame_at(3600, 0))
    earlier = recorded(tmp_path / "b.mcap", frame_at(0, 1), frame_at(0.5, 2))
    assert Sent(later, earlier).at_s == pytest.approx([0, 0, 0.5])


def test_what_is_no_message_is_said_and_the_rest_is_played(tmp_path: Path) -> None:
    file = RecordingFile(tmp_path / "a.mcap", START_NS, MONOTONIC_NS)
    file.write(entry(FRAME_TOPIC, b"{}"))
    file.write(entry(FRAME_TOPIC, encode(MESSAGE)))
    file.close()
    done = Sent(Recording(tmp_path / "a.mcap")).done
    assert done.messages == 1
    assert done.faults == [f"{tmp_path}/a.mcap holds 1 of another kind than this version knows"]


def test_a_control_process_can_tell_a_replay_and_is_not_to_act_on_it(publisher: SignPublisher, tmp_path: Path) -> None:
    path = write_recording(tmp_path / "a.mcap", 4)
    with (
        SignSubscriber(publisher.address, limits=Limits(PATIENCE_S, PATIENCE_S)) as careful,
        SignSubscriber(publisher.address, limits=Limits(PATIENCE_S, PATIENCE_S, accept_replay=True)) as bench,
    ):
        while publisher.subscriptions() < 2:
            publisher.wait_for_subscriber(0.1)
        Replay(publisher, 100.0).play([Recording(path)])
        for _ in range(4):
            assert careful.receive(PATIENCE_S) is not None
            assert bench.receive(PATIENCE_S) is not None
        assert careful.replayed and bench.replayed
        assert careful.faults() == ["front is a replay"]
        assert bench.ok()


def test_newcomers_get_the_signs_that_are_there(publisher: SignPublisher, tmp_path: Path) -> None:
    other = msgspec.structs.replace(EVENT, sign=msgspec.structs.replace(SIGN, track=18), seq=4)
    over = msgspec.structs.replace(EVENT, event="ended", seq=5)
    recording = recorded(tmp_path / "a.mcap", (0, SIGN_TOPIC, EVENT), (0, SIGN_TOPIC, other), (0, SIGN_TOPIC, over))
    with SignSubscriber(publisher.address, topics=(SIGN_TOPIC,)) as early:
        assert publisher.wait_for_subscriber(PATIENCE_S, SIGN_TOPIC)
        Replay(publisher).play([recording])
        for _ in range(3):  # what is still on its way would reach a newcomer too
            assert early.receive_with_payload(PATIENCE_S) is not None
    with SignSubscriber(publisher.address, topics=(SIGN_TOPIC,)) as newcomer:
        received = newcomer.receive_with_payload(PATIENCE_S)
        assert received is not None and isinstance(received[0], SignMessage)
        assert received[0].sign.track == 18
        assert newcomer.receive_with_payload(0.3) is None
