"""Configuration files: TOML with the same names as a command's options, checked against those very options."""

import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import click

from edge.printable import printable
from edge.redaction import without_passwords

MAX_BYTES = 2**15
"""Every option with a page of comments takes a tenth of it."""
SHOWN_CHARACTERS = 40
"""Of a key that is wrong."""


class ConfigError(click.UsageError):
    """All that is wrong with a configuration file, a line each; exit status 2."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(map(without_passwords, faults)))

    def show(self, file: IO[Any] | None = None) -> None:
        """Write the lines to standard error, or to `file`."""
        for fault in self.message.splitlines():
            click.echo(f"signwatch: {fault}", file=file, err=True)


def config_option(
    command_of: Callable[[click.Context], click.Command] = lambda context: context.command,
) -> Callable[[Callable[..., None]], Any]:
    """Make `--config FILE`, which gives the options that the command line leaves out.

    Args:
        command_of: Whose options the file may hold; those of the command itself if not given.
    """

    def take(context: click.Context, parameter: click.Parameter, file: Path | None) -> None:
        if file is not None:
            context.default_map = read_config(file, command_of(context), context)

    return click.option(
        "--config",
        type=click.Path(path_type=Path, dir_okay=False),
        is_eager=True,
        expose_value=False,
        callback=take,
        metavar="FILE",
        help="TOML file with the same names as the options, such as max-latency = 60; the command line wins over it.",
    )


def read_config(file: Path, command: click.Command, context: click.Context) -> dict[str, Any]:
    """The values of a file for a command's parameters, by the parameters' own names.

    Raises ConfigError with everything that is wrong in it: what is no TOML, what is no option, and what the option
    itself would refuse.
    """
    from difflib import get_close_matches  # a run without a file starts sooner without them
    from tomllib import TOMLDecodeError, loads

    text = _text(file)
    try:
        found = loads(text)
    except TOMLDecodeError as error:
        why = re.sub(r" \(at [^()]*\)$", "", str(error))
        raise ConfigError([f"{file}:{_line_of_syntax(error, text)}: {why}"]) from None
    except (RecursionError, ValueError) as error:
        why = "is nested too deep" if isinstance(error, RecursionError) else "holds a number or date that can't be"
        raise ConfigError([f"{_place(file, _line_refused(text))} {why}"]) from None
    known = {_key(parameter): parameter for parameter in command.params if parameter.expose_value}
    values: dict[str, Any] = {}
    faults: dict[str, str] = {}
    for key, value in found.items():
        if key not in known:
            close = get_close_matches(key, known, 1)
            faults[key] = f"is no option of `signwatch {command.name}`" + (f"; is it {close[0]}?" if close else "")
            continue
        try:
            values[str(known[key].name)] = _value(known[key], value, context)
        except click.BadParameter as error:
            faults[key] = printable(error.message)  # of a value that may hold the end of a line
    if faults:
        lines = _lines(text)
        told = sorted((lines.get(key, 0), key, fault) for key, fault in faults.items())
        raise ConfigError([f"{_place(file, line)} {_short(key)}: {fault}" for line, key, fault in told])
    return values


def _place(file: Path, line: int) -> str:
    """The file and the line as editors take them; without the line where it isn't known."""
    return f"{file}:{line}:" if line else f"{file}:"


def _text(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            content = opened.read(MAX_BYTES + 1)
    except OSError as error:
        raise ConfigError([f"{file}: can't be read ({error.strerror})"]) from None
    if len(content) > MAX_BYTES:
        raise ConfigError([f"{file}: is larger than {MAX_BYTES // 1024} KiB, so it is no configuration"])
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError([f"{file}:{line}: is no UTF-8 text"]) from None


def _key(parameter: click.Parameter) -> str:
    """What a file calls a parameter: `max-latency` for `--max-latency`, `source` for `SOURCE…`."""
    if isinstance(parameter, click.Argument):
        return (parameter.metavar or str(parameter.name)).rstrip("….").lower()
    return max(parameter.opts, key=len).lstrip("-")


def _value(parameter: click.Parameter, value: object, context: click.Context) -> object:
    """What the command line would have given. Raises click.BadParameter."""
    if isinstance(parameter, click.Option) and parameter.is_flag:
        if not isinstance(value, bool):
            raise click.BadParameter("takes true or false")
        return value
    if not parameter.multiple and parameter.nargs == 1:
        return _one(parameter.type, value, parameter, context)
    several = value if isinstance(value, list) else [value]
    return [_one(parameter.type, one, parameter, context) for one in several]


def _one(
    kind: click.ParamType[Any], value: object, parameter: click.Parameter, context: click.Context
) -> str | int | float:
    """A value as it stands in the file, once its option has taken it."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    wanted: str | int | float
    if isinstance(kind, click.types.IntParamType | click.types.FloatParamType):
        if not (whole or (isinstance(value, float) and isinstance(kind, click.types.FloatParamType))):
            wants = "a whole number" if isinstance(kind, click.types.IntParamType) else "a number"
            raise click.BadParameter(f"takes {wants}, not {_kind(value)}")
        assert isinstance(value, int | float)
        if not _is_finite(value):
            raise click.BadParameter("takes a finite number")
        wanted = value
    elif isinstance(value, str) or whole:  # a camera or an angle is a number, and the command line can't tell either
        wanted = str(value)
    else:
        raise click.BadParameter(f"takes text in quotes, not {_kind(value)}")
    if "\0" in str(wanted):
        raise click.BadParameter("holds a null character")
    kind.convert(wanted, parameter, context)
    return wanted


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number of hundreds of digits
        return False


def _kind(value: object) -> str:
    match value:
        case bool():
            return "true or false"
        case str():
            return "text"
        case int() | float():
            return "a number"
        case list():
            return "a list"
        case dict():
            return "a table"
        case _:
            return "a date or time"


def _short(key: str) -> str:
    shown = key if len(key) <= SHOWN_CHARACTERS else key[:SHOWN_CHARACTERS] + "…"
    return shown if shown.isprintable() and shown else ascii(shown)


def _line_of_syntax(error: ValueError, text: str) -> int:
    told = re.search(r"at line (\d+)", str(error))
    return int(told[1]) if told else text.count("\n") + (not text.endswith("\n"))


def _line_refused(text: str) -> int:
    """The line of what Python has no room for, by tomlkit; 0 where that has."""
    import tomlkit
    from tomlkit.exceptions import ParseError

    try:
        tomlkit.parse(text)
    except ParseError as error:
        return error.line
    return 0


def _lines(text: str) -> dict[str, int]:
    """The line on which each key of the top level is first set; none where they can't be told.

    Python's own reader keeps no positions. tomlkit keeps every character, so the lines before an entry can be counted.
    It is asked only where something is wrong: it takes longer to import than to read any file.
    """
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    try:
        body = tomlkit.parse(text).body
    except (TOMLKitError, ValueError, RecursionError):
        return {}
    lines: dict[str, int] = {}
    line = 1
    for key, item in body:
        written = item.as_string()
        if key is not None:
            lines.setdefault(key.key, line)
            written = item.trivia.indent + written + item.trivia.trail
        line += written.count("\n")
    return lines
