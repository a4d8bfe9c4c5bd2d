"""`signwatch evaluate classifier`: how often the network is right, and what its confidence is worth."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from edge.cli.options import backend_option, data_option, html_option, json_option, part_option, weights_option
from edge.cli.sign_part import PART_TITLES, MeasuredPart, pictures_of, read_probabilities, thumbnails
from edge.progress import progress_bar
from edge.report import BAD, FAINT, SERIES, Picture, Plot, Report, percent
from models.archive import Archive
from models.backends import Backend
from models.catalogue import Catalogue
from models.classifier import Classifier, load_classifier
from models.evaluation import (
    ClassifierFigures,
    class_figures,
    classifier_figures,
    confusion,
    read_as_higher_limit,
    reliability,
)
from models.weights_record import BUILT_IN, catalogue_of

WORST = 60
"""Pictures that a report shows."""
FREQUENT = 25
"""Confusions that a report lists."""


@click.command("classifier")
@data_option
@part_option
@weights_option
@backend_option
@json_option
@html_option
def command(
    data: Path, part: MeasuredPart, weights: Path | None, backend: Backend, as_json: bool, html: Path | None
) -> None:
    """Accuracy on GTSRB's pictures, each cut at its annotated box: whether the likeliest answer is right.

    The official test is for a final figure. Whoever chooses between two networks asks for --part held-out, which gives
    the training pictures of tracks that the weights have not learnt from.
    """
    catalogue = catalogue_of(weights or BUILT_IN)
    network = load_classifier(catalogue, weights or BUILT_IN, backend)
    page = Report("The classifier, measured", PART_TITLES[part]) if html else None
    with Archive(data) as archive:
        pictures = pictures_of(archive, part, catalogue, network.record)
        with progress_bar("classifying", len(pictures)) as report:
            probabilities = read_probabilities(archive, pictures, network, report)
        labels = np.array([picture.class_id for picture in pictures], np.int64)
        figures = classifier_figures(probabilities, labels, catalogue)
        if page is not None and html is not None:
            truth = probabilities[np.arange(len(labels)), labels]
            worst = np.argsort(truth, kind="stable")[:WORST]
            shown = thumbnails(archive, [pictures[row] for row in worst])
            files = [Path(pictures[row].file).name for row in worst]
            _fill(page, figures, network, probabilities, labels, catalogue)
            _show_worst(page, shown, files, probabilities[worst], labels[worst], catalogue)
            page.write(html)
    record = network.record
    if as_json:
        facts = {"backend": network.backend, "parameters": record.parameters, "multiply_adds": record.multiply_adds}
        click.echo(json.dumps(asdict(figures) | facts | {"part": part}))
        return
    low, high = figures.accuracy_interval
    click.echo(
        f"{figures.images} pictures, {figures.errors} errors: {figures.accuracy:.2%} right "
        f"(95 % interval {low:.2%} to {high:.2%}; {network.backend})"
    )
    click.echo(f"  speed limits read as a higher one: {figures.higher_limit_errors}")
    click.echo(f"  signs called background: {figures.called_background}")
    click.echo(f"  expected calibration error: {figures.ece:.4f}")
    for class_id, errors in sorted(figures.errors_by_class.items(), key=lambda item: -item[1]):
        click.echo(f"  {errors:4} wrong of {int((labels == class_id).sum()):4}: {catalogue[class_id].name}")


def answer_name(catalogue: Catalogue, answer: int) -> str:
    """The name of what was read; the last answer is the background's."""
    return "background" if answer == len(catalogue) else catalogue[answer].name


def _fill(
    page: Report,
    figures: ClassifierFigures,
    network: Classifier,
    probabilities: NDArray[np.float32],
    labels: NDArray[np.int64],
    catalogue: Catalogue,
) -> None:
    answers, confidence = probabilities.argmax(axis=1), probabilities.max(axis=1)
    record = network.record
    low, high = figures.accuracy_interval
    page.section(
        "In short",
        "Every picture is cut at its annotated box and read once; the background counts as an answer. The interval "
        "takes the pictures for independent, which views of one sign are not.",
    ).tiles(
        [
            (percent(figures.accuracy), f"right (95 %: {100 * low:.2f} to {percent(high)})"),
            (f"{figures.errors:,}", f"errors in {figures.images:,} pictures"),
            (f"{figures.higher_limit_errors}", "speed limits read as a higher one"),
            (f"{figures.called_background}", "signs called background"),
            (f"{figures.ece:.4f}", "expected calibration error"),
            (f"{record.parameters:,}", "parameters"),
            (f"{record.multiply_adds / 1e6:.1f} M", "multiply-adds a crop"),
            (network.backend, "backend"),
        ]
    )
    counts = confusion(answers, labels, len(catalogue))
    wrong = counts.copy()
    np.fill_diagonal(wrong, 0)
    section = page.section(
        "What is taken for what",
        "Only errors are drawn, as shares of the true class; what is right would outshine them.",
    )
    section.plots([Plot(lambda axes: _draw_confusion(axes, wrong, counts.sum(axis=1)), size_in=(8.4, 6.4))])
    frequent = sorted(zip(*np.nonzero(wrong), strict=True), key=lambda pair: -wrong[pair])[:FREQUENT]
    section.table(
        ["Sign", "read as", "times", "of its pictures"],
        [
            [
                catalogue[int(truth)].name,
                answer_name(catalogue, int(answer)),
                str(wrong[truth, answer]),
                percent(wrong[truth, answer] / counts[truth].sum()),
            ]
            for truth, answer in frequent
        ],
        "The most frequent confusions",
    )
    higher = read_as_higher_limit(answers, labels, catalogue)
    section = page.section("Limits read as a higher one", "The worse error for a vehicle, so it is counted by itself.")
    section.table(
        ["Limit", "read as", "confidence"],
        [
            [
                catalogue[int(labels[row])].name,
                catalogue[int(answers[row])].name,
                percent(float(confidence[row]), 1),
            ]
            for row in np.flatnonzero(higher)[np.argsort(-confidence[higher])]
        ],
        f"{int(higher.sum())} in {figures.images:,} pictures",
    )
    section = page.section(
        "What a confidence is worth",
        "Of all readings that are 90 % sure, nine in ten should be right. Logits are divided by a temperature of "
        f"{record.temperature:.3f}, fitted on held-out tracks. Expected calibration error here: {figures.ece:.4f}.",
    )
    right = answers == labels
    section.plots(
        [
            Plot(lambda axes: _draw_reliability(axes, confidence, right), size_in=(5.2, 4.2)),
            Plot(lambda axes: _draw_confidences(axes, confidence, right), size_in=(5.2, 4.2)),
        ],
        least_px=330,
    )
    rows = [row for row in class_figures(counts) if row.images]
    rows.sort(key=lambda row: (row.recall or 0.0, -row.errors))
    page.section(
        "Class by class",
        "Worst first. Recall: of its pictures, those read as it. Precision: of the readings "
        "as it, those that were right.",
    ).table(
        ["id", "Sign", "pictures", "errors", "recall", "precision"],
        [
            [
                str(row.class_id),
                catalogue[row.class_id].name,
                f"{row.images:,}",
                str(row.errors),
                percent(row.recall),
                percent(row.precision),
            ]
            for row in rows
        ],
    )


def _show_worst(
    page: Report,
    images: NDArray[np.uint8],
    files: list[str],
    probabilities: NDArray[np.float32],
    labels: NDArray[np.int64],
    catalogue: Catalogue,
) -> None:
    pictures = []
    for image, file, row, label in zip(images, files, probabilities, labels.tolist(), strict=True):
        answer = int(row.argmax())
        read = "right, but unsure" if answer == label else f"read: {answer_name(catalogue, answer)}"
        pictures.append(
            Picture(image, f"is: {catalogue[label].name}", f"{read}, {percent(float(row.max()), 1)} sure · {file}")
        )
    page.section(
        "The worst pictures", f"The {len(pictures)} whose true class got least, with some of their surroundings."
    ).pictures(pictures, least_px=130)


def _draw_confusion(axes: Any, wrong: NDArray[np.int64], images: NDArray[np.int64]) -> None:
    from matplotlib.colors import LinearSegmentedColormap, PowerNorm
    from matplotlib.ticker import PercentFormatter

    shares = wrong / np.maximum(images, 1)[:, None]
    largest = max(float(shares.max()), 1e-3)
    clear_to_bad = LinearSegmentedColormap.from_list("errors", [BAD + "00", BAD + "ff"])
    drawn = axes.imshow(shares, cmap=clear_to_bad, norm=PowerNorm(0.4, 0, largest), interpolation="nearest", zorder=1)
    names = [str(class_id) for class_id in range(len(wrong))]
    axes.set_xticks(range(len(wrong) + 1), [*names, "bg"], rotation=90, fontsize=7)
    axes.set_yticks(range(len(wrong)), names, fontsize=7)
    axes.grid(linewidth=0.4)
    axes.plot([-0.5, len(wrong) - 0.5], [-0.5, len(wrong) - 0.5], color=FAINT, linewidth=0.6)
    axes.set(xlabel="read as (class id; bg: background)", ylabel="true class id")
    axes.figure.colorbar(drawn, ax=axes, shrink=0.6, format=PercentFormatter(1.0), label="of the true class's pictures")


def _draw_reliability(axes: Any, confidence: NDArray[np.float32], right: NDArray[np.bool_]) -> None:
    bins = reliability(confidence, right)
    axes.plot([0, 1], [0, 1], color=FAINT, linewidth=1, linestyle="--")
    axes.plot([one.confidence for one in bins], [one.accuracy for one in bins], color=SERIES[0], linewidth=1)
    sizes = [18 + 110 * one.images / len(right) for one in bins]
    axes.scatter([one.confidence for one in bins], [one.accuracy for one in bins], sizes, color=SERIES[0], zorder=3)
    for one in bins:
        axes.annotate(
            f"{one.images:,}",
            (one.confidence, one.accuracy),
            (0, -14),
            textcoords="offset points",
            ha="center",
            fontsize=7,
            color=FAINT,
        )
    axes.set(xlim=(0, 1.03), ylim=(-0.06, 1.04), xlabel="confidence said", ylabel="share that is right")
    axes.set_title("Said against true (numbers: pictures)")


def _draw_confidences(axes: Any, confidence: NDArray[np.float32], right: NDArray[np.bool_]) -> None:
    edges = np.linspace(0, 1, 21)
    axes.hist(
        [confidence[right], confidence[~right]], edges, color=[SERIES[0], BAD], label=["right", "wrong"], stacked=True
    )
    axes.set_yscale("symlog", linthresh=1)
    axes.set(xlim=(0, 1.03), ylim=(0, None), xlabel="confidence said", ylabel="pictures (logarithmic)")
    axes.legend(frameon=False)
    axes.set_title("How sure it is")
