"""What a comparison of networks came to: its figures as a table for a terminal, a picture of plots, and a page of both.

Plots are drawn by functions that are handed matplotlib's axes. matplotlib is imported only when something is drawn.
"""

import base64
import html
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edge.errors import SinkError

SERIES = ("#1f6fd6", "#d3542a")


@dataclass(frozen=True, slots=True)
class NetworkFigures:
    """What one network came to."""

    name: str
    title: str
    split: str
    """What was held out of its training, and gave the figure of validation: by `track`, or `picture`."""
    epochs: int | None
    """None where the record of weights doesn't say."""
    validation_images: int
    validation_accuracy: float | None
    """0 to 1; None for weights that may have learnt from what would judge them."""
    test_images: int
    test_errors: int
    test_accuracy: float
    """0 to 1, on the official test."""
    parameters: int
    multiply_adds: int
    """For one crop."""
    training_s: float | None
    """By the clock; None where the run's history doesn't tell."""
    training_processor_s: float | None
    """In time of all processors, which other programs beside it don't lengthen."""
    latency_ms: dict[int, float] = field(default_factory=dict)
    """Of one call, by the number of crops in it; empty until networks were timed beside one another."""


COLUMNS = (
    "network",
    "epochs",
    "validation",
    "official test",
    "errors",
    "parameters",
    "multiply-adds",
    "training",
    "of processors",
    "1 crop",
    "64 crops",
)
DASH = "-"
HOW_MEASURED = (
    "Networks trained here learn from photographs of signs alone, without background and drawn limits; weights that "
    "were given learnt from what their record says. An answer that is no sign counts as wrong. Times of a call are "
    "medians over rounds in which the networks take turns."
)


def cells(row: NetworkFigures) -> tuple[str, ...]:
    """A row's texts, a column each."""
    return (
        row.title,
        DASH if row.epochs is None else str(row.epochs),
        _percent(row.validation_accuracy),
        _percent(row.test_accuracy),
        str(row.test_errors),
        f"{row.parameters / 1e6:.2f} M",
        f"{row.multiply_adds / 1e6:.1f} M",
        _minutes(row.training_s),
        _minutes(row.training_processor_s),
        f"{row.latency_ms[1]:.2f} ms",
        f"{row.latency_ms[64]:.1f} ms",
    )


def _percent(share: float | None) -> str:
    return DASH if share is None else f"{share:.2%}"


def _minutes(seconds: float | None) -> str:
    return DASH if seconds is None else f"{seconds / 60:.1f} min"


def table(rows: Sequence[NetworkFigures]) -> str:
    """Text for a terminal, a line a network."""
    lines = [COLUMNS, *(cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(COLUMNS))]
    return "\n".join(
        f"{line[0]:{widths[0]}}  "
        + "  ".join(f"{text:>{width}}" for text, width in zip(line[1:], widths[1:], strict=True))
        for line in lines
    )


def what_the_seed_shows(rows: Sequence[NetworkFigures]) -> list[str]:
    """What the seed's own figure becomes when no sign is on both sides; nothing where it isn't among the rows."""
    of = {row.name: row for row in rows}
    if "seed" not in of or "seed-by-picture" not in of:
        return []
    leaking, honest = of["seed-by-picture"], of["seed"]
    return [
        f"The seed's network reads {_percent(leaking.validation_accuracy)} of pictures held out at random right, "
        f"having learnt from other pictures of the same signs, as in the figure that it came with; "
        f"{_percent(honest.validation_accuracy)} of held-out tracks, signs that it has never seen; and "
        f"{_percent(honest.test_accuracy)} of the official test ({_percent(leaking.test_accuracy)} after learning "
        f"from the random split)."
    ]


def require_matplotlib() -> None:
    """Raise SinkError, with the mend, where matplotlib is missing: before the work whose result it is to draw."""
    try:
        import matplotlib  # noqa: F401  (only asked for; whoever draws imports it)
    except ImportError as error:
        raise SinkError("plots need matplotlib: pip install 'signwatch[report]'") from error


@dataclass(frozen=True, slots=True)
class _Panel:
    """One plot: two bars a network."""

    title: str
    series: Mapping[str, Sequence[float | None]]
    label: str
    """How a value is written, for `str.format`."""


def png(rows: Sequence[NetworkFigures]) -> bytes:
    """The plots as one picture on white."""
    from matplotlib.figure import Figure

    titles = [row.title for row in rows]
    figure = Figure(figsize=(11, 1.6 + 0.95 * len(rows)), layout="constrained", dpi=100)
    for panel, axes in zip(_panels(rows), figure.subplots(2, 2, sharey=True).ravel(), strict=True):
        _draw(axes, titles, panel)
    target = io.BytesIO()
    figure.savefig(target, format="png")
    return target.getvalue()


def _panels(rows: Sequence[NetworkFigures]) -> list[_Panel]:
    def wrong(accuracy: float | None) -> float | None:
        return None if accuracy is None else 100 * (1 - accuracy)

    def minutes(seconds: float | None) -> float | None:
        return None if seconds is None else seconds / 60

    return [
        _Panel(
            "Read wrong",
            {
                "held out": [wrong(row.validation_accuracy) for row in rows],
                "official test": [wrong(row.test_accuracy) for row in rows],
            },
            "{:.2f} %",
        ),
        _Panel(
            "Size",
            {
                "parameters": [row.parameters / 1e6 for row in rows],
                "multiply-adds a crop": [row.multiply_adds / 1e6 for row in rows],
            },
            "{:.2f} M",
        ),
        _Panel(
            "Time of one call",
            {
                "1 crop": [row.latency_ms[1] for row in rows],
                "64 crops": [row.latency_ms[64] for row in rows],
            },
            "{:.1f} ms",
        ),
        _Panel(
            "Time to train",
            {
                "by the clock": [minutes(row.training_s) for row in rows],
                "of processors": [minutes(row.training_processor_s) for row in rows],
            },
            "{:.1f} min",
        ),
    ]


def _draw(axes: Any, titles: Sequence[str], panel: _Panel) -> None:
    """The first network on top; a dash where a figure isn't known."""
    height = 0.38
    for number, (name, values) in enumerate(panel.series.items()):
        known = [(row + (number - 0.5) * height, value) for row, value in enumerate(values) if value is not None]
        places, lengths = [place for place, _ in known], [length for _, length in known]
        bars = axes.barh(places, lengths, height, label=name, color=SERIES[number])
        axes.bar_label(bars, [panel.label.format(length) for length in lengths], padding=3, fontsize=9)
        for row, value in enumerate(values):
            if value is None:
                place = row + (number - 0.5) * height
                axes.text(0.01, place, DASH, transform=axes.get_yaxis_transform(), va="center", fontsize=9)
    axes.set_yticks(range(len(titles)), titles)
    axes.set_ylim(len(titles) - 0.4, -0.6)
    axes.margins(x=0.22)
    axes.tick_params(axis="x", labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_title(panel.title, loc="left")
    axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2, frameon=False, fontsize=9, borderaxespad=0.2)


def page(rows: Sequence[NetworkFigures], sentences: Sequence[str], plots_png: bytes) -> str:
    """One HTML page that needs nothing else: what was found, table, plots."""
    head = "".join(f"<th>{html.escape(column)}</th>" for column in COLUMNS)
    body = "\n".join("<tr>" + "".join(f"<td>{html.escape(text)}</td>" for text in cells(row)) + "</tr>" for row in rows)
    said = "\n".join(f"<p>{html.escape(sentence)}</p>" for sentence in sentences)
    source = base64.b64encode(plots_png).decode("ascii")
    return f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Signwatch: networks compared</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }}
div {{ overflow-x: auto; }}
table {{ border-collapse: collapse; font-size: .85rem; white-space: nowrap; font-variant-numeric: tabular-nums; }}
th, td {{ padding: .3rem .8rem; text-align: right; border-bottom: 1px solid #d5dae1; }}
th:first-child, td:first-child {{ text-align: left; padding-left: 0; }}
img {{ max-width: 100%; margin-top: 1rem; }}
</style>
<h1>Networks compared</h1>
{said}
<div><table>
<thead><tr>{head}</tr></thead>
<tbody>
{body}
</tbody>
</table></div>
<img alt="The same figures as bars" src="data:image/png;base64,{source}">
</html>
"""


def write(folder: Path, rows: Sequence[NetworkFigures], sentences: Sequence[str]) -> None:
    """Write `comparison.png` and `comparison.html` to the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    plots = png(rows)
    (folder / "comparison.png").write_bytes(plots)
    (folder / "comparison.html").write_text(page(rows, sentences, plots), encoding="utf-8")
