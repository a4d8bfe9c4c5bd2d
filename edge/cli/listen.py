"""`signwatch listen`: subscribe, and print what is published."""

from pathlib import Path

import click

from edge.cli.live_options import server_key_option, subscriber_key_option, subscriber_keys
from edge.errors import WireError
from edge.messages import (
    FRAME_TOPIC,
    MESSAGES,
    FrameMessage,
    HealthMessage,
    InfoMessage,
    Message,
    Sign,
    SignMessage,
)
from edge.printable import clock, printable
from edge.publisher import DEFAULT_ADDRESS
from edge.state_message import StateMessage
from edge.state_text import state_line
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
@click.option(
    "--topic",
    "topics",
    type=click.Choice([topic.decode() for topic in MESSAGES]),
    multiple=True,
    help="Only messages of this topic; may be repeated. frame if not given.",
)
@subscriber_key_option
@server_key_option
def command(
    address: str,
    as_json: bool,
    count: int | None,
    timeout_s: float | None,
    topics: tuple[str, ...],
    key: Path | None,
    server_key: Path | None,
) -> None:
    """Subscribe to ADDRESS and print what is published there.

    Prints a line for each sign of each frame: time, frame, track, sign, state, confidence and
    box (x, y, width, height in px); of the other topics a line for each message. Ends on Ctrl-C.

    ADDRESS is tcp://127.0.0.1:5556 if not given.
    """
    received = 0
    try:
        wanted = tuple(topic.encode() for topic in topics) or (FRAME_TOPIC,)
        with SignSubscriber(address, topics=wanted, keys=subscriber_keys(key, server_key)) as subscriber:
            while received != count:
                pair = subscriber.receive_with_payload(timeout_s)
                if pair is None:
                    break
                received += 1
                message, payload = pair
                for line in [one_line(payload)] if as_json else lines_of(message):
                    click.echo(line)
    except KeyboardInterrupt:
        return
    if received == 0 or (count is not None and received < count):
        raise WireError(
            f"{address} sent {received or 'no'} message{'s' * (received != 1)} and then none for "
            f"{timeout_s:g} s; "
            "is something publishing there?"
        )


def lines_of(message: Message) -> list[str]:
    """Write a message of any topic for people."""
    match message:
        case FrameMessage():
            return sign_lines(message)
        case SignMessage():
            return [f"{clock(message.captured_ns)}  {message.event:7}  {_sign_text(message.sign)}"]
        case HealthMessage():
            counts = f"{message.captured} captured, {message.published} published, {message.dropped} dropped"
            said = printable(", ".join(filter(None, (message.fault, *message.degraded))))
            text = f"{printable(message.source)} {message.state}  {message.fps:.1f} frames/s, {counts}  {said}"
            return [f"{clock(message.published_ns)}  {text}".rstrip()]
        case InfoMessage():
            what = f"Signwatch {message.version}, {message.backend}, {len(message.signs)} signs, {message.given or ''}"
            return [f"{clock(message.published_ns)}  {printable(f'{message.source}  {what}')}"]
        case StateMessage():
            return [f"{clock(message.published_ns)}  {printable(message.source)}  {state_line(message.state)}"]


def sign_lines(message: FrameMessage) -> list[str]:
    """Write a frame's signs for people, a line each; none for a frame without signs."""
    where = message.file or f"frame {message.frame}"
    return [f"{clock(message.captured_ns)}  {printable(where)}  {_sign_text(sign)}" for sign in message.signs]


def one_line(payload: bytes) -> str:
    """Give a JSON payload without line breaks, so that lines and messages are the same.

    Between the values of JSON a line break means nothing, and within strings it is escaped.
    """
    return " ".join(payload.decode().split("\n")).replace("\r", " ")


def _sign_text(sign: Sign) -> str:
    x, y, width, height = sign.box
    return (
        f"#{sign.track:<4} {printable(sign.name):32} {sign.state:9} {sign.confidence:6.1%}  "
        f"{x:.0f},{y:.0f} {width:.0f}x{height:.0f}"
    )
