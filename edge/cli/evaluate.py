"""`signwatch evaluate`: how good the classifier, the detector and the tracker are on known data."""

import json
from pathlib import Path

import click
import numpy as np

from detector.scoring import Tally, tally_frame
from edge.cli.evaluate_background import command as background
from edge.cli.evaluate_classifier import command as classifier
from edge.cli.evaluate_robustness import command as robustness
from edge.cli.evaluate_tracks import command as tracks
from edge.cli.options import backend_option, json_option, weights_option
from edge.progress import progress_bar
from edge.reader import STILL_CONFIDENCE, open_reader
from models.archive import Archive
from models.backends import Backend
from models.gtsdb import list_frames, read_frame
from models.weights_record import BUILT_IN


@click.group("evaluate")
def command() -> None:
    """Measure the classifier, the detector or the tracker."""


command.add_command(classifier)
command.add_command(robustness)
command.add_command(background)
command.add_command(tracks)


@command.command("detector")
@click.option("--data", type=click.Path(path_type=Path), required=True, help="GTSDB: folder or zip of street frames.")
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
        frames = list_frames(archive, len(reader.catalogue))
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
