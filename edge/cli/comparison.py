"""What two runs differ in, for people and for programs."""

import json

import click

from edge.run_comparison import KINDS, FrameDifference, RunComparison, SeenSign

MOST_LINES = 40
"""For people; --json says all of it."""


def say_comparison(comparison: RunComparison, as_json: bool) -> None:
    """Print it on standard output."""
    facts = comparison.facts()
    if as_json:
        click.echo(json.dumps(facts))
        return
    lines = [line for difference in comparison.differences() for line in _lines(difference)]
    for line in lines[:MOST_LINES]:
        click.echo(line)
    if len(lines) > MOST_LINES:
        click.echo(f"… and {len(lines) - MOST_LINES} lines more; --json says all")
    counts = ", ".join(f"{facts[kind]} {kind}" for kind in KINDS)
    missing = f"; {facts['only_now']} frames only now, {facts['only_before']} only before"
    click.echo(
        f"{facts['differing']} of {facts['frames']} frames differ: {counts} "
        f"(over {facts['box_tolerance_px']:g} px){missing if facts['only_now'] or facts['only_before'] else ''}"
    )


def _lines(one: FrameDifference) -> list[str]:
    where = f"{one.source}, {one.file or f'frame {one.frame}'}"
    if one.missing is not None:
        return [f"{where}: {'only now' if one.missing == 'before' else 'only before'}"]
    return [
        *(f"{where}: gained {_text(sign)}" for sign in one.gained),
        *(f"{where}: lost {_text(sign)}" for sign in one.lost),
        *(f"{where}: changed from {_text(before)} to {_text(now)}" for before, now in one.changed),
        *(f"{where}: moved from {_text(before)} to {_text(now)}" for before, now in one.moved),
    ]


def _text(sign: SeenSign) -> str:
    x, y, width, height = sign.box
    name = "".join(character if character.isprintable() else "?" for character in sign.name)
    return f"{name} at {x:.0f},{y:.0f} {width:.0f}x{height:.0f}"
