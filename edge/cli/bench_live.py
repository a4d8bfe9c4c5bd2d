"""`signwatch bench live`: from capture to subscriber, with a real stream server and real processes."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
import numpy as np

from edge.cli.bench_stream import draw_pictures, end, running, serving
from edge.cli.live_options import Size
from edge.cli.options import backend_option, json_option, weights_option
from edge.errors import WireError
from edge.machine import machine_facts, machine_line, versions
from edge.messages import FrameMessage
from edge.subscriber import SignSubscriber
from models.backends import Backend

START_S = 60.0
"""The first run of an installation compiles."""
SILENCE_S = 10.0
WARM_UP_S = 3.0
"""Not measured: a stream is caught up with, and caches fill."""
END_S = 20.0


@click.command("live")
@click.option("--seconds", type=click.FloatRange(1, 86_400), default=30.0, show_default=True, help="Measured time.")
@click.option("--fps", type=click.FloatRange(1, 240), default=30.0, show_default=True, help="Of each camera.")
@click.option("--size", type=Size(), default="1280x720", show_default=True, help="Of each camera.")
@click.option("--cameras", type=click.IntRange(1, 8), default=1, show_default=True, help="In one process.")
@click.option("--record", is_flag=True, help="Record the whole drive meanwhile.")
@click.option("--max-latency", type=click.FloatRange(0, min_open=True), metavar="MS", help="As of `signwatch run`.")
@weights_option
@backend_option
@json_option
def command(
    seconds: float,
    fps: float,
    size: tuple[int, int],
    cameras: int,
    record: bool,
    max_latency: float | None,
    weights: Path | None,
    backend: Backend,
    as_json: bool,
) -> None:
    """Time from capture to subscriber, and count frames, as a vehicle would have them.

    A server sends the sample drive as Motion JPEG over HTTP; `signwatch run` reads and publishes it; this process
    subscribes. Each of the three is a process of its own. Times are of the monotonic clock that they share: from the
    moment the picture was received and decoded until its message was parsed here.
    """
    with TemporaryDirectory() as folder:
        draw_pictures(Path(folder), size, fps)
        options = ["--backend", backend]
        options += ["--weights", str(weights)] if weights else []
        options += ["--max-latency", str(max_latency)] if max_latency else []
        options += ["--record", f"{folder}/recording", "--record-mode", "all"] if record else []
        with serving(Path(folder), fps) as port:
            streams = [f"http://127.0.0.1:{port}/cam.mjpg?{number}" for number in range(cameras)]
            facts = _measure(streams, options, seconds)
    facts |= {"cameras": cameras, "fps": fps, "size": list(size), "seconds": seconds, "machine": machine_facts()}
    facts["versions"] = versions()
    if as_json:
        click.echo(json.dumps(facts))
    else:
        _print_facts(facts)


def _measure(streams: list[str], options: list[str], seconds: float) -> dict[str, Any]:
    names = [f"camera-{number}" for number in range(len(streams))]
    named = [part for name in names for part in ("--name", name)]
    begun_s = time.monotonic()
    with running(*streams, *named, *options) as (run, address):
        with SignSubscriber(address) as subscriber:
            if subscriber.receive(START_S) is None:
                raise WireError(f"nothing was published in {START_S:g} s")
            first_s = time.monotonic() - begun_s
            for _ in _received(subscriber, WARM_UP_S):
                pass
            missed = subscriber.missed
            received = list(_received(subscriber, seconds))
            missed = subscriber.missed - missed
            healths = list(subscriber.health.values())
        end(run, END_S)
    ages_ms = [age_ms for _, age_ms in received]
    by_camera = {name: [message for message, _ in received if message.source == name] for name in names}
    silent = [name for name, messages in by_camera.items() if len(messages) < 2]
    if silent:
        raise WireError(f"{', '.join(silent)} was not heard of in {seconds:g} s")
    counts = [_counts(messages) for messages in by_camera.values()]
    return {
        "capture_to_subscriber_ms": _shares(ages_ms),
        "capture_to_message_ms": _shares([message.latency_ms.total for message, _ in received]),
        **{key: sum(count[key] for count in counts) for key in ("captured", "published", "dropped")},
        "missed": missed,
        "start_to_first_message_s": round(first_s, 3),
        "recorded": next((health.recorded for health in healths), None),
        "unrecorded": next((health.unrecorded for health in healths), None),
        "degraded": sorted({word for message, _ in received for word in message.degraded}),
    }


def _received(subscriber: SignSubscriber, seconds: float) -> Iterator[tuple[FrameMessage, float]]:
    """Every message of so many seconds, with the age of its frame on arrival in ms."""
    until_s = time.monotonic() + seconds
    while time.monotonic() < until_s:
        message = subscriber.receive(SILENCE_S)
        if message is None:
            raise WireError(f"nothing was published for {SILENCE_S:g} s")
        assert message.monotonic_ns is not None, "the publisher is of this version"
        yield message, (time.monotonic_ns() - message.monotonic_ns) / 1e6 + message.latency_ms.total


def _counts(messages: list[FrameMessage]) -> dict[str, int]:
    """Of one camera, between its first message and its last, by the frames' and the messages' own numbers."""
    first, last = messages[0], messages[-1]
    return {
        "captured": last.frame - first.frame,
        "published": last.seq - first.seq,
        "dropped": last.dropped - first.dropped,
    }


def _shares(milliseconds: list[float]) -> dict[str, float]:
    shares = {"median": 50, "p90": 90, "p99": 99, "most": 100}
    return {name: round(float(np.percentile(milliseconds, share)), 2) for name, share in shares.items()}


def _print_facts(facts: dict[str, Any]) -> None:
    click.echo(f"{'':22} {'median':>8} {'p90':>8} {'p99':>8} {'most':>8}")
    for key, name in (("capture_to_subscriber_ms", "capture to subscriber"), ("capture_to_message_ms", "… to message")):
        click.echo(f"{name:22} " + " ".join(f"{value:8.1f}" for value in facts[key].values()) + "  ms")
    click.echo(
        f"{facts['captured']} frames captured, {facts['published']} published, {facts['dropped']} dropped, "
        f"{facts['missed']} missed by the subscriber"
    )
    if facts["recorded"] is not None:
        click.echo(f"{facts['recorded']} messages and pictures recorded, {facts['unrecorded']} left out")
    click.echo(f"{facts['start_to_first_message_s']:.2f} s from the start of the process to its first message")
    if facts["degraded"]:
        click.echo(f"degraded: {', '.join(facts['degraded'])}")
    width, height = facts["size"]
    cameras = f"{facts['cameras']} camera{'s' * (facts['cameras'] != 1)} of {width}x{height}"
    click.echo(f"{cameras} at {facts['fps']:g} frames/s; {machine_line(facts)}")
