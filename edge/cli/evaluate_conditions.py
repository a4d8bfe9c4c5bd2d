"""`signwatch evaluate conditions`: how many signs are found, and read, by weather, light, camera and recorder."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click
import cv2
import numpy as np
from numpy.typing import NDArray

from detector.candidates import CandidateFinder
from detector.crops import cut_crop
from edge.by_strength import UNDISTURBED, Curve, draw_curves, labelled_sheet
from edge.cli.options import (
    backend_option,
    fold_weights_option,
    html_option,
    json_option,
    output_option,
    weights_option,
)
from edge.cli.sign_part import spread
from edge.detector_evaluation import JudgedFrame, figures, judge_frame
from edge.folds import Fold, folds_to_measure
from edge.frame_reader import FrameReader
from edge.progress import progress_bar
from edge.report import Draw, Plot, Report, percent, require_report_packages, write_png
from models.archive import Archive
from models.backends import Backend
from models.catalogue import Catalogue
from models.conditions import CONDITIONS, Condition, Street
from models.errors import DataError
from models.evaluation import wilson_interval
from models.gtsdb import StreetFrame, list_frames, read_frame

SEED = 1
"""Everybody measures the same frames."""
SHARES = {"recall_at_50": "in the best 50 candidates", "recall": "box and class right"}
"""The two shares of all signs that make a curve, and how it is labelled."""
FIGURES = (*SHARES, "precision", "false_per_frame", "ms_median", "ms_whole_median")
"""Of `edge.detector_evaluation.figures`, what is given for each strength."""
CLIFF = 0.1
"""So many of all signs lost from one strength to the next is said."""
SAMPLES = 2
"""Frames shown at each strength."""
SAMPLE_PX = 150
CLOSE_UP_MARGIN = 0.6


@dataclass(frozen=True, slots=True)
class Measured:
    """Figures of the frames as they are, and under each condition at each of its strengths."""

    clean: dict[str, Any]
    conditions: dict[str, list[dict[str, Any]]]

    def curve(self, condition: Condition, share: str) -> list[float]:
        """Undisturbed, then weakest to strongest."""
        return [float(row[share]) for row in (self.clean, *self.conditions[condition.name])]

    def largest_fall(self, condition: Condition, share: str) -> float:
        """Between one strength and the next."""
        return round(float(max(-np.diff(self.curve(condition, share)))), 4)


@click.command("conditions")
@click.option("--data", type=click.Path(path_type=Path), required=True, help="GTSDB: folder or zip of street frames.")
@click.option("--limit", type=click.IntRange(1), help="Measure on so many frames, spread evenly, instead of all.")
@click.option(
    "--condition",
    "names",
    type=click.Choice([condition.name for condition in CONDITIONS]),
    multiple=True,
    help="Only this; repeatable.",
)
@weights_option
@backend_option
@fold_weights_option
@json_option
@html_option
@output_option("--plot", "Write the curves as a PNG.")
@output_option("--sheet", "Write frames under every condition as a PNG.")
def command(
    data: Path,
    limit: int | None,
    names: tuple[str, ...],
    weights: Path | None,
    backend: Backend,
    fold_weights: Path | None,
    as_json: bool,
    html: Path | None,
    plot: Path | None,
    sheet: Path | None,
) -> None:
    """Signs found and read in GTSDB's frames at dusk, against the sun, in snow, from other cameras, and so on.

    Whole frames are changed before anything is looked for in them, in the same way at every call. Of what ships, every
    fifth frame taught nothing, and only those are measured; with --fold-weights all are. H.264 needs PyAV, which the
    extra `report` brings.
    """
    if fold_weights is not None and weights is not None:
        raise click.UsageError("--fold-weights are weights of their own: no --weights")
    page = Report("Signs by condition", "GTSDB's frames, each by itself") if html else None
    if plot:
        require_report_packages()
    conditions = [condition for condition in CONDITIONS if condition.name in names or not names]
    catalogue, folds = folds_to_measure(weights, fold_weights, backend)
    with Archive(data) as archive:
        numbers = {fold.number for fold in folds}
        frames = [frame for frame in list_frames(archive, len(catalogue)) if frame.fold in numbers]
        frames = spread(frames, limit) if frames else []
        if not any(len(frame.class_ids) for frame in frames):
            raise DataError(f"{archive.path}: no frame with a sign in it among those that taught nothing")
        measured = _measure(archive, frames, folds, conditions, catalogue)
        shown = [_street(archive, frame, catalogue) for frame in _samples(frames)]
    strips = {one.name: _strip(shown, one) for one in conditions} if page or sheet else {}
    if sheet:
        sheet.write_bytes(cv2.imencode(".png", labelled_sheet(strips, conditions, SAMPLE_PX))[1].tobytes())
    draws = [_drawn(condition, measured) for condition in conditions]
    if plot:
        write_png(plot, draws, min(4, len(draws)), f"Signs by condition: {measured.clean['signs']} signs of GTSDB")
    if page is not None and html is not None:
        _fill(page, measured, conditions, draws, strips)
        page.write(html)
    if as_json:
        network = "shipped" if fold_weights is None else "by fold"
        click.echo(json.dumps({"network": network, "folds": len(folds)} | _facts(measured, conditions)))
        return
    _print(measured, conditions)


CLEAN = ""
"""In place of a condition's name, for the frames as they are."""


def _measure(
    archive: Archive,
    frames: Sequence[StreetFrame],
    folds: Sequence[Fold],
    conditions: Sequence[Condition],
    catalogue: Catalogue,
) -> Measured:
    judged: dict[tuple[str, float], list[JudgedFrame]] = {}
    steps = len(frames) * (1 + sum(len(condition.strengths) for condition in conditions))
    done = 0
    with progress_bar("changing and reading", steps) as report:
        for fold in folds:
            finder = CandidateFinder(fold.ranker)
            reader = FrameReader(catalogue, fold.network, finder)
            try:
                for frame in frames:
                    if frame.fold != fold.number:
                        continue
                    street = _street(archive, frame, catalogue)
                    for name, strength, changed in _conditions(street, conditions, SEED + frame.number):
                        there = replace(frame, boxes_xywh_px=changed.boxes_xywh_px)
                        one = judge_frame(changed.image, there, finder, reader)
                        judged.setdefault((name, strength), []).append(one)
                        done += 1
                        report(done, steps)
            finally:
                reader.close()
    rows = {key: figures(of_key, catalogue) for key, of_key in judged.items()}
    return Measured(
        rows[CLEAN, 0.0],
        {one.name: [rows[one.name, strength] for strength in one.strengths] for one in conditions},
    )


def _street(archive: Archive, frame: StreetFrame, catalogue: Catalogue) -> Street:
    shapes = tuple(catalogue[class_id].shape for class_id in frame.class_ids.tolist())
    return Street(read_frame(archive, frame), frame.boxes_xywh_px, shapes)


def _conditions(street: Street, conditions: Sequence[Condition], seed: int) -> Iterator[tuple[str, float, Street]]:
    yield CLEAN, 0.0, street
    for condition in conditions:
        for strength in condition.strengths:
            yield condition.name, strength, condition.apply(street, strength, seed)


def _facts(measured: Measured, conditions: Sequence[Condition]) -> dict[str, Any]:
    def facts(row: dict[str, Any]) -> dict[str, Any]:
        return {name: row[name] for name in FIGURES}

    return {
        "frames": measured.clean["frames"],
        "signs": measured.clean["signs"],
        "clean": facts(measured.clean),
        "conditions": {
            condition.name: [
                {"strength": strength, "unit": condition.unit} | facts(row)
                for strength, row in zip(condition.strengths, measured.conditions[condition.name], strict=True)
            ]
            for condition in conditions
        },
        "largest_fall": {
            condition.name: {share: measured.largest_fall(condition, share) for share in SHARES}
            for condition in conditions
        },
    }


def _print(measured: Measured, conditions: Sequence[Condition]) -> None:
    clean = measured.clean
    click.echo(f"{clean['frames']} frames with {clean['signs']} signs, as they are: {_in_words(clean)}")
    for condition in conditions:
        click.echo(f"{condition.title}, {condition.unit}:")
        for strength, row in zip(condition.strengths, measured.conditions[condition.name], strict=True):
            click.echo(f"  {condition.strength_text(strength):>6}  {_in_words(row)}")
        for share, label in SHARES.items():
            if (fall := measured.largest_fall(condition, share)) > CLIFF:
                click.echo(f"          {label}: falls by {100 * fall:.0f} points from one strength to the next")


def _in_words(row: dict[str, Any]) -> str:
    return (
        f"best 50 {row['recall_at_50']:6.1%}, right {row['recall']:6.1%}, precision {row['precision']:6.1%}, "
        f"{row['false_per_frame']:.2f} false a frame, {row['ms_whole_median']:.0f} ms"
    )


def _samples(frames: Sequence[StreetFrame]) -> list[StreetFrame]:
    """Of the frames with signs, some that lie apart."""
    with_signs = [frame for frame in frames if len(frame.class_ids)]
    places = np.linspace(0, len(with_signs), SAMPLES, endpoint=False).astype(int).tolist()
    return [with_signs[place] for place in dict.fromkeys(places)]


def _strip(streets: Sequence[Street], condition: Condition) -> NDArray[np.uint8]:
    """Frames with their first sign enlarged beside them: a row as they are, then a row for each strength."""
    rows = [streets, *([condition.apply(one, strength, SEED) for one in streets] for strength in condition.strengths)]
    return np.vstack([np.hstack([_sample(street) for street in row]) for row in rows])


def _sample(street: Street) -> NDArray[np.uint8]:
    height, width = street.image.shape[:2]
    wide = 2 * SAMPLE_PX
    shown = street.image.copy()
    for x, y, w, h in street.boxes_xywh_px.round().astype(int).tolist():
        cv2.rectangle(shown, (x, y), (x + w, y + h), (255, 255, 255), max(1, width // 500))
    factor = min(wide / width, SAMPLE_PX / height)
    small = cv2.resize(shown, (round(width * factor), round(height * factor)), interpolation=cv2.INTER_AREA)
    sample = np.full((SAMPLE_PX, wide + SAMPLE_PX, 3), 255, np.uint8)
    sample[: small.shape[0], : small.shape[1]] = small
    x, y, w, h = street.boxes_xywh_px[0].tolist()
    sample[:, wide:] = cut_crop(street.image, (x, y, w, h), CLOSE_UP_MARGIN, SAMPLE_PX)
    return sample


def _drawn(condition: Condition, measured: Measured) -> Draw:
    signs = measured.clean["signs"]

    def interval(share: float) -> tuple[float, float]:
        return wilson_interval(round(share * signs), signs)

    curves = [
        Curve(label, shares, [interval(share) for share in shares])
        for label, shares in ((label, measured.curve(condition, share)) for share, label in SHARES.items())
    ]
    least = min(row[share] for rows in measured.conditions.values() for row in rows for share in SHARES)
    return draw_curves(condition, curves, min(0.7, max(0.0, interval(least)[0] - 0.02)))


def _fill(
    page: Report,
    measured: Measured,
    conditions: Sequence[Condition],
    draws: Sequence[Draw],
    strips: dict[str, NDArray[np.uint8]],
) -> None:
    clean = measured.clean
    fall, where = max((measured.largest_fall(one, "recall_at_50"), one.title) for one in conditions)
    page.section(
        "In short",
        "Whole frames are changed before anything is looked for in them. Bands are 95 % intervals. At the strongest a "
        "person can't read every sign any more.",
    ).tiles(
        [
            (f"{clean['frames']}", f"frames with {clean['signs']} signs, none of which taught anything"),
            (percent(clean["recall_at_50"], 1), "of signs in the best 50 candidates, as they are"),
            (percent(clean["recall"], 1), "found and named right, as they are"),
            (f"{100 * fall:.1f} points", f"of the best 50: the largest fall between two strengths ({where})"),
        ]
    )
    section = page.section("By strength", "All on one scale; dashed: as it is.")
    section.plots([Plot(draw, size_in=(3.6, 2.6)) for draw in draws], least_px=250)
    for condition in conditions:
        section = page.section(condition.title, condition.about)
        rows = [(UNDISTURBED, clean)] + [
            (condition.strength_text(strength), row)
            for strength, row in zip(condition.strengths, measured.conditions[condition.name], strict=True)
        ]
        section.table(
            [condition.unit, *SHARES.values(), "precision", "false a frame", "ms candidates", "ms whole"],
            [
                [
                    text,
                    *(percent(row[name], 1) for name in (*SHARES, "precision")),
                    f"{row['false_per_frame']:.2f}",
                    f"{row['ms_median']:.1f}",
                    f"{row['ms_whole_median']:.1f}",
                ]
                for text, row in rows
            ],
        )
        section.sheet(strips[condition.name], "As it is, then weakest to strongest; beside a frame its first sign.")
