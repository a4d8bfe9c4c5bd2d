"""What every subscriber can be asked about the stream it receives."""

from edge.inbox import Inbox, Limits
from edge.messages import HealthMessage, InfoMessage
from edge.state_message import DriveState, StateMessage

DEFAULT_LIMITS = Limits()


class Watched:
    """The part that the blocking subscriber and the one for asyncio share; neither reads a clock on the wall.

    Everything is reckoned from what was received so far, so receive at least as often as you ask. Where there are
    several sources, the worst one counts.

    Args:
        address: The publisher's, such as `tcp://127.0.0.1:5556`.
        source: Take only what this source sends; None for all.
        limits: When the stream is good to act on.

    Attributes:
        passed_over: Messages that `newest_only` left out.
    """

    def __init__(
        self,
        address: str,
        *,
        source: str | None = None,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        self.address = address
        self.passed_over = 0
        self._inbox = Inbox(source, limits)

    def ok(self) -> bool:
        """Whether what was received last may be acted on: somebody publishes, and the newest frame is fresh."""
        return not self._inbox.faults()

    def faults(self) -> list[str]:
        """Why it may not, each in a few words; empty where it may."""
        return self._inbox.faults()

    def drive_state(self, source: str | None = None) -> DriveState:
        """What is in force and what is coming up, as far as it may be believed now.

        All is unknown before the first message, when the publisher was silent for longer than `Limits.alive_s` or began
        anew, and where there are several sources and none is named.
        """
        return self._inbox.drive_state(source)

    @property
    def alive(self) -> bool:
        """Whether anything was heard lately (`Limits.alive_s`): frames, health or state."""
        return self._inbox.alive()

    @property
    def stale(self) -> bool:
        """Whether the newest frame is too old (`Limits.stale_s`), or there is none."""
        return self._inbox.stale()

    @property
    def fresh_ms(self) -> float | None:
        """Age of the newest frame in ms, from its capture, whatever held it up; None where there is none."""
        return self._inbox.fresh_ms()

    @property
    def rate_hz(self) -> float:
        """Frames' messages a second, over the last two."""
        return self._inbox.rate_hz()

    @property
    def missed(self) -> int:
        """Messages that the publisher sent in between and that never arrived, by their numbers.

        What was sent before the first one is not missed.
        """
        return sum(state.missed for state in self._inbox.states.values())

    @property
    def gaps(self) -> int:
        """Times that some were missing."""
        return sum(state.gaps for state in self._inbox.states.values())

    @property
    def restarts(self) -> int:
        """Times that the publisher began anew, by its session."""
        return sum(state.restarts for state in self._inbox.states.values())

    @property
    def replayed(self) -> bool:
        """Whether a recording is being played. It is a fault unless `Limits.accept_replay`."""
        return any(state.replayed for state in self._inbox.states.values())

    @property
    def malformed(self) -> int:
        """Messages received that were none of ours."""
        return self._inbox.malformed

    @property
    def health(self) -> dict[str, HealthMessage]:
        """The newest health message of each source that sent one."""
        return {name: state.health for name, state in self._inbox.states.items() if state.health is not None}

    @property
    def states(self) -> dict[str, StateMessage]:
        """The newest message of what is in force, as it came, of each source that sent one; `drive_state` judges it."""
        return {name: state.state for name, state in self._inbox.states.items() if state.state is not None}

    @property
    def info(self) -> dict[str, InfoMessage]:
        """The newest info message of each source that sent one."""
        return dict(self._inbox.info)
