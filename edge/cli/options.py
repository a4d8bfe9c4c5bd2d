"""Options that several commands share, so that they mean the same everywhere."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

if TYPE_CHECKING:
    from edge.remote.address import RemoteAddress
    from models.backends import Backend

weights_option = click.option(
    "--weights",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of weights that `signwatch train` made; those of the package if not given.",
)
_LOCAL_BACKEND = click.Choice(["auto", "litert-int8", "litert", "keras"])
backend_option = click.option(
    "--backend",
    type=_LOCAL_BACKEND,
    default="auto",
    show_default=True,
    help="What runs the network; auto is LiteRT, in int8 where the weights have it.",
)


class AnyBackend(click.ParamType["Backend | RemoteAddress"]):
    """One of the backends, or the address of a server that runs the network."""

    name = "BACKEND"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> "Backend | RemoteAddress":
        """Read it."""
        if not isinstance(value, str):  # read already
            return cast("RemoteAddress", value)
        if "://" not in value:
            return cast("Backend", _LOCAL_BACKEND.convert(value, param, ctx))
        from edge.remote.address import parse_address

        try:
            return parse_address(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


any_backend_option = click.option(
    "--backend",
    type=AnyBackend(),
    default="auto",
    show_default=True,
    help="What runs the network: auto (LiteRT, in int8 where the weights have it), litert-int8, litert or keras; or a "
    "server, such as kserve+grpc://HOST:PORT/MODEL, tfserving+grpc://… or tfserving+http://….",
)
fold_weights_option = click.option(
    "--fold-weights",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of trainings, one a fold in `0` to `4`: all frames are measured, each by what left it out.",
)
data_option = click.option(
    "--data", type=click.Path(path_type=Path), required=True, help="GTSRB, either layout: folder or zip."
)
frames_option = click.option(
    "--frames", type=click.Path(path_type=Path), required=True, help="GTSDB: folder or zip of street frames."
)
part_option = click.option(
    "--part",
    type=click.Choice(["test", "held-out"]),
    default="test",
    show_default=True,
    help="GTSRB's official test, or the training pictures of tracks that were held out of training.",
)


def _in_a_folder(context: click.Context, parameter: click.Parameter, path: Path | None) -> Path | None:
    """Said before hours of work and not after them."""
    if path is not None and not path.parent.is_dir():
        raise click.BadParameter(f"{path}: its folder isn't there; make it first")
    return path


def output_option(name: str, help: str, *, required: bool = False) -> Callable[[Callable[..., None]], Any]:
    """An option for a file that is written when the work is done."""
    return click.option(
        name,
        type=click.Path(path_type=Path, dir_okay=False),
        callback=_in_a_folder,
        required=required,
        metavar="FILE",
        help=help,
    )


html_option = output_option("--html", "Write a report as one HTML file that needs nothing else.")
precision_option = click.option(
    "--precision",
    type=click.Choice(["float32", "mixed_bfloat16"]),
    default="float32",
    show_default=True,
    help="The other takes a quarter less time on processors that compute in bfloat16, and more on those that don't.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
