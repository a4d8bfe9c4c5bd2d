"""`signwatch bench detector`: how long the candidate stage takes, stage by stage, also on the worst pictures."""

import json
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import click
import cv2
import numpy as np
from numpy.typing import NDArray

from detector.candidates import STAGES, CandidateFinder
from detector.ranker import load_ranker
from edge.cli.live_options import Size
from edge.cli.options import json_option
from edge.machine import machine_facts
from edge.progress import progress_bar
from edge.reader import CANDIDATE_LIMIT
from edge.sample_drive import SampleDrive
from edge.timing import WARM_UP_CALLS
from models.archive import Archive
from models.gtsdb import list_frames, read_frame

DRIVE_FPS = 2.0
"""Of the sample drive: pictures that differ."""
DRIVE_SEED = 7
SEED = 1

Image = NDArray[np.uint8]


@click.command("detector")
@click.option(
    "--frames",
    "frames_path",
    type=click.Path(path_type=Path),
    help="GTSDB, folder or zip: its frames are timed, at their own size, beside what is drawn.",
)
@click.option("--count", type=click.IntRange(2, 10_000), default=40, show_default=True, help="Pictures of each kind.")
@click.option("--size", type=Size(), default="1360x800", show_default=True, help="Of what is drawn.")
@click.option("--threads", type=click.IntRange(1, 256), default=2, show_default=True)
@json_option
def command(frames_path: Path | None, count: int, size: tuple[int, int], threads: int, as_json: bool) -> None:
    """Milliseconds from a frame to its candidates, by stage: of the sample drive, and of pictures made to be slow.

    Decoding is not in it. Every picture is seen once, after a warm-up; the kinds take turns.
    """
    kinds: dict[str, Iterator[Image]] = {"drive": _drive(size, count)}
    kinds |= {name: _worst(draw, size, count) for name, draw in WORST.items()}
    finder = CandidateFinder(load_ranker(), threads)
    try:
        if frames_path is None:
            taken, found = _time(finder, kinds, count)
        else:
            with Archive(frames_path) as archive:
                taken, found = _time(finder, {"frames": _frames(archive, count)} | kinds, count)
    finally:
        finder.close()
    rows = {name: _row(np.array(of_kind), found[name]) for name, of_kind in taken.items()}
    facts = {"kinds": rows, "size": list(size), "threads": threads, "machine": machine_facts()}
    if as_json:
        click.echo(json.dumps(facts))
        return
    click.echo(f"{'picture':14} {'ms median':>9} {'p90':>7} {'p99':>7}   " + " ".join(f"{name:>8}" for name in STAGES))
    for name, row in rows.items():
        stages = " ".join(f"{row['stages_ms'][stage]:8.2f}" for stage in STAGES)
        click.echo(f"{name:14} {row['ms_median']:9.2f} {row['ms_p90']:7.2f} {row['ms_p99']:7.2f}   {stages}")
    machine = machine_facts()
    click.echo(f"{size[0]}x{size[1]}, {threads} threads; {machine['processor']}, {machine['cores']} cores")


def _time(
    finder: CandidateFinder, kinds: dict[str, Iterator[Image]], count: int
) -> tuple[dict[str, list[list[float]]], dict[str, list[int]]]:
    """Milliseconds by stage of every picture of each kind, and how many candidates it gave."""
    taken: dict[str, list[list[float]]] = {name: [] for name in kinds}
    found: dict[str, list[int]] = {name: [] for name in kinds}
    warm = False
    with progress_bar("timing", count) as report:
        for done in range(1, count + 1):
            for name, pictures in kinds.items():
                image = next(pictures)
                if not warm:
                    for _ in range(WARM_UP_CALLS):
                        finder.find(image, CANDIDATE_LIMIT)
                    warm = True
                moments = [time.perf_counter()]
                candidates = finder.find(image, CANDIDATE_LIMIT, partial(_note, moments))
                taken[name].append((1e3 * np.diff(moments)).tolist())
                found[name].append(len(candidates))
            report(done, count)
    return taken, found


def _note(moments: list[float], _: str) -> None:
    moments.append(time.perf_counter())


def _row(taken_ms: NDArray[np.float64], candidates: list[int]) -> dict[str, Any]:
    median, p90, p99 = np.percentile(taken_ms.sum(axis=1), (50, 90, 99)).round(3).tolist()
    return {
        "pictures": len(taken_ms),
        "ms_median": median,
        "ms_p90": p90,
        "ms_p99": p99,
        "stages_ms": dict(zip(STAGES, np.median(taken_ms, axis=0).round(3).tolist(), strict=True)),
        "candidates_median": float(np.median(candidates)),
    }


def _drive(size: tuple[int, int], count: int) -> Iterator[Image]:
    for image, _ in SampleDrive(DRIVE_SEED, size, DRIVE_FPS, count / DRIVE_FPS).frames():
        yield image


def _frames(archive: Archive, count: int) -> Iterator[Image]:
    listed = list_frames(archive)
    for place in np.linspace(0, len(listed), count, endpoint=False).astype(int).tolist():
        yield read_frame(archive, listed[place])


def _worst(
    draw: Callable[[np.random.Generator, int, int], Image], size: tuple[int, int], count: int
) -> Iterator[Image]:
    generator = np.random.default_rng(SEED)
    for _ in range(count):
        yield draw(generator, *size)


def _noise(generator: np.random.Generator, width: int, height: int) -> Image:
    """Every pixel of its own colour: components join and part at every level."""
    return generator.integers(0, 256, (height, width, 3), np.uint8)


def _coarse_noise(generator: np.random.Generator, width: int, height: int) -> Image:
    """Blots as large as signs: as many regions as there can be."""
    small = generator.integers(0, 256, (height // 24 + 1, width // 24 + 1, 3), np.uint8)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


def _checkerboard(generator: np.random.Generator, width: int, height: int) -> Image:
    """Squares of the size of a far sign, red and blue, each a little other than the next."""
    rows, columns = np.indices((height // 20 + 1, width // 20 + 1))
    board = np.where(((rows + columns) % 2)[..., None], (40, 30, 190), (190, 60, 20)).astype(np.int64)
    board += generator.integers(-15, 16, board.shape)
    small = np.clip(board, 0, 255).astype(np.uint8)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_NEAREST), np.uint8)


def _red_lorry(generator: np.random.Generator, width: int, height: int) -> Image:
    """Something large and red that fills nearly all of the frame, with texture."""
    image = np.full((height, width, 3), (45, 40, 180), np.int16)
    image += generator.integers(-25, 26, (height, width, 1), np.int16)
    return np.clip(image, 0, 255).astype(np.uint8)


WORST = {"noise": _noise, "coarse noise": _coarse_noise, "checkerboard": _checkerboard, "red lorry": _red_lorry}
