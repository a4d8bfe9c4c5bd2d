"""What is left undone when frames take too long, and when it is taken up again."""

from collections.abc import Sequence
from dataclasses import dataclass

FEWER_CANDIDATES = 24
"""Of 48: two signs of three are among them, the near and clear ones."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is done for a frame."""

    candidate_limit: int | None = None
    """Boxes that the network looks at; None for as many as usual."""
    half_size: bool = False
    """Candidates are sought in a picture of half the usual width and height: signs under some 40 px are lost."""
    every_other: bool = False
    """Every second frame is left out."""
    said: tuple[str, ...] = ()
    """The words for it in a message's `degraded`."""


LEVELS: Sequence[Effort] = (
    Effort(),
    Effort(FEWER_CANDIDATES, said=("fewer-candidates",)),
    Effort(FEWER_CANDIDATES, half_size=True, said=("fewer-candidates", "half-size")),
    Effort(
        FEWER_CANDIDATES,
        half_size=True,
        every_other=True,
        said=("fewer-candidates", "half-size", "every-other-frame"),
    ),
)
"""In the order in which work is shed: what costs the fewest signs first."""

LATE_IN_A_ROW = 3
"""Frames over the budget that shed one more thing: one alone may be the machine's hiccup."""
ROOMY_SHARE = 0.6
ROOMY_IN_A_ROW = 50
"""Frames within this share of the budget after which one thing is taken up again."""
MOST_ROOMY_IN_A_ROW = 1600
"""Where that was too early, the next try waits twice as long, up to so many frames: no flapping."""


class Budget:
    """Decides how much is done for the next frame from how long the last ones took.

    Args:
        max_latency_ms: From capture to message; None for no budget.
    """

    def __init__(self, max_latency_ms: float | None) -> None:
        self._max_latency_ms = max_latency_ms
        self._level = 0
        self._late = 0
        self._roomy = 0
        self._patience = ROOMY_IN_A_ROW
        self._relaxed = False
        self._leave_out = False

    @property
    def effort(self) -> Effort:
        """For the next frame."""
        return LEVELS[self._level]

    def leaves_out(self) -> bool:
        """Whether the frame at hand is the one of two that is left out; ask once for each frame."""
        self._leave_out = self.effort.every_other and not self._leave_out
        return self._leave_out

    def note(self, latency_ms: float) -> None:
        """Take in how long a frame took from capture to message."""
        if self._max_latency_ms is None:
            return
        if latency_ms > self._max_latency_ms:
            self._late, self._roomy = self._late + 1, 0
        else:
            self._late = 0
            self._roomy = self._roomy + 1 if latency_ms <= ROOMY_SHARE * self._max_latency_ms else 0
        if self._late >= LATE_IN_A_ROW and self._level < len(LEVELS) - 1:
            if self._relaxed:
                self._patience = min(2 * self._patience, MOST_ROOMY_IN_A_ROW)
            self._step(1)
        elif self._roomy >= self._patience and self._level > 0:
            self._step(-1)

    def _step(self, by: int) -> None:
        self._level += by
        self._late = self._roomy = 0
        self._relaxed = by < 0
