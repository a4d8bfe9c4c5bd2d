"""`signwatch export`: the classifier for other run-times and other people's programs."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click
import numpy as np
from numpy.typing import NDArray

from detector.crops import cut_crop
from detector.ranker import load_ranker
from edge.cli.heavy import load_tensorflow
from edge.cli.options import weights_option
from edge.progress import progress_bar
from edge.training_crops import HELD_OUT_SHARE, SPLIT_SEED, teaching_frames
from models.archive import Archive
from models.catalogue import Catalogue, load_catalogue, write_catalogue
from models.class_folders import list_signs
from models.companions import copy_companions
from models.errors import ModelError
from models.gtsrb import read_crops, split_by_track
from models.stand_ins import stand_in_crops
from models.weights_record import (
    BUILT_IN,
    CATALOGUE,
    KERAS,
    LITERT,
    LITERT_INT8,
    RECORD,
    WeightsRecord,
    catalogue_of,
    digest_of,
    read_record,
    write_record,
)

if TYPE_CHECKING:
    from models.export.weights import QuantisingCrops

FORMATS = ("saved-model", "litert", "litert-int8", "onnx")
OLD_FORMATS = ("saved-model", "litert", "onnx")
COMPARED = 64
"""Drawn crops on which an export is compared with the network that it was made from."""
SEED = 1
BACKGROUND_FRAMES = 40
"""Street frames from which background to quantise by is mined: some 1,800 regions, ten times what is used."""


@click.command("export")
@weights_option
@click.option(
    "--from-h5",
    "old",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A classifier that Keras 2 saved, instead.",
)
@click.option("--format", "wanted", type=click.Choice([*FORMATS, "all"]), default="all", show_default=True)
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="Folder to write to.")
@click.option(
    "--data", type=click.Path(path_type=Path), help="GTSRB, folder or zip: makes int8 anew from its pictures."
)
@click.option("--frames", type=click.Path(path_type=Path), help="GTSDB, folder or zip: background to make int8 by.")
def command(
    weights: Path | None, old: Path | None, wanted: str, out: Path, data: Path | None, frames: Path | None
) -> None:
    """Write the classifier for other run-times; each file is read back and compared before it takes its name.

    SavedModel and ONNX take crops (n, 32, 32, 3) uint8 in BGR order and give probabilities, background last; the
    SavedModel's signature `encoded` takes PNG or JPEG bytes instead. LiteRT takes the same crops (float as float32) and
    gives logits; with the record beside it, the folder is one for --weights. int8 is quantised by the pictures of
    --data; without, the weights' own is taken.

    A classifier given with --from-h5 goes to the same formats but int8, and keeps what it takes and gives.
    """
    load_tensorflow("export")
    if old is not None:
        if weights is not None or data is not None or frames is not None or wanted == "litert-int8":
            raise click.UsageError("--from-h5 goes without --weights, --data, --frames and int8")
        _export_old(old, OLD_FORMATS if wanted == "all" else (wanted,), out)
    else:
        if frames is not None and data is None:
            raise click.UsageError("--frames only adds background to the signs of --data")
        _export(weights or BUILT_IN, FORMATS if wanted == "all" else (wanted,), out, data, frames)


def _export(weights: Path, formats: tuple[str, ...], out: Path, data: Path | None, frames: Path | None) -> None:
    from models.export import serving
    from models.export import weights as folders

    own_int8 = LITERT_INT8 in read_record(weights).files
    if "litert-int8" in formats and data is None and not own_int8:
        raise click.UsageError(f"{weights} has no int8 of its own: give --data to make it, or another --format")
    if "onnx" in formats:
        serving.onnx_runtime()
    model, record = folders.read_trained(weights)
    record = replace(record, files=_kept_files(out, record))
    out.mkdir(parents=True, exist_ok=True)
    if (out / KERAS).exists() and out.samefile(weights):
        record = replace(record, files=record.files | {KERAS: digest_of((out / KERAS).read_bytes())})
    catalogue = catalogue_of(weights)
    write_catalogue(out / CATALOGUE, catalogue)
    record = copy_companions(weights, out, record)
    crops = stand_in_crops(catalogue, COMPARED, SEED)
    for chosen in formats:
        if chosen == "saved-model":
            serving.write_saved_model(serving.serving_model(model, record), out / serving.SAVED_MODEL, crops)
            name = serving.SAVED_MODEL
        elif chosen == "onnx":
            serving.write_onnx(serving.serving_model(model, record), out / serving.ONNX, crops)
            name = serving.ONNX
        elif chosen == "litert":
            record = folders.write_litert(model, out, record, crops)
            name = LITERT
        else:
            if data is None:
                record = folders.copy_int8(weights, model, out, record, crops)
            else:
                share = float(record.data.get("held_out_share", HELD_OUT_SHARE))
                record = folders.write_int8(model, out, record, _quantising_crops(data, frames, catalogue, share))
            name = LITERT_INT8
        write_record(out, record)
        click.echo(f"wrote {out / name}", err=True)


def _kept_files(out: Path, record: WeightsRecord) -> dict[str, str]:
    """The files that lie in `out` already. Raises ModelError where they are of other weights."""
    if not (out / RECORD).exists():
        return {}
    there = read_record(out)
    if asdict(replace(there, files={}, figures={})) != asdict(replace(record, files={}, figures={})):
        raise ModelError(f"{out}: holds other weights; give another --out")
    return there.files


def _quantising_crops(
    data: Path, frames: Path | None, catalogue: Catalogue, held_out_share: float
) -> "QuantisingCrops":
    """Only what is needed is cut: some pictures of each class that taught, and all of those that were held out."""
    from models.augmentation import CONTEXT_MARGIN, CONTEXT_SIZE_PX
    from models.export.representative import representative_rows, representative_views, undisturbed_views
    from models.export.weights import QuantisingCrops

    with Archive(data) as archive:
        pictures = list_signs(archive, "train", catalogue)
        teaching, held_out = split_by_track(pictures, held_out_share, SPLIT_SEED)
        of_classes = np.array([pictures[row].class_id for row in teaching], np.int64)
        chosen = [pictures[teaching[row]] for row in representative_rows(of_classes, len(catalogue), SEED)]
        others = [pictures[row] for row in held_out]
        crops, _ = read_crops(archive, chosen, cut_crop, CONTEXT_MARGIN, CONTEXT_SIZE_PX)
        held_out_crops, labels = read_crops(archive, others, cut_crop, CONTEXT_MARGIN, CONTEXT_SIZE_PX)
    if frames is not None:
        background = _background(frames)
        rows = representative_rows(np.full(len(background), len(catalogue), np.int64), len(catalogue), SEED)
        crops = np.concatenate([crops, background[rows]])
    return QuantisingCrops(representative_views(crops, SEED), undisturbed_views(held_out_crops), labels)


def _background(path: Path) -> NDArray[np.uint8]:
    from edge.learning import mine_background
    from models.augmentation import CONTEXT_MARGIN, CONTEXT_SIZE_PX

    with Archive(path) as archive:
        teaching = teaching_frames(archive)
        some = teaching[:: max(1, len(teaching) // BACKGROUND_FRAMES)]
        with progress_bar("mining background", len(some)) as step:
            return mine_background(archive, some, load_ranker(), CONTEXT_MARGIN, CONTEXT_SIZE_PX, step)


def _export_old(file: Path, formats: tuple[str, ...], out: Path) -> None:
    from models.export import old_h5, serving

    if "onnx" in formats:
        serving.onnx_runtime()
    model = old_h5.read_old_classifier(file)
    pictures = old_h5.probing_pictures(model, stand_in_crops(load_catalogue(), COMPARED, SEED))
    out.mkdir(parents=True, exist_ok=True)
    writers = {
        "saved-model": (old_h5.write_old_saved_model, out / serving.SAVED_MODEL),
        "litert": (old_h5.write_old_litert, out / f"{file.stem}.tflite"),
        "onnx": (serving.write_onnx, out / f"{file.stem}.onnx"),
    }
    for chosen in formats:
        write, target = writers[chosen]
        write(model, target, pictures)
        click.echo(f"wrote {target}", err=True)
