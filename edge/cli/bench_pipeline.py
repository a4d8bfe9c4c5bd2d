"""`signwatch bench pipeline`: from a whole frame to its labelled signs, beside a small YOLO on the same frames."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

from edge.benchmarks.pinned import ask_pinned
from edge.benchmarks.stages import STAGES
from edge.cli.live_options import Size
from edge.cli.options import backend_option, json_option, weights_option
from edge.errors import SourceError
from edge.machine import machine_facts, machine_line, versions
from edge.progress import progress_bar
from edge.sample_drive import SampleDrive, write_drive
from edge.sources import open_source
from models.backends import Backend
from models.weights_record import BUILT_IN

MODULE = "edge.benchmarks.pipeline"
DRIVE_FPS = 25.0
DRIVE_SEED = 7
CORES = 2
THREADS = 2
"""Of the candidate stage and of LiteRT, as `edge.frame_reader` opens them."""
PACKAGES = ("signwatch", "ai-edge-litert", "numba", "numpy", "onnxruntime", "opencv-python", "openvino")


@click.command("pipeline")
@click.option(
    "--frames",
    "spec",
    metavar="SOURCE",
    help="A recording or a folder of pictures, at its own size, instead of the sample drive.",
)
@click.option("--stills", is_flag=True, help="Its pictures have nothing to do with one another: no tracking.")
@click.option("--size", type=Size(), default="1360x800", show_default=True, help="Of the sample drive.")
@click.option(
    "--count", type=click.IntRange(2, 2000), default=120, show_default=True, help="Frames, which are held in memory."
)
@click.option("--rounds", type=click.IntRange(1, 10_000), default=12, show_default=True, help="Of all that is timed.")
@click.option("--peers/--no-peers", default=True, show_default=True, help="Time a small YOLO on the same frames too.")
@click.option("--one-core/--no-one-core", default=True, show_default=True, help="Time all on one pinned core too.")
@weights_option
@backend_option
@json_option
def command(
    spec: str | None,
    stills: bool,
    size: tuple[int, int],
    count: int,
    rounds: int,
    peers: bool,
    one_core: bool,
    weights: Path | None,
    backend: Backend,
    as_json: bool,
) -> None:
    """Time from a whole frame to its labelled signs on two cores, decoding excluded; then on one, which stands for a
    small vehicle computer.

    The frames are the sample drive's, decoded beforehand. They go through the loop that reads recordings: times are
    from each message to the next, and processor time is that of all cores together. Beside it, in turns: a frame by
    itself to its message as it goes out, by stage; and YOLO11n (its architecture, random weights) through ONNX Runtime
    and OpenVINO on pictures of 640 and 1280 px, square and fitted to the frame, from the frame to its boxes. Last, the
    recording from its file, against decoding alone.
    """
    with _recorded(spec, size, count) as source:
        request = {"source": source, "stills": stills, "frames": count, "peers": peers, "backend": backend}
        request["weights"] = str(weights or BUILT_IN)
        cores = min(CORES, len(os.sched_getaffinity(0)))
        facts = _measure(request, cores, rounds)
        if one_core:
            facts["one_core"] = _measure(request, 1, -(-rounds // 2))
    facts |= {
        "source": "sample drive" if spec is None else spec,
        "cores": cores,
        "threads": {"signwatch": THREADS, "peers": cores},
        "machine": machine_facts(),
        "versions": versions(PACKAGES),
    }
    if as_json:
        click.echo(json.dumps(facts))
    else:
        _print_facts(facts)


def _measure(request: dict[str, Any], cores: int, rounds: int) -> dict[str, Any]:
    request = request | {"rounds": rounds, "threads": cores, "recording": cores > 1}
    with progress_bar(f"timing on {cores} core{'s' * (cores != 1)}", rounds) as report:
        return ask_pinned(MODULE, request, cores, report)


@contextmanager
def _recorded(spec: str | None, size: tuple[int, int], count: int) -> Iterator[str]:
    """What is read, by its name: what the user has, or else the sample drive, in a file that goes with the block."""
    if spec is not None:
        with open_source(spec) as source:
            if source.live:
                raise SourceError(f"{source.name} never ends; give a recording or pictures")
        yield spec
        return
    with TemporaryDirectory() as folder:
        path = Path(folder) / "drive.mp4"
        with progress_bar("drawing", count) as report:
            write_drive(path, None, SampleDrive(DRIVE_SEED, size, DRIVE_FPS, count / DRIVE_FPS), report)
        yield str(path)


def _print_facts(facts: dict[str, Any]) -> None:
    width, height = facts["size"]
    click.echo(
        f"{f'{width}x{height}':40} {'frames/s':>9} {'ms median':>10} {'p90':>9} {'p99':>9} {'cpu ms':>8} {'ours/it':>8}"
    )
    _print_rows(facts, f"{facts['cores']} cores")
    if "one_core" in facts:
        _print_rows(facts["one_core"], "one core")
    for name, reason in facts["left_out"].items():
        click.echo(f"{name} left out: {reason}")
    click.echo("a frame by itself, ms at the median:")
    stages = facts["stages_ms"]
    click.echo("  " + "  ".join(f"{stage} {stages[stage]:.2f}" for stage in STAGES))
    if "recording" in facts:
        recording = facts["recording"]
        click.echo(
            f"from the file: {recording['frames_per_second']:.1f} frames/s, {recording['of_decoding']:.0%} of the "
            f"{recording['decoding_frames_per_second']:.1f} of decoding alone"
        )
    click.echo(f"{facts['measured']} times, frames of {facts['source']}; {facts['backend']}")
    for runtime, precision in facts["precision"].items():
        click.echo(f"{runtime} computes in {precision}, with {facts['threads']['peers']} threads")
    click.echo(machine_line(facts))


def _print_rows(facts: dict[str, Any], where: str) -> None:
    latency = facts["latency_ms"]
    alone = {"frames_per_second": 1e3 / latency["median"]} | {f"ms_{name}": value for name, value in latency.items()}
    rows = {"signwatch": facts, "… a frame by itself": alone, **facts["peer_rows"]}
    for name, row in rows.items():
        times = " ".join(f"{row[key]:9.2f}" for key in ("ms_median", "ms_p90", "ms_p99"))
        used = f"{row['cpu_ms_median']:8.2f}" if "cpu_ms_median" in row else ""
        ratio = f"{facts['times_peers'][name]:8.1f}" if name in facts["peers"] else ""
        click.echo(f"{f'{name}, {where}':40} {row['frames_per_second']:9.2f}  {times} {used} {ratio}".rstrip())
