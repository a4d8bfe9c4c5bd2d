"""What setup.cfg says, what the locks pin, and what lies in the folders belong together."""

import configparser
import re
import subprocess
from pathlib import Path

import pytest
from packaging.requirements import Requirement

PROJECT = Path(__file__).resolve().parent.parent
PACKAGES = ("calibration", "detector", "edge", "models")
COMPLETE_LOCK = "full"


@pytest.fixture(scope="module")
def setup() -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.read(PROJECT / "setup.cfg", encoding="utf-8")
    return parser


def requirements(text: str) -> list[Requirement]:
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    found = [Requirement(line) for line in lines if line]
    return [one for one in found if one.marker is None or one.marker.evaluate()]


def pins(lock: str) -> dict[str, str]:
    """Name and version of everything that a lock installs on this machine."""
    text = (PROJECT / "requirements" / f"{lock}.txt").read_text(encoding="utf-8")
    pinned = {}
    for requirement in requirements(text):
        (specifier,) = requirement.specifier
        assert specifier.operator == "==", f"{requirement} is not pinned"
        pinned[requirement.name] = specifier.version
    return pinned


@pytest.mark.parametrize(
    ("lock", "extras"),
    [
        ("run", []),
        (COMPLETE_LOCK, []),
        (COMPLETE_LOCK, ["train", "test"]),
        ("service", ["remote", "web"]),
        ("train", ["train", "report", "export"]),
    ],
)
def test_the_locks_fulfil_the_ranges(setup: configparser.ConfigParser, lock: str, extras: list[str]) -> None:
    wanted = setup["options"]["install_requires"]
    wanted += "".join(setup["options.extras_require"][extra] for extra in extras)
    pinned = pins(lock)
    for requirement in requirements(wanted):
        assert requirement.name in pinned, f"requirements/{lock}.txt lacks {requirement.name}"
        assert requirement.specifier.contains(pinned[requirement.name]), str(requirement)


@pytest.mark.parametrize("lock", ["service", "train", COMPLETE_LOCK])
def test_every_larger_lock_holds_all_of_the_vehicles(lock: str) -> None:
    assert pins("run").items() <= pins(lock).items()


def test_the_vehicle_needs_no_tensorflow_and_only_one_opencv() -> None:
    assert not [name for name in pins("run") if name.startswith("tensorflow")]
    assert [name for name in pins(COMPLETE_LOCK) if name.startswith("opencv")] == ["opencv-python"]


@pytest.mark.parametrize("lock", ["run", "service", "train", "model-server", COMPLETE_LOCK])
def test_locks_name_no_host(lock: str) -> None:
    text = (PROJECT / "requirements" / f"{lock}.txt").read_text(encoding="utf-8")
    assert "://" not in text and "--index" not in text


def test_every_package_is_typed_and_shipped(setup: configparser.ConfigParser) -> None:
    assert set(setup["options.packages.find"]["include"].split()) == {f"{p}*" for p in PACKAGES}
    for package in PACKAGES:
        assert (PROJECT / package / "py.typed").exists()
        for module in (PROJECT / package).rglob("*.py"):
            assert (module.parent / "__init__.py").exists(), f"{module} is in no package"


@pytest.mark.parametrize("script", ["demo", "signwatch", "test", "environment", "../.ci/run"])
def test_scripts_can_be_parsed_and_started(script: str) -> None:
    path = PROJECT / "scripts" / script
    subprocess.run(["bash", "-n", str(path)], check=True)
    sourced = script == "environment"
    assert bool(path.stat().st_mode & 0o111) is not sourced
    if not sourced:
        assert re.match(r"#!/usr/bin/env bash\n(#.*\n)+set -euo pipefail\n", path.read_text())
