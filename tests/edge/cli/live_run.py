"""`signwatch run` as a process of its own, for tests that do things to it."""

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.waiting import PATIENCE_S, eventually

PROJECT = Path(__file__).resolve().parents[3]
ANY_PORT = "tcp://127.0.0.1:*"
START_S = 180.0
"""On a machine that does much else; the first run of an installation compiles, too."""


class LiveRun:
    """A run that has begun.

    Attributes:
        said: The lines of its standard error so far.
    """

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.said: list[str] = []
        self._listening = threading.Thread(target=self._listen, daemon=True)
        self._listening.start()

    @property
    def address(self) -> str:
        """Where it publishes, once it does."""
        eventually(lambda: self.has_said("publishing") or self.process.poll() is not None, START_S)
        (line,) = [line for line in self.said if line.startswith("publishing")] or [f"it ended: {self.said}"]
        assert line.startswith("publishing"), line
        return line.split()[-1]

    def has_said(self, text: str) -> bool:
        return any(text in line for line in self.said)

    def end(self) -> int:
        """Its status, once it has ended and everything it said is there."""
        status = self.process.wait(2 * PATIENCE_S)
        self._listening.join(PATIENCE_S)
        return status

    def counts(self, source: str) -> tuple[int, int, int]:
        """Captured, published and dropped, as it says at its end."""
        form = rf"{re.escape(source)}: (\d+) frames captured, (\d+) frames published, (\d+) dropped"
        (found,) = [match for line in self.said if (match := re.fullmatch(form, line.strip()))]
        captured, published, dropped = map(int, found.groups())
        return captured, published, dropped

    def _listen(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.said.append(line)


@contextmanager
def live_run(*arguments: str, before: str = "", publish: str = ANY_PORT) -> Iterator[LiveRun]:
    """Start `signwatch run`, with Python code `before` it where a test needs that."""
    code = f"{before}\nimport sys\nfrom edge.cli import main\nmain(sys.argv[1:], prog_name='signwatch')"
    process = subprocess.Popen(
        [sys.executable, "-c", code, "run", *arguments, "--publish", publish],
        cwd=PROJECT,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    run = LiveRun(process)
    try:
        yield run
    finally:
        process.kill()
        run.end()
        assert process.stderr is not None
        process.stderr.close()
