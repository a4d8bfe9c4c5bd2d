"""Plots and sheets of what is measured by kind and strength (`models.disturbances.Graded`)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.report import FAINT, SERIES, Draw
from models.disturbances import Graded

UNDISTURBED = "none"
"""In place of a strength, for what is as it is."""


@dataclass(frozen=True, slots=True)
class Curve:
    """A share by strength: the undisturbed one, then weakest to strongest."""

    label: str
    shares: Sequence[float]
    intervals: Sequence[tuple[float, float]]
    """In which each lies with 95 % probability."""


def draw_curves(graded: Graded, curves: Sequence[Curve], lowest: float) -> Draw:
    """Curves from undisturbed, on the left, to the strongest; the scale goes from `lowest` to 1.

    One scale for all kinds of a report lets them be compared by eye.
    """

    def draw(axes: Any) -> None:
        places = range(1 + len(graded.strengths))
        for colour, curve in zip(SERIES, curves, strict=False):
            lows, highs = zip(*curve.intervals, strict=True)
            axes.fill_between(places, lows, highs, color=colour, alpha=0.18, linewidth=0)
            axes.plot(places, curve.shares, color=colour, marker="o", markersize=4, label=curve.label)
            axes.axhline(curve.shares[0], color=FAINT, linewidth=0.8, linestyle="--")
        axes.set_xticks(places, [UNDISTURBED, *map(graded.strength_text, graded.strengths)])
        axes.set_xlabel(graded.unit)
        axes.set_ylim(lowest, 1.002)
        axes.yaxis.set_major_formatter(lambda share, _: f"{100 * share:g} %")
        axes.set_title(graded.title)
        if len(curves) > 1:
            axes.legend(frameon=False, loc="lower left", fontsize=8)

    return draw


def labelled_sheet(strips: Mapping[str, NDArray[np.uint8]], kinds: Sequence[Graded], row_px: int) -> NDArray[np.uint8]:
    """Strips by kind on one sheet, two beside each other, with the kind above and the strengths beside them.

    A strip has rows of `row_px`: the undisturbed, then weakest to strongest.
    """
    label_px, head_px = 90, 26
    height = head_px + row_px * (1 + max(len(kind.strengths) for kind in kinds))
    width = label_px + max(strip.shape[1] for strip in strips.values())
    columns = min(2, len(kinds))
    sheet = np.full((height * -(-len(kinds) // columns), width * columns, 3), 255, np.uint8)

    def write(text: str, x: int, y: int) -> None:
        cv2.putText(sheet, text, (x, y), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (30, 30, 30), 1, cv2.LINE_AA)

    for number, kind in enumerate(kinds):
        left, top = width * (number % columns), height * (number // columns)
        write(f"{kind.title}, {kind.unit}", left + label_px, top + 18)
        for row, text in enumerate(["as it is", *map(kind.strength_text, kind.strengths)]):
            write(text, left + 8, top + head_px + row_px * row + row_px // 2)
        strip = strips[kind.name]
        sheet[top + head_px : top + head_px + strip.shape[0], left + label_px : left + label_px + strip.shape[1]] = (
            strip
        )
    return sheet
