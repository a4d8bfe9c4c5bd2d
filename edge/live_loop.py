"""The live frame loop: the newest frame of each source, read and published, for as long as there are any.

    capture (a thread for each source) -> detect (this thread) -> publish (the wire's thread)

The three overlap. Each frame that was captured is either published or counted as dropped.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Hashable

import msgspec

from edge.budget import Budget
from edge.frame import Frame
from edge.messages import SIGN_TOPIC, FrameMessage, SignMessage, encode
from edge.publisher import SignPublisher
from edge.reader import FORGET_AFTER_S, SignReader
from edge.sign_events import SignEvents
from edge.sources import CapturedSource
from edge.state_feed import StateFeed, publish_state
from edge.watchdog import Stage

STALE_S = 1.0
"""A live frame that is older when its turn comes is dropped: a stream that stalled hands out what it had queued."""
LOOK_INTERVAL_S = 0.25
"""How often sources that give nothing are looked at."""
LATE = "late"
"""In `degraded`: this very frame took longer than the budget."""


class Feed:
    """One source on its way through the loop, with its counts.

    Args:
        source: What is captured.
        signs: What reads it.
        max_latency_ms: Budget from capture to message; None for none.
        observe: Is told of each message that was published, and of how many candidates the network looked at for it.
        keep: Is handed each frame that was published, with its message.

    Attributes:
        published: Frames that a message was sent for.
        last: The newest message, None before the first.
        last_captured_ns: Monotonic time of its frame.
    """

    def __init__(
        self,
        source: CapturedSource,
        signs: SignReader,
        max_latency_ms: float | None = None,
        observe: Callable[[FrameMessage, int], None] = lambda message, candidates: None,
        keep: Callable[[Frame, FrameMessage], None] | None = None,
    ) -> None:
        self.source = source
        self.signs = signs
        self.max_latency_ms = max_latency_ms
        self._keep = keep
        self.published = 0
        self.last: FrameMessage | None = None
        self.last_captured_ns = 0
        self._observe = observe
        self._given_up = 0
        self._budget = Budget(max_latency_ms if source.live else None)
        self._events = SignEvents(source.name, signs.session)
        self._states = StateFeed(source.name, signs.session)

    @property
    def dropped(self) -> int:
        """Frames that were captured and no message was or will be sent for."""
        return self.source.dropped + self._given_up

    @property
    def silent_s(self) -> float | None:
        """Seconds since the newest published frame was captured; None before the first."""
        return None if self.last is None else (time.monotonic_ns() - self.last_captured_ns) / 1e9

    def advance(self, publisher: SignPublisher) -> None:
        """Take the next frame through, if there is one."""
        frame = self.source.buffer.take(0)
        if frame is None:
            return
        if self.source.live and (_age_s(frame) > STALE_S or self._budget.leaves_out()):
            self._given_up += 1
            return
        try:
            message = self._read(frame)
            publisher.publish(message)
        except BaseException:
            self._given_up += 1
            raise
        self.published += 1
        self.last, self.last_captured_ns = message, frame.captured_monotonic_ns
        self._tell(publisher, self._events.update(message))
        frame_s = self._road_s(frame.captured_monotonic_ns / 1e9)
        publish_state(publisher, self._states.update(message, frame_s, self._road_s(time.monotonic())))
        self._observe(message, self.signs.candidate_count)
        if self._keep is not None:
            self._keep(frame, message)

    def look_after(self, publisher: SignPublisher) -> None:
        """Say what silence means, where there is any."""
        silent_s = self.silent_s
        if silent_s is not None and silent_s > FORGET_AFTER_S:
            self._end_signs(publisher)
        publish_state(publisher, self._states.look(self._road_s(time.monotonic())))

    def end(self, publisher: SignPublisher) -> None:
        """Say that what was seen is seen no more, and that nothing is known any more."""
        self._end_signs(publisher)
        publish_state(publisher, self._states.end(self._road_s(time.monotonic())))

    def _road_s(self, monotonic_s: float) -> float:
        """The time on the road: of a recording that is read at another pace than its own, its own time."""
        media_s = None if self.last is None else self.last.media_s
        return monotonic_s if self.source.live or media_s is None else media_s

    def _end_signs(self, publisher: SignPublisher) -> None:
        self._tell(publisher, self._events.end_all())

    def _read(self, frame: Frame) -> FrameMessage:
        # Each frame before this one was published or dropped. The counters may be ahead: capturing goes on meanwhile.
        dropped = frame.number - self.published if self.source.live else 0
        message = self.signs.read(frame, dropped=dropped, effort=self._budget.effort)
        self._budget.note(message.latency_ms.total)
        if self.max_latency_ms is None or message.latency_ms.total <= self.max_latency_ms:
            return message
        return msgspec.structs.replace(message, degraded=(*message.degraded, LATE))

    def _tell(self, publisher: SignPublisher, events: list[SignMessage]) -> None:
        for event in events:
            publisher.send(SIGN_TOPIC, encode(event))
        kept: dict[Hashable, bytes | None] = {
            (self.source.name, event.sign.track): None for event in events if event.event == "ended"
        }
        kept |= {(self.source.name, track): encode(event) for track, event in self._events.present.items()}
        publisher.retain(SIGN_TOPIC, kept)


class LiveLoop:
    """Runs the detecting thread over feeds that share one condition; the caller looks after it.

    Attributes:
        done: Set when every source has ended, or `stop` was called, or something failed.
        failure: What failed, for the caller to raise.
    """

    def __init__(self, feeds: list[Feed], publisher: SignPublisher, changed: threading.Condition, stage: Stage) -> None:
        self.done = threading.Event()
        self.failure: BaseException | None = None
        self._feeds = feeds
        self._turns = deque(feeds)
        self._publisher = publisher
        self._changed = changed
        self._stage = stage
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="detect", daemon=True)
        self._thread.start()

    def stop(self, timeout_s: float) -> bool:
        """Have the loop end after the frame under way; False where it didn't in time."""
        self._stopping = True
        with self._changed:
            self._changed.notify_all()
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            while not self._stopping and not all(feed.source.buffer.exhausted for feed in self._feeds):
                with self._changed:
                    self._changed.wait_for(self._is_wanted, LOOK_INTERVAL_S)
                self._stage.begin()
                self._take_turns()
                self._stage.rest()
        except BaseException as error:  # a defect here must not leave a process that only looks alive
            self.failure = error
        finally:
            self._stage.rest()
            self.done.set()

    def _is_wanted(self) -> bool:
        return self._stopping or any(
            feed.source.buffer.ready and not feed.source.buffer.exhausted for feed in self._feeds
        )

    def _take_turns(self) -> None:
        """One frame of the next source that has one, so that a fast camera doesn't starve a slow one."""
        for _ in range(len(self._turns)):
            feed = self._turns[0]
            self._turns.rotate(-1)
            if feed.source.buffer.ready and not feed.source.buffer.exhausted:
                feed.advance(self._publisher)
                break
        for feed in self._feeds:
            feed.look_after(self._publisher)


def _age_s(frame: Frame) -> float:
    return (time.monotonic_ns() - frame.captured_monotonic_ns) / 1e9
