"""`signwatch bench report`: a full run of the benchmarks, as a page with plots, and its figures beside it."""

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from edge.benchmarks.page import SECTIONS, performance_page
from edge.benchmarks.plots import draw_run
from edge.cli.options import output_option
from edge.errors import BenchError, ReportError
from edge.machine import machine_facts, versions
from edge.progress import progress_bar
from edge.report import require_report_packages, write_png

FULL: dict[str, list[str]] = {
    "pipeline": [],
    "detector": ["--count", "20"],
    "classifier": ["--rounds", "30"],
    "wire": [],
    "live": ["--seconds", "20"],
    "service": ["--seconds", "4"],
    "start": [],
}
"""The options of each benchmark: what takes some ten minutes in all on two quiet cores."""
QUICK: dict[str, list[str]] = {
    "pipeline": ["--count", "4", "--rounds", "1", "--size", "320x240", "--no-peers"],
    "detector": ["--count", "2", "--size", "320x240"],
    "classifier": ["--rounds", "2", "--no-peers"],
    "wire": ["--seconds", "0.3", "--burst", "20", "--bursts", "1", "--size", "64x64"],
    "live": ["--seconds", "1", "--fps", "10", "--size", "320x240"],
    "service": ["--seconds", "0.5", "--no-reloading"],
    "start": ["--runs", "1"],
}
ON_FRAMES = "detector"
"""Takes the frames where they are given."""
PACKAGES = (
    *("signwatch", "ai-edge-litert", "imagezmq", "keras", "msgspec", "numba", "numpy", "onnxruntime", "opencv-python"),
    *("openvino", "pyzmq", "tensorflow", "tensorflow-cpu"),
)


@click.command("report")
@output_option("--out", "The page, such as docs/performance.md; NAME.json and NAME.png go beside it.", required=True)
@click.option(
    "--frames", "frames_path", type=click.Path(path_type=Path), help="GTSDB, for the candidate stage: folder or zip."
)
@click.option("--only", multiple=True, type=click.Choice(list(SECTIONS)), help="Run this one; may be repeated.")
@click.option("--quick", is_flag=True, help="Hardly measure: to see whether all of them run.")
@click.option(
    "--from",
    "kept",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Run nothing: write the page anew from a run's JSON.",
)
def command(out: Path, frames_path: Path | None, only: tuple[str, ...], quick: bool, kept: Path | None) -> None:
    """Run the benchmarks one after the other and write a page of their figures, with plots.

    What can't run here is left out, with the reason. The figures are written after each of them, so that one that is
    interrupted has those before it, for --from.
    """
    if out.suffix in (".json", ".png"):
        raise click.UsageError(f"{out}: --out is the page, such as performance.md; figures and plots go beside it")
    require_report_packages()
    figures, picture = out.with_suffix(".json"), out.with_suffix(".png")
    run = _kept(kept) if kept else _run(only or tuple(SECTIONS), QUICK if quick else FULL, frames_path, figures)
    if not any(name in run for name in SECTIONS):
        raise ReportError("not one benchmark ran: " + "; ".join(run["left_out"].values()))
    _write(run, figures)
    write_png(picture, draw_run(run), 2, "Signwatch's performance")
    out.write_text(performance_page(run, picture.name), encoding="utf-8")
    click.echo(f"{out}, {figures} and {picture} are written", err=True)


def _run(
    names: tuple[str, ...], options: dict[str, list[str]], frames_path: Path | None, figures: Path
) -> dict[str, Any]:
    left_out: dict[str, str] = {}
    run: dict[str, Any] = {
        "date": datetime.now(UTC).date().isoformat(),
        "command": "signwatch bench report" + (" --frames gtsdb-train" if frames_path else ""),
        "machine": machine_facts(),
        "versions": versions(PACKAGES),
        "left_out": left_out,
    }
    with progress_bar("benchmarks", len(names)) as report:
        for done, name in enumerate(names):
            report(done, len(names))
            arguments = [name, *options[name], "--json"]
            arguments += ["--frames", str(frames_path)] if frames_path and name == ON_FRAMES else []
            click.echo(f"signwatch bench {' '.join(arguments)}", err=True)
            try:
                run[name] = _figures_of(arguments)
            except BenchError as error:
                left_out[name] = str(error)
                click.echo(f"left out: {error}", err=True)
            _write(run, figures)
        report(len(names), len(names))
    return run


def _figures_of(arguments: list[str]) -> dict[str, Any]:
    """What a benchmark gives. Raises BenchError with its last words where it fails."""
    command = [sys.executable, "-m", "edge.cli", "bench", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            answer, complaints = process.communicate()
        except BaseException:
            process.terminate()  # so asked, it ends what it has started itself
            process.communicate()
            raise
    if process.returncode:
        said = complaints.strip().splitlines() or [f"it ended with status {process.returncode}"]
        raise BenchError(said[-1].removeprefix("signwatch: "))
    return dict(json.loads(answer))


def _write(run: dict[str, Any], figures: Path) -> None:
    figures.write_text(json.dumps(run, indent=1) + "\n", encoding="utf-8")


def _kept(path: Path) -> dict[str, Any]:
    try:
        run = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, UnicodeDecodeError) as error:
        raise ReportError(f"{path}: is no JSON ({error})") from error
    if not isinstance(run, dict) or not {"date", "command", "machine", "versions", "left_out"} <= run.keys():
        raise ReportError(f"{path}: is no run of `signwatch bench report`")
    return run
