"""`signwatch calibrate colour`: the colour cast of a camera's pictures, and what is wrong with them."""

import json
import math
from collections import Counter
from dataclasses import asdict
from typing import Any

import click

from calibration.cast import LEAST_PICTURES, STRONG_STOPS, DriveCast
from calibration.errors import CalibrationError
from calibration.picture import PictureJudge
from edge.cli.options import json_option
from edge.progress import progress_bar
from edge.sources import CapturedSource, open_source


@click.command("colour")
@click.argument("source")
@click.option(
    "--seconds",
    type=click.FloatRange(5, 3600),
    default=60.0,
    show_default=True,
    help="Of the drive, to look at most at so much.",
)
@json_option
def command(source: str, seconds: float, as_json: bool) -> None:
    """Tell the colour cast of a drive SOURCE, and for how many of its pictures something is wrong with them.

    SOURCE is a recording, a camera or a stream, of some seconds at least and better of half a minute: the more it
    passes, the less one lorry counts. `signwatch run` finds the cast by itself and takes a strong one off; this says
    what it would find.
    """
    cast, judge = DriveCast(), PictureJudge()
    wrong: Counter[str] = Counter()
    frames = 0
    with CapturedSource(open_source(source)) as opened, progress_bar(opened.name, opened.frame_count) as report:
        ends_s = math.inf
        for frame in opened.frames():
            ends_s = min(ends_s, frame.time_s + seconds)
            if frame.time_s > ends_s:
                break
            cast.take(frame.image, frame.time_s)
            wrong.update(judge.judge(frame.image, frame.time_s))
            frames += 1
            report(frames, opened.frame_count or 0)
    facts = _facts(source, cast, wrong, frames)
    if as_json:
        click.echo(json.dumps(facts))
        return
    _say(facts)


def _facts(source: str, cast: DriveCast, wrong: Counter[str], frames: int) -> dict[str, Any]:
    found = cast.cast
    if found is None:
        raise CalibrationError(
            f"{source} gave {cast.pictures} pictures, half a second apart, in which colours can be told, and it takes "
            f"{LEAST_PICTURES}; give a longer drive by day"
        )
    return {
        "pictures": cast.pictures,
        "cast_stops": {channel: round(stops, 3) for channel, stops in asdict(found).items()},
        "strength_stops": round(found.stops, 3),
        "spread_stops": round(cast.spread_stops, 3),
        "gains": dict(zip(("blue", "green", "red"), (round(gain, 4) for gain in found.gains), strict=True)),
        "taken_off": cast.gains is not None,
        "frames": frames,
        "degraded": {reason: round(count / frames, 4) for reason, count in sorted(wrong.items())},
    }


def _say(facts: dict[str, Any]) -> None:
    stops = ", ".join(f"{channel} {value:+.2f}" for channel, value in facts["cast_stops"].items())
    click.echo(
        f"Cast in stops of light, from {facts['pictures']} pictures: {stops}; "
        f"one picture is {facts['spread_stops']:.2f} away"
    )
    if facts["taken_off"]:
        gains = ", ".join(f"{channel} {value:.2f}" for channel, value in facts["gains"].items())
        click.echo(f"{facts['strength_stops']:.2f} stops are strong: a run takes them off, with gains {gains}.")
    else:
        click.echo(f"{facts['strength_stops']:.2f} stops are under {STRONG_STOPS:g}, and signs are found as they are.")
    for reason, share in facts["degraded"].items():
        click.echo(f"{reason}: {share:.0%} of the frames")
