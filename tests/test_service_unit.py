"""The unit for systemd: what systemd itself says of it, and that it calls the program as it is."""

import configparser
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from edge.cli.run import command
from edge.service_manager import LEAST_WATCHDOG_S
from edge.watchdog import EXIT_STATUS, LIMIT_S

PROJECT = Path(__file__).resolve().parent.parent
UNIT = PROJECT / "scripts" / "signwatch.service"
PROGRAM = "/opt/signwatch/.venv/bin/signwatch"


def verified(folder: Path, text: str) -> str:
    """What systemd says of a unit: it says unknown keys on standard error alone, with status 0."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze isn't installed")
    unit = folder / "signwatch.service"
    unit.write_text(text.replace(PROGRAM, sys.executable), encoding="utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)], capture_output=True, text=True, timeout=60
    )
    return done.stderr + done.stdout


def service() -> dict[str, str]:
    parser = configparser.RawConfigParser(strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(UNIT, encoding="utf-8")
    return dict(parser["Service"])


def test_systemd_has_nothing_to_say_against_the_unit(tmp_path: Path) -> None:
    assert verified(tmp_path, UNIT.read_text(encoding="utf-8")) == ""


def test_a_wrong_key_would_have_been_told(tmp_path: Path) -> None:
    wrong = UNIT.read_text(encoding="utf-8").replace("WatchdogSec=", "WatchDogSec=")
    assert "WatchDogSec" in verified(tmp_path, wrong)


def test_the_program_takes_what_the_unit_gives_it(tmp_path: Path) -> None:
    config = tmp_path / "run.toml"
    config.write_text('source = "0"\n', encoding="utf-8")
    program, name, *arguments = shlex.split(service()["ExecStart"])
    assert (program, name) == (PROGRAM, "run")
    given = [argument.replace("${CREDENTIALS_DIRECTORY}", str(tmp_path)) for argument in arguments]
    context = command.make_context("run", given)
    assert context.params["sources"] == ("0",)
    assert context.params["log"].as_json


def test_the_watchdogs_and_the_statuses_fit_together() -> None:
    keys = service()
    (seconds,) = re.fullmatch(r"(\d+)s", keys["WatchdogSec"]).groups()  # type: ignore[union-attr]
    assert float(seconds) > max(LIMIT_S, LEAST_WATCHDOG_S), "the run's own watchdog says more, so it comes first"
    assert str(EXIT_STATUS) not in keys["RestartPreventExitStatus"].split()
    assert keys["Type"] == "notify"
