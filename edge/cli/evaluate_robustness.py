"""`signwatch evaluate robustness`: what reading survives of what a windscreen camera does to its picture."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import cv2
import numpy as np
from numpy.typing import NDArray

from detector.crops import cut_crop
from edge.by_strength import UNDISTURBED, Curve, draw_curves, labelled_sheet
from edge.cli.options import (
    backend_option,
    data_option,
    html_option,
    json_option,
    output_option,
    part_option,
    weights_option,
)
from edge.cli.sign_part import CHUNK, PART_TITLES, MeasuredPart, pictures_of, spread
from edge.progress import progress_bar
from edge.report import Draw, Plot, Report, percent, require_report_packages, write_png
from models.archive import Archive
from models.backends import Backend
from models.catalogue import Catalogue
from models.classifier import Classifier, load_classifier
from models.disturbances import KINDS, Kind, View
from models.evaluation import ClassifierFigures, classifier_figures
from models.gtsrb import SignPicture, read_picture
from models.weights_record import BUILT_IN, catalogue_of

SEED = 1
"""Everybody measures the same disturbed pictures."""
SAMPLES = 8
"""Signs shown at each strength."""
SAMPLE_PX = 64


@dataclass(frozen=True, slots=True)
class Measured:
    """Figures of the undisturbed pictures, and of each kind at each of its strengths."""

    clean: ClassifierFigures
    kinds: dict[str, list[ClassifierFigures]]


@click.command("robustness")
@data_option
@part_option
@click.option("--limit", type=click.IntRange(1), help="Measure on so many pictures, spread evenly, instead of all.")
@click.option(
    "--kind", "names", type=click.Choice([kind.name for kind in KINDS]), multiple=True, help="Only this; repeatable."
)
@weights_option
@backend_option
@json_option
@html_option
@output_option("--plot", "Write the curves as a PNG.")
@output_option("--sheet", "Write samples of the disturbed pictures as a PNG, one row a kind.")
def command(
    data: Path,
    part: MeasuredPart,
    limit: int | None,
    names: tuple[str, ...],
    weights: Path | None,
    backend: Backend,
    as_json: bool,
    html: Path | None,
    plot: Path | None,
    sheet: Path | None,
) -> None:
    """Accuracy by kind and strength of disturbance: boxes that don't fit, blur, noise, compression, light, rain, cover.

    Picture or box are disturbed before the crop is cut, as on the road. The same pictures are disturbed in the same way
    at every call.
    """
    catalogue = catalogue_of(weights or BUILT_IN)
    network = load_classifier(catalogue, weights or BUILT_IN, backend)
    page = Report("What reading survives", PART_TITLES[part]) if html else None
    if plot:
        require_report_packages()
    kinds = [kind for kind in KINDS if kind.name in names or not names]
    with Archive(data) as archive:
        pictures = spread(pictures_of(archive, part, catalogue, network.record), limit)
        samples = _views(archive, spread(pictures, SAMPLES))
        measured = _measure(archive, pictures, kinds, network, catalogue)
    strips = {kind.name: _strip(network, samples, kind) for kind in kinds} if page or sheet else {}
    if sheet:
        sheet.write_bytes(cv2.imencode(".png", labelled_sheet(strips, kinds, SAMPLE_PX))[1].tobytes())
    draws = [_drawn(kind, measured) for kind in kinds]
    if plot:
        write_png(plot, draws, min(4, len(draws)), f"Accuracy under disturbance: {PART_TITLES[part]}")
    if page is not None and html is not None:
        _fill(page, measured, kinds, draws, strips)
        page.write(html)
    if as_json:
        click.echo(json.dumps({"part": part, "backend": network.backend} | _facts(measured, kinds)))
        return
    click.echo(f"{measured.clean.images} pictures, undisturbed {measured.clean.accuracy:.2%} right ({network.backend})")
    for kind in kinds:
        click.echo(f"{kind.title}, {kind.unit}:")
        for strength, of_strength in zip(kind.strengths, measured.kinds[kind.name], strict=True):
            click.echo(
                f"  {kind.strength_text(strength):>6}  {of_strength.accuracy:7.2%}, {of_strength.errors} errors, "
                f"of which {of_strength.called_background} called background, "
                f"{of_strength.higher_limit_errors} a higher limit"
            )


CLEAN = ""
"""In place of a kind's name, for the pictures as they are."""


def _measure(
    archive: Archive, pictures: list[SignPicture], kinds: list[Kind], network: Classifier, catalogue: Catalogue
) -> Measured:
    probabilities: dict[tuple[str, float], list[NDArray[np.float32]]] = {}
    steps = len(pictures) * (1 + sum(len(kind.strengths) for kind in kinds))
    done = 0
    with progress_bar("disturbing and reading", steps) as report:
        for start in range(0, len(pictures), CHUNK):
            views = _views(archive, pictures[start : start + CHUNK])
            for name, strength, disturbed in _conditions(views, kinds, SEED + start):
                read = network.probabilities(_crops(network, disturbed))
                probabilities.setdefault((name, strength), []).append(read)
                done += len(views)
                report(done, steps)
    labels = np.array([picture.class_id for picture in pictures], np.int64)
    figures = {key: classifier_figures(np.concatenate(read), labels, catalogue) for key, read in probabilities.items()}
    return Measured(
        figures[CLEAN, 0.0],
        {kind.name: [figures[kind.name, strength] for strength in kind.strengths] for kind in kinds},
    )


def _views(archive: Archive, pictures: list[SignPicture]) -> list[View]:
    views = []
    for picture in pictures:
        x, y, w, h = picture.roi_xywh_px
        views.append(View(read_picture(archive, picture), (float(x), float(y), float(w), float(h))))
    return views


def _conditions(views: list[View], kinds: list[Kind], seed: int) -> Iterator[tuple[str, float, list[View]]]:
    yield CLEAN, 0.0, views
    for kind in kinds:
        for strength in kind.strengths:
            yield kind.name, strength, kind.apply(views, strength, seed)


def _crops(network: Classifier, views: list[View]) -> NDArray[np.uint8]:
    record = network.record
    return np.stack([cut_crop(view.image, view.box_xywh_px, record.crop_margin, record.crop_size_px) for view in views])


def _facts(measured: Measured, kinds: list[Kind]) -> dict[str, Any]:
    def facts(figures: ClassifierFigures) -> dict[str, Any]:
        return {
            "accuracy": figures.accuracy,
            "errors": figures.errors,
            "called_background": figures.called_background,
            "higher_limit_errors": figures.higher_limit_errors,
            "ece": figures.ece,
        }

    return {
        "images": measured.clean.images,
        "clean": facts(measured.clean),
        "kinds": {
            kind.name: [
                {"strength": strength, "unit": kind.unit} | facts(figures)
                for strength, figures in zip(kind.strengths, measured.kinds[kind.name], strict=True)
            ]
            for kind in kinds
        },
    }


def _strip(network: Classifier, samples: list[View], kind: Kind) -> NDArray[np.uint8]:
    """What the network is shown: a row undisturbed, then a row for each strength, enlarged."""
    rows = [samples, *(kind.apply(samples, strength, SEED) for strength in kind.strengths)]
    shown = [
        np.hstack([cv2.resize(crop, (SAMPLE_PX, SAMPLE_PX), interpolation=cv2.INTER_LINEAR) for crop in crops])
        for crops in (_crops(network, row) for row in rows)
    ]
    return np.asarray(np.vstack(shown), np.uint8)


def _drawn(kind: Kind, measured: Measured) -> Draw:
    of_kind = [measured.clean, *measured.kinds[kind.name]]
    lowest = min(one.accuracy_interval[0] for row in measured.kinds.values() for one in row)
    curve = Curve("", [one.accuracy for one in of_kind], [one.accuracy_interval for one in of_kind])
    return draw_curves(kind, [curve], min(0.9, lowest - 0.01))


def _fill(
    page: Report,
    measured: Measured,
    kinds: list[Kind],
    draws: list[Draw],
    strips: dict[str, NDArray[np.uint8]],
) -> None:
    clean = measured.clean
    drop, worst, at = max(
        (clean.accuracy - figures.accuracy, kind.title, kind.strength_text(strength))
        for kind in kinds
        for strength, figures in zip(kind.strengths, measured.kinds[kind.name], strict=True)
    )
    page.section(
        "In short",
        "Picture or box are disturbed before the crop is cut, as on the road. Bands are 95 % intervals. Compression is "
        "MPEG-4 part 2, which OpenCV can write; a recorder's H.264 loses less at the same rate.",
    ).tiles(
        [
            (percent(clean.accuracy), f"right undisturbed, {clean.errors} errors in {clean.images:,}"),
            (f"{100 * drop:.1f} points", f"lost at most: {worst}, {at}"),
            (f"{len(kinds)}", "kinds of disturbance"),
        ]
    )
    section = page.section("Accuracy by strength", "All on one scale; dashed: undisturbed.")
    section.plots([Plot(draw, size_in=(3.6, 2.6)) for draw in draws], least_px=250)
    for kind in kinds:
        section = page.section(kind.title, kind.about)
        rows = [(UNDISTURBED, clean)] + [
            (kind.strength_text(strength), figures)
            for strength, figures in zip(kind.strengths, measured.kinds[kind.name], strict=True)
        ]
        section.table(
            [kind.unit, "accuracy", "95 % interval", "errors", "called background", "higher limit"],
            [
                [
                    text,
                    percent(figures.accuracy),
                    f"{100 * figures.accuracy_interval[0]:.2f} to {percent(figures.accuracy_interval[1])}",
                    str(figures.errors),
                    str(figures.called_background),
                    str(figures.higher_limit_errors),
                ]
                for text, figures in rows
            ],
        )
        section.sheet(strips[kind.name], "As the network sees them: undisturbed, then weakest to strongest.")
