"""`signwatch compare`: other networks and ours, trained on the same pictures and measured alike."""

import json
from collections.abc import Collection, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import click

from edge.cli.heavy import load_tensorflow
from edge.cli.options import json_option, precision_option
from edge.comparison_report import HOW_MEASURED, TITLE, table, what_the_seed_shows, write
from edge.report import Report
from edge.training_crops import HELD_OUT_SHARE, SPLIT_SEED
from models.archive import Archive
from models.catalogue import load_catalogue

OURS = "signwatch"


def _by_network(ctx: click.Context, param: click.Parameter, value: str | None) -> dict[str, int]:
    """Epochs by network, under the empty name for all others, from `12` or `seed=10,resnet50=6`."""
    epochs = {}
    for part in value.split(",") if value else ():
        name, _, number = part.rpartition("=")
        if not number.strip().isdigit() or int(number) < 1:
            raise click.BadParameter(f"{part!r} is neither a number of epochs, from 1, nor network=number")
        epochs[name.strip()] = int(number)
    return epochs


@click.command("compare")
@click.option("--data", type=click.Path(path_type=Path), required=True, help="GTSRB, folder or zip.")
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="Folder for runs and report."
)
@click.option("--networks", default="seed,resnet50,signwatch", show_default=True, help="Which, in the table's order.")
@click.option("--epochs", callback=_by_network, help="For all, or seed=10,resnet50=6 [default: 24; seed: its own 10]")
@click.option(
    "--weights",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder that `signwatch train` made, to be measured in place of training ours.",
)
@precision_option
@click.option("--seed", type=int, default=1, show_default=True, help="Of the trainings; the split is always the same.")
@json_option
def command(
    data: Path,
    out: Path,
    networks: str,
    epochs: dict[str, int],
    weights: Path | None,
    precision: Any,
    seed: int,
    as_json: bool,
) -> None:
    """Train the seed project's network, a ResNet50 and ours on GTSRB, and compare them.

    All learn from the same tracks, without background and drawn limits, and are judged on the held-out tracks and on
    the official test. The seed's network learns as it did, and once more with held-out pictures drawn at random, as
    its own figure was measured. Table, plots and page are written to the folder. What is whole in the folder isn't
    trained again; interrupted, the same command goes on from the last epoch.
    """
    load_tensorflow("training")
    page = Report(TITLE, "the same tracks held out of each; GTSRB's official test")
    from edge.comparison import NETWORK, Pictures, latencies_ms, load_network, measure_weights, train_contestant
    from models.comparison import NETWORKS
    from models.weights_record import KERAS

    chosen = _known([name.strip() for name in networks.split(",")], NETWORKS)
    _known([name for name in epochs if name], chosen)
    if weights is not None and OURS not in chosen:
        raise click.UsageError(f"--weights are measured in place of {OURS}, which is not among the networks")
    catalogue = load_catalogue()
    contestants = [one for name in chosen for one in NETWORKS[name](epochs.get(name, epochs.get("")), seed, precision)]
    files = {one.name: out / one.name / NETWORK for one in contestants}
    figures = {}
    with Archive(data) as archive:
        pictures = Pictures(archive, len(catalogue), HELD_OUT_SHARE, SPLIT_SEED)
        if weights is not None:  # first: what is wrong with them should not come out after hours of training
            ours = next(one for one in contestants if one.name == OURS)
            figures[OURS] = measure_weights(ours, pictures, catalogue, weights)
            files[OURS] = weights / KERAS
        for contestant in contestants:
            if contestant.name not in figures:
                run = out / contestant.name
                figures[contestant.name] = train_contestant(contestant, pictures, catalogue, run)
    latencies = latencies_ms({name: load_network(file) for name, file in files.items()})
    rows = [replace(figures[name], latency_ms=latencies[name]) for name in files]
    sentences = [*what_the_seed_shows(rows), HOW_MEASURED]
    write(out, rows, sentences, page)
    if as_json:
        click.echo(json.dumps({"networks": [asdict(row) for row in rows]}))
    else:
        click.echo("\n\n".join([table(rows), *sentences]))
    click.echo(f"wrote {out}", err=True)


def _known(names: Sequence[str], known: Collection[str]) -> Sequence[str]:
    for name in names:
        if name not in known:
            raise click.UsageError(f"{name!r} is none of the networks ({', '.join(known)})")
    if len(set(names)) < len(names):
        raise click.UsageError(f"a network is named twice: {', '.join(names)}")
    return names
