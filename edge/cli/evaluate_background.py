"""`signwatch evaluate background`: what passes for a sign and is none, and which signs are lost by being strict."""

import json
from pathlib import Path
from typing import Any

import click
import numpy as np

from detector.candidates import CandidateFinder
from edge.background import NO_FRAME, Separation, Things, pooled, read_look_alikes, separate
from edge.cli.options import (
    backend_option,
    fold_weights_option,
    frames_option,
    html_option,
    json_option,
    weights_option,
)
from edge.cli.sign_part import pictures_of, spread
from edge.folds import Fold, folds_to_measure
from edge.progress import progress_bar, shifted
from edge.reader import MIN_CONFIDENCE, STILL_CONFIDENCE
from edge.report import BAD, FAINT, SERIES, Picture, Plot, Report, percent
from models.archive import Archive
from models.backends import Backend
from models.catalogue import Catalogue
from models.errors import DataError
from models.gtsdb import FOLDS, list_frames

THRESHOLDS = tuple(sorted({0.3, 0.5, 0.6, 0.7, 0.8, 0.95, 0.98, 0.99, MIN_CONFIDENCE, STILL_CONFIDENCE}))
OPERATING = {MIN_CONFIDENCE: "may feed a track", STILL_CONFIDENCE: "counts in a single picture"}
SHOWN = 48
"""Pictures of each sort in a report."""
PICTURES = 1000
"""Of held-out signs, from which look-alikes are made."""


@click.command("background")
@frames_option
@weights_option
@backend_option
@json_option
@html_option
@fold_weights_option
@click.option(
    "--gtsrb",
    type=click.Path(path_type=Path),
    help="GTSRB, folder or zip: what held-out signs are taken for in another colour or outline, too.",
)
def command(
    frames: Path,
    weights: Path | None,
    backend: Backend,
    as_json: bool,
    html: Path | None,
    fold_weights: Path | None,
    gtsrb: Path | None,
) -> None:
    """Background that passes as a sign, and signs that are lost, by threshold, on frames that taught nothing.

    Of what ships these are every fifth frame. With --fold-weights they are all: for each FOLD from 0 to 4 train
    `signwatch train --part ranker --fold FOLD --out DIR/FOLD`, then the classifier with `--fold FOLD --ranker DIR/FOLD
    --out DIR/FOLD`.

    Background is what the candidate stage proposes and overlaps no annotated sign, each thing of a frame once. A sign
    is lost where no class reaches the threshold; whether the class is right is for the other measurements.
    """
    if fold_weights is not None and weights is not None:
        raise click.UsageError("--fold-weights are weights of their own: no --weights")
    catalogue, folds = folds_to_measure(weights, fold_weights, backend)
    page = Report("Sign or no sign", "GTSDB's street frames that taught nothing") if html else None
    by_fold = _separate(frames, folds)
    separation = pooled(list(by_fold.values()))
    rows = [_row(separation, threshold) for threshold in THRESHOLDS]
    alike = _look_alikes(gtsrb, catalogue, folds) if gtsrb is not None else None
    if page is not None and html is not None:
        _fill(page, separation, rows, catalogue)
        if len(by_fold) > 1:
            page.section("By fold", f"At {MIN_CONFIDENCE:g}; each fold measured by what learnt from the others.").table(
                ["fold", "background passes", "share of it", "signs lost", "of all"],
                [_fold_cells(number, part) for number, part in by_fold.items()],
            )
        if alike is not None:
            _fill_look_alikes(page, alike, catalogue)
        page.write(html)
    if as_json:
        facts = {
            "backend": folds[0].network.backend,
            "frames": separation.frames,
            "background": len(separation.background.confidence),
            "signs": len(separation.annotated.confidence),
            "signs_found": len(separation.found.confidence),
            "operating": {"track": MIN_CONFIDENCE, "still": STILL_CONFIDENCE},
        }
        per_fold = [
            {"fold": number, "frames": part.frames, "thresholds": [_row(part, threshold) for threshold in THRESHOLDS]}
            for number, part in by_fold.items()
        ]
        if alike is not None:
            facts["look_alikes"] = [_passing(alike, threshold) for threshold in THRESHOLDS]
        click.echo(json.dumps(facts | {"thresholds": rows, "folds": per_fold}))
        return
    click.echo(
        f"{separation.frames} frames: {len(separation.background.confidence)} background regions, "
        f"{len(separation.annotated.confidence)} signs, {len(separation.found.confidence)} of them found "
        f"({folds[0].network.backend})"
    )
    click.echo("threshold  background passes    signs lost    of those found")
    for row in rows:
        line = (
            f"{row['threshold']:9g}  {row['background_passes']:7} {percent(row['background_share']):>9}"
            f"  {row['signs_lost']:4} {percent(row['signs_lost_share']):>8}"
            f"  {row['found_lost']:6} {percent(row['found_lost_share']):>8}  {OPERATING.get(row['threshold'], '')}"
        )
        click.echo(line.rstrip())
    if alike is not None:
        for threshold in OPERATING:
            row = _passing(alike, threshold)
            passes = f"{row['background_passes']} of {row['of']} look-alikes ({percent(row['background_share'])})"
            click.echo(f"at {threshold:g} {passes} pass")
    if len(by_fold) > 1:
        click.echo(f"by fold, at {MIN_CONFIDENCE:g}:")
        for number, part in by_fold.items():
            click.echo("  ".join(f"{cell:>17}" for cell in _fold_cells(number, part)))


def _separate(frames: Path, folds: list[Fold]) -> dict[int, Separation]:
    """By fold; raises DataError where a fold has no frame."""
    with Archive(frames) as archive:
        listed = list_frames(archive)
        chosen = {fold.number: [frame for frame in listed if frame.fold == fold.number] for fold in folds}
        for number, of_fold in chosen.items():
            if not of_fold:
                raise DataError(
                    f"{archive.path}: no frame of fold {number} in it (numbers whose rest by {FOLDS} is {number})"
                )
        measured: dict[int, Separation] = {}
        total = sum(map(len, chosen.values()))
        with progress_bar("reading frames", total) as report:
            for fold in folds:
                before = sum(part.frames for part in measured.values())
                finder = CandidateFinder(fold.ranker)
                try:
                    measured[fold.number] = separate(
                        archive, chosen[fold.number], finder, fold.network, shifted(report, before, total)
                    )
                finally:
                    finder.close()
    return measured


def _look_alikes(gtsrb: Path, catalogue: Catalogue, folds: list[Fold]) -> Things:
    """All networks have the same tracks held out. Raises DataError where there is none."""
    networks = [fold.network for fold in folds]
    with Archive(gtsrb) as archive, progress_bar("reading look-alikes", None):
        pictures = spread(pictures_of(archive, "held-out", catalogue, networks[0].record), PICTURES)
        return read_look_alikes(archive, pictures, catalogue, networks)


def _fold_cells(number: int, part: Separation) -> list[str]:
    row = _row(part, MIN_CONFIDENCE)
    return [
        f"fold {number}",
        f"{row['background_passes']} of {len(part.background.confidence)}",
        percent(row["background_share"]),
        f"{row['signs_lost']} of {len(part.annotated.confidence)} lost",
        percent(row["signs_lost_share"]),
    ]


def _row(separation: Separation, threshold: float) -> dict[str, Any]:
    annotated, found = separation.annotated, separation.found
    lost = len(annotated.confidence) - annotated.passing(threshold)
    found_lost = len(found.confidence) - found.passing(threshold)
    return _passing(separation.background, threshold) | {
        "signs_lost": lost,
        "signs_lost_share": _of(lost, annotated),
        "found_lost": found_lost,
        "found_lost_share": _of(found_lost, found),
    }


def _passing(background: Things, threshold: float) -> dict[str, Any]:
    passes = background.passing(threshold)
    return {
        "threshold": threshold,
        "background_passes": passes,
        "of": len(background.confidence),
        "background_share": _of(passes, background),
    }


def _of(count: int, things: Things) -> float | None:
    return count / len(things.confidence) if len(things.confidence) else None


def _fill(page: Report, separation: Separation, rows: list[dict[str, Any]], catalogue: Catalogue) -> None:
    background, annotated, found = separation.background, separation.annotated, separation.found
    by_threshold = {row["threshold"]: row for row in rows}
    tracked, still = by_threshold[MIN_CONFIDENCE], by_threshold[STILL_CONFIDENCE]
    section = page.section(
        "In short",
        "Background is what the candidate stage proposes, 16 px and larger, and overlaps every annotated sign by less "
        "than 0.3; candidates of one thing count once, as the most sign-like. A sign is lost where no class reaches "
        "the threshold. Signs outside the catalogue are background here. 76 of the benchmark's 851 signs are also "
        "pictures of GTSRB.",
    )
    section.tiles(
        [
            (f"{len(background.confidence):,}", f"background regions in {separation.frames} frames"),
            (f"{len(annotated.confidence):,}", f"annotated signs, {len(found.confidence)} found by a candidate"),
            (percent(tracked["background_share"]), f"of background may feed a track (at {MIN_CONFIDENCE:g})"),
            (percent(tracked["signs_lost_share"]), f"of signs lost (at {MIN_CONFIDENCE:g})"),
            (percent(still["background_share"]), f"of background counts in a single picture (at {STILL_CONFIDENCE:g})"),
            (percent(still["signs_lost_share"]), f"of signs lost (at {STILL_CONFIDENCE:g})"),
        ]
    )
    section = page.section("By threshold", "Marked: the thresholds that Signwatch works with.")
    section.plots([Plot(lambda axes: _draw(axes, separation), size_in=(8, 3.4))])
    section.table(
        [
            "threshold",
            "background passes",
            "share of it",
            "signs lost",
            "of all",
            "found signs lost",
            "of those",
            "use",
        ],
        [
            [
                f"{row['threshold']:g}",
                str(row["background_passes"]),
                percent(row["background_share"]),
                str(row["signs_lost"]),
                percent(row["signs_lost_share"]),
                str(row["found_lost"]),
                percent(row["found_lost_share"]),
                OPERATING.get(row["threshold"], ""),
            ]
            for row in rows
        ],
        "Signs: read at the annotated box. Found signs: read at the most sign-like candidate that overlaps it by 0.5.",
        marked=[number for number, row in enumerate(rows) if row["threshold"] in OPERATING],
    )
    passing = [row for row in np.argsort(-background.confidence)[:SHOWN] if background.confidence[row] >= THRESHOLDS[0]]
    page.section(
        "Background that passes",
        "The surest first, as the network saw it. Look at them: some are signs that the benchmark leaves unannotated.",
    ).pictures(_pictures(background, passing, catalogue))
    lost = [row for row in np.argsort(annotated.confidence)[:SHOWN] if annotated.confidence[row] < STILL_CONFIDENCE]
    page.section("Signs that are lost", f"Annotated signs under {STILL_CONFIDENCE:g}, the least sure first.").pictures(
        _pictures(annotated, lost, catalogue)
    )


def _fill_look_alikes(page: Report, alike: Things, catalogue: Catalogue) -> None:
    shares = ", ".join(
        f"{percent(_of(alike.passing(threshold), alike))} at {threshold:g}, which {use}"
        for threshold, use in OPERATING.items()
    )
    page.section(
        "Look-alikes",
        f"{len(alike.confidence):,} held-out signs in another colour or outline, which are none. For a sign pass "
        f"{shares}. The surest:",
    ).pictures(_pictures(alike, np.argsort(-alike.confidence)[:SHOWN].tolist(), catalogue))


def _pictures(things: Things, rows: list[Any], catalogue: Catalogue) -> list[Picture]:
    return [
        Picture(
            things.crops[row],
            catalogue[int(things.answers[row])].name,
            f"{percent(float(things.confidence[row]), 1)} sure"
            + ("" if things.frames[row] == NO_FRAME else f" · frame {things.frames[row]:05}"),
        )
        for row in rows
    ]


def _draw(axes: Any, separation: Separation) -> None:
    thresholds = np.linspace(0.05, 0.995, 190)
    background, annotated, found = separation.background, separation.annotated, separation.found

    def shares(things: Things, lost: bool) -> list[float]:
        count = max(len(things.confidence), 1)
        passing = [things.passing(float(threshold)) / count for threshold in thresholds]
        return [1 - share for share in passing] if lost else passing

    curves = (
        (shares(background, False), BAD, "background that passes"),
        (shares(annotated, True), SERIES[0], "signs lost, annotated box"),
        (shares(found, True), SERIES[2], "signs lost, best candidate"),
    )
    for curve, colour, label in curves:
        axes.plot(thresholds, curve, color=colour, label=label)
    used = (thresholds >= THRESHOLDS[0]) & (thresholds <= THRESHOLDS[-1])
    highest = max(float(np.array(curve)[used].max()) for curve, _, _ in curves)
    for threshold in OPERATING:
        axes.axvline(threshold, color=FAINT, linewidth=0.9, linestyle="--")
    axes.set_ylim(0, max(0.01, 1.3 * highest))
    axes.set_xlim(0, 1)
    axes.yaxis.set_major_formatter(lambda share, _: f"{100 * share:g} %")
    axes.set_xlabel("threshold of confidence")
    axes.legend(frameon=False)
