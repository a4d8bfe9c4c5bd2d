"""`signwatch evaluate`: how good the classifier and the detector are on known data."""

import json
from dataclasses import asdict
from pathlib import Path

import click
import numpy as np

from detector.crops import cut_crop
from detector.scoring import Tally, tally_frame
from edge.cli.options import backend_option, json_option, weights_option
from edge.progress import progress_bar
from edge.reader import STILL_CONFIDENCE, open_reader
from models.archive import Archive
from models.backends import Backend
from models.catalogue import load_catalogue
from models.classifier import load_classifier
from models.evaluation import classifier_figures
from models.gtsdb import list_frames, read_frame
from models.gtsrb import list_pictures, read_crops
from models.weights_record import BUILT_IN

data_option = click.option(
    "--data", type=click.Path(path_type=Path), required=True, help="Folder or zip of the data set."
)
CLASSIFYING_CHUNK = 2048


@click.group("evaluate")
def command() -> None:
    """Measure the classifier or the detector."""


@command.command("classifier")
@data_option
@weights_option
@backend_option
@json_option
def classifier(data: Path, weights: Path | None, backend: Backend, as_json: bool) -> None:
    """Accuracy on GTSRB's official test pictures: whether the likeliest answer is right."""
    catalogue = load_catalogue()
    network = load_classifier(catalogue, weights or BUILT_IN, backend)
    record = network.record
    with Archive(data) as archive:
        pictures = list_pictures(archive, "test", len(catalogue))
        parts = []
        with progress_bar("classifying", len(pictures)) as report:
            for start in range(0, len(pictures), CLASSIFYING_CHUNK):
                chunk = pictures[start : start + CLASSIFYING_CHUNK]
                crops, _ = read_crops(archive, chunk, cut_crop, record.crop_margin, record.crop_size_px)
                parts.append(network.probabilities(crops))
                report(start + len(chunk), len(pictures))
    labels = np.array([picture.class_id for picture in pictures], np.int64)
    figures = classifier_figures(np.concatenate(parts), labels, catalogue)
    if as_json:
        facts = {"backend": network.backend, "parameters": record.parameters, "multiply_adds": record.multiply_adds}
        click.echo(json.dumps(asdict(figures) | facts))
        return
    click.echo(f"{figures.images} pictures, {figures.errors} errors: {figures.accuracy:.2%} right ({network.backend})")
    click.echo(f"  speed limits read as a higher one: {figures.higher_limit_errors}")
    click.echo(f"  signs called background: {figures.called_background}")
    click.echo(f"  expected calibration error: {figures.ece:.4f}")
    for class_id, errors in sorted(figures.errors_by_class.items(), key=lambda item: -item[1]):
        click.echo(f"  {errors:4} wrong of {int((labels == class_id).sum()):4}: {catalogue[class_id].name}")


@command.command("detector")
@data_option
@weights_option
@backend_option
@json_option
def detector(data: Path, weights: Path | None, backend: Backend, as_json: bool) -> None:
    """Signs found in GTSDB's frames, box and class right, each frame by itself; at intersection over union 0.5.

    Every fifth frame taught nothing that ships with the package: `held_out` has the figures of these alone.
    """
    reader = open_reader(weights or BUILT_IN, backend)
    whole, held_out = Tally(), Tally()
    times_ms = []
    with Archive(data) as archive:
        frames = list_frames(archive)
        with progress_bar("reading frames", len(frames)) as report:
            for done, frame in enumerate(frames, start=1):
                reading = reader.read(read_frame(archive, frame), STILL_CONFIDENCE)
                found = reading.detections
                tally = tally_frame(
                    reading.candidates.boxes_xywh_px,
                    found.boxes_xywh_px,
                    found.class_ids,
                    found.confidence,
                    frame.boxes_xywh_px,
                    frame.class_ids,
                )
                whole += tally
                if frame.held_out:
                    held_out += tally
                times_ms.append(reading.candidates_ms + reading.classify_ms)
                report(done, len(frames))
    reader.close()
    figures = whole.figures() | {
        "ms_median": round(float(np.median(times_ms)), 2),
        "ms_p99": round(float(np.percentile(times_ms, 99)), 2),
    }
    if as_json:
        click.echo(json.dumps(figures | {"held_out": held_out.figures()}))
        return
    for title, part in (("all frames", figures), ("frames that taught nothing", held_out.figures())):
        click.echo(f"{title}:")
        for name, value in part.items():
            click.echo(f"  {name:22} {value:g}")
