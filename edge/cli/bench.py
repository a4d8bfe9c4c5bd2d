"""`signwatch bench`: how fast the parts are on this machine."""

import json
import os
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np
from numpy.typing import NDArray

from edge.benchmarks.classifier_peers import PEERS, PREDICT, open_peers
from edge.classifiers import open_classifier
from edge.cli.bench_detector import command as detector
from edge.cli.bench_live import command as live
from edge.cli.bench_pipeline import command as pipeline
from edge.cli.bench_recording import command as recording
from edge.cli.bench_report import command as report
from edge.cli.bench_service import command as service
from edge.cli.bench_soak import command as soak
from edge.cli.bench_start import command as start
from edge.cli.bench_wire import command as wire
from edge.cli.heavy import load_tensorflow
from edge.cli.options import AnyBackend, json_option, weights_option
from edge.machine import machine_facts, machine_line, versions
from edge.progress import progress_bar
from edge.timing import shares, time_interleaved
from models.backends import Backend
from models.classifier import Classifier, load_classifier
from models.errors import ModelError
from models.stand_ins import stand_in_crops
from models.weights_record import BUILT_IN, LITERT_INT8, catalogue_of, read_record

if TYPE_CHECKING:
    from edge.remote.address import RemoteAddress

BACKENDS: tuple[Backend, ...] = ("keras", "litert", "litert-int8")
BATCHES = (1, 8, 16, 32, 64)
SMALL_BATCH_CALLS = 8
"""Calls of one crop in each round: they are short, and their 99th percentile wants many."""
SEED = 1
PACKAGES = ("ai-edge-litert", "keras", "numpy", "onnxruntime", "openvino", "tensorflow", "tensorflow-cpu")


@click.group("bench")
def command() -> None:
    """Measure how fast parts of Signwatch are on this machine."""


command.add_command(detector)
command.add_command(live)
command.add_command(pipeline)
command.add_command(recording)
command.add_command(report)
command.add_command(service)
command.add_command(soak)
command.add_command(start)
command.add_command(wire)


@command.command("classifier")
@weights_option
@click.option("--rounds", type=click.IntRange(2, 100_000), default=60, show_default=True, help="Of all combinations.")
@click.option("--threads", type=click.IntRange(1, 256), default=2, show_default=True, help="That LiteRT may use.")
@click.option("--peers/--no-peers", default=True, show_default=True, help="Time other ways to run it too.")
@click.option(
    "--remote",
    "addresses",
    multiple=True,
    type=AnyBackend(),
    metavar="ADDRESS",
    help="Ask a server too, as `run --backend` would; may be repeated.",
)
@json_option
def classifier(
    weights: Path | None,
    rounds: int,
    threads: int,
    peers: bool,
    addresses: "tuple[RemoteAddress, ...]",
    as_json: bool,
) -> None:
    """Time from crops to probabilities, by backend and batch, all in one run and in turns.

    The crops are drawn. Keras (one traced function) is left out where TensorFlow isn't installed, int8 where the
    weights have none. The same network through Keras' own predict, ONNX Runtime and OpenVINO, which are made of the
    Keras file, stands beside them.
    """
    folder = weights or BUILT_IN
    if any(isinstance(address, str) for address in addresses):
        raise click.UsageError("--remote takes a server's address; the backends of this machine are timed anyway")
    with ExitStack() as stack:
        ready, left_out = _ready(folder, threads, addresses, stack)
        if peers:
            others, not_there = open_peers(folder, threads)
            ready, left_out = ready | others, left_out | not_there
        facts = _measure(folder, ready, rounds) | {"left_out": left_out, "rounds": rounds}
    facts |= {
        "threads": {
            name: _tensorflow_threads() if name.startswith("keras") else threads
            for name in ready
            if name in (*BACKENDS, *PEERS)
        },
        "machine": machine_facts(),
        "versions": versions(PACKAGES),
    }
    if as_json:
        click.echo(json.dumps(facts))
    else:
        _print_table(facts)


def _measure(folder: Path, ready: dict[str, Classifier], rounds: int) -> dict[str, Any]:
    crops = stand_in_crops(catalogue_of(folder), BATCHES[-1], SEED)
    combinations = [(backend, batch) for backend in ready for batch in BATCHES]
    functions = {(backend, batch): _call(ready[backend], crops[:batch].copy()) for backend, batch in combinations}
    calls = {
        (backend, batch): 1 if backend == PREDICT else max(1, SMALL_BATCH_CALLS // batch)
        for backend, batch in combinations
    }
    with progress_bar("timing", rounds) as report:
        taken = time_interleaved(functions, calls, rounds, report)
    rows = [_row(backend, batch, taken[backend, batch]) for backend, batch in combinations]
    return {
        "rows": rows,
        "int8_over_keras_at_64": _ratio(rows, "litert-int8", "keras"),
        "int8_over_litert_at_64": _ratio(rows, "litert-int8", "litert"),
        "int8_times_at_64": {name: _ratio(rows, "litert-int8", name) for name in ready if name != "litert-int8"},
    }


def _ready(
    folder: Path, threads: int, addresses: "tuple[RemoteAddress, ...]", stack: ExitStack
) -> tuple[dict[str, Classifier], dict[str, str]]:
    """The backends that can run, and why the others can't. Servers answer themselves or the measurement ends."""
    ready: dict[str, Classifier] = {}
    left_out: dict[str, str] = {}
    for backend in BACKENDS:
        try:
            if backend == "keras":
                load_tensorflow("the keras backend")
            if backend == "litert-int8" and LITERT_INT8 not in read_record(folder).files:
                raise ModelError(f"{folder} has no int8; `signwatch export --format litert-int8` makes it")
            ready[backend] = load_classifier(catalogue_of(folder), folder, backend, threads)
        except ModelError as error:
            if backend == "litert":
                raise  # without this one the weights are no weights
            left_out[backend] = str(error)
    for address in addresses:
        network, remote = open_classifier(catalogue_of(folder), folder, replace(address, fallback=None))
        if remote is not None:
            stack.callback(remote.close)
        ready[network.backend] = network
    return ready, left_out


def _call(network: Classifier, crops: NDArray[np.uint8]) -> Callable[[], object]:
    return lambda: network.probabilities(crops)


def _row(backend: str, batch: int, milliseconds: NDArray[np.float64]) -> dict[str, Any]:
    return {
        "backend": backend,
        "batch": batch,
        "crops_per_second": round(batch / float(np.median(milliseconds)) * 1e3, 1),
        **shares(milliseconds),
        "ms_least": round(float(milliseconds.min()), 4),
        "calls": len(milliseconds),
    }


def _ratio(rows: list[dict[str, Any]], faster: str, slower: str) -> float | None:
    """How many times as many crops a second at 64 crops; None where one of the two was left out."""
    speed = {row["backend"]: row["crops_per_second"] for row in rows if row["batch"] == BATCHES[-1]}
    return round(speed[faster] / speed[slower], 2) if {faster, slower} <= speed.keys() else None


def _tensorflow_threads() -> int:
    import tensorflow as tf

    return int(tf.config.threading.get_intra_op_parallelism_threads()) or len(os.sched_getaffinity(0))


def _print_table(facts: dict[str, Any]) -> None:
    width = max(12, *(len(row["backend"]) for row in facts["rows"]))
    click.echo(f"{'backend':{width}} {'batch':>5} {'crops/s':>9} {'ms median':>10} {'p90':>9} {'p99':>9}")
    for row in facts["rows"]:
        click.echo(
            f"{row['backend']:{width}} {row['batch']:5} {row['crops_per_second']:9.0f} {row['ms_median']:10.3f} "
            f"{row['ms_p90']:9.3f} {row['ms_p99']:9.3f}"
        )
    for backend, reason in facts["left_out"].items():
        click.echo(f"{backend:{width}} left out: {reason}")
    for other in ("keras", "litert", *PEERS):
        ratio = facts["int8_times_at_64"].get(other)
        if ratio is not None:
            click.echo(f"int8 does {ratio:.2f} times the crops of {other} at {BATCHES[-1]}")
    threads = ", ".join(f"{backend} {count}" for backend, count in facts["threads"].items())
    click.echo(f"threads: {threads}; {machine_line(facts)}")
