"""`signwatch evaluate`: how good the classifier, the detector and the tracker are on known data."""

import click

from edge.cli.evaluate_background import command as background
from edge.cli.evaluate_classifier import command as classifier
from edge.cli.evaluate_conditions import command as conditions
from edge.cli.evaluate_detector import command as detector
from edge.cli.evaluate_distances import command as distances
from edge.cli.evaluate_robustness import command as robustness
from edge.cli.evaluate_tracks import command as tracks


@click.group("evaluate")
def command() -> None:
    """Measure the classifier, the detector or the tracker."""


command.add_command(classifier)
command.add_command(robustness)
command.add_command(background)
command.add_command(detector)
command.add_command(conditions)
command.add_command(tracks)
command.add_command(distances)
