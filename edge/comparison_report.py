"""What a comparison of networks came to: its figures as a table for a terminal, a picture of plots, and a page of both.

Plots are drawn by functions that are handed matplotlib's axes, on the page and in the picture alike.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from edge.report import SERIES, Plot, Report, percent, write_png


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
TITLE = "Networks compared"
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
        percent(row.validation_accuracy),
        percent(row.test_accuracy),
        str(row.test_errors),
        f"{row.parameters / 1e6:.2f} M",
        f"{row.multiply_adds / 1e6:.1f} M",
        _minutes(row.training_s),
        _minutes(row.training_processor_s),
        f"{row.latency_ms[1]:.2f} ms",
        f"{row.latency_ms[64]:.1f} ms",
    )


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
        f"The seed's network reads {percent(leaking.validation_accuracy)} of pictures held out at random right, "
        f"having learnt from other pictures of the same signs, as in the figure that it came with; "
        f"{percent(honest.validation_accuracy)} of held-out tracks, signs that it has never seen; and "
        f"{percent(honest.test_accuracy)} of the official test ({percent(leaking.test_accuracy)} after learning "
        f"from the random split)."
    ]


@dataclass(frozen=True, slots=True)
class _Panel:
    """One plot: two bars a network."""

    title: str
    series: Mapping[str, Sequence[float | None]]
    label: str
    """How a value is written, for `str.format`."""


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
    axes.margins(x=0.35)
    axes.tick_params(axis="x", labelsize=8)
    axes.set_title(panel.title, pad=34)  # the legend lies between
    axes.legend(loc="lower left", bbox_to_anchor=(-0.02, 1.0), frameon=False, fontsize=8, handlelength=1.2, borderpad=0)


def write(folder: Path, rows: Sequence[NetworkFigures], sentences: Sequence[str], page: Report) -> None:
    """Write `comparison.png` to the folder and, by filling the page, `comparison.html`."""
    folder.mkdir(parents=True, exist_ok=True)
    titles = [row.title for row in rows]
    draws = [partial(_draw, titles=titles, panel=panel) for panel in _panels(rows)]
    write_png(folder / "comparison.png", draws, 2, TITLE)
    found = page.section("What was found")
    found.lines(sentences)
    found.table(COLUMNS, [cells(row) for row in rows])
    page.section("The same as bars").plots([Plot(draw, size_in=(6.0, 1.2 + 0.7 * len(rows))) for draw in draws])
    page.write(folder / "comparison.html")
