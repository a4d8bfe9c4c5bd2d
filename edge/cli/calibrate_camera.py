"""`signwatch calibrate camera`: the intrinsics, from pictures of a board."""

import json
from dataclasses import asdict, replace
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any, Unpack, get_args

import click
import cv2
import numpy as np

from calibration.board import Board, Kind
from calibration.camera import DISTORTION, MATRIX, Camera, Model
from calibration.camera_file import TABLES, read_document, save_camera
from calibration.errors import CameraFileError
from calibration.intrinsics import Calibration, calibrate
from calibration.straightness import straightness
from calibration.view_collector import ViewCollector, coverage
from edge.board_views import FoundViews, views_of_pictures, views_of_stream
from edge.calibration_plots import draw_calibration
from edge.cli.board_options import board_options
from edge.cli.live_options import camera_options
from edge.cli.options import json_option, output_option
from edge.cli.source_options import CameraOptions, source_options
from edge.progress import progress_bar
from edge.report import require_report_packages, write_png
from edge.sources import CapturedSource, SourceEvent, open_source

ENOUGH_VIEWS = 20


@click.command("camera")
@click.argument("source")
@board_options
@click.option(
    "--model",
    type=click.Choice(get_args(Model)),
    default="pinhole",
    show_default=True,
    help="Of the lens; fisheye for those that see more than 120 degrees.",
)
@click.option("--flat", is_flag=True, help="The board is flat and true, as on glass: don't look for its shape.")
@click.option("--name", default="camera", show_default=True, help="What the file calls the camera.")
@click.option(
    "--views",
    type=click.IntRange(1, 100),
    default=ENOUGH_VIEWS,
    show_default=True,
    help="Of moving pictures: take so many. Ctrl-C takes what there is.",
)
@click.option("--realtime/--no-realtime", help="Take a recording at its own pace, as if it were a camera.")
@output_option("--out", "Write what was found as a camera's file, such as front.toml.")
@output_option("--plot", "Write a PNG of where the board was, of the errors and of its shape.")
@json_option
@camera_options
def command(
    source: str,
    pattern: tuple[int, int],
    kind: Kind,
    model: Model,
    flat: bool,
    name: str,
    views: int,
    realtime: bool,
    out: Path | None,
    plot: Path | None,
    as_json: bool,
    **options: Unpack[CameraOptions],
) -> None:
    """Find out what a camera is, from pictures of a board that it took.

    SOURCE is a folder or glob of pictures, a recording, or a camera or stream. Of moving pictures views are taken by
    themselves, whenever the board is still, sharp and somewhere new.
    """
    if plot is not None:
        require_report_packages()
    board = Board(*pattern, kind)
    found = _views(source, board, views, realtime, options)
    with progress_bar("holding out each view", len(found.views)) as report:
        calibration = calibrate(board, found.views, found.size_px, model, flat=flat, report=report)
    calibration.left_out.update(found.left_out)
    camera = replace(
        calibration.camera,
        name=name,
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        software=f"signwatch {metadata.version('signwatch')}, OpenCV {cv2.__version__}",
    )
    if out is not None:
        _say_what_is_lost(out)
        save_camera(camera, out)
    if plot is not None:
        write_png(plot, draw_calibration(calibration), 2, f"{name}: {len(calibration.problem.views)} views")
    if as_json:
        click.echo(json.dumps(_facts(camera, calibration, found)))
    else:
        _print(camera, calibration, found, out)


def _views(spec: str, board: Board, enough: int, realtime: bool, options: CameraOptions) -> FoundViews:
    with open_source(spec, realtime=realtime, options=source_options(options, _say_event)) as source:
        if not source.live and source.fps is None:  # pictures, or what is as good as pictures
            with progress_bar("looking for the board", source.frame_count) as report:
                return views_of_pictures(source, board, report)
        if source.live:
            click.echo(f"show the {board} to the camera, still, at many places; {enough} views are taken", err=True)
            with CapturedSource(source) as newest:
                return views_of_stream(newest, board, enough, _say_coverage, lambda done, total: None)
        with progress_bar("looking for the board", source.frame_count) as report:
            return views_of_stream(source, board, enough, lambda collector: None, report)


def _say_what_is_lost(file: Path) -> None:
    """What was added to a camera's file, as its mounting, was found with the camera as it was known before."""
    try:
        document = read_document(file)
    except CameraFileError:  # there was none
        return
    for table in (name for name in document if name not in TABLES):
        click.echo(f"{file}: [{table}] belonged to the calibration before and is left out; find it anew", err=True)


def _say_event(event: SourceEvent) -> None:
    if event.fault is not None and event.attempts <= 1:  # it is opened again and again
        click.echo(event.fault, err=True)


def _say_coverage(collector: ViewCollector) -> None:
    """Which fields of the picture have corners by now, and what to show next."""
    grid = "  ".join("".join("#" if count else "." for count in row) for row in collector.coverage().tolist())
    wish = collector.wish() or "everything was seen; more views make it surer"
    click.echo(f"view {len(collector.views)}: {collector.views[-1].name}; {grid}; {wish}", err=True)


def _facts(camera: Camera, calibration: Calibration, found: FoundViews) -> dict[str, Any]:
    assert camera.accuracy is not None
    names = [view.name for view in calibration.problem.views]
    bent = calibration.heights
    return {
        "name": camera.name,
        "size_px": camera.size_px,
        "model": camera.model,
        "views_used": len(names),
        "views_left_out": [{"view": view, "reason": reason} for view, reason in calibration.left_out.items()],
        "almost_size_px": found.almost,
        "rms_px": camera.accuracy.rms_px,
        "held_out_rms_px": camera.accuracy.held_out_rms_px,
        "flat_board_rms_px": calibration.flat_rms_px,
        "matrix": camera.matrix.tolist(),
        "distortion": camera.distortion.tolist(),
        "matrix_std_px": dict(zip(MATRIX, camera.accuracy.matrix_std_px, strict=True)),
        "distortion_std": dict(zip(DISTORTION[camera.model], camera.accuracy.distortion_std, strict=True)),
        "field_of_view_deg": _field_of_view_deg(camera),
        "board": {
            "pattern": f"{calibration.problem.board.columns}x{calibration.problem.board.rows}",
            "kind": calibration.problem.board.kind,
            "bend_squares": [float(np.ptp(shape)) for shape in bent],
            "shape_of_view": calibration.problem.shapes.tolist() if len(bent) else None,
        },
        "rows_off_line": asdict(straightness(calibration, flattened=True)),
        "rows_off_line_as_bent": asdict(straightness(calibration, flattened=False)),
        "corners_by_field": coverage(calibration.problem.views, camera.size_px).tolist(),
        "views": [
            {"view": view, "rms_px": rms, "held_out_rms_px": held_out}
            for view, rms, held_out in zip(
                names,
                calibration.problem.rms_of_views(calibration.solution).tolist(),
                calibration.held_out_px,
                strict=True,
            )
        ],
    }


def _field_of_view_deg(camera: Camera) -> list[float] | None:
    """Across and down, through the principal point; None where the views tell nothing of the picture's edges."""
    width, height = camera.size_px
    cx, cy = camera.matrix[:2, 2].tolist()
    rays = camera.rays(np.array([(0, cy), (width - 1, cy), (cx, 0), (cx, height - 1)]))
    angles = np.degrees(np.arctan2(np.hypot(rays[:, 0], rays[:, 1]), rays[:, 2]))
    return [float(angles[0] + angles[1]), float(angles[2] + angles[3])] if np.isfinite(angles).all() else None


def _print(camera: Camera, calibration: Calibration, found: FoundViews, out: Path | None) -> None:
    assert camera.accuracy is not None
    for view, reason in calibration.left_out.items():
        click.echo(f"left out: {view} {reason}")
    for view, (width, height) in found.almost.items():
        click.echo(f"used though {width}x{height}: {view}; its corners keep their places")
    accuracy = camera.accuracy
    field = _field_of_view_deg(camera)
    seen = f"{field[0]:.1f} by {field[1]:.1f} degrees" if field else "unknown at the edges: show the board there too"
    click.echo(
        f"{accuracy.views} views of {camera.size_px[0]}x{camera.size_px[1]}, {camera.model}: error "
        f"{accuracy.rms_px:.2f} px, of views held out {accuracy.held_out_rms_px:.2f} px; "
        f"{seen}"
    )
    values = [camera.matrix[0, 0], camera.matrix[1, 1], camera.matrix[0, 2], camera.matrix[1, 2]]
    for name, value, std in zip(MATRIX, values, accuracy.matrix_std_px, strict=True):
        click.echo(f"  {name} {value:10.2f} ± {std:.2f} px")
    for name, value, std in zip(
        DISTORTION[camera.model], camera.distortion.tolist(), accuracy.distortion_std, strict=True
    ):
        click.echo(f"  {name} {value:10.5f} ± {std:.5f}")
    if len(calibration.heights):
        bends = ", ".join(f"{np.ptp(shape):.2f}" for shape in calibration.heights)
        click.echo(
            f"the board is bent by {bends} squares; taken for flat, the error would be {calibration.flat_rms_px:.2f} px"
        )
    straight = straightness(calibration, flattened=True)
    click.echo(f"without distortion, rows are {straight.rms_px:.2f} px off a line, at most {straight.max_px:.2f} px")
    click.echo(f"written to {out}" if out else "nothing is written; --out front.toml keeps it")
