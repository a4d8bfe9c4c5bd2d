"""`signwatch archive`: all recordings of a fleet into tables of signs."""

import json
import os
import time
from pathlib import Path
from typing import TextIO

import click

from edge.archive.finding import find_recordings
from edge.archive.memory import Memory
from edge.archive.run import ArchiveRun
from edge.archive.settings import Settings
from edge.archive.survey import PIECE_S
from edge.archive.workers import LocalWorkers, Workers
from edge.cli.calibration_options import as_road, camera_file_option, road_option
from edge.cli.options import backend_option, json_option, weights_option
from edge.errors import SourceError
from models.backends import Backend
from models.weights_record import BUILT_IN

FAULTS_SHOWN = 3
"""In the error at the end; each has been said when it was met."""


@click.command("archive")
@click.argument("sources", nargs=-1, metavar="SOURCE…")
@click.option(
    "--list",
    "listed",
    type=click.File(),
    metavar="FILE",
    help="Read the names of more sources from a file, one a line; - is standard input.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    metavar="DIR",
    help="Folder of the archive. What it holds already is not read again.",
)
@click.option(
    "--workers",
    type=click.IntRange(1),
    metavar="N",
    help="Processes that read; as many as there are cores if not given.",
)
@click.option(
    "--ray", "address", metavar="ADDRESS", help="Read on a Ray cluster instead: auto, HOST:PORT or ray://HOST:PORT."
)
@click.option(
    "--piece",
    "piece_s",
    type=click.FloatRange(1),
    default=PIECE_S,
    show_default=True,
    metavar="SECONDS",
    help="Length of the pieces that recordings are cut into. The signs are the same with any.",
)
@camera_file_option
@road_option
@weights_option
@backend_option
@json_option
def command(
    sources: tuple[str, ...],
    listed: TextIO | None,
    out: Path,
    workers: int | None,
    address: str | None,
    piece_s: float,
    camera_file: Path | None,
    road: str,
    weights: Path | None,
    backend: Backend,
    as_json: bool,
) -> None:
    """Read the signs of every recording in SOURCE… into the tables of an archive: MP4s, MCAP files, folders of
    pictures, and folders of all of these.

    What is done is remembered: the same command goes on after it was interrupted, and reads only what is new. A
    recording that is broken is told, the others are read, and the exit status is 1.
    """
    if address is not None and workers is not None:
        raise click.UsageError("--workers are processes of this machine; a cluster has its own with --ray")
    names = [*sources, *(line for text in listed or () if (line := text.strip()))]
    if not names:
        raise click.UsageError("give a SOURCE, or --list")
    from edge.archive.tables import write_tables  # PyArrow: an extra, and asked for before any work

    settings = Settings(
        weights=str((weights or BUILT_IN).absolute()),
        backend=backend,
        camera_file=None if camera_file is None else str(camera_file.absolute()),
        road=as_road(road),
        piece_s=piece_s,
    )
    recordings = find_recordings(names)
    started = time.monotonic()
    with Memory(out) as memory:
        team = _workers(address, workers)
        try:
            run = ArchiveRun(memory, team, settings, lambda text: click.echo(text, err=True))
            run.go(recordings)
        finally:
            team.close()
            signs = write_tables(out, memory.all_finished())
    seconds = time.monotonic() - started
    counts = run.counts
    rate = counts.frames / seconds
    if as_json:
        shown = {
            "recordings": counts.recordings, "known": counts.known, "duplicates": counts.duplicates,
            "frames": counts.frames, "seconds": round(seconds, 3), "frames_per_second": round(rate, 2),
            "signs_in_archive": signs, "faults": counts.faults,
        }  # fmt: skip
        click.echo(json.dumps(shown))
    else:
        click.echo(
            f"{counts.recordings} recordings, {counts.known} of them known before; {counts.frames} frames read in "
            f"{seconds:.0f} s ({rate:.1f}/s); {signs} signs in {out}",
            err=True,
        )
    if counts.faults:
        shown_faults = "; ".join(counts.faults[:FAULTS_SHOWN])
        more = len(counts.faults) - FAULTS_SHOWN
        raise SourceError(shown_faults + (f"; and {more} more, in recordings.parquet" if more > 0 else ""))


def _workers(address: str | None, count: int | None) -> Workers:
    if address is None:
        return LocalWorkers(count or len(os.sched_getaffinity(0)))
    from edge.archive.ray_workers import RayWorkers

    return RayWorkers(address)
