"""`signwatch evaluate`: how good the classifier and the detector are on known data."""

import click

from edge.cli.evaluate_background import command as background
from edge.cli.evaluate_classifier import command as classifier
from edge.cli.evaluate_conditions import command as conditions
from edge.cli.evaluate_detector import command as detector
from edge.cli.evaluate_robustness import command as robustness


@click.group("evaluate")
def command() -> None:
    """Measure the classifier or the detector."""


command.add_command(classifier)
command.add_command(robustness)
command.add_command(background)
command.add_command(detector)
command.add_command(conditions)
