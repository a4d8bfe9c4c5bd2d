"""`signwatch run`: live, from cameras to whoever subscribes."""

import os
import signal
import sys
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NoReturn, cast

import click

from edge.cli.live_options import (
    allow_option,
    camera_options,
    insecure_option,
    publish_option,
    publisher_key_option,
    publisher_keys,
)
from edge.cli.options import backend_option, weights_option
from edge.cli.record_options import record_options
from edge.publisher import DEFAULT_ADDRESS, SignPublisher
from edge.sources import CameraSettings, SourceEvent, SourceOptions, View
from edge.sources.stream import OPEN_TIMEOUT_S, READ_TIMEOUT_S
from edge.supervisor import LAST_WORDS_S, PUBLISHING, Callbacks, Counts, SourceSpec, run_live
from edge.watchdog import EXIT_STATUS, LIMIT_S, Watchdog
from models.backends import Backend
from models.weights_record import BUILT_IN

if TYPE_CHECKING:  # loads MCAP, which only those need who record
    from edge.recording.recorder import Recorder
    from edge.recording.settings import RecordingSettings

SWITCH_INTERVAL_S = 0.001
"""Between Python's threads. The usual 5 ms is a good part of a frame's time, and two of three stages wait for it."""


@click.command("run")
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE…")
@publish_option
@click.option("--name", "names", multiple=True, help="What messages call the source, such as front; one for each.")
@click.option("--realtime", is_flag=True, help="Take a recording at its own pace, as if it were a camera.")
@camera_options
@click.option(
    "--max-latency",
    "max_latency_ms",
    type=click.FloatRange(0, min_open=True),
    metavar="MS",
    help="From capture to message. Over it, work is shed and the messages say which: fewer candidates, then half "
    "size, then every other frame.",
)
@click.option(
    "--watchdog",
    "watchdog_s",
    type=click.FloatRange(1),
    default=LIMIT_S,
    show_default=True,
    metavar="S",
    help=f"End with status {EXIT_STATUS} where capturing, detecting or publishing hangs for so long.",
)
@publisher_key_option
@allow_option
@insecure_option
@record_options
@weights_option
@backend_option
def command(
    sources: tuple[str, ...],
    addresses: tuple[str, ...],
    names: tuple[str, ...],
    realtime: bool,
    size: tuple[int, int] | None,
    fps: float | None,
    pixel_format: str | None,
    exposure: float | None,
    open_timeout_s: float | None,
    read_timeout_s: float | None,
    rotate: str,
    mirror: bool,
    roi: tuple[int, int, int, int] | None,
    max_latency_ms: float | None,
    watchdog_s: float,
    key: Path | None,
    allow: Path | None,
    insecure: bool,
    recording: "RecordingSettings | None",
    weights: Path | None,
    backend: Backend,
) -> None:
    """Read signs from SOURCE… live and publish them until stopped.

    A SOURCE is a camera's number or device, a stream's address (rtsp, http, tcp, udp), a recording, or `pattern:`.
    A camera or stream that fails is opened again until it is back. Every frame gives a message; one that comes too
    late is dropped and counted. Ctrl-C and SIGTERM end it cleanly, a second one at once.
    """
    if names and len(names) != len(sources):
        raise click.UsageError(f"{len(sources)} SOURCE and {len(names)} --name; give each one its name, or none")
    if len(set(names or sources)) < len(sources):
        raise click.UsageError("two sources have the same name, and messages could not tell them apart; use --name")
    asked = CameraSettings(size, fps, pixel_format, exposure)
    options = SourceOptions(
        view=View(cast(Literal[0, 90, 180, 270], int(rotate)), mirror, roi),
        camera=None if asked == CameraSettings() else asked,
        open_timeout_s=open_timeout_s or OPEN_TIMEOUT_S,
        read_timeout_s=read_timeout_s or READ_TIMEOUT_S,
        report=_say_event,
    )
    specs = [
        SourceSpec(spec, name, realtime, options)
        for spec, name in zip(sources, names or (None,) * len(sources), strict=True)
    ]
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    watchdog = Watchdog(watchdog_s)
    with ExitStack() as stack:
        recorder = stack.enter_context(_open_recorder(recording)) if recording else None
        publisher = SignPublisher(
            addresses or DEFAULT_ADDRESS,
            insecure=insecure,
            keys=publisher_keys(key, allow),
            stage=watchdog.stage(PUBLISHING),
            note=recorder.note if recorder else None,
        )
        stack.enter_context(publisher)
        ended = run_live(
            specs,
            publisher,
            watchdog,
            weights or BUILT_IN,
            backend,
            Callbacks(
                started=lambda names: click.echo(
                    f"publishing {', '.join(names)} on {' '.join(publisher.addresses)}", err=True
                ),
                stopping=_leave_at_the_next_signal,
                hung=_leave_hung,
            ),
            max_latency_ms=max_latency_ms,
            recorder=recorder,
        )
        publisher.close(LAST_WORDS_S)
    for counts in ended.counts:
        click.echo(_count_line(counts), err=True)
    if recorder is not None:
        click.echo(
            f"{recorder.folder}: {recorder.recorded} messages and pictures recorded, {recorder.unrecorded} left out",
            err=True,
        )
    if ended.fault is not None:
        raise ended.fault


def _open_recorder(settings: "RecordingSettings") -> "Recorder":
    from edge.recording.recorder import Recorder

    return Recorder(settings, lambda line: click.echo(f"signwatch: {line}", err=True))


def _say_event(event: SourceEvent) -> None:
    if event.fault is not None:
        named = event.fault if event.name in event.fault else f"{event.name}: {event.fault}"
        click.echo(f"signwatch: {named}; trying again until it is back", err=True)
    else:
        attempts = f", at attempt {event.attempts}" if event.attempts > 1 else ""
        click.echo(f"{event.name} gives {event.given}{attempts}", err=True)


def _leave_at_the_next_signal() -> None:
    """Whoever asks twice has no patience for frames under way."""
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda number, _: os._exit(128 + number))


def _leave_hung(stages: list[str]) -> NoReturn:
    click.echo(f"signwatch: {', '.join(stages)} hangs; start it again", err=True)
    os._exit(EXIT_STATUS)


def _count_line(counts: Counts) -> str:
    return (
        f"{counts.name}: {counts.captured} frames captured, {counts.published} frames published, "
        f"{counts.dropped} dropped"
    )
