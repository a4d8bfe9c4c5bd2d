import os
import signal
import subprocess
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from types import ModuleType

import click
import pytest
from click.testing import CliRunner, Result

from edge.cli import COMMANDS, main
from edge.cli.group import SignwatchGroup
from edge.errors import SourceError
from models.errors import DataError, ModelError

PROJECT = Path(__file__).resolve().parents[3]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], None]], Result]:
    """Runs a function as the only command of a group."""

    def run(function: Callable[[], None]) -> Result:
        module = ModuleType("one_command")
        module.command = click.Command("do", callback=function)  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "one_command", module)
        table = {"do": ("one_command:command", "Does it.")}
        group = SignwatchGroup("signwatch", table, help="Tries.", params=[])
        return CliRunner().invoke(group, ["do"])

    return run


def raising(error: BaseException) -> Callable[[], None]:
    def function() -> None:
        raise error

    return function


@pytest.mark.parametrize(
    "error",
    [
        SourceError("drive.mp4 isn't\nthere"),
        ModelError("drive.mp4 isn't there"),
        DataError("drive.mp4 isn't there"),
    ],
)
def test_known_errors_are_one_line_and_status_1(run: Callable[[Callable[[], None]], Result], error: Exception) -> None:
    result = run(raising(error))
    assert result.exit_code == 1
    assert result.stderr == "signwatch: drive.mp4 isn't there\n"
    assert result.stdout == ""


def test_an_error_of_the_system_names_its_file(run: Callable[[Callable[[], None]], Result], tmp_path: Path) -> None:
    def write() -> None:
        (tmp_path / "nowhere" / "out.csv").write_text("")

    result = run(write)
    assert result.exit_code == 1
    assert result.stderr == f"signwatch: {tmp_path}/nowhere/out.csv: No such file or directory\n"


def test_a_defect_is_not_hidden(run: Callable[[Callable[[], None]], Result]) -> None:
    result = run(raising(ZeroDivisionError("a defect")))
    assert isinstance(result.exception, ZeroDivisionError)


def test_ctrl_c_and_sigterm_end_quietly(run: Callable[[Callable[[], None]], Result]) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        result = run(lambda number=number: os.kill(os.getpid(), number))  # type: ignore[misc]
        assert (result.exit_code, result.output) == (128 + number, "")


def test_sigterm_is_left_as_it_was(run: Callable[[Callable[[], None]], Result]) -> None:
    before = signal.getsignal(signal.SIGTERM)
    run(lambda: None)
    assert signal.getsignal(signal.SIGTERM) is before


def test_help_names_every_command_without_loading_one() -> None:
    result = CliRunner().invoke(main, ["--help"])
    assert result.exit_code == 0
    for name, (place, text) in COMMANDS.items():
        assert f"  {name} " in result.stdout and text in result.stdout
        assert place.startswith("edge.cli.")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_where_the_table_says(name: str) -> None:
    result = CliRunner().invoke(main, [name, "--help"])
    assert result.exit_code == 0
    assert result.stdout.startswith(f"Usage: signwatch {name}")


def test_wrong_usage_is_status_2() -> None:
    assert CliRunner().invoke(main, ["nonsense"]).exit_code == 2
    assert CliRunner().invoke(main, ["listen", "--count", "0"]).exit_code == 2
    assert CliRunner().invoke(main, []).exit_code == 2


def test_the_version_is_the_distributions() -> None:
    result = CliRunner().invoke(main, ["--version"])
    assert result.stdout == f"signwatch {metadata.version('signwatch')}\n"


def test_a_reader_that_has_enough_is_no_error() -> None:
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m edge.cli --help | true"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
    )
    assert done.stderr == ""
