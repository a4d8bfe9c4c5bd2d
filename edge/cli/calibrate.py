"""`signwatch calibrate`: what the camera is."""

import click

from edge.cli.calibrate_board import command as board
from edge.cli.calibrate_camera import command as camera
from edge.cli.calibrate_colour import command as colour
from edge.cli.calibrate_mounting import command as mounting
from edge.cli.calibrate_undistort import command as undistort


@click.group("calibrate")
def command() -> None:
    """Find out what the camera is, once, for all later runs."""


command.add_command(board)
command.add_command(camera)
command.add_command(mounting)
command.add_command(colour)
command.add_command(undistort)
