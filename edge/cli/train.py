"""`signwatch train`: from data sets to weights in one command."""

import sys
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import click

from detector.ranker_training import JUDGE_TREES
from edge.cli.heavy import load_lightgbm, load_tensorflow
from edge.cli.options import precision_option
from edge.folds import ranker_without
from edge.progress import progress_bar, say_epoch
from edge.training_crops import HELD_OUT_SHARE, Street, digest_of, lessons_of, surroundings_of, teaching_frames
from models.archive import Archive
from models.catalogue import BUILT_IN, Catalogue, load_catalogue, write_catalogue
from models.gtsdb import FOLDS
from models.weights_record import catalogue_of, read_record


@click.command("train")
@click.option(
    "--part",
    type=click.Choice(["classifier", "screen", "surroundings", "ranker"]),
    default="classifier",
    show_default=True,
)
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
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    help="Folder for run and weights; for screen and surroundings, the one of their classifier's.",
)
@click.option(
    "--epochs",
    type=click.IntRange(1),
    help="Passes over the data; of the ranker, trees "
    f"[default: 24; screen: 10; surroundings: 60; ranker: {JUDGE_TREES}]",
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
@click.option(
    "--look-alikes",
    type=click.FloatRange(0, 10),
    default=0.5,
    show_default=True,
    help="Signs of another colour or outline, or on their side, which are none, as a share of the photographs.",
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
    look_alikes: float,
    precision: Any,
    seed: int,
    validation: float,
    fold: int,
    ranker_folder: Path | None,
    skip_broken: bool,
) -> None:
    """Train the classifier on GTSRB or on signs of one's own, the candidate stage's ranker on GTSDB, or what goes
    with the classifier.

    The classifier's background class is signs of other colours and outlines and, mined from the GTSDB frames given with
    --frames, what streets show; limits in other typefaces are drawn before that. Without frames much on the road will
    look like a sign to it.
    Interrupted, the same command goes on from the last epoch.

    Two small networks go with it and are added to the weights in --out, which can do without. The screen glances at
    each candidate before and leaves out what is plainly no sign; without one each gets the classifier's look, which
    takes three times as long. The surroundings, learnt from --frames alone, are a second opinion on whether it is a
    sign at all.

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
    elif part in ("screen", "surroundings"):
        if catalogue_file is not None or start is not None or keep:
            raise click.UsageError(f"the {part} is for the weights in --out: no --catalogue, --from, --keep")
        if frames is None or (data is None) == (part == "screen"):
            raise click.UsageError("the screen learns from --data and --frames, the surroundings from --frames alone")
        load_tensorflow("training")
        seen = Street(frames, fold, ranker_without(fold, ranker_folder))
        changed = {"learning_rate": learning_rate, "precision": precision, "seed": seed}
        if epochs is not None:
            changed["epochs"] = epochs
        _train_companion(part, data, seen, out, changed, drawn, validation, skip_broken)
    else:
        load_tensorflow("training")
        from models.training import Recipe

        if data is None:
            raise click.UsageError("the classifier learns from pictures of signs: give --data")
        if frames is None and (fold or ranker_folder is not None):
            raise click.UsageError("--fold and --ranker say what is learnt from street frames: give --frames")
        catalogue = load_catalogue(catalogue_file or BUILT_IN)
        street = None if frames is None else Street(frames, fold, ranker_without(fold, ranker_folder))
        if keep and start is None:
            raise click.UsageError("--keep is a share of the weights that --from begins with")
        recipe = Recipe(
            epochs=epochs or Recipe().epochs,
            learning_rate=learning_rate,
            precision=precision,
            seed=seed,
            kept_share=keep,
        )
        _train_classifier(data, catalogue, street, out, start, recipe, drawn, look_alikes, validation, skip_broken)


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
        save_ranker(ranker, out, made | {"gt.txt": digest_of(archive, "gt.txt")})
    click.echo(f"wrote {out}", err=True)


def _train_classifier(
    data_path: Path,
    catalogue: Catalogue,
    street: Street | None,
    out: Path,
    start: Path | None,
    recipe: Any,
    drawn_share: float,
    look_alike_share: float,
    held_out_share: float,
    skip_broken: bool,
) -> None:
    from dataclasses import asdict

    from models.export import count_parameters, export_weights
    from models.export.representative import representative_rows, representative_views, undisturbed_views
    from models.export.weights import QuantisingCrops
    from models.pictures import CROP_MARGIN, CROP_SIZE_PX
    from models.training import fit_temperature, logits_of, train_network
    from models.weights_record import CATALOGUE, KERAS, WeightsRecord

    lessons = lessons_of(
        data_path,
        catalogue,
        street,
        drawn_share,
        look_alike_share,
        held_out_share,
        recipe.seed,
        skip_broken=skip_broken,
    )
    training, validation, described = lessons.training, lessons.validation, lessons.described
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


def _train_companion(
    name: str,
    data: Path | None,
    street: Street,
    weights: Path,
    changed: dict[str, Any],
    drawn_share: float,
    held_out_share: float,
    skip_broken: bool,
) -> None:
    from models.companion_training import OF_NAME, export_companion, train_companion

    record = read_record(weights)
    catalogue = catalogue_of(weights)
    record.check(catalogue, weights)
    left_out = record.data.get("fold")
    if left_out != street.fold:
        raise click.UsageError(f"{weights} left out fold {left_out}: so must what goes with it, with --fold")
    companion = OF_NAME[name]
    recipe = replace(companion.recipe, **changed)
    if data is not None:
        # What only looks like a sign is for the classifier to tell: it looks closer.
        lessons = lessons_of(
            data, catalogue, street, drawn_share, 0.0, held_out_share, recipe.seed, skip_broken=skip_broken
        )
    elif catalogue.digest == load_catalogue().digest:
        lessons = surroundings_of(street, len(catalogue))
    else:
        raise click.UsageError("the signs of --frames are the benchmark's: none of which those weights know")
    training, validation = lessons.training, lessons.validation
    with progress_bar("training", None) as step:
        model = train_companion(
            companion, training, validation, len(catalogue), recipe, weights / name, step, say_epoch(recipe.epochs)
        )
    made = {"command": _command(), "data": lessons.described}
    record = export_companion(companion, model, weights, record, training, validation, recipe, made)
    click.echo(f"wrote {weights}: {record.beside[name]['figures']}", err=True)


def _command() -> str:
    return " ".join(["signwatch", *sys.argv[1:]])
