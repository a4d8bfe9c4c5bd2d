"""`signwatch replay`: what was recorded, published again."""

import time
from pathlib import Path

import click

from edge.cli.live_options import (
    allow_option,
    insecure_option,
    publish_option,
    publisher_key_option,
    publisher_keys,
)
from edge.errors import SourceError, WireError
from edge.messages import MESSAGES
from edge.publisher import DEFAULT_ADDRESS, SignPublisher
from edge.recording.reader import Recording
from edge.recording.replay import Replay

LOOK_INTERVAL_S = 0.02
LAST_WORDS_S = 0.2
"""For the last messages to leave."""


@click.command("replay")
@click.argument("files", nargs=-1, required=True, metavar="FILE…", type=click.Path(path_type=Path, dir_okay=False))
@publish_option
@click.option(
    "--speed",
    type=click.FloatRange(0.01, 1000),
    default=1.0,
    show_default=True,
    metavar="X",
    help="So many times as fast as it was.",
)
@click.option(
    "--wait",
    "wait_s",
    type=click.FloatRange(0),
    metavar="S",
    help="Begin when somebody subscribes; it is a failure if nobody does in so long.",
)
@publisher_key_option
@allow_option
@insecure_option
def command(
    files: tuple[Path, ...],
    addresses: tuple[str, ...],
    speed: float,
    wait_s: float | None,
    key: Path | None,
    allow: Path | None,
    insecure: bool,
) -> None:
    """Publish the messages of FILE… in order and at their own pace; the pictures are not used.

    Nobody can take it for a drive: its sessions begin with `replay-`, `degraded` says `replay`, and a SignSubscriber is
    not `ok()` unless it was told to accept replays. Pauses over 2 s are cut short.

    A file that is cut off or damaged is played as far as it can be read; the exit status is then 1.
    """
    recordings = [Recording(path) for path in files]
    with SignPublisher(addresses or DEFAULT_ADDRESS, insecure=insecure, keys=publisher_keys(key, allow)) as publisher:
        click.echo(f"replaying on {' '.join(publisher.addresses)}", err=True)
        if wait_s is not None and not _somebody_subscribes(publisher, wait_s):
            raise WireError(f"nobody subscribed on {publisher.address} in {wait_s:g} s")
        done = Replay(publisher, speed).play(recordings)
        publisher.close(LAST_WORDS_S)
    cut = f", {done.skipped_s:.0f} s in which nothing was recorded left out" if done.skipped_s >= 1 else ""
    click.echo(f"{done.messages} messages published{cut}", err=True)
    if done.faults:
        raise SourceError("; ".join(done.faults))


def _somebody_subscribes(publisher: SignPublisher, wait_s: float) -> bool:
    """Wait for a subscriber of whatever topic; False where none came in time."""
    until_s = time.monotonic() + wait_s
    while not any(publisher.subscriptions(topic) for topic in MESSAGES):
        if time.monotonic() > until_s:
            return False
        time.sleep(LOOK_INTERVAL_S)
    return True
