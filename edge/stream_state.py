"""What a subscriber knows of a publisher from its messages: is it alive, is what it says fresh, what is missing.

Everything is reckoned on the subscriber's monotonic clock and on differences of the publisher's, so neither side's
clock on the wall can make old news look new.
"""

from collections import deque

from edge.messages import REPLAY_SESSION, FrameMessage, HealthMessage
from edge.state_message import StateMessage

WINDOW_NS = 60 * 10**9
"""Two monotonic clocks drift apart, so the fastest way of a message is looked for in the last one to two minutes."""
RATE_WINDOW_NS = 2 * 10**9
MAX_ARRIVALS = 10_000


class StreamState:
    """One source, as one subscriber sees it. Times are `time.monotonic_ns()` of the subscriber.

    Attributes:
        missed: Frame messages that were sent in between and never arrived.
        gaps: Times that some were missing.
        restarts: Times that the publisher began anew.
        session: The publisher's present session; None before the first message.
        newest: The newest frame's message; None before the first.
        health: The newest health message; None before the first.
        state: The newest message of what is in force, of the present session; None before the first.
    """

    def __init__(self) -> None:
        self.missed = 0
        self.gaps = 0
        self.restarts = 0
        self.session: str | None = None
        self.newest: FrameMessage | None = None
        self.health: HealthMessage | None = None
        self.state: StateMessage | None = None
        self._state_ns = 0
        self._expected: int | None = None
        self._heard_ns: int | None = None
        self._captured_ns = 0
        self._arrivals: deque[int] = deque()
        self._least: list[int | None] = [None, None]
        self._window_ns = 0

    @property
    def replayed(self) -> bool:
        """Whether a recording is being played."""
        return self.session is not None and self.session.startswith(REPLAY_SESSION)

    def note_frame(self, message: FrameMessage, received_ns: int) -> bool:
        """Take in a frame's message; False for one that was there already."""
        self._note_session(message.session)
        if self._expected is not None and message.seq < self._expected:
            return False
        if self._expected is not None and message.seq > self._expected:
            self.missed += message.seq - self._expected
            self.gaps += 1
        self._expected = message.seq + 1
        self._heard_ns = received_ns
        self._arrivals.append(received_ns)
        if len(self._arrivals) > MAX_ARRIVALS:
            self._arrivals.popleft()
        delay_ns = 0 if message.monotonic_ns is None else self._delay_ns(message.monotonic_ns, received_ns)
        self._captured_ns = received_ns - delay_ns - round(message.latency_ms.total * 1e6)
        self.newest = message
        return True

    def note_health(self, message: HealthMessage, received_ns: int) -> None:
        """Take in a health message; one that is repeated for another newcomer says nothing new."""
        self._note_session(message.session)
        if self.health is not None and message.session == self.health.session and message.seq <= self.health.seq:
            return
        self._heard_ns = received_ns
        self.health = message

    def note_state(self, message: StateMessage, received_ns: int) -> None:
        """Take in what is in force; a repetition for another newcomer says nothing new."""
        self._note_session(message.session)
        if self.state is not None and message.seq <= self.state.seq:
            return
        self._heard_ns = received_ns
        self._state_ns = received_ns - self._delay_ns(message.monotonic_ns, received_ns)
        self.state = message

    def state_ms(self, now_ns: int) -> float | None:
        """Since the newest state was told, with all that held it up; None before the first."""
        return None if self.state is None else (now_ns - self._state_ns) / 1e6

    def silent_ms(self, now_ns: int) -> float | None:
        """Since the last message of any kind that comes by itself; None before the first."""
        return None if self._heard_ns is None else (now_ns - self._heard_ns) / 1e6

    def fresh_ms(self, now_ns: int) -> float | None:
        """Age of the newest frame: since its capture, with all that held it up; None before the first."""
        return None if self.newest is None else max(0.0, (now_ns - self._captured_ns) / 1e6)

    def rate_hz(self, now_ns: int) -> float:
        """Frames' messages a second, over the last two."""
        while self._arrivals and now_ns - self._arrivals[0] > RATE_WINDOW_NS:
            self._arrivals.popleft()
        return len(self._arrivals) * 1e9 / RATE_WINDOW_NS

    def _note_session(self, session: str) -> None:
        if session == self.session:
            return
        if self.session is not None:
            self.restarts += 1
        self.session = session
        self.state = None
        self._expected = None
        self._least = [None, None]

    def _delay_ns(self, sent_ns: int, received_ns: int) -> int:
        """How much longer than the fastest message this one was under way, queues on both sides included."""
        offset = received_ns - sent_ns
        if received_ns - self._window_ns > WINDOW_NS:
            self._least = [None, self._least[0]]
            self._window_ns = received_ns
        present, before = self._least
        self._least[0] = offset if present is None else min(present, offset)
        known = [least for least in (self._least[0], before) if least is not None]
        return offset - min(known)
