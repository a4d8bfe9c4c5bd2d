"""`signwatch doctor`: whether everything that a live run needs is there and works."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

import click

from edge.cli.config import config_option
from edge.cli.group import OneLineError
from edge.cli.live_options import (
    allow_option,
    camera_options,
    insecure_option,
    publish_option,
    publisher_key_option,
    publisher_keys,
)
from edge.cli.operation_options import metrics_option, serve_metrics
from edge.cli.options import any_backend_option, json_option, weights_option
from edge.cli.record_options import record_options
from edge.cli.web_options import api_keys_option, console_option, listen_for_console
from edge.doctor import Finding
from edge.doctor.finding import broken_by
from edge.doctor.network import check_network, check_opencv
from edge.doctor.wire import check_addresses, check_secret
from edge.errors import WireError
from edge.publisher import DEFAULT_ADDRESS
from edge.recording.settings import RecordingSettings
from edge.redaction import without_passwords
from edge.service.binding import address_of
from models.backends import Backend
from models.weights_record import BUILT_IN

if TYPE_CHECKING:  # loads OpenCV, and whether that can be is a question of its own
    from edge.cli.source_options import CameraOptions
    from edge.remote.address import RemoteAddress


def _run_command(context: click.Context) -> click.Command:
    """What `signwatch run` takes, which needs OpenCV to be asked."""
    opencv = check_opencv()
    if opencv.state == "broken":
        raise OneLineError(f"{opencv.found}; {opencv.mend}")
    from edge.cli.run import command

    return command


@click.command("doctor")
@click.argument("sources", nargs=-1, metavar="[SOURCE]…")
@publish_option
@camera_options
@publisher_key_option
@allow_option
@insecure_option
@record_options
@weights_option
@any_backend_option
@metrics_option
@console_option
@api_keys_option
@config_option(_run_command)
@json_option
@click.pass_context
def command(
    context: click.Context,
    sources: tuple[str, ...],
    addresses: tuple[str, ...],
    key: Path | None,
    allow: Path | None,
    insecure: bool,
    recording: RecordingSettings | None,
    weights: Path | None,
    backend: Backend | RemoteAddress,
    metrics: tuple[str, int] | None,
    console: tuple[str, int] | None,
    api_keys: Path | None,
    as_json: bool,
    **camera: Unpack[CameraOptions],
) -> None:
    """Check what a live run needs, by doing it: each is ok, or what to do is said.

    Takes what `signwatch run` takes, also its --config, and checks just that: opens each SOURCE, binds the addresses,
    loads the weights and reads a drawn sign. Without a SOURCE, the cameras of this machine are tried. The exit status
    is 1 where something is broken that a run needs; warnings don't count.
    """
    findings = []
    asked = (sources, addresses, key, allow, insecure, recording, weights or BUILT_IN, backend, metrics, camera)
    for finding in chain(_findings(*asked), _console_findings(console, api_keys, insecure=insecure)):
        findings.append(finding)
        if not as_json:
            click.echo(_line(finding))
    broken = any(finding.state == "broken" for finding in findings)
    if as_json:
        told = [
            {name: text and without_passwords(text) for name, text in asdict(finding).items()} for finding in findings
        ]
        click.echo(json.dumps({"ok": not broken, "findings": told}))
    context.exit(1 if broken else 0)


def _findings(
    sources: tuple[str, ...],
    addresses: tuple[str, ...],
    key: Path | None,
    allow: Path | None,
    insecure: bool,
    recording: RecordingSettings | None,
    weights: Path,
    backend: Backend | RemoteAddress,
    metrics: tuple[str, int] | None,
    camera: CameraOptions,
) -> Iterator[Finding]:
    """One check after the other, each as soon as it is done."""
    opencv = check_opencv()
    yield opencv
    if opencv.state == "broken":
        return  # nothing that follows could even be imported
    from edge.cli.source_options import source_options
    from edge.doctor.machine import (
        check_clock,
        check_compiled_code,
        check_disk,
        check_gpu,
        check_recording,
        check_screen,
    )
    from edge.doctor.sources import check_cameras, check_source

    options = source_options(camera)
    for spec in sources:
        yield check_source(spec, options)
    if not sources:
        yield check_cameras(options)
    yield from check_network(weights, backend)
    yield check_compiled_code()
    yield check_gpu(backend)
    try:
        keys = publisher_keys(key, allow)
    except WireError as error:
        yield broken_by("keys", error)
    else:
        if keys is not None and key is not None:
            count = len(keys.allowed)
            yield Finding("keys", "ok", f"{count} subscriber{'s' * (count != 1)} may listen")
            yield check_secret(key)
        yield from check_addresses(addresses or (DEFAULT_ADDRESS,), insecure=insecure, keys=keys)
    if metrics is not None:
        try:
            with closing(serve_metrics(metrics, insecure=insecure)) as served:
                yield Finding("metrics", "ok", f"{served.address} can be served")
        except WireError as error:
            yield broken_by("metrics", error)
    yield check_clock()
    yield check_disk(Path.cwd())
    if recording is not None:
        yield check_recording(recording.folder)
    yield check_screen(os.environ)


def _console_findings(console: tuple[str, int] | None, api_keys: Path | None, *, insecure: bool) -> Iterator[Finding]:
    if console is None:
        return
    try:
        listening, _ = listen_for_console(console, api_keys, insecure=insecure)
    except WireError as error:
        yield broken_by("console", error)
        return
    with closing(listening):
        yield Finding("console", "ok", f"{address_of(listening)} can be served")


def _line(finding: Finding) -> str:
    mend = f"\n{'':18}→ {finding.mend}" if finding.mend else ""
    return without_passwords(f"{finding.state:8} {finding.check:8} {finding.found}{mend}")
