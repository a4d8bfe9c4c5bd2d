"""What a program says of itself on standard error: lines for people, or one JSON object a line for programs."""

import contextlib
import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal, NamedTuple

import click

from edge.redaction import without_passwords
from edge.repeats import Repeats

if TYPE_CHECKING:
    from edge.remote.backend import RemoteEvent

Level = Literal["info", "warning", "error"]


class _Said(NamedTuple):
    """What makes two entries the same."""

    event: str
    level: Level
    source: str | None
    message: str


class RunLog:
    """Writes entries from any thread. No password of an address gets through, and what can't be written is lost.

    Args:
        as_json: One JSON object a line, with `time`, `level`, `event`, `source`, `message`, and more by event. Else
            the message alone, after the program's name where it is more than information.
    """

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self._repeats: Repeats[_Said] = Repeats()
        self._writing = threading.Lock()

    def say(
        self, event: str, message: str, *, level: Level = "info", source: str | None = None, **facts: object
    ) -> None:
        """Write an entry now.

        Args:
            event: What it is about, a word that never changes.
            message: For people, one line.
            level: How bad it is.
            source: The camera or recording that it is about.
            facts: What a program may want besides.
        """
        self._write(_Said(event, level, source, message), facts)

    def say_once(
        self,
        event: str,
        message: str,
        *,
        level: Level = "info",
        source: str | None = None,
        detail: str = "",
        count: int = 1,
        **facts: object,
    ) -> None:
        """Write an entry now if it is new; otherwise count it, for `say_repeats` to tell.

        Args:
            event: As of `say`.
            message: For people; with the same one, it is the same entry.
            level: As of `say`.
            source: As of `say`.
            detail: Added to the message, and may be another one each time.
            count: How often it happened.
            facts: As of `say`.
        """
        said = _Said(event, level, source, message)
        with self._writing:
            new = self._repeats.is_new(said, time.monotonic(), count)
        if new:
            self._write(said._replace(message=message + detail), facts)

    def say_remote(self, event: "RemoteEvent") -> None:
        """Write what a remote classifier's server fails at, that it answers again, and what came of it in the end."""
        if event.kind == "closed":
            self.say("remote", event.text)
        else:
            self.say_once(f"remote-{event.kind}", event.text, level="warning" if event.kind == "failed" else "info")

    def say_repeats(self, *, ending: bool = False) -> None:
        """Tell what was repeated, where it is time to; all of it at the end. Call it about once a second."""
        now_s = time.monotonic()
        with self._writing:
            repeated = self._repeats.rest(now_s) if ending else self._repeats.due(now_s)
        for said, count, seconds in repeated:
            times = "once more" if count == 1 else f"{count} times more"
            message = f"{said.message} ({times} in {seconds:.0f} s)"
            self._write(said._replace(message=message), {"repeated": count, "seconds": round(seconds, 1)})

    def _write(self, said: _Said, facts: dict[str, object]) -> None:
        if self.as_json:
            line = _json_line(said, facts)
        else:
            message = without_passwords(said.message)
            line = message if said.level == "info" else f"signwatch: {message}"
        with self._writing, contextlib.suppress(OSError, ValueError):  # whoever read it is gone; the work goes on
            click.echo(line, err=True)


def _json_line(said: _Said, facts: dict[str, object]) -> str:
    import json  # only where it is asked for

    entry = {
        "time": datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "level": said.level,
        "event": said.event,
        "source": said.source,
        "message": said.message,
        **facts,
    }
    return json.dumps(_hidden(entry), ensure_ascii=False)


def _hidden(value: object) -> object:
    """The same without passwords in any text, however deep."""
    match value:
        case str():
            return without_passwords(value)
        case dict():
            return {key: _hidden(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_hidden(inner) for inner in value]
        case _:
            return value
