"""`signwatch process`: every frame of recordings, or every picture, in order."""

from contextlib import ExitStack
from pathlib import Path

import click

from edge.cli.options import backend_option, weights_option
from edge.errors import SourceError
from edge.loop import process
from edge.outputs import Outputs
from edge.publisher import SignPublisher
from edge.reader import SignReader, open_reader
from edge.sources import CapturedSource, Source, open_source
from models.backends import Backend
from models.weights_record import BUILT_IN

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
@weights_option
@backend_option
def command(
    sources: tuple[str, ...],
    jsonl: Path | None,
    table: Path | None,
    video: Path | None,
    debug_video: Path | None,
    address: str | None,
    stills: bool,
    weights: Path | None,
    backend: Backend,
) -> None:
    """Read the signs of every frame of SOURCE…: MP4s, folders or globs of pictures.

    A recording that is cut off is read as far as it goes; the others are still read, and the exit status is 1.
    """
    if (video or debug_video) and len(sources) > 1:
        raise click.UsageError("--video and --debug-video take one SOURCE")
    failures: list[str] = []
    with ExitStack() as stack:
        reader = open_reader(weights or BUILT_IN, backend)
        stack.callback(reader.close)
        publisher = stack.enter_context(SignPublisher(address, lossless=True)) if address else None
        outputs = stack.enter_context(Outputs(jsonl, table, video, debug_video))
        for spec in sources:
            try:
                source = CapturedSource(_recorded(spec))
            except SourceError as error:
                failures.append(str(error))
                continue
            with source:
                done = process(source, SignReader(reader, source.name, stills=stills), outputs, publisher)
            click.echo(f"{source.name}: {done.frames} frames, {done.confirmed} signs", err=True)
            failures += [str(done.fault)] if done.fault else []
            failures += [f"{source.name}: {name} can't be read as a picture" for name in source.skipped]
    if failures:
        raise SourceError("; ".join(failures))


def _recorded(spec: str) -> Source:
    source = open_source(spec)
    if source.live:
        raise SourceError(f"{source.name} never ends; `signwatch run` reads it")
    return source
