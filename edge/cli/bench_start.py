"""`signwatch bench start`: from the start of a process to its first message, and what of that is what."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
import numpy as np
import zmq

from edge.cli.bench_stream import running
from edge.cli.heavy import load_tensorflow
from edge.cli.options import json_option
from edge.errors import BenchError
from edge.machine import machine_facts, machine_line, versions
from edge.messages import FRAME_TOPIC, decode
from edge.progress import progress_bar
from edge.sample_drive import SampleDrive, write_drive
from edge.timing import take_turns
from models.backends import Backend
from models.errors import ModelError

FRAMES = 3
"""Of the drive that is read."""
SIZE_WH = (1280, 720)
RECONNECT_MS = 2
"""The subscriber is there before the publisher, and asks for it so often."""
PATIENCE_MS = 120_000
PACKAGES = ("signwatch", "ai-edge-litert", "numba", "numpy", "opencv-python", "pyzmq", "tensorflow", "tensorflow-cpu")
PROGRAMS = {
    "python": "pass",
    "import edge": "import edge",
    "import edge.cli.run": "import edge.cli.run",
}
"""Processes that end when they have done that: the interpreter alone, a control process, the command's own modules."""
LOADING = "from edge.frame_reader import open_reader; open_reader(backend={backend!r})"


@click.command("start")
@click.option("--runs", type=click.IntRange(1, 1000), default=7, show_default=True, help="Of each, in turns.")
@json_option
def command(runs: int, as_json: bool) -> None:
    """Time from the start of a process to its first message, by what runs the network.

    `signwatch run` is started anew each time on a drawn recording, with a subscriber that is there before it; the end
    is the moment at which the first frame's message was made. Beside it processes of their own, to their end: Python
    alone, what a control process imports, what the command imports, and the networks loaded. Keras is left out where
    TensorFlow isn't installed. Everything is started once beforehand, so that files are in memory.
    """
    backends: list[Backend] = ["litert-int8", "litert"]
    left_out: dict[str, str] = {}
    try:
        load_tensorflow("the keras backend")
        backends.append("keras")
    except ModelError as error:
        left_out["keras"] = str(error)
    with TemporaryDirectory() as folder:
        drive = Path(folder) / "drive.mp4"
        write_drive(drive, None, SampleDrive(size=SIZE_WH, fps=FRAMES, seconds=1.0))
        measures = {name: partial(_ended_s, code) for name, code in PROGRAMS.items()}
        measures |= {f"loaded, {name}": partial(_ended_s, LOADING.format(backend=name)) for name in backends}
        measures |= {f"first message, {name}": partial(_first_message_s, drive, folder, name) for name in backends}
        rows = _measure(measures, runs)
    facts = {
        "milestones_s": rows,
        "runs": runs,
        "left_out": left_out,
        "machine": machine_facts(),
        "versions": versions(PACKAGES),
    }
    if as_json:
        click.echo(json.dumps(facts))
    else:
        _print_facts(facts)


def _measure(measures: Mapping[str, Callable[[], Sequence[float]]], runs: int) -> dict[str, dict[str, float]]:
    with progress_bar("starting", runs + 1) as report:
        for measure in measures.values():
            measure()
        report(1, runs + 1)
        taken = take_turns(measures, runs, lambda done, of: report(done + 1, of + 1))
    shares = {"median": 50, "p90": 90, "p99": 99, "least": 0}
    return {
        name: {key: round(float(np.percentile(seconds, share)), 4) for key, share in shares.items()}
        for name, seconds in taken.items()
    }


def _ended_s(code: str) -> list[float]:
    """From the start of a process to its end."""
    began_s = time.monotonic()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    if done.returncode:
        raise BenchError(f"`{code}` ended: {done.stderr.strip().splitlines()[-1]}")
    return [time.monotonic() - began_s]


def _first_message_s(drive: Path, folder: str, backend: Backend) -> list[float]:
    """From the start of `signwatch run` to the moment at which it had its first message."""
    address = f"ipc://{folder}/wire"
    with zmq.Context() as context, context.socket(zmq.SUB) as socket:
        socket.linger = 0
        socket.reconnect_ivl = RECONNECT_MS
        socket.subscribe(FRAME_TOPIC)
        socket.connect(address)
        began_ns = time.monotonic_ns()
        with running(str(drive), "--backend", backend, address=address):
            if not socket.poll(PATIENCE_MS):
                raise BenchError(f"`signwatch run` published nothing in {PATIENCE_MS / 1e3:.0f} s")
            message = decode(socket.recv_multipart()[1])
    if message.seq != 0 or message.monotonic_ns is None:
        raise BenchError("the subscriber missed the first message")
    return [(message.monotonic_ns - began_ns) / 1e9]


def _print_facts(facts: dict[str, Any]) -> None:
    click.echo(f"{'s from the start of the process':30} {'median':>8} {'p90':>8} {'p99':>8} {'least':>8}")
    for name, row in facts["milestones_s"].items():
        click.echo(f"{name:30}  " + " ".join(f"{value:8.3f}" for value in row.values()))
    for name, reason in facts["left_out"].items():
        click.echo(f"{name} left out: {reason}")
    click.echo(f"{facts['runs']} runs of each; {machine_line(facts)}")
