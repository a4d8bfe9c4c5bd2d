"""`signwatch process`: every frame of recordings, or every picture, in order."""

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge.cli.calibration_options import as_road, camera_file_option, open_camera, road_option
from edge.cli.comparison import say_comparison
from edge.cli.options import any_backend_option, json_option, weights_option
from edge.errors import SourceError
from edge.frame_reader import open_reader
from edge.loop import process
from edge.outputs import Outputs
from edge.placing import Placing
from edge.publisher import SignPublisher
from edge.reader import SignReader
from edge.run_comparison import RunComparison, messages_before
from edge.run_log import RunLog
from edge.sources import CapturedSource, Source, open_all
from models.backends import Backend
from models.weights_record import BUILT_IN

if TYPE_CHECKING:
    from edge.remote.address import RemoteAddress

output_path = click.Path(path_type=Path, dir_okay=False)


@click.command("process")
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE…")
@click.option("--jsonl", type=output_path, help="Write each frame's message as a line of JSON.")
@click.option("--csv", "table", type=output_path, help="Write each sign of each frame as a row.")
@click.option("--video", type=output_path, help="Write the frames with what was read drawn on them (.mp4 or .avi).")
@click.option(
    "--debug-video",
    type=output_path,
    help="Write a video that shows why: colour maps, candidates with rank and answer, tracks with their votes.",
)
@click.option("--publish", "address", metavar="ADDRESS", help="Publish over ZeroMQ too, such as tcp://127.0.0.1:5556.")
@click.option("--stills", is_flag=True, help="The pictures have nothing to do with one another: no tracking.")
@click.option(
    "--compare",
    type=output_path,
    metavar="FILE",
    help="Say where the signs differ from an earlier run's --jsonl, or from an MCAP recording's messages; "
    "the exit status is 1 where they do.",
)
@click.option(
    "--box-tolerance",
    "box_tolerance_px",
    type=click.FloatRange(0),
    default=2.0,
    show_default=True,
    metavar="PX",
    help="With --compare: how far an edge of a box may be from where it was.",
)
@camera_file_option
@road_option
@json_option
@weights_option
@any_backend_option
def command(
    sources: tuple[str, ...],
    jsonl: Path | None,
    table: Path | None,
    video: Path | None,
    debug_video: Path | None,
    address: str | None,
    stills: bool,
    compare: Path | None,
    box_tolerance_px: float,
    camera_file: Path | None,
    road: str,
    as_json: bool,
    weights: Path | None,
    backend: "Backend | RemoteAddress",
) -> None:
    """Read the signs of every frame of SOURCE…: MP4s, MCAP recordings, folders or globs of pictures.

    A recording that is cut off is read as far as it goes; the others are still read, and the exit status is 1.
    """
    if (video or debug_video) and len(sources) > 1:
        raise click.UsageError("--video and --debug-video take one SOURCE")
    if as_json and compare is None:
        raise click.UsageError("--json is the comparison's; give --compare, or --jsonl for the messages")
    camera = None if camera_file is None else open_camera(camera_file)
    failures: list[str] = []
    before = None if compare is None else messages_before(compare, failures.append)
    comparison = None if before is None else RunComparison(before, box_tolerance_px)
    with ExitStack() as stack:
        reader = open_reader(weights or BUILT_IN, backend, RunLog(as_json=False).say_remote)
        stack.callback(reader.close)
        publisher = stack.enter_context(SignPublisher(address, lossless=True)) if address else None
        outputs = stack.enter_context(Outputs(jsonl, table, video, debug_video))
        for spec in sources:
            try:
                opened = _recorded(spec)
            except SourceError as error:
                failures.append(str(error))
                continue
            for source in map(CapturedSource, opened):
                with source:
                    placing = Placing(camera, reader.catalogue, as_road(road)) if camera else None
                    signs = SignReader(reader, source.name, stills=stills, placing=placing)
                    done = process(source, signs, outputs, publisher, comparison.take if comparison else None)
                click.echo(f"{source.name}: {done.frames} frames, {done.confirmed} signs", err=True)
                failures += [str(done.fault)] if done.fault else []
                failures += [f"{source.name}: {name} can't be read as a picture" for name in source.skipped]
    if comparison is not None:
        say_comparison(comparison, as_json)
    if failures:
        raise SourceError("; ".join(dict.fromkeys(failures)))
    if comparison is not None and comparison.differences():
        click.get_current_context().exit(1)


def _recorded(spec: str) -> list[Source]:
    sources = open_all(spec)
    for source in sources:
        if source.live:
            raise SourceError(f"{source.name} never ends; `signwatch run` reads it")
    return sources
