"""Progress on standard error: a bar for people at a terminal, now and then a line for a log."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:  # loads TensorFlow
    from models.training import EpochResult

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


def say_epoch(epochs: int) -> Callable[["EpochResult"], None]:
    """Gives the function that says what an epoch of so many gave, in a line beside the bar."""

    def say(result: "EpochResult") -> None:
        click.echo(
            f"\repoch {result.epoch}/{epochs}: loss {result.loss:.4f}, accuracy {result.accuracy:.2%}, "
            f"held out {result.validation_accuracy:.2%}",
            err=True,
        )

    return say


def shifted(report: Report, before: int, total: int) -> Report:
    """A report of one part of the work, told as part of the whole: `before` things were done before it."""
    return lambda done, _: report(before + done, total)
