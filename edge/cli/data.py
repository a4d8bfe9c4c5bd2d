"""`signwatch data`: the data sets to learn from, fetched or taken from where they are, and checked."""

import json
from pathlib import Path

import click

from edge.cli.options import json_option
from edge.official_data import DATA_SETS, as_text, fetch_data_set, take_data_set


@click.command("data")
@click.argument("names", nargs=-1, metavar="[gtsrb] [gtsdb]", type=click.Choice(list(DATA_SETS)))
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("data"),
    show_default=True,
    help="Folder for a folder of each.",
)
@click.option("--from", "source", type=click.Path(path_type=Path), help="Folder or zip to take them from; no network.")
@click.option("--base", metavar="ADDRESS", help="Folder of a mirror (http or https) that has the files by their names.")
@click.option("--subset", is_flag=True, help="Take files that differ from the official ones, if whole and readable.")
@json_option
def command(
    names: tuple[str, ...], out: Path, source: Path | None, base: str | None, subset: bool, as_json: bool
) -> None:
    """Fetch GTSRB (0.4 GB) and GTSDB (1.7 GB) from their makers' archive, or take them from a folder.

    Interrupted, the same command goes on from what has come. What is there already is compared with what it was when it
    came. `signwatch train` and `evaluate` read the folders as they are.
    """
    if source is not None and base is not None:
        raise click.UsageError("--from takes files from this machine, --base from another: give one of them")
    taken = {}
    for name in dict.fromkeys(names or DATA_SETS):
        data_set, folder = DATA_SETS[name], out / name
        if source is None:
            counts = fetch_data_set(data_set, folder, base, subset)
        else:
            counts = take_data_set(data_set, folder, source, subset)
        taken[name] = {"folder": str(folder), "counts": counts}
        click.echo(f"{name}: {as_text(counts)} in {folder}", err=as_json)
    if as_json:
        click.echo(json.dumps(taken))
