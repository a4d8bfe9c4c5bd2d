"""`signwatch calibrate undistort`: a picture without the lens's distortion, to be looked at."""

from pathlib import Path

import click
import cv2

from calibration.camera_file import load_camera
from calibration.undistortion import undistorted
from edge.cli.options import output_option
from edge.errors import SinkError
from edge.sources import read_picture


@click.command("undistort")
@click.argument("camera", type=click.Path(path_type=Path, dir_okay=False), metavar="CAMERA")
@click.argument("picture", type=click.Path(path_type=Path, dir_okay=False))
@output_option("--out", "Where the picture goes; its name's end says which kind it is.", required=True)
def command(camera: Path, picture: Path, out: Path) -> None:
    """Take the lens's distortion out of a picture: straight things come out straight.

    CAMERA is a file of `signwatch calibrate camera`; PICTURE was taken by that camera, and may be scaled.
    """
    straight = undistorted(read_picture(picture), load_camera(camera))
    try:
        _, content = cv2.imencode(out.suffix, straight)
    except cv2.error as error:
        raise SinkError(f"{out}: pictures are written as .png or .jpg") from error
    out.write_bytes(content.tobytes())
