"""`signwatch demo`: a drive of our own through the whole pipeline, to a subscriber in a second process."""

import subprocess
import sys
from pathlib import Path

import click

from calibration.mounting import MountedCamera
from calibration.mounting_file import save_mounted
from edge.cli.demo_table import distance_verdict, in_force, readings, table, verdict
from edge.cli.options import weights_option
from edge.errors import SinkError, WireError
from edge.frame_reader import FrameReader, open_reader
from edge.loop import process
from edge.messages import FrameMessage, decode
from edge.outputs import Outputs
from edge.placing import Placing
from edge.progress import progress_bar
from edge.publisher import SignPublisher
from edge.reader import SignReader
from edge.sample_drive import SampleDrive, write_drive
from edge.sources import CapturedSource, open_source
from models.catalogue import load_catalogue
from models.errors import ModelError
from models.weights_record import BUILT_IN

FREE_ADDRESS = "tcp://127.0.0.1:*"
SUBSCRIBER_START_S = 30.0
SILENCE_S = 60.0
"""After so long without a message the subscriber gives up."""


@click.command("demo")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("out/demo"),
    show_default=True,
    help="Folder for the drive, its truth, the messages and the annotated video.",
)
@click.option("--seconds", type=click.FloatRange(1, 600), default=24.0, show_default=True, help="Length of the drive.")
@click.option("--seed", type=click.IntRange(0), default=7, show_default=True, help="Another seed is another road.")
@weights_option
def command(out: Path, seconds: float, seed: int, weights: Path | None) -> None:
    """Draw a sample drive, read it, and show what a subscriber in a second process received.

    Needs no camera, screen, network or data.
    """
    reader = open_reader(weights or BUILT_IN)
    try:
        if reader.catalogue.digest != load_catalogue().digest:
            raise ModelError(f"{weights}: the sample drive has the signs of the package's catalogue, these know others")
        _demonstrate(reader, out, seconds, seed)
    finally:
        reader.close()


def _demonstrate(reader: FrameReader, out: Path, seconds: float, seed: int) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SinkError(f"{out}: can't be made ({error.strerror}); choose another folder with --out") from error
    drive = SampleDrive(seed=seed, seconds=seconds)
    width, height = drive.size
    click.echo(f"Drawing a drive of {seconds:g} s, {drive.frame_count} frames of {width}x{height}.")
    with progress_bar("drawing", drive.frame_count) as report:
        write_drive(out / "drive.mp4", out / "truth.jsonl", drive, report)
    camera = MountedCamera(drive.camera, drive.mounting)
    save_mounted(camera, out / "camera.toml")
    click.echo("Reading it, while a second process subscribes over ZeroMQ.")
    messages = _received_by_subscriber(reader, out, camera)
    click.echo(f"\nWhat the subscriber received, in {len(messages)} messages:\n")
    click.echo(table(readings(messages)))
    click.echo("\n" + verdict(messages, out / "truth.jsonl", reader.catalogue))
    click.echo(distance_verdict(messages, out / "truth.jsonl"))
    click.echo("\nWhat was in force by these signs:\n")
    click.echo(in_force(messages))
    click.echo(f"\nAnnotated video: {out / 'annotated.mp4'}")
    click.echo(f"All messages:    {out / 'messages.jsonl'}")
    click.echo(f"The camera:      {out / 'camera.toml'}")


def _received_by_subscriber(reader: FrameReader, out: Path, camera: MountedCamera) -> list[FrameMessage]:
    """Process the drive with `signwatch listen` beside it, and give what that one received."""
    with (
        CapturedSource(open_source(str(out / "drive.mp4"))) as source,
        SignPublisher(FREE_ADDRESS, lossless=True) as publisher,
    ):
        subscriber = _start_subscriber(publisher.address, source.frame_count or 0)
        try:
            if not publisher.wait_for_subscriber(SUBSCRIBER_START_S):
                raise WireError(f"the subscriber did not reach {publisher.address} in {SUBSCRIBER_START_S:.0f} s")
            with Outputs(jsonl=out / "messages.jsonl", video=out / "annotated.mp4") as outputs:
                placing = Placing(camera, reader.catalogue, "country")
                done = process(source, SignReader(reader, source.name, placing=placing), outputs, publisher)
            if done.fault is not None:
                raise done.fault
            lines, _ = subscriber.communicate(timeout=SILENCE_S)
        finally:
            subscriber.kill()
            subscriber.wait()
    return [decode(line) for line in lines.splitlines()]


def _start_subscriber(address: str, count: int) -> "subprocess.Popen[bytes]":
    arguments = ["listen", address, "--json", "--count", str(count), "--timeout", str(SILENCE_S)]
    return subprocess.Popen([sys.executable, "-m", "edge.cli", *arguments], stdout=subprocess.PIPE)
