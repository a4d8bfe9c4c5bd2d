"""Options of live sources and of the wire, and what they are turned into."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from edge.curve import PublisherKeys, SubscriberKeys, read_allowed, read_pair, read_public
from edge.publisher import DEFAULT_ADDRESS


class Size(click.ParamType[tuple[int, int]]):
    """`WIDTHxHEIGHT` in px."""

    name = "WIDTHxHEIGHT"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int]:
        """Read it."""
        match = re.fullmatch(r"([1-9]\d{0,4})x([1-9]\d{0,4})", str(value))
        if match is None:
            self.fail(f"{value} is no size; write it like 1280x720", param, ctx)
        return int(match[1]), int(match[2])


class Region(click.ParamType[tuple[int, int, int, int]]):
    """`X,Y,WIDTH,HEIGHT` in px."""

    name = "X,Y,WIDTH,HEIGHT"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int, int, int]:
        """Read it."""
        match = re.fullmatch(r"(\d{1,5}),(\d{1,5}),([1-9]\d{0,4}),([1-9]\d{0,4})", str(value))
        if match is None:
            self.fail(f"{value} is no region; write it like 0,100,1280,500", param, ctx)
        return int(match[1]), int(match[2]), int(match[3]), int(match[4])


class PixelFormat(click.ParamType[str]):
    """Four characters of V4L2."""

    name = "FOURCC"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Read it."""
        if not re.fullmatch(r"[ -~]{4}", str(value)):
            self.fail(f"{value} is no pixel format; write its four letters, such as MJPG or YUYV", param, ctx)
        return str(value)


_CAMERA = (
    click.option("--size", type=Size(), help="Ask a camera for this size."),
    click.option("--fps", type=click.FloatRange(0, min_open=True), metavar="N", help="Ask a camera for this rate."),
    click.option("--pixel-format", type=PixelFormat(), help="Ask a camera for it, such as MJPG or YUYV."),
    click.option(
        "--exposure",
        type=click.FloatRange(0, min_open=True),
        metavar="N",
        help="Fix a camera's exposure, in its own unit (V4L2: 100 µs); automatic if not given.",
    ),
    click.option(
        "--open-timeout",
        "open_timeout_s",
        type=click.FloatRange(0, min_open=True),
        metavar="S",
        help="How long a stream's server may take to answer; 3 s if not given.",
    ),
    click.option(
        "--read-timeout",
        "read_timeout_s",
        type=click.FloatRange(0, min_open=True),
        metavar="S",
        help="A stream that is silent for so long is opened anew; 2 s if not given.",
    ),
    click.option(
        "--rotate",
        type=click.Choice(["0", "90", "180", "270"]),
        default="0",
        help="Turn the picture clockwise by so many degrees.",
    ),
    click.option("--mirror/--no-mirror", help="Exchange left and right, after turning."),
    click.option("--roi", type=Region(), help="Look only at this part of the picture, turned and mirrored."),
)


def camera_options(command: Callable[..., None]) -> Any:
    """Decorate a command with what can be asked of a camera or stream."""
    for option in reversed(_CAMERA):
        command = option(command)
    return command


publish_option = click.option(
    "--publish",
    "addresses",
    multiple=True,
    metavar="ADDRESS",
    help=f"Where subscribers connect (tcp, ipc); may be repeated. {DEFAULT_ADDRESS} if not given.",
)
insecure_option = click.option(
    "--insecure/--no-insecure", help="Let other machines subscribe without keys; nothing is encrypted."
)
_file = click.Path(path_type=Path, dir_okay=False)
_folder = click.Path(path_type=Path, file_okay=False)
publisher_key_option = click.option(
    "--key", type=_file, metavar="FILE", help="Encrypt with this secret key, which `signwatch keys` made."
)
allow_option = click.option(
    "--allow", type=_folder, metavar="FOLDER", help="Let in only the subscribers whose public keys are here."
)
subscriber_key_option = click.option(
    "--key", type=_file, metavar="FILE", help="This subscriber's secret key, which `signwatch keys` made."
)
server_key_option = click.option(
    "--server-key", type=_file, metavar="FILE", help="Public key of the publisher, which has to be it."
)


def publisher_keys(key: Path | None, allow: Path | None) -> PublisherKeys | None:
    """The publisher's keys as options give them; both or none. Raises WireError."""
    if key is None and allow is None:
        return None
    if key is None or allow is None:
        raise click.UsageError("--key and --allow belong together: who speaks, and who may listen")
    return PublisherKeys(read_pair(key), read_allowed(allow))


def subscriber_keys(key: Path | None, server_key: Path | None) -> SubscriberKeys | None:
    """The subscriber's keys as options give them; both or none. Raises WireError."""
    if key is None and server_key is None:
        return None
    if key is None or server_key is None:
        raise click.UsageError("--key and --server-key belong together: who listens, and whom it believes")
    return SubscriberKeys(read_pair(key), read_public(server_key))
