"""`signwatch train`: from data sets to weights in one command."""

import hashlib
import sys
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from edge.cli.heavy import load_tensorflow
from edge.progress import progress_bar
from models.archive import Archive
from models.catalogue import BUILT_IN, Catalogue, load_catalogue
from models.errors import DataError
from models.gtsdb import StreetFrame, list_frames
from models.gtsrb import list_pictures, read_crops, split_by_track

SPLIT_SEED = 1
"""The same tracks are held out whatever the seed of the training: weights that others begin from have not seen them."""

HELD_OUT_SHARE = 0.08
"""Of each class's tracks, unless said otherwise."""


@click.command("train")
@click.option("--part", type=click.Choice(["classifier", "ranker"]), default="classifier", show_default=True)
@click.option("--data", type=click.Path(path_type=Path), help="GTSRB, folder or zip: what signs look like.")
@click.option("--frames", type=click.Path(path_type=Path), help="GTSDB, folder or zip: what streets look like.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder for run and weights.")
@click.option("--epochs", type=click.IntRange(1), help="Passes over the data [default: 24; ranker: 30]")
@click.option("--from", "start", type=click.Path(path_type=Path), help="Folder of weights to begin from.")
@click.option("--learning-rate", type=click.FloatRange(1e-6, 1.0), default=3e-3, show_default=True, help="At its peak.")
@click.option(
    "--drawn",
    type=click.FloatRange(0, 10),
    default=0.4,
    show_default=True,
    help="Limits drawn in other typefaces, as a share of the photographs.",
)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option(
    "--validation", type=click.FloatRange(0.01, 0.5), default=HELD_OUT_SHARE, show_default=True, help="Share held out."
)
def command(
    part: str,
    data: Path | None,
    frames: Path | None,
    out: Path,
    epochs: int | None,
    start: Path | None,
    learning_rate: float,
    drawn: float,
    seed: int,
    validation: float,
) -> None:
    """Train the classifier on GTSRB, or the candidate stage's ranker on GTSDB.

    The classifier's background class is mined from the GTSDB frames given with --frames, and limits in other typefaces
    are drawn before it; without them it learns neither, and everything on the road will look like a sign to it.
    Interrupted, the same command goes on from the last epoch.
    """
    load_tensorflow("training")
    if part == "ranker":
        if frames is None:
            raise click.UsageError("the ranker learns from street frames: give --frames")
        _train_ranker(frames, out, epochs or 30, seed)
    else:
        from models.training import Recipe

        if data is None:
            raise click.UsageError("the classifier learns from GTSRB: give --data")
        recipe = Recipe(epochs=epochs or Recipe().epochs, learning_rate=learning_rate, seed=seed)
        _train_classifier(data, frames, out, start, recipe, drawn, validation)


def _train_ranker(frames_path: Path, out: Path, epochs: int, seed: int) -> None:
    from detector.ranker import save_ranker
    from detector.ranker_training import train_ranker
    from edge.learning import ranker_examples

    with Archive(frames_path) as archive:
        frames = _teaching_frames(archive)
        with progress_bar("measuring", len(frames)) as step:
            examples = ranker_examples(archive, frames, seed, step)
        with progress_bar("training", 2 * epochs) as step:
            ranker = train_ranker(examples, epochs=epochs, seed=seed, report=step)
        made = {"command": _command(), "seed": seed, "epochs": epochs, "frames": len(frames)}
        save_ranker(ranker, out, made | {"gt.txt": _digest(archive, "gt.txt")})
    click.echo(f"wrote {out}", err=True)


def _teaching_frames(archive: Archive) -> list[StreetFrame]:
    return [frame for frame in list_frames(archive) if not frame.held_out]


def _train_classifier(
    data_path: Path,
    frames_path: Path | None,
    out: Path,
    start: Path | None,
    recipe: Any,
    drawn_share: float,
    held_out_share: float,
) -> None:
    from dataclasses import asdict

    from models.augmentation import CONTEXT_MARGIN
    from models.export import count_parameters, export_weights
    from models.export.representative import representative_rows, representative_views, undisturbed_views
    from models.export.weights import QuantisingCrops
    from models.pictures import CROP_MARGIN, CROP_SIZE_PX
    from models.training import EpochResult, TrainingSet, fit_temperature, logits_of, train_network
    from models.typefaces import draw_limits
    from models.weights_record import KERAS, WeightsRecord, read_record

    catalogue = load_catalogue(BUILT_IN)
    with Archive(data_path) as archive:
        training, validation, described = _sign_crops(archive, catalogue, held_out_share)
    if frames_path is not None:
        background, described_frames = _background_crops(frames_path)
        described |= described_frames
        drawn, drawn_labels = draw_limits(
            training.labels, catalogue, background, CONTEXT_MARGIN, drawn_share, recipe.seed
        )
        training = TrainingSet(
            np.concatenate([training.crops, drawn, background]),
            np.concatenate([training.labels, drawn_labels, np.full(len(background), len(catalogue), np.int64)]),
        )
        described |= {"drawn": len(drawn), "background": len(background)}
    first = None
    if start is not None:
        began = read_record(start)
        began.check(catalogue, start)
        described |= {"began_from": began.command}
        first = start / KERAS

    def report_epoch(result: EpochResult) -> None:
        click.echo(
            f"\repoch {result.epoch}/{recipe.epochs}: loss {result.loss:.4f}, accuracy {result.accuracy:.2%}, "
            f"held-out tracks {result.validation_accuracy:.2%}",
            err=True,
        )

    with progress_bar("training", None) as step:
        model = train_network(training, validation, len(catalogue), recipe, out, first, step, report_epoch)
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
    export_weights(model, out, record, crops)
    click.echo(f"wrote {out}", err=True)


def _sign_crops(archive: Archive, catalogue: Catalogue, share: float) -> tuple[Any, Any, dict[str, Any]]:
    from detector.crops import cut_crop
    from models.augmentation import CONTEXT_MARGIN, CONTEXT_SIZE_PX
    from models.training import TrainingSet

    pictures = list_pictures(archive, "train", len(catalogue))
    missing = set(range(len(catalogue))) - {picture.class_id for picture in pictures}
    if missing:
        raise DataError(f"{archive.path}: no training picture of class {min(missing)} ({catalogue[min(missing)].name})")
    crops, labels = read_crops(archive, pictures, cut_crop, CONTEXT_MARGIN, CONTEXT_SIZE_PX)
    for_training, for_validation = split_by_track(pictures, share, SPLIT_SEED)
    described = {
        "training_pictures": len(for_training),
        "held_out_pictures": len(for_validation),
        "list_sha256": hashlib.sha256("\n".join(picture.file for picture in pictures).encode()).hexdigest()[:16],
    }
    return (
        TrainingSet(crops[for_training], labels[for_training]),
        TrainingSet(crops[for_validation], labels[for_validation]),
        described,
    )


def _background_crops(frames_path: Path) -> tuple[NDArray[np.uint8], dict[str, Any]]:
    from detector.ranker import load_ranker
    from edge.learning import mine_background
    from models.augmentation import CONTEXT_MARGIN, CONTEXT_SIZE_PX

    with Archive(frames_path) as archive:
        frames = _teaching_frames(archive)
        with progress_bar("mining background", len(frames)) as step:
            crops = mine_background(archive, frames, load_ranker(), CONTEXT_MARGIN, CONTEXT_SIZE_PX, step)
        return crops, {"background_frames": len(frames), "gt.txt": _digest(archive, "gt.txt")}


def _digest(archive: Archive, ending: str) -> str:
    name = archive.path_ending(ending)
    return hashlib.sha256(archive.read(name)).hexdigest()[:16] if name else ""


def _command() -> str:
    return " ".join(["signwatch", *sys.argv[1:]])
