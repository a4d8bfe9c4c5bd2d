"""Options that say which camera it is and on what road, and what they are turned into."""

from pathlib import Path
from typing import TYPE_CHECKING, cast, get_args

import click

from models.sign_sizes import Road

if TYPE_CHECKING:  # reads TOML, which only those need who have a file
    from calibration.mounting import MountedCamera

_file = click.Path(path_type=Path, dir_okay=False)
CAMERA_HELP = (
    "The camera's file, from `signwatch calibrate`: signs get a bearing, a distance and, where it tells of the "
    "mounting, a place"
)
camera_file_option = click.option("--camera", "camera_file", type=_file, metavar="FILE", help=f"{CAMERA_HELP}.")
camera_files_option = click.option(
    "--camera", "camera_files", type=_file, multiple=True, metavar="FILE", help=f"{CAMERA_HELP}; one for each source."
)
road_option = click.option(
    "--road",
    type=click.Choice(get_args(Road)),
    default="any",
    show_default=True,
    help="With --camera: signs are larger where one drives faster, so distances are surer where that is known.",
)


def open_camera(file: Path) -> "MountedCamera":
    """The camera and its mounting in a file. Raises CameraFileError."""
    from calibration.mounting_file import load_mounted

    return load_mounted(file)


def cameras_of(files: tuple[Path, ...], sources: int) -> "list[MountedCamera | None]":
    """The camera of each of so many sources; None for all where no file was given. Raises CameraFileError."""
    if files and len(files) != sources:
        raise click.UsageError(f"{sources} SOURCE and {len(files)} --camera; give each one its file, or none")
    return [open_camera(file) for file in files] or [None] * sources


def as_road(word: str) -> Road:
    """What the option was given, which click has checked."""
    return cast("Road", word)
