"""`signwatch run`: live, from cameras to whoever subscribes."""

import gc
import os
import signal
import sys
import threading
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, Unpack

import click

from edge.cli.calibration_options import as_road, camera_files_option, cameras_of, road_option
from edge.cli.config import config_option
from edge.cli.live_options import (
    allow_option,
    camera_options,
    insecure_option,
    publish_option,
    publisher_key_option,
    publisher_keys,
)
from edge.cli.operation_options import log_json_option, metrics_option, serve_metrics
from edge.cli.options import any_backend_option, weights_option
from edge.cli.record_options import record_options
from edge.cli.source_options import CameraOptions, source_options
from edge.cli.web_options import api_keys_option, console_option, open_console
from edge.operation import Operation
from edge.publisher import DEFAULT_ADDRESS, SignPublisher
from edge.run_log import RunLog
from edge.service_manager import ServiceManager
from edge.supervisor import LAST_WORDS_S, PUBLISHING, Callbacks, SourceSpec, for_each, run_live
from edge.watchdog import EXIT_STATUS, LIMIT_S, Watchdog
from models.backends import Backend
from models.weights_record import BUILT_IN

if TYPE_CHECKING:  # loads MCAP, which only those need who record
    from edge.recording.recorder import Recorder
    from edge.recording.settings import RecordingSettings
    from edge.remote.address import RemoteAddress

SWITCH_INTERVAL_S = 0.001
"""Between Python's threads. The usual 5 ms is a good part of a frame's time, and two of three stages wait for it."""


@click.command("run")
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE…")
@publish_option
@click.option("--name", "names", multiple=True, help="What messages call the source, such as front; one for each.")
@click.option("--realtime/--no-realtime", help="Take a recording at its own pace, as if it were a camera.")
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
@camera_files_option
@road_option
@publisher_key_option
@allow_option
@insecure_option
@record_options
@console_option
@api_keys_option
@weights_option
@any_backend_option
@metrics_option
@log_json_option
@config_option()
def command(
    sources: tuple[str, ...],
    addresses: tuple[str, ...],
    names: tuple[str, ...],
    realtime: bool,
    max_latency_ms: float | None,
    watchdog_s: float,
    camera_files: tuple[Path, ...],
    road: str,
    key: Path | None,
    allow: Path | None,
    insecure: bool,
    recording: "RecordingSettings | None",
    console: tuple[str, int] | None,
    api_keys: Path | None,
    weights: Path | None,
    backend: "Backend | RemoteAddress",
    metrics: tuple[str, int] | None,
    log: RunLog,
    **camera: Unpack[CameraOptions],
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
    cameras = cameras_of(camera_files, len(sources))
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    watchdog = Watchdog(watchdog_s)
    with ExitStack() as stack:
        served = stack.enter_context(closing(serve_metrics(metrics, insecure=insecure))) if metrics else None
        operation = Operation(log, stack.enter_context(closing(ServiceManager(os.environ))), served)
        options = source_options(camera, operation.note_source)
        specs = [
            SourceSpec(spec, name, realtime, options, camera, as_road(road))
            for spec, name, camera in zip(sources, names or (None,) * len(sources), cameras, strict=True)
        ]
        recorder = stack.enter_context(_open_recorder(recording, operation)) if recording else None
        viewed = open_console(console, api_keys, weights or BUILT_IN, insecure=insecure) if console else None
        if viewed is not None:
            stack.callback(viewed.close)
            operation.note_console(viewed.address)
        publisher = stack.enter_context(
            SignPublisher(
                addresses or DEFAULT_ADDRESS,
                insecure=insecure,
                keys=publisher_keys(key, allow),
                stage=watchdog.stage(PUBLISHING),
                note=for_each(recorder.note if recorder else None, viewed.feed.note if viewed else None),
            )
        )

        def started(names: list[str]) -> None:
            # What was loaded stays. To look through it all for what is in use no more stops every thread for 55 ms.
            gc.freeze()
            operation.note_started(names, publisher.addresses)

        def stopping() -> None:
            _leave_at_the_next_signal()
            operation.note_stopping()

        def leave_hung(stages: list[str]) -> NoReturn:
            operation.note_hung(stages)
            os._exit(EXIT_STATUS)

        ended = run_live(
            specs,
            publisher,
            watchdog,
            weights or BUILT_IN,
            backend,
            Callbacks(
                started=started,
                stopping=stopping,
                hung=leave_hung,
                health=operation.note_health,
                published=operation.note_frame,
                remote=operation.note_remote,
            ),
            max_latency_ms=max_latency_ms,
            recorder=recorder,
            show=viewed.feed.keep if viewed else None,
        )
        publisher.close(LAST_WORDS_S)
    operation.note_ended(ended.counts)
    if recorder is not None:
        operation.note_recorded(recorder.folder, recorder.recorded, recorder.unrecorded)
    if ended.fault is not None:
        raise ended.fault


def _open_recorder(settings: "RecordingSettings", operation: Operation) -> "Recorder":
    from edge.recording.recorder import Recorder

    return Recorder(settings, operation.note_recorder)


def _leave_at_the_next_signal() -> None:
    """Whoever asks twice has no patience for frames under way."""
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda number, _: os._exit(128 + number))
