import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import msgspec
import pytest

from edge import live_loop as module
from edge.budget import LEVELS, Effort
from edge.frame import Frame
from edge.live_loop import Feed, LiveLoop
from edge.messages import FrameMessage, SignMessage, decode_topic
from edge.publisher import SignPublisher
from edge.reader import SignReader
from edge.sources import CapturedSource, PacedSource, PatternSource, Source
from edge.state_message import StateMessage
from edge.subscriber import SignSubscriber
from edge.watchdog import Stage
from tests.edge.messages import MESSAGE, SIGN
from tests.waiting import PATIENCE_S, eventually


class StandInReader(SignReader):
    """Takes its time over each frame, and sees one sign in it."""

    def __init__(self, read_s: float = 0.0) -> None:
        self.session = "a1b2"
        self.read_s = read_s
        self.efforts: list[Effort] = []
        self.hook: Callable[[], None] = lambda: None

    def read(
        self, frame: Frame, *, dropped: int = 0, degraded: object = (), effort: Effort = LEVELS[0]
    ) -> FrameMessage:
        time.sleep(self.read_s)
        self.hook()
        self.efforts.append(effort)
        total_ms = (time.monotonic_ns() - frame.captured_monotonic_ns) / 1e6
        return msgspec.structs.replace(
            MESSAGE,
            source="pattern",
            seq=len(self.efforts) - 1,
            frame=frame.number,
            dropped=dropped,
            degraded=effort.said,
            latency_ms=msgspec.structs.replace(MESSAGE.latency_ms, total=total_ms),
            signs=(SIGN,),
        )


def pattern(fps: float, frames: int, *, live: bool = True) -> Source:
    source = PatternSource((32, 32), fps, frames)
    return PacedSource(source) if live else source


@pytest.fixture
def publisher() -> Iterator[SignPublisher]:
    with SignPublisher("tcp://127.0.0.1:*", high_water_mark=10_000) as publisher:
        yield publisher


def run(publisher: SignPublisher, *pairs: tuple[Source, StandInReader], budget_ms: float | None = None) -> list[Feed]:
    """The loop over sources until all have ended, as `signwatch run` ends it."""
    changed = threading.Condition()
    feeds = [Feed(CapturedSource(source, changed), reader, budget_ms) for source, reader in pairs]
    loop = LiveLoop(feeds, publisher, changed, Stage("detect"))
    assert loop.done.wait(PATIENCE_S)
    assert loop.stop(PATIENCE_S)
    for feed in feeds:
        feed.source.close()
        assert feed.source.captured == feed.published + feed.dropped
    if loop.failure is not None:
        raise loop.failure
    return feeds


def test_a_reader_that_is_too_slow_drops_frames_and_each_message_says_how_many(publisher: SignPublisher) -> None:
    with SignSubscriber(publisher.address) as subscriber:
        assert publisher.wait_for_subscriber(PATIENCE_S)
        (feed,) = run(publisher, (pattern(200, 60), StandInReader(0.03)))
        messages = [subscriber.receive(PATIENCE_S) for _ in range(feed.published)]
    assert feed.source.captured == 60
    assert 0 < feed.published < 60
    for position, message in enumerate(messages):
        assert message is not None
        assert message.dropped == message.frame - position, "every frame before it was published or dropped"
    assert messages[-1] is not None and messages[-1].dropped > 0


def test_what_is_in_force_is_told_and_kept_for_newcomers(publisher: SignPublisher) -> None:
    reader = StandInReader()
    with SignSubscriber(publisher.address, topics=(b"state",)) as early:
        assert publisher.wait_for_subscriber(PATIENCE_S, b"state")
        (feed,) = run(publisher, (pattern(50, 20), reader))
        feed.end(publisher)
        told: list[StateMessage] = []
        while not told or told[-1].stream == "ok" or told[-1].frame is None:
            received = early.receive_with_payload(PATIENCE_S)
            assert received is not None and isinstance(received[0], StateMessage)
            told.append(received[0])
    assert [message.seq for message in told] == list(range(len(told)))
    ahead = [message for message in told if message.state.ahead]
    assert [sign.track for sign in ahead[0].state.ahead] == [SIGN.track]
    assert (told[-1].stream, told[-1].state.ahead) == ("dead", ())
    with SignSubscriber(publisher.address, topics=(b"state",)) as late:
        received = late.receive_with_payload(PATIENCE_S)
    assert received is not None and received[0] == told[-1]


def test_a_source_that_falls_silent_is_told_as_dead_while_the_loop_runs(publisher: SignPublisher) -> None:
    source = CapturedSource(pattern(50, 10))
    feed = Feed(source, StandInReader())
    with SignSubscriber(publisher.address) as signs:
        assert publisher.wait_for_subscriber(PATIENCE_S)
        while feed.published < 3 and not source.buffer.exhausted:
            feed.advance(publisher)
        source.close()

        def heard() -> list[str]:
            feed.look_after(publisher)
            signs.receive(0.05)
            return [message.stream for message in signs.states.values()]

        eventually(lambda: heard() == ["ok"])
        eventually(lambda: heard() == ["dead"])
        assert signs.drive_state().ahead == ()


def test_a_recording_loses_no_frame_however_slow_the_reader(publisher: SignPublisher) -> None:
    (feed,) = run(publisher, (pattern(200, 40, live=False), StandInReader(0.005)))
    assert (feed.published, feed.dropped) == (40, 0)


class Stalled(Source):
    """Hands out what it had queued for a minute, as a stream does that stalled."""

    name, live, fps, frame_count, dropped = "stalled", True, 25.0, None, 0

    def __init__(self) -> None:
        self.skipped: list[str] = []

    def frames(self) -> Iterator[Frame]:
        for frame in PatternSource((32, 32), frame_count=5).frames():
            yield replace(frame, captured_monotonic_ns=frame.captured_monotonic_ns - 60 * 10**9)

    def close(self) -> None:
        pass


def test_a_stale_frame_is_dropped_and_never_published(publisher: SignPublisher) -> None:
    (feed,) = run(publisher, (Stalled(), StandInReader()))
    assert (feed.published, feed.dropped) == (0, 5)


def test_over_its_budget_the_loop_sheds_work_and_says_so(publisher: SignPublisher) -> None:
    reader = StandInReader(0.02)
    with SignSubscriber(publisher.address) as subscriber:
        assert publisher.wait_for_subscriber(PATIENCE_S)
        (feed,) = run(publisher, (pattern(100, 150), reader), budget_ms=10.0)
        messages = [subscriber.receive(PATIENCE_S) for _ in range(feed.published)]
    assert [effort for effort, before in zip(reader.efforts[1:], reader.efforts, strict=False) if effort != before] == [
        *LEVELS[1:]
    ]
    assert all(message is not None and message.degraded[-1] == "late" for message in messages)
    assert messages[-1] is not None and messages[-1].degraded[:-1] == LEVELS[-1].said


def test_sources_take_turns(publisher: SignPublisher) -> None:
    slow, fast = StandInReader(0.005), StandInReader(0.005)
    feeds = run(publisher, (pattern(50, 20), slow), (pattern(500, 200), fast))
    assert all(feed.published >= 10 for feed in feeds), "neither starves the other"


def test_a_defect_ends_the_loop_and_is_handed_on(publisher: SignPublisher) -> None:
    reader = StandInReader()

    def fail() -> None:
        raise ZeroDivisionError("a defect")

    reader.hook = fail
    with pytest.raises(ZeroDivisionError):
        run(publisher, (pattern(100, 1000), reader))


def test_the_signs_of_a_source_that_falls_silent_end(publisher: SignPublisher, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FORGET_AFTER_S", 0.3)
    going = threading.Event()

    class Silent(PatternSource):
        def frames(self) -> Iterator[Frame]:
            yield from super().frames()
            going.wait(PATIENCE_S)

    source = Silent((32, 32), frame_count=3)
    source.live = True
    events: list[SignMessage] = []
    changed = threading.Condition()
    feed = Feed(CapturedSource(source, changed), StandInReader())
    send = publisher.send

    def recorded(topic: bytes, payload: bytes) -> None:
        if topic == b"sign":
            message = decode_topic(topic, payload)
            assert isinstance(message, SignMessage)
            events.append(message)
        send(topic, payload)

    monkeypatch.setattr(publisher, "send", recorded)
    loop = LiveLoop([feed], publisher, changed, Stage("detect"))
    eventually(lambda: [event.event for event in events] == ["new", "ended"])
    going.set()
    assert loop.done.wait(PATIENCE_S)
    feed.source.close()
    assert feed.source.captured == feed.published + feed.dropped == 3
