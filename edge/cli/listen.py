"""`signwatch listen`: subscribe, and print what is published."""

from datetime import datetime

import click

from edge.errors import WireError
from edge.messages import FrameMessage, Sign
from edge.publisher import DEFAULT_ADDRESS
from edge.subscriber import SignSubscriber


@click.command("listen")
@click.argument("address", default=DEFAULT_ADDRESS)
@click.option("--json", "as_json", is_flag=True, help="Print every message as it is, one a line.")
@click.option(
    "--count",
    type=click.IntRange(min=1),
    metavar="N",
    help="End after N messages; fewer before the time-out are a failure.",
)
@click.option(
    "--timeout",
    "timeout_s",
    type=click.FloatRange(min=0, min_open=True),
    metavar="S",
    help="End after S seconds without a message; it is a failure if there was none at all.",
)
def command(address: str, as_json: bool, count: int | None, timeout_s: float | None) -> None:
    """Subscribe to ADDRESS and print what is published there.

    Prints a line for each sign of each frame: time, frame, track, sign, state, confidence and
    box (x, y, width, height in px). Ends on Ctrl-C.

    ADDRESS is tcp://127.0.0.1:5556 if not given.
    """
    received = 0
    try:
        with SignSubscriber(address) as subscriber:
            while received != count:
                pair = subscriber.receive_with_payload(timeout_s)
                if pair is None:
                    break
                received += 1
                message, payload = pair
                for line in [one_line(payload)] if as_json else sign_lines(message):
                    click.echo(line)
    except KeyboardInterrupt:
        return
    if received == 0 or (count is not None and received < count):
        raise WireError(
            f"{address} sent {received or 'no'} message{'s' * (received != 1)} and then none for "
            f"{timeout_s:g} s; "
            "is something publishing there?"
        )


def sign_lines(message: FrameMessage) -> list[str]:
    """Write a frame's signs for people, a line each; none for a frame without signs."""
    when = datetime.fromtimestamp(message.captured_ns / 1e9).strftime("%H:%M:%S.%f")[:-3]
    where = message.file or f"frame {message.frame}"
    return [f"{when}  {_printable(where)}  {_sign_text(sign)}" for sign in message.signs]


def one_line(payload: bytes) -> str:
    """Give a JSON payload without line breaks, so that lines and messages are the same.

    Between the values of JSON a line break means nothing, and within strings it is escaped.
    """
    return " ".join(payload.decode().split("\n")).replace("\r", " ")


def _sign_text(sign: Sign) -> str:
    x, y, width, height = sign.box
    return (
        f"#{sign.track:<4} {_printable(sign.name):32} {sign.state:9} {sign.confidence:6.1%}  "
        f"{x:.0f},{y:.0f} {width:.0f}x{height:.0f}"
    )


def _printable(text: str) -> str:
    """Replace what could move a terminal's cursor: the text comes from the network."""
    return "".join(character if character.isprintable() else "?" for character in text)
