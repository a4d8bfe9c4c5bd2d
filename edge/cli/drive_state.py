"""`signwatch drive-state`: what is in force, live from a publisher."""

import shutil
import sys
import time
from pathlib import Path

import click
import msgspec

from edge.cli.listen import one_line
from edge.cli.live_options import server_key_option, subscriber_key_option, subscriber_keys
from edge.messages import encode
from edge.printable import clock, printable
from edge.publisher import DEFAULT_ADDRESS
from edge.state_message import StateMessage
from edge.state_text import state_line, state_lines
from edge.subscriber import SignSubscriber

LOOK_S = 0.2
"""How often it is looked whether the stream is still alive."""
UP_AND_CLEAR = "\x1b[{}A\x1b[J"
"""Moves a terminal's cursor up by so many lines, and clears what is below it."""


@click.command("drive-state")
@click.argument("address", default=DEFAULT_ADDRESS)
@click.option("--json", "as_json", is_flag=True, help="Print every message of topic state, one a line.")
@click.option("--source", metavar="NAME", help="Which camera, where several publish there.")
@subscriber_key_option
@server_key_option
def command(address: str, as_json: bool, source: str | None, key: Path | None, server_key: Path | None) -> None:
    """Show which rules are in force by the signs that the publisher at ADDRESS has read.

    On a terminal it is kept up to date in place, elsewhere a line is printed whenever something changes. Where the
    stream is silent or stale, it says so, and everything is unknown; with --json, such a message is printed too. Ends
    on Ctrl-C.

    ADDRESS is tcp://127.0.0.1:5556 if not given.
    """
    shown: _Shown = _JsonLines() if as_json else _Panel() if sys.stdout.isatty() else _Lines()
    try:
        with SignSubscriber(address, source=source, keys=subscriber_keys(key, server_key)) as signs:
            while True:
                shown.show(signs)
                received = signs.receive_with_payload(LOOK_S)
                if received is not None and isinstance(received[0], StateMessage):
                    shown.take(received[0], received[1])
    except KeyboardInterrupt:
        return


class _Shown:
    """A way to show it; the base shows nothing of single messages."""

    def take(self, message: StateMessage, payload: bytes) -> None:
        """A message has come."""

    def show(self, signs: SignSubscriber) -> None:
        """This is how it is now."""
        raise NotImplementedError


class _JsonLines(_Shown):
    """Each message as it came, and one of ours where a source has fallen silent."""

    def __init__(self) -> None:
        self._believed: set[str] = set()

    def take(self, message: StateMessage, payload: bytes) -> None:
        self._believed.add(message.source)
        click.echo(one_line(payload))

    def show(self, signs: SignSubscriber) -> None:
        for name, message in signs.states.items():
            state = signs.drive_state(name)
            if name in self._believed and state != message.state:
                self._believed.remove(name)
                silent = msgspec.structs.replace(message, stream="dead", state=state)
                click.echo(encode(silent))


class _Lines(_Shown):
    """A line for each source whenever something in it changes."""

    def __init__(self) -> None:
        self._said: dict[str, str] = {}

    def show(self, signs: SignSubscriber) -> None:
        for name in _names(signs):
            line = f"{printable(name)}  {state_line(signs.drive_state(name))}  [{_death(signs, name) or 'stream ok'}]"
            if line != self._said.get(name):
                self._said[name] = line
                click.echo(f"{clock(time.time_ns())}  {line}")


class _Panel(_Shown):
    """A table that is drawn anew in its place."""

    def __init__(self) -> None:
        self._height = 0
        self._drawn_s = -LOOK_S

    def show(self, signs: SignSubscriber) -> None:
        if time.monotonic() - self._drawn_s < LOOK_S:
            return
        self._drawn_s = time.monotonic()
        columns, rows = shutil.get_terminal_size()
        lines: list[str] = []
        for name in _names(signs):
            stream = _death(signs, name) or ("stream ok" if signs.ok() else f"stream bad: {'; '.join(signs.faults())}")
            lines += [f"{printable(name)}: {stream}", *state_lines(signs.drive_state(name)), ""]
        # A line that wraps, or a table that is higher than the screen, could not be drawn over.
        lines = [line[: columns - 1] for line in lines[: rows - 1]]
        back = UP_AND_CLEAR.format(self._height) if self._height else ""
        click.echo(back + "\n".join(lines))
        self._height = len(lines)


def _names(signs: SignSubscriber) -> list[str]:
    """The sources that have said something, or the address where none has."""
    return sorted(signs.states) or [signs.address]


def _death(signs: SignSubscriber, name: str) -> str | None:
    """Why nothing is known of a source; None where its stream is alive, be it late or not."""
    message = signs.states.get(name)
    if message is None or signs.drive_state(name) != message.state:
        return f"STREAM DEAD: {'; '.join(signs.faults()) or 'no state is told'}"
    return "STREAM DEAD: the publisher has no frames" if message.stream == "dead" else None
