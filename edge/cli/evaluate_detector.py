"""`signwatch evaluate detector`: are the signs of street frames found, and is what is found a sign?"""

import json
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import click
import cv2
import numpy as np

from detector.candidates import CandidateFinder
from detector.crops import cut_crop
from detector.scoring import first_ranks
from edge.cli.heavy import load_lightgbm
from edge.cli.options import backend_option, fold_weights_option, html_option, json_option, weights_option
from edge.detector_evaluation import CLOSE, LOOSE, JudgedFrame, by_family, by_size, figures, judge_frames, sign_ranks
from edge.folds import Fold, open_folds, shipped_fold
from edge.frame_reader import CANDIDATE_LIMIT, FrameReader
from edge.progress import progress_bar, shifted
from edge.reader import STILL_CONFIDENCE
from edge.report import BAD, FAINT, SERIES, Picture, Plot, Report, percent
from models.archive import Archive
from models.backends import Backend
from models.catalogue import Catalogue
from models.errors import DataError
from models.gtsdb import FOLDS, StreetFrame, list_frames, read_frame
from models.shared_signs import shared_signs
from models.weights_record import BUILT_IN, catalogue_of

SHOWN = 60
"""Pictures of each sort in a report."""
SURROUNDINGS = 0.8
"""Of a sign's size, on each side of it in the report's pictures."""
PICTURE_PX = 130
RANKER_SEED = 1
COUNTS = (1, 2, 5, 10, 20, 50, 100)
"""Numbers of candidates that recall is given for in the report."""

PARTS = {
    "held_out": "frames that taught nothing",
    "without_shared": "frames that share no sign with what the network learnt from",
}
"""Of the figures, those that are of some of the frames, with their titles."""


@click.command("detector")
@click.option("--data", type=click.Path(path_type=Path), required=True, help="GTSDB: folder or zip of street frames.")
@weights_option
@backend_option
@click.option(
    "--folds",
    "count",
    type=click.IntRange(2, 20),
    help="Parts of the frames by number: each is measured with a ranker that is trained on the others, minutes in all.",
)
@fold_weights_option
@click.option(
    "--gtsrb",
    type=click.Path(path_type=Path),
    help="GTSRB, which the network learnt from: the figures without the frames that share a sign with it, too.",
)
@json_option
@html_option
def command(
    data: Path,
    weights: Path | None,
    backend: Backend,
    count: int | None,
    fold_weights: Path | None,
    gtsrb: Path | None,
    as_json: bool,
    html: Path | None,
) -> None:
    """Signs found in GTSDB's frames, box and class right, each frame by itself; at intersection over union 0.5.

    Of what ships every fifth frame taught nothing: `held_out` has the figures of these alone. With --folds no frame is
    measured with a ranker that has learnt from it; the network, unless --fold-weights has one for each fold, has learnt
    from four fifths of the frames what is no sign, and `network` says so.
    """
    if fold_weights is not None and (weights is not None or count not in (None, FOLDS)):
        raise click.UsageError(f"--fold-weights are for {FOLDS} folds: no --weights, no other number of --folds")
    if count is not None and fold_weights is None:
        load_lightgbm()
    page = Report("Signs in street frames", "GTSDB's frames, each by itself") if html else None
    catalogue = catalogue_of(weights or BUILT_IN if fold_weights is None else fold_weights / "0")
    with Archive(data) as archive:
        frames = list_frames(archive, len(catalogue))
        if not frames:
            raise DataError(f"{archive.path}: no frame in it to measure on")
        if fold_weights is not None:
            network, parts = "by fold", _parts(frames, open_folds(fold_weights, backend))
        elif count is not None:
            network, parts = "shipped", _with_new_rankers(archive, frames, count, shipped_fold(weights, backend))
        else:
            network, parts = "shipped", [(shipped_fold(weights, backend), frames)]
        judged = _judge(archive, parts, catalogue)
        found = figures(judged, catalogue) | {"network": network, "folds": len(parts)}
        held_out = [one for one in judged if one.frame.held_out]
        if len(parts) == 1 and held_out:
            found |= {"held_out": figures(held_out, catalogue)}
        if gtsrb is not None:
            found |= _without_shared(archive, judged, gtsrb, catalogue)
        if page is not None and html is not None:
            _fill(page, archive, judged, found, catalogue)
            page.write(html)
    if as_json:
        click.echo(json.dumps(found))
        return
    _print("all frames", found)
    for part, title in PARTS.items():
        if part in found:
            _print(title, found[part])


def _without_shared(
    archive: Archive, judged: Sequence[JudgedFrame], gtsrb: Path, catalogue: Catalogue
) -> dict[str, object]:
    with Archive(gtsrb) as signs, progress_bar("comparing pictures", None) as report:
        shared = shared_signs(archive, [one.frame for one in judged], signs, cut_crop, report)
    apart = [one for one, of_frame in zip(judged, shared, strict=True) if not of_frame.any()]
    if not apart:
        raise DataError(f"{gtsrb}: every frame shares a sign with it")
    count = int(sum(of_frame.sum() for of_frame in shared))
    return {"shared_signs": count, "without_shared": figures(apart, catalogue)}


def _parts(frames: Sequence[StreetFrame], folds: Sequence[Fold]) -> list[tuple[Fold, list[StreetFrame]]]:
    return [(fold, [frame for frame in frames if frame.fold == fold.number]) for fold in folds]


def _with_new_rankers(
    archive: Archive, frames: list[StreetFrame], count: int, shipped: Fold
) -> list[tuple[Fold, list[StreetFrame]]]:
    from detector.ranker_training import FORESTS, train_ranker
    from edge.learning import ranker_examples

    with progress_bar("measuring regions", len(frames)) as report:
        examples = ranker_examples(archive, frames, RANKER_SEED, report)
    parts = []
    with progress_bar("training rankers", None) as report:
        for number in range(count):
            others = [
                one
                for of_frame, frame in zip(examples, frames, strict=True)
                if frame.number % count != number
                for one in of_frame
            ]
            ranker = train_ranker(others, seed=RANKER_SEED, report=shifted(report, FORESTS * number, FORESTS * count))
            own = [frame for frame in frames if frame.number % count == number]
            parts.append((Fold(number, ranker, shipped.network), own))
    return parts


def _judge(
    archive: Archive, parts: Sequence[tuple[Fold, list[StreetFrame]]], catalogue: Catalogue
) -> list[JudgedFrame]:
    judged: list[JudgedFrame] = []
    total = sum(len(frames) for _, frames in parts)
    with progress_bar("reading frames", total) as report:
        for fold, frames in parts:
            finder = CandidateFinder(fold.ranker)
            reader = FrameReader(catalogue, fold.network, finder)
            try:
                judged += judge_frames(archive, frames, finder, reader, shifted(report, len(judged), total))
            finally:
                reader.close()
    return judged


def _print(title: str, values: Any) -> None:
    click.echo(f"{title}:")
    for name, value in values.items():
        if isinstance(value, dict):
            if name not in PARTS:
                click.echo(f"  {name:22} " + ", ".join(f"{key} {part}" for key, part in value.items()))
        else:
            click.echo(f"  {name:22} {value}")


def _fill(
    page: Report, archive: Archive, judged: list[JudgedFrame], found: dict[str, Any], catalogue: Catalogue
) -> None:
    ranks = sign_ranks(judged)
    section = page.section(
        "In short",
        f"{len(judged)} frames with {len(ranks.loose)} signs. A detection is right where box and class are, one to a "
        f"sign; the network looked at the best {CANDIDATE_LIMIT} candidates.",
    )
    section.tiles(
        [
            (percent(found["recall"], 1), "of signs found and named right"),
            (percent(found["precision"], 1), "of what was found is right"),
            (f"{found['f1']:.3f}", "F1"),
            (f"{found['false_per_frame']:.3f}", "false detections a frame"),
            (percent(found["recall_at_50"], 1), "of signs in the best 50 candidates"),
            (f"{found['ms_median']:.1f} ms", f"for the candidates of a frame (99th percentile {found['ms_p99']:.1f})"),
        ]
    )
    section = page.section("Candidates", "How many of the best have to be looked at for how many of the signs.")
    section.plots([Plot(lambda axes: _draw_recall(axes, judged), size_in=(8, 3.4))])
    lines = {"all": ranks} | by_family(ranks, catalogue) | by_size(ranks)
    section.table(
        ["signs", "number", *(f"best {count}" for count in COUNTS), f"best 50, overlap {CLOSE:g}"],
        [
            [
                name,
                str(len(part.loose)),
                *(percent(part.recall(count), 1) for count in COUNTS),
                percent(part.recall(50, close=True), 1),
            ]
            for name, part in lines.items()
        ],
        "Recall by family and by size",
        marked=[0],
    )
    missed, false = _missed(archive, judged, catalogue), _false(archive, judged, catalogue)
    page.section("Signs that are missed", f"{len(missed)} in all; at most {SHOWN} shown, with why.").pictures(
        missed[:SHOWN], least_px=PICTURE_PX
    )
    page.section(
        "What is found and is wrong",
        f"{len(false)} in all, the surest first. Look at them: the benchmark leaves some signs unannotated.",
    ).pictures(false[:SHOWN], least_px=PICTURE_PX)


def _missed(archive: Archive, judged: Sequence[JudgedFrame], catalogue: Catalogue) -> list[Picture]:
    pictures = []
    for one in judged:
        right = {
            int(sign)
            for sign, answer in zip(one.matched.tolist(), one.found.class_ids.tolist(), strict=True)
            if sign >= 0 and one.frame.class_ids[sign] == answer
        }
        lost = [sign for sign in range(len(one.frame.class_ids)) if sign not in right]
        if not lost:
            continue
        image = read_frame(archive, one.frame)
        places = first_ranks(one.candidates.boxes_xywh_px, one.frame.boxes_xywh_px, LOOSE)
        for sign in lost:
            box, place = one.frame.boxes_xywh_px[sign], int(places[sign])
            answers = one.found.class_ids[one.matched == sign].tolist()
            if answers:
                why = f"read as {catalogue[answers[0]].name}"
            elif place < CANDIDATE_LIMIT:
                why = f"candidate {place + 1}, not read as a sign with {STILL_CONFIDENCE:g}"
            elif place < len(one.candidates):
                why = f"candidate {place + 1}: too far down"
            else:
                why = "no candidate"
            pictures.append(_picture(image, box, catalogue[int(one.frame.class_ids[sign])].name, why, one.frame))
    return pictures


def _false(archive: Archive, judged: Sequence[JudgedFrame], catalogue: Catalogue) -> list[Picture]:
    pictures: list[tuple[float, Picture]] = []
    for one in judged:
        rows = np.flatnonzero(one.matched < 0)
        if not len(rows):
            continue
        image = read_frame(archive, one.frame)
        for row in rows.tolist():
            confidence = float(one.found.confidence[row])
            name = catalogue[int(one.found.class_ids[row])].name
            said = f"{percent(confidence, 1)} sure"
            pictures.append((confidence, _picture(image, one.found.boxes_xywh_px[row], name, said, one.frame)))
    return [picture for _, picture in sorted(pictures, key=lambda pair: -pair[0])]


def _picture(image: Any, box: Any, title: str, why: str, frame: StreetFrame) -> Picture:
    x, y, w, h = box.tolist()
    crop = cut_crop(image, (x, y, w, h), SURROUNDINGS, PICTURE_PX)
    inner = PICTURE_PX / (1 + 2 * SURROUNDINGS)
    start = round((PICTURE_PX - inner) / 2)
    cv2.rectangle(crop, (start, start), (round(start + inner), round(start + inner)), (255, 255, 255), 1)
    return Picture(crop, title, f"{why} · {w:.0f}x{h:.0f} px · frame {frame.number:05}")


def _draw_recall(axes: Any, judged: Sequence[JudgedFrame]) -> None:
    ranks = sign_ranks(judged)
    counts = np.arange(1, 101)
    shares: list[tuple[Callable[[int], float | None], str, str]] = [
        (ranks.recall, SERIES[0], f"overlap {LOOSE:g}"),
        (partial(ranks.recall, close=True), SERIES[1], f"overlap {CLOSE:g}"),
    ]
    for share, colour, label in shares:
        axes.plot(counts, [share(int(count)) or 0.0 for count in counts], color=colour, label=label)
    axes.axvline(CANDIDATE_LIMIT, color=FAINT, linewidth=0.9, linestyle="--")
    axes.axhline(1.0, color=BAD, linewidth=0.5)
    axes.set_xscale("log")
    axes.set_xticks(COUNTS, [str(count) for count in COUNTS])
    axes.set(ylim=(0, 1.02), xlim=(1, 100), xlabel="candidates looked at (dashed: as many as the network sees)")
    axes.yaxis.set_major_formatter(lambda share, _: f"{100 * share:g} %")
    axes.legend(frameon=False, loc="lower right")
