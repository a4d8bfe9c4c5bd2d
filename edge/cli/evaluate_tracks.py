"""`signwatch evaluate tracks`: what is confirmed, when, and what by mistake, on drives made from real stills."""

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import click

from detector.candidates import CandidateFinder
from edge.cli.options import (
    backend_option,
    fold_weights_option,
    frames_option,
    html_option,
    json_option,
    weights_option,
)
from edge.cli.sign_part import spread
from edge.folds import Fold, folds_to_measure
from edge.following import Followed, drivable, follow_clip, follow_frame
from edge.frame_reader import FrameReader
from edge.progress import Report as Progress
from edge.progress import progress_bar, shifted
from edge.report import Report
from edge.track_figures import track_figures
from edge.tracks_report import SHARES, fill, share_text
from models.archive import Archive
from models.backends import Backend
from models.catalogue import Catalogue
from models.errors import DataError
from models.gtsdb import StreetFrame, list_frames


@click.command("tracks")
@frames_option
@click.option(
    "--clips",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Folder of real recordings, each an MP4 with its signs in NAME.boxes.csv, or without any sign.",
)
@click.option("--held-out", is_flag=True, help="Only frames that taught nothing that ships.")
@click.option("--limit", type=click.IntRange(1), help="Drive so many, spread evenly over the frames, instead of all.")
@weights_option
@fold_weights_option
@backend_option
@json_option
@html_option
def command(
    frames: Path,
    clips: Path | None,
    held_out: bool,
    limit: int | None,
    weights: Path | None,
    fold_weights: Path | None,
    backend: Backend,
    as_json: bool,
    html: Path | None,
) -> None:
    """Signs confirmed on drives made from GTSDB's frames: real pixels, simulated motion, and truth that is known.

    Each frame in which a sign gets 32 px large is driven towards from where its largest sign is some 14 px, at 30
    frames a second with shake, blur and compression; frames without a sign are driven along, and whatever is confirmed
    there is false. The drives are the same at every call.
    """
    if fold_weights is not None and (weights is not None or held_out):
        raise click.UsageError("--fold-weights measure each frame by what left it out: no --weights, no --held-out")
    page = Report("Signs over time", "Drives made from GTSDB's street frames") if html else None
    catalogue, folds = folds_to_measure(weights, fold_weights, backend)
    drives: list[Followed] = []
    with Archive(frames) as archive:
        chosen = drivable(list_frames(archive, len(catalogue)))
        if held_out:
            chosen = [frame for frame in chosen if frame.held_out]
        if not chosen:
            raise DataError(f"{archive.path}: no frame in it that can be driven towards")
        chosen = spread(chosen, limit)
        with progress_bar("driving", len(chosen)) as report:
            for fold in folds:
                own = [frame for frame in chosen if fold_weights is None or frame.fold == fold.number]
                drives += _drive(archive, own, fold, catalogue, shifted(report, len(drives), len(chosen)))
    recordings = _follow_clips(clips, folds[0], catalogue) if clips else []
    parts = {
        "all": track_figures([drive.score for drive in drives]),
        "held_out": track_figures([drive.score for drive in drives if drive.held_out]),
        "clips": track_figures([clip.score for clip in recordings]),
    }
    if page is not None and html is not None:
        fill(page, drives, recordings, parts, catalogue)
        page.write(html)
    if as_json:
        click.echo(json.dumps(parts.pop("all") | parts))
        return
    _print("all drives", parts["all"])
    _print("drives from frames that taught nothing", parts["held_out"])
    if recordings:
        _print(", ".join(clip.name for clip in recordings), parts["clips"])


def _drive(
    archive: Archive, frames: list[StreetFrame], fold: Fold, catalogue: Catalogue, report: Progress
) -> list[Followed]:
    drives = []
    with closing(FrameReader(catalogue, fold.network, CandidateFinder(fold.ranker))) as reader:
        for done, frame in enumerate(frames, start=1):
            drives.append(follow_frame(reader, archive, frame, held_out=frame.fold == fold.number))
            report(done, len(frames))
    return drives


def _follow_clips(folder: Path, fold: Fold, catalogue: Catalogue) -> list[Followed]:
    with closing(FrameReader(catalogue, fold.network, CandidateFinder(fold.ranker))) as reader:
        return [follow_clip(reader, path) for path in sorted(folder.glob("*.mp4"))]


def _print(title: str, figures: dict[str, Any]) -> None:
    click.echo(f"{title}: {figures['drives']} drives, {figures['frames']} frames")
    for text, name, of in SHARES:
        click.echo(f"  {text:50} {figures[name]:5} of {figures[of]:5}  {share_text(figures, name)}")
    click.echo(f"  {'of the wrong ones, a limit as a higher one':50} {figures['wrong_higher_limit']:5}")
    click.echo(f"  {'confirmed in drives without signs':50} {figures['confirmed_in_empty']:5}")
    if figures["confirmed_px"]:
        low, middle, high = figures["confirmed_px"]
        click.echo(f"  confirmed at {middle:g} px ({low:g} to {high:g} for nine of ten)")
