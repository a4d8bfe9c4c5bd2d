"""`signwatch train`: from data sets to weights in one command."""

import hashlib
import sys
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from detector.ranker import Ranker
from detector.ranker_training import JUDGE_TREES
from edge.cli.heavy import load_lightgbm, load_tensorflow
from edge.cli.options import precision_option
from edge.folds import ranker_without
from edge.progress import progress_bar, say_epoch
from models.archive import Archive
from models.catalogue import BUILT_IN, Catalogue, load_catalogue, write_catalogue
from models.class_folders import list_signs
from models.errors import DataError
from models.gtsdb import FOLDS, StreetFrame, list_frames
from models.gtsrb import SignPicture, digest_of_list, read_crops, split_by_track

SPLIT_SEED = 1
"""The same tracks are held out whatever the seed of the training: weights that others begin from have not seen them."""

NAMED_FAULTS = 3
"""Of many that are alike, so many are named."""

HELD_OUT_SHARE = 0.08
"""Of each class's tracks, unless said otherwise."""


@click.command("train")
@click.option("--part", type=click.Choice(["classifier", "ranker"]), default="classifier", show_default=True)
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    help="What signs look like: GTSRB, or a folder of pictures for each sign; folder or zip.",
)
@click.option(
    "--catalogue",
    "catalogue_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="CSV of the signs to tell apart, another country's; the 43 of GTSRB if not given.",
)
@click.option("--frames", type=click.Path(path_type=Path), help="GTSDB, folder or zip: what streets look like.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder for run and weights.")
@click.option(
    "--epochs",
    type=click.IntRange(1),
    help=f"Passes over the data; of the ranker, trees [default: 24; ranker: {JUDGE_TREES}]",
)
@click.option("--from", "start", type=click.Path(path_type=Path), help="Folder of weights to begin from.")
@click.option(
    "--keep",
    type=click.FloatRange(0, 1),
    default=0.0,
    show_default=True,
    help="Share of the weights begun from, averaged into those learnt: what was right stays right.",
)
@click.option("--learning-rate", type=click.FloatRange(1e-6, 1.0), default=3e-3, show_default=True, help="At its peak.")
@click.option(
    "--drawn",
    type=click.FloatRange(0, 10),
    default=0.4,
    show_default=True,
    help="Limits drawn in other typefaces, as a share of the photographs.",
)
@precision_option
@click.option("--seed", type=int, default=1, show_default=True)
@click.option(
    "--validation", type=click.FloatRange(0.01, 0.5), default=HELD_OUT_SHARE, show_default=True, help="Share held out."
)
@click.option(
    "--fold",
    type=click.IntRange(0, FOLDS - 1),
    default=0,
    show_default=True,
    help="Fifth of the street frames that teaches nothing: those whose number has this rest by five.",
)
@click.option(
    "--ranker",
    "ranker_folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the ranker that finds background for the classifier; the one of the package if not given.",
)
@click.option("--skip-broken", is_flag=True, help="Go on without pictures that are missing, broken or of no class.")
def command(
    part: str,
    data: Path | None,
    catalogue_file: Path | None,
    frames: Path | None,
    out: Path,
    epochs: int | None,
    start: Path | None,
    keep: float,
    learning_rate: float,
    drawn: float,
    precision: Any,
    seed: int,
    validation: float,
    fold: int,
    ranker_folder: Path | None,
    skip_broken: bool,
) -> None:
    """Train the classifier on GTSRB or on signs of one's own, or the candidate stage's ranker on GTSDB.

    The classifier's background class is mined from the GTSDB frames given with --frames, and limits in other typefaces
    are drawn before it; without them it learns neither, and everything on the road will look like a sign to it.
    Interrupted, the same command goes on from the last epoch.

    What leaves another --fold of the frames out, ranker and then classifier, is for measuring alone: see `signwatch
    evaluate background --fold-weights`.

    Another country's signs are a --catalogue (its columns are those of models/catalogue.csv) and a folder of pictures
    for each sign, named by its class id, code or name. Pictures of one physical sign are named TRACK_NUMBER, in digits.
    The catalogue is written beside the weights, and whatever runs them takes its names from there.
    """
    if part == "ranker":
        if data is not None or catalogue_file is not None or ranker_folder is not None or skip_broken:
            raise click.UsageError(
                "the ranker asks where signs are, not which: no --data, --catalogue, --ranker, --skip-broken"
            )
        if frames is None:
            raise click.UsageError("the ranker learns from street frames: give --frames")
        load_lightgbm()
        _train_ranker(frames, out, epochs or JUDGE_TREES, seed, fold)
    else:
        load_tensorflow("training")
        from models.training import Recipe

        if data is None:
            raise click.UsageError("the classifier learns from pictures of signs: give --data")
        if frames is None and (fold or ranker_folder is not None):
            raise click.UsageError("--fold and --ranker say what is learnt from street frames: give --frames")
        catalogue = load_catalogue(catalogue_file or BUILT_IN)
        street = None if frames is None else _Street(frames, fold, ranker_without(fold, ranker_folder))
        if keep and start is None:
            raise click.UsageError("--keep is a share of the weights that --from begins with")
        recipe = Recipe(
            epochs=epochs or Recipe().epochs,
            learning_rate=learning_rate,
            precision=precision,
            seed=seed,
            kept_share=keep,
        )
        _train_classifier(data, catalogue, street, out, start, recipe, drawn, validation, skip_broken)


@dataclass(frozen=True, slots=True)
class _Street:
    """Where background comes from."""

    frames: Path
    fold: int
    """Of frames that teach nothing."""
    ranker: Ranker


def _train_ranker(frames_path: Path, out: Path, trees: int, seed: int, fold: int) -> None:
    from detector.ranker import save_ranker
    from detector.ranker_training import train_ranker
    from edge.learning import ranker_examples

    with Archive(frames_path) as archive:
        frames = teaching_frames(archive, fold)
        with progress_bar("measuring", len(frames)) as step:
            examples = ranker_examples(archive, frames, seed, step)
        with progress_bar("training", None) as step:
            ranker = train_ranker(list(chain.from_iterable(examples)), trees=trees, seed=seed, report=step)
        made = {"command": _command(), "seed": seed, "trees": trees, "frames": len(frames), "fold": fold}
        save_ranker(ranker, out, made | {"gt.txt": _digest(archive, "gt.txt")})
    click.echo(f"wrote {out}", err=True)


def teaching_frames(archive: Archive, fold: int = 0) -> list[StreetFrame]:
    """The street frames of all folds but one; of what ships that is fold 0."""
    return [frame for frame in list_frames(archive) if frame.fold != fold]


def _train_classifier(
    data_path: Path,
    catalogue: Catalogue,
    street: _Street | None,
    out: Path,
    start: Path | None,
    recipe: Any,
    drawn_share: float,
    held_out_share: float,
    skip_broken: bool,
) -> None:
    from dataclasses import asdict

    from edge.learning import NO_SIGN
    from models.augmentation import CONTEXT_MARGIN
    from models.export import count_parameters, export_weights
    from models.export.representative import representative_rows, representative_views, undisturbed_views
    from models.export.weights import QuantisingCrops
    from models.pictures import CROP_MARGIN, CROP_SIZE_PX
    from models.training import TrainingSet, fit_temperature, logits_of, train_network
    from models.typefaces import draw_limits
    from models.weights_record import CATALOGUE, KERAS, WeightsRecord, read_record

    with Archive(data_path) as archive:
        training, validation, described = _sign_crops(archive, catalogue, held_out_share, skip_broken)
    if street is not None:
        seen, kinds, described_frames = _street_crops(street)
        described |= described_frames
        background = seen[kinds == NO_SIGN]
        drawn, drawn_labels = draw_limits(
            training.labels, catalogue, background, CONTEXT_MARGIN, drawn_share, recipe.seed
        )
        # Frames name signs by the benchmark's classes, which are another catalogue's only by chance.
        learnt = kinds != NO_SIGN if catalogue.digest == load_catalogue(BUILT_IN).digest else np.zeros(len(kinds), bool)
        training = TrainingSet(
            np.concatenate([training.crops, drawn, seen[learnt], background]),
            np.concatenate(
                [training.labels, drawn_labels, kinds[learnt], np.full(len(background), len(catalogue), np.int64)]
            ),
        )
        described |= {"drawn": len(drawn), "street_signs": int(learnt.sum()), "background": len(background)}
    first = None
    if start is not None:
        began = read_record(start)
        began.check(catalogue, start)
        described |= {"began_from": began.command}
        first = start / KERAS

    with progress_bar("training", None) as step:
        mirrors = [sign.mirror for sign in catalogue]
        model = train_network(training, validation, mirrors, recipe, out, first, step, say_epoch(recipe.epochs))
    logits = logits_of(model, validation.crops)
    parameters, multiply_adds = count_parameters(model)
    record = WeightsRecord(
        catalogue_digest=catalogue.digest,
        sign_classes=len(catalogue),
        crop_size_px=CROP_SIZE_PX,
        crop_margin=CROP_MARGIN,
        temperature=fit_temperature(logits, validation.labels),
        parameters=parameters,
        multiply_adds=multiply_adds,
        command=_command(),
        recipe=asdict(recipe),
        data=described,
        figures={"held_out_accuracy": float((logits.argmax(axis=1) == validation.labels).mean())},
    )
    rows = representative_rows(training.labels, len(catalogue), recipe.seed)
    crops = QuantisingCrops(
        representative_views(training.crops[rows], recipe.seed), undisturbed_views(validation.crops), validation.labels
    )
    write_catalogue(out / CATALOGUE, catalogue)
    export_weights(model, out, record, crops)
    click.echo(f"wrote {out}", err=True)


def _sign_crops(
    archive: Archive, catalogue: Catalogue, share: float, skip_broken: bool
) -> tuple[Any, Any, dict[str, Any]]:
    from detector.crops import cut_crop
    from models.augmentation import CONTEXT_MARGIN, CONTEXT_SIZE_PX
    from models.training import TrainingSet

    problems: list[str] = []
    pictures = list_signs(archive, "train", catalogue, problems.append)
    broken: dict[int, DataError] = {}
    crops, labels = read_crops(
        archive, pictures, cut_crop, CONTEXT_MARGIN, CONTEXT_SIZE_PX, lambda row, error: broken.update({row: error})
    )
    problems += map(str, broken.values())
    if problems and not skip_broken:
        raise DataError(
            f"{archive.path}: {len(problems)} of {len(pictures) - len(broken) + len(problems)} pictures can't be used, "
            f"such as {'; '.join(problems[:NAMED_FAULTS])}; mend them, or go on without them with --skip-broken"
        )
    whole = [row for row in range(len(pictures)) if row not in broken]
    pictures, crops, labels = [pictures[row] for row in whole], crops[whole], labels[whole]
    _check_classes(archive, pictures, catalogue)
    for_training, for_validation = split_by_track(pictures, share, SPLIT_SEED)
    described = {
        "training_pictures": len(for_training),
        "held_out_pictures": len(for_validation),
        "held_out_share": share,
        "skipped_pictures": len(problems),
        "list_sha256": digest_of_list(pictures),
    }
    return (
        TrainingSet(crops[for_training], labels[for_training]),
        TrainingSet(crops[for_validation], labels[for_validation]),
        described,
    )


def _check_classes(archive: Archive, pictures: list[SignPicture], catalogue: Catalogue) -> None:
    shown = {picture.class_id for picture in pictures}
    empty = [sign for sign in catalogue if sign.class_id not in shown]
    if empty:
        named = ", ".join(f"{sign.class_id} ({sign.name})" for sign in empty[:NAMED_FAULTS])
        raise DataError(
            f"{archive.path}: no training picture of {len(empty)} of {len(catalogue)} classes, such as {named}; "
            "add some, or leave the class out of the catalogue"
        )


def _street_crops(street: _Street) -> tuple[NDArray[np.uint8], NDArray[np.int64], dict[str, Any]]:
    from edge.learning import NO_SIGN, street_crops
    from models.augmentation import CONTEXT_MARGIN, CONTEXT_SIZE_PX

    with Archive(street.frames) as archive:
        frames = teaching_frames(archive, street.fold)
        with progress_bar("looking at streets", len(frames)) as step:
            crops, kinds = street_crops(archive, frames, street.ranker, CONTEXT_MARGIN, CONTEXT_SIZE_PX, step)
        if not (kinds == NO_SIGN).any():
            raise DataError(f"{street.frames}: nothing in its frames to learn from what is no sign; give more of them")
        return (
            crops,
            kinds,
            {"background_frames": len(frames), "fold": street.fold, "gt.txt": _digest(archive, "gt.txt")},
        )


def _digest(archive: Archive, ending: str) -> str:
    name = archive.path_ending(ending)
    return hashlib.sha256(archive.read(name)).hexdigest()[:16] if name else ""


def _command() -> str:
    return " ".join(["signwatch", *sys.argv[1:]])
