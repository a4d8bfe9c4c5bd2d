"""A click group that loads a command only when it is called, and says errors in one line."""

import signal
import threading
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module, metadata
from types import FrameType
from typing import IO, Any, NoReturn

import click

from edge.errors import SignwatchError
from edge.redaction import without_passwords
from edge.run_log import RunLog

INTERRUPTED_STATUS = 128 + signal.SIGINT
TERMINATED_STATUS = 128 + signal.SIGTERM


class Terminated(KeyboardInterrupt):
    """SIGTERM, as an exception: whoever ends well on Ctrl-C ends well on it too."""


LOG_KEY = "signwatch.log"
"""Where a command that keeps a log of its own leaves it, in click's `Context.meta`, so that errors go there too."""


class OneLineError(click.ClickException):
    """An error as the user meets it: one line, exit status 1."""

    def __init__(self, text: str, log: RunLog | None = None) -> None:
        super().__init__(text)
        self._log = log or RunLog(as_json=False)

    def show(self, file: IO[Any] | None = None) -> None:
        """Write the line to standard error."""
        self._log.say("error", " ".join(self.format_message().split()), level="error")


class OneLineUsageError(OneLineError):
    """Wrong usage where click's own lines won't do, exit status 2."""

    exit_code = click.UsageError.exit_code


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
            except (BrokenPipeError, click.exceptions.Exit, click.Abort):
                # Of a broken pipe, whoever read our output has enough, as `| head` does; click ends quietly.
                raise
            except click.ClickException as error:
                text, log = error.format_message(), _log_of(ctx)
                if log is None and text == without_passwords(text):
                    raise
                kind = OneLineUsageError if isinstance(error, click.UsageError) else OneLineError
                raise kind("; ".join(text.splitlines()), log) from error
            except OSError as error:
                name = f"{error.filename}: " if error.filename else ""
                raise OneLineError(f"{name}{error.strerror or error}", _log_of(ctx)) from error
            except Exception as error:
                if isinstance(error, _known_errors()):
                    raise OneLineError(str(error), _log_of(ctx)) from error
                log = _log_of(ctx)
                if log is None:
                    raise
                log.say("defect", f"{type(error).__name__}: {error}", level="error", trace=traceback.format_exc())
                ctx.exit(1)


def _log_of(ctx: click.Context) -> RunLog | None:
    """The log for programs that a command keeps, if it does; without one, errors are for people."""
    log = ctx.meta.get(LOG_KEY)
    return log if isinstance(log, RunLog) and log.as_json else None


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

    Those of `calibration` and `models` are imported only now, when something was raised.
    """
    from calibration.errors import CalibrationError
    from models.errors import DataError, ModelError

    return (SignwatchError, CalibrationError, ModelError, DataError)


def _raise_terminated(number: int, frame: FrameType | None) -> NoReturn:
    raise Terminated
