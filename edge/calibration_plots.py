"""A calibration to be looked at: where the board was, the errors, and the board's shape."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from calibration.intrinsics import Calibration
from calibration.view_collector import CELLS
from edge.report import BAD, FAINT, SERIES, Draw

ARROW_PX = 40.0
"""Length in the picture of an error of 1 px."""


def draw_calibration(calibration: Calibration) -> Sequence[Draw]:
    """Plots of a calibration: coverage, errors as arrows, errors of each view, and each shape of the board."""
    shapes = [partial(_draw_shape, calibration=calibration, shape=shape) for shape in range(len(calibration.heights))]
    return [
        partial(_draw_coverage, calibration=calibration),
        partial(_draw_errors, calibration=calibration),
        partial(_draw_views, calibration=calibration),
        *shapes,
    ]


def _draw_coverage(axes: Any, calibration: Calibration) -> None:
    width, height = calibration.camera.size_px
    for number, view in enumerate(calibration.problem.views):
        axes.plot(*view.points_px.T, ".", color=SERIES[number % len(SERIES)], markersize=2)
    rows, columns = CELLS
    axes.set_xticks(np.linspace(0, width, columns + 1), [f"{x:.0f}" for x in np.linspace(0, width, columns + 1)])
    axes.set_yticks(np.linspace(0, height, rows + 1), [f"{y:.0f}" for y in np.linspace(0, height, rows + 1)])
    _as_picture(axes, calibration)
    axes.set_title("Corners found")


def _draw_errors(axes: Any, calibration: Calibration) -> None:
    errors = calibration.problem.errors(calibration.solution)
    axes.quiver(
        *calibration.problem.points_px.T,
        *errors.T,
        angles="xy",
        scale_units="xy",
        scale=1 / ARROW_PX,
        width=0.002,
        color=SERIES[0],
        zorder=3,
    )
    _as_picture(axes, calibration)
    axes.set_title(f"Errors, {ARROW_PX:.0f} times")


def _draw_views(axes: Any, calibration: Calibration) -> None:
    names = [view.name.rpartition(".")[0] or view.name for view in calibration.problem.views]
    places = np.arange(len(names))
    axes.barh(places - 0.2, calibration.problem.rms_of_views(calibration.solution), 0.4, label="used", color=SERIES[0])
    axes.barh(places + 0.2, calibration.held_out_px, 0.4, label="held out", color=SERIES[1])
    assert calibration.camera.accuracy is not None
    axes.axvline(calibration.camera.accuracy.rms_px, color=BAD, linewidth=1)
    axes.set_yticks(places, names, fontsize=5)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_xlabel("px, root mean square")
    axes.set_title("Error of each view")
    axes.legend(frameon=False, fontsize=7, loc="lower right")


def _draw_shape(axes: Any, calibration: Calibration, shape: int) -> None:
    board = calibration.problem.board
    x, y = board.corners.reshape(board.rows, board.columns, 2).transpose(2, 0, 1)
    heights = calibration.heights[shape].reshape(board.rows, board.columns)
    lines = axes.contour(x, y, heights - heights.mean(), 9, colors=SERIES[0], linewidths=1)
    axes.clabel(lines, fontsize=6)
    axes.plot(x.ravel(), y.ravel(), ".", color=FAINT, markersize=2)
    axes.set_aspect("equal")
    axes.invert_yaxis()
    views = int((calibration.problem.shapes == shape).sum())
    axes.set_title(f"Bend in squares, {views} views")


def _as_picture(axes: Any, calibration: Calibration) -> None:
    width, height = calibration.camera.size_px
    axes.set_xlim(-0.5, width - 0.5)
    axes.set_ylim(height - 0.5, -0.5)
    axes.set_aspect("equal")
    axes.tick_params(labelsize=7)
