"""Options that several commands share, so that they mean the same everywhere."""

from pathlib import Path

import click

weights_option = click.option(
    "--weights",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of weights that `signwatch train` made; those of the package if not given.",
)
backend_option = click.option(
    "--backend",
    type=click.Choice(["auto", "litert-int8", "litert", "keras"]),
    default="auto",
    show_default=True,
    help="What runs the network; auto is LiteRT, in int8 where the weights have it.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
