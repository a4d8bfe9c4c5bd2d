"""`signwatch bench service`: answers of `signwatch serve` under load, as its clients have them."""

import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import click
from PIL import Image

from edge.cli.options import backend_option, json_option, weights_option
from edge.cli.web_options import require_web
from edge.errors import WireError
from edge.machine import RUN_PACKAGES, machine_facts, machine_line, versions
from edge.sample_drive.drawings import draw_sign
from edge.service.load import Load, offer_load
from models.backends import Backend
from models.weights_record import BUILT_IN

PATH = "/predict_traffic_sign"
PICTURE_PX = 64
GROUND = (120, 130, 140, 255)
WARM_UP_S = 1.0
START_S = 60.0
CLIENTS = 8
MOST_CLIENTS = 32
"""Where throughput counts and not each one's waiting."""
RELOADED_ANSWERS = 12
"""Of the way that loads the network for each request: it takes a good part of a second each."""
END_S = 20.0
WEB_PACKAGES = ("fastapi", "simplejpeg", "uvicorn")


@click.command("service")
@click.option("--seconds", type=click.FloatRange(0.5, 3600), default=5.0, show_default=True, help="Of each load.")
@click.option(
    "--reloading/--no-reloading",
    default=True,
    show_default=True,
    help="Also measure Keras' predict with the network loaded for each request; needs TensorFlow.",
)
@weights_option
@backend_option
@json_option
def command(seconds: float, reloading: bool, weights: Path | None, backend: Backend, as_json: bool) -> None:
    """Time answers to single pictures (JPEGs of 64x64 px) over HTTP.

    On one core with 8 clients, which each send the next picture when they have the answer to the last, the clients on
    another core where there is one; then with a worker on each of two cores. Beside it, on the same core and with as
    many clients: a server that loads the network anew for each request and asks Keras' predict.
    """
    require_web("bench service")
    cores = sorted(os.sched_getaffinity(0))
    folder = weights or BUILT_IN
    options = ["--backend", backend, "--weights", str(folder)]
    pictures = [_picture(class_id) for class_id in range(43)]
    serving = [sys.executable, "-m", "edge.cli", "serve", "--port", "0"]
    facts: dict[str, Any] = {"clients": CLIENTS, "picture_px": PICTURE_PX, "seconds": seconds}
    own = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {cores[-1]})
        with _served([*serving, *options], {cores[0]}) as (port, ready_s, pid):
            offer_load(port, PATH, pictures, CLIENTS, WARM_UP_S)
            facts["one_core"] = _facts(offer_load(port, PATH, pictures, CLIENTS, seconds))
            facts |= {"ready_s": round(ready_s, 2), "resident_mb": round(_resident_mb(pid), 1)}
        if reloading:
            facts["reloading"] = _measure_reloading(folder, pictures, {cores[0]})
        os.sched_setaffinity(0, own)
        if len(cores) > 1:
            with _served([*serving, *options, "--workers", "2"], set(cores[:2])) as (port, _, _):
                offer_load(port, PATH, pictures, MOST_CLIENTS, WARM_UP_S)
                facts["two_cores"] = _facts(offer_load(port, PATH, pictures, MOST_CLIENTS, seconds))
    finally:
        os.sched_setaffinity(0, own)
    facts |= {"machine": machine_facts(), "versions": versions((*RUN_PACKAGES, *WEB_PACKAGES))}
    if as_json:
        click.echo(json.dumps(facts))
    else:
        _print_facts(facts)


def _measure_reloading(folder: Path, pictures: list[bytes], cores: set[int]) -> dict[str, Any] | None:
    """None where TensorFlow isn't installed."""
    command = [sys.executable, "-m", "edge.cli.reloading_server", str(folder)]
    try:
        with _served(command, cores) as (port, _, _):
            return _facts(offer_load(port, PATH, pictures, CLIENTS, 0.0, least=RELOADED_ANSWERS))
    except WireError as error:
        click.echo(f"left out: {error}", err=True)
        return None


def _picture(class_id: int) -> bytes:
    sign = Image.fromarray(draw_sign(class_id, PICTURE_PX - 8))
    ground = Image.new("RGBA", (PICTURE_PX, PICTURE_PX), GROUND)
    ground.alpha_composite(sign, (4, 4))
    target = io.BytesIO()
    ground.convert("RGB").save(target, "JPEG", quality=90)
    return target.getvalue()


@contextmanager
def _served(command: list[str], cores: set[int]) -> Iterator[tuple[int, float, int]]:
    """A server on so many cores, ended with the block: its port, seconds from its start to its readiness, its number.

    Raises WireError with its last line where it ends instead.
    """
    began_s = time.monotonic()
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    os.sched_setaffinity(process.pid, cores)
    try:
        assert process.stderr is not None
        line = ""
        for line in process.stderr:
            if line.startswith("serving on "):
                break
        else:
            raise WireError(line.strip() or "the server did not start")
        port = int(line.split()[-1].rstrip("/").rpartition(":")[2])
        while not _is_ready(port):
            if time.monotonic() - began_s > START_S:
                raise WireError(f"the server was not ready in {START_S:g} s")
            time.sleep(0.01)
        yield port, time.monotonic() - began_s, process.pid
    finally:
        process.terminate()
        try:
            process.communicate(timeout=END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


def _is_ready(port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/readyz", timeout=START_S):
            return True
    except (URLError, ConnectionError):
        return False


def _resident_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:"))


def _facts(load: Load) -> dict[str, float]:
    if load.failed:
        raise WireError(f"{load.failed} of {len(load.latency_ms)} requests failed")
    shares = {"ms_median": 50, "ms_p90": 90, "ms_p99": 99}
    return {
        "per_second": round(load.per_second, 1),
        **{name: round(load.percentile_ms(percent), 2) for name, percent in shares.items()},
        "answers": len(load.latency_ms),
    }


def _print_facts(facts: dict[str, Any]) -> None:
    click.echo(f"{'':34} {'answers/s':>10} {'median':>8} {'p90':>8} {'p99':>8}")
    for key, name in (
        ("one_core", f"one core, {CLIENTS} clients"),
        ("two_cores", f"two workers, {MOST_CLIENTS} clients"),
        ("reloading", "network loaded for each request"),
    ):
        if facts.get(key):
            row = facts[key]
            times = " ".join(f"{row[share]:8.1f}" for share in ("ms_median", "ms_p90", "ms_p99"))
            click.echo(f"{name:34} {row['per_second']:10.1f} {times}  ms")
    click.echo(f"ready {facts['ready_s']:.2f} s after its start, {facts['resident_mb']:.0f} MB resident")
    click.echo(f"JPEGs of {PICTURE_PX}x{PICTURE_PX}; {machine_line(facts)}")
