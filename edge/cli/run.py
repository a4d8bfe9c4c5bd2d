"""`signwatch run`: live, from a camera to whoever subscribes."""

from pathlib import Path

import click

from edge.cli.options import backend_option, weights_option
from edge.publisher import DEFAULT_ADDRESS, SignPublisher
from edge.reader import SignReader, open_reader
from edge.sources import open_source
from models.backends import Backend
from models.weights_record import BUILT_IN


@click.command("run")
@click.argument("source")
@click.option("--publish", "address", default=DEFAULT_ADDRESS, show_default=True, metavar="ADDRESS")
@click.option("--name", help="What messages call the source, such as front.")
@click.option("--realtime", is_flag=True, help="Take a recording at its own pace, as if it were a camera.")
@click.option("--insecure", is_flag=True, help="Let other machines subscribe; nothing on this wire is encrypted.")
@weights_option
@backend_option
def command(
    source: str,
    address: str,
    name: str | None,
    realtime: bool,
    insecure: bool,
    weights: Path | None,
    backend: Backend,
) -> None:
    """Read signs from SOURCE live and publish them until stopped.

    SOURCE is a camera's number or device, a stream's address (rtsp, http, tcp, udp), a recording, or `pattern:`. Every
    frame gives a message; one that comes too late is dropped and counted. Ctrl-C and SIGTERM end it cleanly.
    """
    reader = open_reader(weights or BUILT_IN, backend)
    published = 0
    try:
        with (
            open_source(source, name=name, realtime=realtime) as frames,
            SignPublisher(address, insecure=insecure) as publisher,
        ):
            signs = SignReader(reader, frames.name)
            click.echo(f"publishing {frames.name} on {publisher.address}", err=True)
            try:
                for frame in frames.frames():
                    publisher.publish(signs.read(frame, dropped=frames.dropped))
                    published += 1
            except KeyboardInterrupt:
                pass  # being stopped is how a live run ends
            click.echo(f"{published} frames published, {frames.dropped} dropped", err=True)
    finally:
        reader.close()
