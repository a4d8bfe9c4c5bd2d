"""A full run of the benchmarks, drawn: each plot of what the run has."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from edge.report import SERIES, Draw

OURS, OTHERS = SERIES[0], SERIES[1]


def draw_run(run: dict[str, Any]) -> list[Draw]:
    """The plots of a run, as `signwatch bench report` keeps it; none of a part that is not there."""
    drawn: list[Draw] = []
    if "pipeline" in run:
        facts = run["pipeline"]
        for where, part in ((f"{facts['cores']} cores", facts), ("one core", facts.get("one_core"))):
            if part is not None:
                rates = {"signwatch": part["frames_per_second"], **part["peers"]}
                drawn.append(partial(_draw_bars, values=rates, title=f"Frames/s, {where}"))
        drawn.append(partial(_draw_stages, stages=facts["stages_ms"]))
    if "detector" in run:
        times = {name: row["ms_median"] for name, row in run["detector"]["compared"].items()}
        drawn.append(partial(_draw_bars, values=times, title="Candidates, ms", ours=["candidates"]))
    if "classifier" in run:
        rows = run["classifier"]["rows"]
        speeds = {row["backend"]: row["crops_per_second"] for row in rows if row["batch"] == 64}
        own = [name for name in speeds if name.startswith("litert")]
        drawn.append(partial(_draw_bars, values=speeds, title="Crops/s, 64 at once", ours=own))
    if "wire" in run:
        rates = {name: row["messages_per_second"] for name, row in run["wire"]["ways"].items()}
        drawn.append(partial(_draw_bars, values=rates, title="Messages/s", log=True))
    if "start" in run:
        seconds = {name: row["median"] for name, row in run["start"]["milestones_s"].items()}
        drawn.append(partial(_draw_bars, values=seconds, title="Start, s", ours=list(seconds)))
    return drawn


def _draw_bars(
    axes: Any, values: dict[str, float], title: str, ours: Sequence[str] = ("signwatch",), log: bool = False
) -> None:
    colours = [OURS if name in ours else OTHERS for name in values]
    bars = axes.barh(list(values), list(values.values()), color=colours, log=log)
    figures = [f"{value:,.3g}" if value < 100 else f"{value:,.0f}" for value in values.values()]
    axes.bar_label(bars, figures, padding=2, fontsize=8)
    axes.invert_yaxis()
    axes.margins(x=0.22)
    axes.grid(axis="y", visible=False)
    axes.tick_params(labelsize=7)
    axes.set_title(title, fontsize=10)


def _draw_stages(axes: Any, stages: dict[str, float]) -> None:
    _draw_bars(axes, stages, "A frame by stage, ms", ours=list(stages))
