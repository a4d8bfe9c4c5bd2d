"""`signwatch explore`: what is in a data set, before anything is trained on it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from detector.crops import cut_crop
from edge.cli.evaluate_classifier import answer_name
from edge.cli.options import backend_option, data_option, json_option, output_option, weights_option
from edge.cli.sign_part import spread, thumbnails
from edge.progress import progress_bar
from edge.reader import STILL_CONFIDENCE
from edge.report import SERIES, Picture, Plot, Report, percent
from models.archive import Archive
from models.backends import Backend
from models.catalogue import Catalogue
from models.class_folders import is_benchmark, list_signs
from models.classifier import load_classifier
from models.errors import DataError
from models.gtsrb import Part, SignPicture
from models.survey import LikeTracks, Survey, like_tracks, survey
from models.weights_record import BUILT_IN, catalogue_of

PARTS: tuple[Part, ...] = ("train", "test")
SHEET_PICTURES, SHEET_COLUMNS, SHEET_PX = 12, 6, 56
SHOWN = 60
"""Pictures of a sort in a report; `--json` lists all."""
DARK_LEVEL = 28.0
"""Mean grey level under which a sign counts as dark."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """A picture whose reading disagrees with its label, and is sure."""

    picture: SignPicture
    reading: int
    confidence: float


@dataclass(frozen=True, slots=True)
class Found:
    """All that is known of a data set."""

    parts: dict[Part, Survey]
    """Only those that are there."""
    doubts: list[Doubt]
    alike: list[LikeTracks]
    """Of the training part."""
    problems: list[str]


@click.command("explore")
@data_option
@output_option("--out", "Write the report as one HTML file that needs nothing else.")
@weights_option
@backend_option
@json_option
def command(data: Path, out: Path | None, weights: Path | None, backend: Backend, as_json: bool) -> None:
    """Show what is in a GTSRB data set: classes, sizes, light, tracks, samples, doubtful labels, and what is broken.

    A label is doubtful where the network reads something else and is sure of it. Broken or missing pictures and empty
    classes are part of the report, not an end of it.
    """
    if out is None and not as_json:
        raise click.UsageError("give --out FILE for a report, --json for figures, or both")
    catalogue = catalogue_of(weights or BUILT_IN)
    network = load_classifier(catalogue, weights or BUILT_IN, backend)
    page = Report("What is in the data set", str(data)) if out else None
    with Archive(data) as archive:
        problems: list[str] = []
        listed: dict[Part, list[SignPicture]] = {}
        for part in PARTS if is_benchmark(archive) else PARTS[:1]:
            try:
                listed[part] = list_signs(archive, part, catalogue, problems.append)
            except DataError as error:
                problems.append(str(error))
        if not listed:
            raise DataError(problems[0])
        parts: dict[Part, Survey] = {}
        doubts: list[Doubt] = []
        record = network.record
        for part, pictures in listed.items():
            with progress_bar(f"looking at the {part} part", len(pictures)) as report:
                parts[part] = survey(archive, pictures, cut_crop, record.crop_margin, record.crop_size_px, report)
            doubts += _doubts(parts[part], network.probabilities(parts[part].crops))
            problems += parts[part].problems
            present = set(parts[part].labels.tolist())
            problems += [
                f"{archive.path}: no picture of class {sign.class_id} ({sign.name}) in the {part} part"
                for sign in catalogue
                if sign.class_id not in present
            ]
        alike = like_tracks(parts["train"]) if "train" in parts else []
        found = Found(parts, sorted(doubts, key=lambda doubt: -doubt.confidence), alike, problems)
        if page is not None and out is not None:
            _fill(page, archive, found, catalogue)
            page.write(out)
    if as_json:
        click.echo(json.dumps({"data": str(data)} | _facts(found, catalogue)))


def _doubts(of_part: Survey, probabilities: NDArray[np.float32]) -> list[Doubt]:
    answers, confidence = probabilities.argmax(axis=1), probabilities.max(axis=1)
    rows = np.flatnonzero((answers != of_part.labels) & (confidence >= STILL_CONFIDENCE))
    return [Doubt(of_part.pictures[row], int(answers[row]), float(confidence[row])) for row in rows]


def _facts(found: Found, catalogue: Catalogue) -> dict[str, Any]:
    def quantiles(values: NDArray[Any]) -> dict[str, float]:
        if not len(values):
            return {}
        names = ("min", "p5", "median", "p95", "max")
        return dict(zip(names, np.percentile(values, (0, 5, 50, 95, 100)).round(1).tolist(), strict=True))

    def of_part(one: Survey) -> dict[str, Any]:
        return {
            "pictures": len(one.pictures),
            "classes": np.bincount(one.labels, minlength=len(catalogue)).tolist(),
            "sign_side_px": quantiles(one.side_px),
            "brightness": quantiles(one.brightness),
            "contrast": quantiles(one.contrast),
            "duplicates": one.duplicates,
        }

    facts: dict[str, Any] = {part: of_part(one) for part, one in found.parts.items()}
    if "train" in found.parts:
        train = found.parts["train"]
        lengths = train.tracks()
        facts["train"]["tracks"] = len(lengths)
        facts["train"]["track_length"] = quantiles(np.array(list(lengths.values())))
        facts["train"]["like_tracks"] = [
            {
                "tracks": [train.pictures[pair.first].track, train.pictures[pair.second].track],
                "likeness": round(pair.likeness, 3),
            }
            for pair in found.alike
        ]
    facts["doubtful"] = [
        {
            "file": doubt.picture.file,
            "label": doubt.picture.class_id,
            "reading": doubt.reading,
            "confidence": round(doubt.confidence, 4),
        }
        for doubt in found.doubts
    ]
    facts["problems"] = found.problems
    return facts


def _fill(page: Report, archive: Archive, found: Found, catalogue: Catalogue) -> None:
    _fill_overview(page, found, catalogue)
    _fill_tracks(page, archive, found)
    shown = found.doubts[:SHOWN]
    images = thumbnails(archive, [doubt.picture for doubt in shown])
    section = page.section(
        "Doubtful labels",
        f"Read as something else with {STILL_CONFIDENCE:g} or more by the network in use: wrong labels, pictures that "
        f"no one can read, or its own faults. {len(found.doubts)} in all"
        + (f"; the {SHOWN} surest are shown." if len(found.doubts) > SHOWN else "."),
    )
    section.pictures(
        [
            Picture(
                image,
                f"label: {catalogue[doubt.picture.class_id].name}",
                f"read: {answer_name(catalogue, doubt.reading)}, {percent(doubt.confidence, 1)} sure · "
                f"{doubt.picture.file}",
            )
            for doubt, image in zip(shown, images, strict=True)
        ],
        least_px=140,
    )
    section = page.section("What is wrong with the files", f"{len(found.problems)} problems.")
    section.lines(found.problems[: 4 * SHOWN] or ["Nothing."])
    if len(found.problems) > 4 * SHOWN:
        section.lines([f"… and {len(found.problems) - 4 * SHOWN} more; --json lists all."])
    _fill_samples(page, archive, found, catalogue)


def _fill_overview(page: Report, found: Found, catalogue: Catalogue) -> None:
    tiles = [(f"{len(one.pictures):,}", f"readable pictures in the {part} part") for part, one in found.parts.items()]
    everything = list(found.parts.values())
    brightness = np.concatenate([one.brightness for one in everything])
    sides = np.concatenate([one.side_px for one in everything])
    tiles += [
        (str(len({label for one in everything for label in one.labels.tolist()})), f"classes of {len(catalogue)}"),
        (f"{np.median(sides):.0f} px" if len(sides) else "-", "median size of a sign"),
        (percent(float((brightness < DARK_LEVEL).mean()) if len(brightness) else None, 1), "of the signs are dark"),
        (str(len(found.doubts)), "doubtful labels"),
        (str(len(found.problems)), "problems with files"),
        (str(sum(len(one.duplicates) for one in everything)), "pictures that are there twice"),
    ]
    page.section("In short").tiles(tiles)
    counts = {part: np.bincount(one.labels, minlength=len(catalogue)) for part, one in found.parts.items()}
    section = page.section("Classes", "How many pictures of each; the rarest decide what a network can learn of them.")
    section.plots([Plot(lambda axes: _draw_counts(axes, counts), size_in=(9, 3.2))])
    tracks = _tracks_by_class(found)
    rows = []
    for sign in catalogue:
        of_class = [one.labels == sign.class_id for one in everything]
        side = np.concatenate([one.side_px[mine] for one, mine in zip(everything, of_class, strict=True)])
        light = np.concatenate([one.brightness[mine] for one, mine in zip(everything, of_class, strict=True)])
        rows.append(
            [
                str(sign.class_id),
                sign.name,
                *(f"{counts[part][sign.class_id]:,}" for part in counts),
                str(tracks.get(sign.class_id, 0)),
                f"{np.median(side):.0f}" if len(side) else "-",
                f"{np.median(light):.0f}" if len(light) else "-",
            ]
        )
    section.table(
        ["id", "Sign", *(f"{part} pictures" for part in counts), "tracks", "median px", "median grey level"], rows
    )
    section = page.section(
        "Size and light",
        f"Size is the mean of the sign's width and height; light its mean grey level, of 255. Under {DARK_LEVEL:.0f} a "
        "sign counts as dark.",
    )
    section.plots(
        [
            Plot(
                lambda axes: _draw_histogram(axes, {part: one.side_px for part, one in found.parts.items()}, 130, "px"),
                size_in=(5, 3),
            ),
            Plot(
                lambda axes: _draw_histogram(
                    axes, {part: one.brightness for part, one in found.parts.items()}, 255, "mean grey level"
                ),
                size_in=(5, 3),
            ),
        ],
        least_px=330,
    )


def _tracks_by_class(found: Found) -> dict[int, int]:
    tracks: dict[int, int] = {}
    for name in found.parts["train"].tracks() if "train" in found.parts else {}:
        class_id = int(name.split("/")[0]) if name.split("/")[0].isdigit() else -1
        tracks[class_id] = tracks.get(class_id, 0) + 1
    return tracks


def _fill_tracks(page: Report, archive: Archive, found: Found) -> None:
    if "train" not in found.parts:
        return
    train = found.parts["train"]
    lengths = train.tracks()
    usual = int(np.median(list(lengths.values()))) if lengths else 0
    section = page.section(
        "Tracks",
        "A track is one physical sign, seen several times on the way past. Tracks that look alike may show one sign, "
        "or twins on both sides of a road: with one of them in training, the other is no honest test.",
    )
    section.tiles(
        [
            (f"{len(lengths):,}", "tracks"),
            (str(usual), "pictures in most of them"),
            (str(sum(length != usual for length in lengths.values())), "tracks of another length"),
            (str(len(found.alike)), "pairs that look alike"),
        ]
    )
    odd = sorted((length, name) for name, length in lengths.items() if length != usual)
    section.table(["track (class/number)", "pictures"], [[name, str(length)] for length, name in odd[:SHOWN]])
    pairs = found.alike[: SHOWN // 2]
    first = thumbnails(archive, [train.pictures[pair.first] for pair in pairs])
    second = thumbnails(archive, [train.pictures[pair.second] for pair in pairs])
    section.pictures(
        [
            Picture(
                np.hstack([one, other]),
                f"{train.pictures[pair.first].track} and {train.pictures[pair.second].track}",
                f"likeness {pair.likeness:.3f}",
            )
            for pair, one, other in zip(pairs, first, second, strict=True)
        ],
        least_px=190,
    )


def _fill_samples(page: Report, archive: Archive, found: Found, catalogue: Catalogue) -> None:
    part: Part = "train" if "train" in found.parts else "test"
    survey_of_part = found.parts[part]
    sheets = []
    for sign in catalogue:
        pictures = [picture for picture in survey_of_part.pictures if picture.class_id == sign.class_id]
        if not pictures:
            continue
        images = thumbnails(archive, spread(pictures, SHEET_PICTURES), SHEET_PX)
        sheet = np.full((-(-len(images) // SHEET_COLUMNS) * SHEET_PX, SHEET_COLUMNS * SHEET_PX, 3), 128, np.uint8)
        for number, image in enumerate(images):
            top, left = SHEET_PX * (number // SHEET_COLUMNS), SHEET_PX * (number % SHEET_COLUMNS)
            sheet[top : top + SHEET_PX, left : left + SHEET_PX] = image
        sheets.append(Picture(sheet, f"{sign.class_id}: {sign.name}", f"{len(pictures):,} pictures"))
    section = page.section("Samples", f"Spread evenly over each class of the {part} part, with some surroundings.")
    section.pictures(sheets, least_px=300)


def _draw_counts(axes: Any, counts: dict[Part, NDArray[np.int64]]) -> None:
    width = 0.8 / len(counts)
    for number, (part, of_part) in enumerate(counts.items()):
        places = np.arange(len(of_part)) + (number - (len(counts) - 1) / 2) * width
        axes.bar(places, of_part, width, color=SERIES[number], label=part)
    classes = len(next(iter(counts.values())))
    axes.set_xticks(range(classes), [str(class_id) for class_id in range(classes)], fontsize=7)
    axes.set_xlim(-0.8, classes - 0.2)
    axes.set(xlabel="class id", ylabel="pictures")
    axes.grid(axis="x", visible=False)
    axes.legend(frameon=False)


def _draw_histogram(axes: Any, values: dict[Part, NDArray[np.float64]], largest: float, label: str) -> None:
    """Shares, so that parts of other sizes can be compared; what is larger than `largest` is in the last bar."""
    edges = np.linspace(0, largest, 52)
    for number, (part, of_part) in enumerate(values.items()):
        counts, _ = np.histogram(np.minimum(of_part, largest), edges)
        axes.stairs(counts / max(len(of_part), 1), edges, color=SERIES[number], linewidth=1.6, label=part)
    axes.set(xlabel=label, ylabel="share of the pictures", xlim=(0, largest), ylim=(0, None))
    axes.yaxis.set_major_formatter(lambda share, _: f"{100 * share:g} %")
    axes.legend(frameon=False)
