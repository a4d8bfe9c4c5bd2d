"""Progress on standard error: a bar for people at a terminal, now and then a line for a log."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

LOG_INTERVAL_S = 30.0

Report = Callable[[int, int], None]
"""Takes how much is done and how much there is in all; 0 in all means that nobody knows."""


@contextmanager
def progress_bar(label: str, length: int | None) -> Iterator[Report]:
    """Show progress with the time left while the block runs; gives the function to report to."""
    if not sys.stderr.isatty():
        yield _line_reporter(label)
        return
    with click.progressbar(length=length or 0, label=label, file=sys.stderr, show_eta=True, show_pos=True) as bar:

        def report(done: int, total: int) -> None:
            bar.length = max(total, done, 1)
            bar.update(done - bar.pos)

        yield report


def _line_reporter(label: str) -> Report:
    started = said = time.monotonic()

    def report(done: int, total: int) -> None:
        nonlocal said
        now = time.monotonic()
        if now - said >= LOG_INTERVAL_S and total:
            said = now
            left_s = (now - started) / max(done, 1) * (total - done)
            click.echo(f"{label}: {done}/{total}, about {left_s / 60:.0f} min left", err=True)

    return report
