"""Reports as one HTML file that needs nothing else: pictures and plots are inside it, no script, nothing is fetched.

    report = Report("Classifier", "the official test, 12,630 pictures")
    with_plots = report.section("Calibration", "What is said against what is true.")
    with_plots.tiles([("99.1 %", "right")])
    with_plots.plots([Plot(draw)])
    report.write(Path("report.html"))

A plot is drawn by a function that is handed matplotlib's axes. It takes its colours from here (`INK`, `SERIES`, …):
in the page they follow the reader's light or dark setting. Needs the extra `report`, which is imported only when a
report is made.
"""

import base64
import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.page_template import missing_package, render

INK, FAINT, LINE, BAD = "#0a0b0c", "#5c6876", "#d5dae1", "#c22f2f"
"""For text and axes, for what is secondary, for grids, for what is wrong."""
SERIES = ("#1f6fd6", "#d3542a", "#2a8f5c", "#8a5bc4")
"""For data, in this order."""
_CSS_OF_COLOUR = {INK: "ink", FAINT: "faint", LINE: "line", BAD: "bad"} | {
    colour: f"series{number}" for number, colour in enumerate(SERIES, start=1)
}

Draw = Callable[[Any], None]
"""Draws into matplotlib's `Axes`."""


@dataclass(frozen=True, slots=True)
class Plot:
    """One diagram."""

    draw: Draw
    caption: str = ""
    size_in: tuple[float, float] = (7.0, 3.2)
    """Width and height at 72 px an inch, before the page scales it."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture with a few words below it."""

    image: NDArray[np.uint8]
    """(height, width, 3) uint8 BGR"""
    title: str
    caption: str = ""


class Section:
    """A part of a report: a heading, a line or two, then blocks in the order in which they are added."""

    def __init__(self, title: str, text: str) -> None:
        self.title = title
        self.text = text
        self.blocks: list[dict[str, Any]] = []

    def tiles(self, tiles: Sequence[tuple[str, str]]) -> None:
        """Figures to see first: value and what it is."""
        self.blocks.append({"kind": "tiles", "tiles": tiles})

    def lines(self, lines: Sequence[str]) -> None:
        """A list, one thing a line."""
        self.blocks.append({"kind": "lines", "lines": lines})

    def table(
        self, columns: Sequence[str], rows: Sequence[Sequence[str]], caption: str = "", marked: Sequence[int] = ()
    ) -> None:
        """A table of texts. A column of which every cell reads as a number is set as one; `marked` rows stand out."""
        numeric = [bool(rows) and all(_NUMBER.fullmatch(row[place]) for row in rows) for place, _ in enumerate(columns)]
        self.blocks.append(
            {
                "kind": "table",
                "columns": columns,
                "rows": rows,
                "numeric": numeric,
                "caption": caption,
                "marked": set(marked),
            }
        )

    def plots(self, plots: Sequence[Plot], least_px: int = 560) -> None:
        """Diagrams side by side where each can be `least_px` wide, else below one another."""
        drawn = [{"svg": _svg(plot), "caption": plot.caption} for plot in plots]
        self.blocks.append({"kind": "plots", "plots": drawn, "least_px": least_px})

    def pictures(self, pictures: Sequence[Picture], least_px: int = 110) -> None:
        """A gallery; each picture is shown at least `least_px` wide."""
        shown = [
            {"uri": data_uri(picture.image), "title": picture.title, "caption": picture.caption} for picture in pictures
        ]
        self.blocks.append({"kind": "pictures", "pictures": shown, "least_px": least_px})

    def sheet(self, image: NDArray[np.uint8], caption: str) -> None:
        """One wide picture (height, width, 3) uint8 BGR, as wide as the page and on narrow ones scrolled."""
        least_px = min(640, image.shape[1])
        self.blocks.append({"kind": "sheet", "uri": data_uri(image), "caption": caption, "least_px": least_px})


_NUMBER = re.compile(r"[-+]?[\d,. ]*\d(?: ?%)?(?: to [\d.,]+(?: ?%)?)?|-|")


class Report:
    """A page of sections.

    Raises ReportError where the packages that it takes are missing, so make it before the work whose result it is
    to show.
    """

    def __init__(self, title: str, subtitle: str) -> None:
        require_report_packages()
        self._title = title
        self._subtitle = subtitle
        self._sections: list[Section] = []

    def section(self, title: str, text: str = "") -> Section:
        """Add a section at the end, and give it to be filled."""
        self._sections.append(Section(title, text))
        return self._sections[-1]

    def html(self) -> str:
        """The page."""
        from markupsafe import Markup

        for section in self._sections:
            for block in section.blocks:
                for plot in block.get("plots", ()):
                    plot["svg"] = Markup(plot["svg"])  # ours, made by matplotlib, which escapes what it is given
        return render(
            "report.html",
            title=self._title,
            subtitle=self._subtitle,
            sections=self._sections,
            footer=f"Made by signwatch {metadata.version('signwatch')}. This file needs nothing else.",
        )

    def write(self, path: Path) -> None:
        """Write the page; the file appears under its name only once it is whole."""
        partial = path.with_name(f".{path.name}.partial")
        partial.write_text(self.html(), encoding="utf-8")
        partial.replace(path)


def require_report_packages() -> None:
    """Raise ReportError, with the mend, where matplotlib or Jinja2 is missing."""
    try:
        import jinja2  # noqa: F401  (only asked for; whoever uses it imports it)
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise missing_package(error.name) from error


def data_uri(image: NDArray[np.uint8]) -> str:
    """A picture (height, width, 3) uint8 BGR as the address that it has inside a page; WebP, small losses."""
    data = cv2.imencode(".webp", image, [cv2.IMWRITE_WEBP_QUALITY, 90])[1]
    return "data:image/webp;base64," + base64.b64encode(data.tobytes()).decode("ascii")


def percent(share: float | None, digits: int = 2) -> str:
    """A share, 0 to 1, for a table: `99.12 %`; a dash where there is none."""
    return "-" if share is None else f"{100 * share:.{digits}f} %"


def write_png(path: Path, draws: Sequence[Draw], columns: int, title: str) -> None:
    """The plots of a report as one picture on white, `columns` beside one another; 150 px an inch."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    rows = -(-len(draws) // columns)
    with mpl.rc_context(_style()):
        figure = Figure(figsize=(3.4 * columns, 2.7 * rows + 0.4), layout="constrained", dpi=150)
        figure.suptitle(title, x=0.01, ha="left", fontsize=14, fontweight="bold")
        places = figure.subplots(rows, columns, squeeze=False).ravel()
        for draw, axes in zip(draws, places, strict=False):
            draw(axes)
        for axes in places[len(draws) :]:
            axes.set_axis_off()
        target = io.BytesIO()
        figure.savefig(target, format="png")
    path.write_bytes(target.getvalue())


def _svg(plot: Plot) -> str:
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(_style()):
        figure = Figure(figsize=plot.size_in, layout="constrained")
        plot.draw(figure.add_subplot())
        target = io.StringIO()
        figure.savefig(target, format="svg", transparent=True, metadata={"Date": None})
    text = target.getvalue()
    text = re.sub(r"<metadata>.*?</metadata>", "", text[text.index("<svg") :], flags=re.DOTALL)
    for colour, name in _CSS_OF_COLOUR.items():
        text = text.replace(colour, f"var(--{name})")
    # Its own size would win over the page's; the view box stays.
    return re.sub(r' width="[^"]*pt" height="[^"]*pt"', "", text, count=1)


def _style() -> Any:
    """Settings of matplotlib, whose own type for them is a list of all names."""
    from cycler import cycler

    return {
        "svg.fonttype": "none",
        "svg.hashsalt": "signwatch",
        "font.size": 10,
        "text.color": INK,
        "axes.labelcolor": INK,
        "axes.titlecolor": INK,
        "axes.titlesize": 11,
        "axes.titleweight": "bold",
        "axes.titlelocation": "left",
        "axes.edgecolor": FAINT,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "axes.axisbelow": True,
        "axes.prop_cycle": cycler(color=SERIES),
        "grid.color": LINE,
        "grid.linewidth": 0.8,
        "xtick.color": FAINT,
        "ytick.color": FAINT,
        "lines.linewidth": 2.0,
    }
