"""`signwatch bench detector`: how long the candidate stage takes, stage by stage, also on the worst pictures."""

import json
import resource
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import click
import cv2
import numpy as np
from numpy.typing import NDArray

from detector.boxes import Boxes
from detector.candidates import STAGES, CandidateFinder
from detector.ranker import load_ranker
from detector.scoring import first_ranks
from edge.benchmarks.simple_finders import SIMPLE_FINDERS
from edge.cli.live_options import Size
from edge.cli.options import json_option
from edge.detector_evaluation import LOOSE
from edge.frame_reader import CANDIDATE_LIMIT
from edge.machine import machine_facts, machine_line, versions
from edge.progress import progress_bar
from edge.sample_drive import SampleDrive
from edge.timing import WARM_UP_CALLS, shares, time_calls
from models.archive import Archive
from models.gtsdb import StreetFrame, list_frames, read_frame

DRIVE_FPS = 2.0
"""Of the sample drive: pictures that differ."""
DRIVE_SEED = 7
SEED = 1
LARGEST = (7680, 4320)
"""8K, whatever size is asked for."""

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

    Decoding is not in it. Every picture is seen once, after a warm-up; the kinds take turns. Beside the time that
    passes stands that of all processor cores together, which hardly depends on what else the machine does. Memory is
    the most that the process has held in all, this command's own pictures with it.

    On the sample drive, or on the frames where they are given, other ways are timed in turns with ours: contours of one
    HSV mask, and MSER. Of frames it is also told which share of the signs their boxes find, beside our best candidates;
    they are taken from those that taught nothing.
    """
    kinds: dict[str, Iterator[Image]] = {NORMAL: _drive(size, count)}
    kinds |= {name: _worst(draw, size, count) for name, draw in WORST.items()}
    kinds |= {"8K noise": _worst(_tiled_noise, LARGEST, count)}
    finder = CandidateFinder(load_ranker(), threads)
    compared = Compared()
    before_mb = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    try:
        if frames_path is None:
            timed = _time(finder, kinds, count, compared)
        else:
            with Archive(frames_path) as archive:
                shown = _chosen(archive, count)
                compared = Compared([frame.boxes_xywh_px for frame in shown])
                pictures = (read_frame(archive, frame) for frame in shown)
                timed = _time(finder, {FRAMES: pictures} | kinds, count, compared)
    finally:
        finder.close()
    rows = {name: _row(of_kind) for name, of_kind in timed.items()}
    for row in rows.values():
        row["times_drive"] = round(row["cpu_ms_median"] / rows[NORMAL]["cpu_ms_median"], 2)
    peak_mb = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    facts = {
        "kinds": rows,
        "compared": compared.rows(),
        "compared_on": NORMAL if frames_path is None else FRAMES,
        "size": list(size),
        "threads": threads,
        "memory_before_mb": before_mb,
        "memory_peak_mb": peak_mb,
        "machine": machine_facts(),
        "versions": versions(),
    }
    if as_json:
        click.echo(json.dumps(facts))
        return
    click.echo(
        f"{'picture':16} {'ms median':>9} {'p90':>7} {'p99':>7} {'cpu ms':>7} {'of drive':>8}   "
        + " ".join(f"{name:>8}" for name in STAGES)
    )
    for name, row in rows.items():
        stages = " ".join(f"{row['stages_ms'][stage]:8.2f}" for stage in STAGES)
        times = f"{row['ms_median']:9.2f} {row['ms_p90']:7.2f} {row['ms_p99']:7.2f} {row['cpu_ms_median']:7.2f}"
        click.echo(f"{name:16} {times} {row['times_drive']:8.2f}   {stages}")
    _print_compared(facts)
    click.echo(f"{size[0]}x{size[1]}, {threads} threads; {machine_line(facts)}")
    click.echo(f"memory: {before_mb} MB before the first picture, {peak_mb} MB at most")


@dataclass(frozen=True, slots=True)
class Timed:
    """Of every picture of a kind."""

    stages_ms: list[list[float]] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)
    """Of all cores together."""
    candidates: list[int] = field(default_factory=list)


class Compared:
    """Ours beside others on the same pictures, and which share of the signs each finds where they are known.

    Args:
        truth_xywh_px: Of each picture, the boxes (n, 4) of its signs; None where nobody knows.
    """

    def __init__(self, truth_xywh_px: list[Boxes] | None = None) -> None:
        self._truth = truth_xywh_px
        self._taken_ms: dict[str, list[float]] = {name: [] for name in (OURS, *SIMPLE_FINDERS)}
        self._boxes: dict[str, list[int]] = {name: [] for name in self._taken_ms}
        self._found: dict[str, int] = dict.fromkeys(self._taken_ms, 0)

    def note(self, name: str, place: int, boxes_xywh_px: Boxes, taken_ms: float) -> None:
        """What one of them gave of the picture at a place, from 0."""
        self._taken_ms[name].append(taken_ms)
        self._boxes[name].append(len(boxes_xywh_px))
        if self._truth is not None:
            ranks = first_ranks(boxes_xywh_px, self._truth[place], LOOSE)
            self._found[name] += int((ranks < len(boxes_xywh_px)).sum())

    def rows(self) -> dict[str, dict[str, float | None]]:
        """By name: times, boxes of a picture at the median, recall at an intersection over union of 0.5."""
        signs = sum(map(len, self._truth or []))
        return {
            name: {
                **shares(taken_ms),
                "boxes_median": float(np.median(self._boxes[name])),
                "recall": round(self._found[name] / signs, 4) if signs else None,
            }
            for name, taken_ms in self._taken_ms.items()
        }


def _time(
    finder: CandidateFinder, kinds: dict[str, Iterator[Image]], count: int, compared: Compared
) -> dict[str, Timed]:
    timed = {name: Timed() for name in kinds}
    first = next(iter(kinds))
    warm = False
    with progress_bar("timing", count) as report:
        for done in range(1, count + 1):
            for name, pictures in kinds.items():
                image = next(pictures)
                if not warm:
                    for find in (lambda image: finder.find(image, CANDIDATE_LIMIT), *SIMPLE_FINDERS.values()):
                        time_calls(partial(find, image), WARM_UP_CALLS)
                    warm = True
                of_kind, cpu_started = timed[name], time.process_time()
                moments = [time.perf_counter()]
                candidates = finder.find(image, CANDIDATE_LIMIT, partial(_note, moments))
                of_kind.cpu_ms.append(1e3 * (time.process_time() - cpu_started))
                of_kind.stages_ms.append((1e3 * np.diff(moments)).tolist())
                of_kind.candidates.append(len(candidates))
                if name == first:
                    compared.note(OURS, done - 1, candidates.boxes_xywh_px, sum(of_kind.stages_ms[-1]))
                    _compare(image, done - 1, compared)
            report(done, count)
    return timed


def _compare(image: Image, place: int, compared: Compared) -> None:
    for name, find in SIMPLE_FINDERS.items():
        started = time.perf_counter()
        boxes = find(image)
        compared.note(name, place, boxes, 1e3 * (time.perf_counter() - started))


def _note(moments: list[float], _: str) -> None:
    moments.append(time.perf_counter())


def _row(timed: Timed) -> dict[str, Any]:
    taken_ms = np.array(timed.stages_ms)
    median, p90, p99 = np.percentile(taken_ms.sum(axis=1), (50, 90, 99)).round(3).tolist()
    return {
        "pictures": len(taken_ms),
        "ms_median": median,
        "ms_p90": p90,
        "ms_p99": p99,
        "stages_ms": dict(zip(STAGES, np.median(taken_ms, axis=0).round(3).tolist(), strict=True)),
        "cpu_ms_median": round(float(np.median(timed.cpu_ms)), 3),
        "candidates_median": float(np.median(timed.candidates)),
    }


def _drive(size: tuple[int, int], count: int) -> Iterator[Image]:
    for image, _ in SampleDrive(DRIVE_SEED, size, DRIVE_FPS, count / DRIVE_FPS).frames():
        yield image


def _chosen(archive: Archive, count: int) -> list[StreetFrame]:
    listed = [frame for frame in list_frames(archive) if frame.held_out] or list_frames(archive)
    return [listed[place] for place in np.linspace(0, len(listed), count, endpoint=False).astype(int).tolist()]


def _print_compared(facts: dict[str, Any]) -> None:
    click.echo(f"beside others, on {facts['compared_on']}:")
    for name, row in facts["compared"].items():
        found = "" if row["recall"] is None else f", {row['recall']:.0%} of the signs"
        times = f"{row['ms_median']:9.2f} {row['ms_p90']:7.2f} {row['ms_p99']:7.2f}"
        click.echo(f"{name:16} {times}  ms, {row['boxes_median']:.0f} boxes{found}")


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


def _checkerboard(side_px: int, generator: np.random.Generator, width: int, height: int) -> Image:
    """Squares, red and blue, each a little other than the next: ten thousand components and more."""
    rows, columns = np.indices((height // side_px + 1, width // side_px + 1))
    board = np.where(((rows + columns) % 2)[..., None], (40, 30, 190), (190, 60, 20)).astype(np.int64)
    board += generator.integers(-15, 16, board.shape)
    small = np.clip(board, 0, 255).astype(np.uint8)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_NEAREST), np.uint8)


def _nested(generator: np.random.Generator, width: int, height: int) -> Image:
    """Discs as small as a region may be, red in their middle and fading outward: each is a region at many levels."""
    tile = 16
    away = np.hypot(*(np.indices((tile, tile)) - (tile - 1) / 2))
    redness = np.clip(1.15 - away / (tile / 2), 0, 1)
    tiled = np.tile(redness, (height // tile + 1, width // tile + 1))[:height, :width]
    strength = generator.uniform(0.5, 1.0, (height // tile + 1, width // tile + 1)).repeat(tile, 0).repeat(tile, 1)
    red = (tiled * strength[:height, :width])[..., None]
    return (red * (40, 30, 230) + (1 - red) * (110, 110, 110)).astype(np.uint8)


def _tiled_noise(generator: np.random.Generator, width: int, height: int) -> Image:
    """Blots of noise that are as fine in the working picture as in a small frame, repeated: drawn fast enough."""
    part = generator.integers(0, 256, (height // 64, width // 64, 3), np.uint8)
    blots = cv2.resize(part, (width // 8, height // 8), interpolation=cv2.INTER_NEAREST)
    return np.tile(np.asarray(blots, np.uint8), (8, 8, 1))


def _red_lorry(generator: np.random.Generator, width: int, height: int) -> Image:
    """Something large and red that fills nearly all of the frame, with texture."""
    image = np.full((height, width, 3), (45, 40, 180), np.int16)
    image += generator.integers(-25, 26, (height, width, 1), np.int16)
    return np.clip(image, 0, 255).astype(np.uint8)


NORMAL, FRAMES = "drive", "frames"
OURS = "candidates"
WORST: dict[str, Callable[[np.random.Generator, int, int], Image]] = {
    "noise": _noise,
    "coarse noise": _coarse_noise,
    **{f"checkerboard {side}": partial(_checkerboard, side) for side in (2, 4, 8, 20)},
    "nested discs": _nested,
    "red lorry": _red_lorry,
}
