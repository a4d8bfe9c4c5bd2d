"""Notices when a stage of the frame loop hangs."""

import time

EXIT_STATUS = 3
"""Of a process that ended because a stage hung: its supervisor shall start it again."""
LIMIT_S = 20.0
"""Longer than any time-out of opening and reading, so only what ignores its time-out is found."""
LONGEST_STEP_S = 1.0
"""A whole process that was stopped, or a machine that slept, is no stage that hung."""


class Stage:
    """One thread's work, as the watchdog sees it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.busy_s = 0.0
        """For how long, as far as the watchdog has seen, it has been at the same piece of work."""
        self._beats = 0
        self._seen = 0
        self._working = False

    def begin(self) -> None:
        """A piece of work begins."""
        self._beats += 1
        self._working = True

    def rest(self) -> None:
        """It is done; waiting for the next is no hanging."""
        self._working = False

    def look(self, elapsed_s: float) -> None:
        """Take in that so much time went by since the last look."""
        if not self._working or self._beats != self._seen:
            self._seen = self._beats
            self.busy_s = 0.0
        else:
            self.busy_s += min(elapsed_s, LONGEST_STEP_S)


class Watchdog:
    """Looks after stages; `check` is called about once a second, by a thread that is none of them."""

    def __init__(self, limit_s: float = LIMIT_S) -> None:
        self._limit_s = limit_s
        self._stages: list[Stage] = []
        self._looked_s = time.monotonic()

    def stage(self, name: str) -> Stage:
        """Have one more stage looked after."""
        stage = Stage(name)
        self._stages.append(stage)
        return stage

    @property
    def progressing(self) -> bool:
        """Whether, at the last check, every stage had gone on since the one before, or rested."""
        return all(stage.busy_s == 0 for stage in self._stages)

    def check(self) -> list[str]:
        """The names of the stages that hang."""
        now_s = time.monotonic()
        elapsed_s, self._looked_s = now_s - self._looked_s, now_s
        for stage in self._stages:
            stage.look(elapsed_s)
        return [stage.name for stage in self._stages if stage.busy_s > self._limit_s]
