"""A click group that loads a command only when it is called, and says errors in one line."""

import signal
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module, metadata
from types import FrameType
from typing import IO, Any, NoReturn

import click

from edge.errors import SignwatchError

INTERRUPTED_STATUS = 128 + signal.SIGINT
TERMINATED_STATUS = 128 + signal.SIGTERM


class Terminated(KeyboardInterrupt):
    """SIGTERM, as an exception: whoever ends well on Ctrl-C ends well on it too."""


class OneLineError(click.ClickException):
    """An error as the user meets it: one line, exit status 1."""

    def show(self, file: IO[Any] | None = None) -> None:
        """Write the line to standard error, or to `file`."""
        text = " ".join(self.format_message().split())
        click.echo(f"signwatch: {text}", file=file or sys.stderr)


class SignwatchGroup(click.Group):
    """The root of the command line.

    TensorFlow takes seconds to import and OpenCV a part of one, so a command's module is
    imported only for that command, and `--help` imports none.

    Args:
        name: The program's name.
        table: Each command's name, its place as `module:attribute`, and its help in a line.
        help: What the program is.
        params: Options of the program itself.
    """

    def __init__(
        self,
        name: str,
        table: Mapping[str, tuple[str, str]],
        *,
        help: str,
        params: Sequence[click.Parameter],
    ) -> None:
        super().__init__(
            name,
            help=help,
            params=list(params),
            context_settings={"help_option_names": ["-h", "--help"]},
        )
        self._table = table

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Give the names in the order of the table."""
        return list(self._table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        if cmd_name not in self._table:
            return None
        module, _, attribute = self._table[cmd_name][0].partition(":")
        command = getattr(import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in self._table.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command, with every known error as one line."""
        with sigterm_as_interrupt():
            try:
                return super().invoke(ctx)
            except Terminated:
                ctx.exit(TERMINATED_STATUS)
            except KeyboardInterrupt:
                ctx.exit(INTERRUPTED_STATUS)
            except BrokenPipeError:
                # Whoever read our output has enough, as `| head` does; click ends quietly.
                raise
            except OSError as error:
                name = f"{error.filename}: " if error.filename else ""
                raise OneLineError(f"{name}{error.strerror or error}") from error
            except Exception as error:
                if not isinstance(error, _known_errors()):
                    raise
                raise OneLineError(str(error)) from error


@contextmanager
def sigterm_as_interrupt() -> Iterator[None]:
    """Make SIGTERM raise `Terminated` in the main thread while the block runs."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _raise_terminated)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def version_option() -> click.Option:
    """Make `--version`: the version of the installed distribution."""

    def show(ctx: click.Context, option: click.Parameter, wanted: bool) -> None:
        if wanted:
            click.echo(f"signwatch {metadata.version('signwatch')}")
            ctx.exit()

    return click.Option(
        ["--version"],
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=show,
        help="Show the version and exit.",
    )


def _known_errors() -> tuple[type[Exception], ...]:
    """The families whose message is meant for the user.

    Those of `models` are imported only now, when something was raised.
    """
    from models.errors import DataError, ModelError

    return (SignwatchError, ModelError, DataError)


def _raise_terminated(number: int, frame: FrameType | None) -> NoReturn:
    raise Terminated
