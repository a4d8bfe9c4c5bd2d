"""`signwatch evaluate distances`: what was told of distances, against a drive's truth."""

import json
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import click
import numpy as np

from edge.cli.options import json_option, output_option
from edge.distance_figures import BANDS_M, INTERVAL_STDS, WANTED_M, Distances, distances
from edge.errors import MessageError, SourceError
from edge.messages import FrameMessage, decode
from edge.report import BAD, FAINT, SERIES, percent, require_report_packages, write_png

MESSAGES, TRUTH = "messages.jsonl", "truth.jsonl"
SHOWN_M = 90.0


@click.command("distances")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@output_option("--plot", "Draw what was told against what is true, as a PNG.")
@json_option
def command(folder: Path, plot: Path | None, as_json: bool) -> None:
    """Compare the distances in FOLDER's messages.jsonl with its truth.jsonl, as `signwatch demo --out` makes them."""
    if plot is not None:
        require_report_packages()
    found = _read(folder)
    figures: dict[str, Any] = found.within(*WANTED_M).figures() | {
        "range_m": WANTED_M,
        "bands": [{"range_m": band, **found.within(*band).figures()} for band in BANDS_M],
    }
    if not figures["told"]:
        raise SourceError(f"{folder / MESSAGES} tells no distance of a sign; process the drive with --camera")
    if plot is not None:
        title = f"{figures['told']} distances, median error {percent(figures['median_error'], 1)}"
        write_png(plot, [partial(_draw_distances, found=found), partial(_draw_errors, found=found)], 2, title)
    if as_json:
        click.echo(json.dumps(figures))
        return
    click.echo(
        f"{'metres':>10} {'signs':>6} {'median error':>13} {'bias':>8} {'90 % below':>12} {'in 90 % interval':>17}"
    )
    for one in [*figures["bands"], figures]:
        click.echo(
            f"{'{:.0f} to {:.0f}'.format(*one['range_m']):>10} {one['told']:6} {percent(one['median_error'], 1):>13} "
            f"{percent(one['bias'], 1):>8} {percent(one['p90_error'], 1):>12} {percent(one['in_interval'], 1):>17}"
        )


def _read(folder: Path) -> Distances:
    try:
        messages: list[FrameMessage] = [decode(line) for line in (folder / MESSAGES).read_bytes().splitlines()]
        return distances(messages, (folder / TRUTH).read_text(encoding="utf-8").splitlines())
    except OSError as error:
        raise SourceError(f"{error.filename}: can't be read ({error.strerror}); `signwatch demo` makes both") from error
    except (ValueError, KeyError, TypeError, MessageError) as error:
        raise SourceError(f"{folder}: its messages and its truth don't belong together ({error})") from error


def _draw_distances(axes: Any, found: Distances) -> None:
    axes.plot([0, SHOWN_M], [0, SHOWN_M], color=FAINT, linewidth=1)
    covered = np.abs(found.told_m - found.true_m) <= INTERVAL_STDS * found.std_m
    for chosen, colour, name in ((covered, SERIES[0], "in the 90 % interval"), (~covered, BAD, "outside")):
        axes.plot(found.true_m[chosen], found.told_m[chosen], ".", color=colour, markersize=2, label=name)
    axes.set_xlim(0, SHOWN_M)
    axes.set_ylim(0, SHOWN_M * 1.2)
    axes.set_xlabel("true distance, m")
    axes.set_ylabel("told, m")
    axes.legend(loc="upper left", markerscale=4)
    axes.set_title("Told against true")


def _draw_errors(axes: Any, found: Distances) -> None:
    edges = np.arange(5, SHOWN_M + 5, 5.0)
    middles, shares = [], []
    for low, high in pairwise(edges.tolist()):
        part = found.within(low, high)
        errors = 100 * (part.told_m / part.true_m - 1)[np.isfinite(part.told_m)]
        if len(errors) >= 10:
            middles.append((low + high) / 2)
            shares.append(np.quantile(errors, [0.05, 0.25, 0.5, 0.75, 0.95]))
    low, lower, middle, upper, high = np.array(shares).reshape(-1, 5).T
    axes.fill_between(middles, low, high, color=SERIES[0], alpha=0.2, linewidth=0, label="90 % of the errors")
    axes.fill_between(middles, lower, upper, color=SERIES[0], alpha=0.4, linewidth=0, label="half of them")
    axes.plot(middles, middle, color=SERIES[0], label="median")
    axes.axhline(0, color=FAINT, linewidth=1)
    axes.set_xlim(0, SHOWN_M)
    axes.set_ylim(-40, 25)  # with room for the legend
    axes.set_xlabel("true distance, m")
    axes.set_ylabel("error, %")
    axes.legend(loc="lower left")
    axes.set_title("Error by distance")
