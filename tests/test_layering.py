"""The lines between the packages, read from their source."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent

MAY_IMPORT = {
    "calibration": {"calibration"},
    "detector": {"detector"},
    "models": {"models"},
    "edge": {"calibration", "detector", "edge", "models"},
}
"""Whole directions: edge hands what one computes to the other, so they need not know each other."""

OURS = set(MAY_IMPORT) | {"scripts", "tests"}

SOCKETS = {"asyncio", "ftplib", "grpc", "http", "requests", "smtplib", "socket", "ssl", "urllib", "zmq"}
CLOCKS = {"datetime", "sched", "time"}
CONFIGURATION = {"argparse", "click", "configparser", "tomllib"}

ENVIRONMENT = {"environ", "getenv"}
"""Attributes of os by which a module would configure itself."""

HEAVY = ("ai_edge_litert", "calibration", "cv2", "detector", "keras", "models", "tensorflow")


def modules(package: str) -> list[Path]:
    return sorted((PROJECT / package).rglob("*.py"))


def imported(path: Path) -> Iterator[str]:
    """Every module that a file imports, wherever in it, by its full name."""
    package = path.relative_to(PROJECT).parts[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            yield ".".join(part for part in (above, node.module) if part)


def top_level(name: str) -> str:
    return name.partition(".")[0]


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_imports_run_one_way(package: str) -> None:
    assert modules(package), f"{package} isn't there"
    wrong = [
        f"{path.relative_to(PROJECT)} imports {name}"
        for path in modules(package)
        for name in imported(path)
        if top_level(name) in OURS - MAY_IMPORT[package]
    ]
    assert wrong == []


@pytest.mark.parametrize("package", ["calibration", "detector"])
def test_what_computes_is_handed_all_it_needs(package: str) -> None:
    wrong = [
        f"{path.relative_to(PROJECT)} imports {name}"
        for path in modules(package)
        for name in imported(path)
        if top_level(name) in SOCKETS | CLOCKS | CONFIGURATION
    ]
    wrong += [
        f"{path.relative_to(PROJECT)} reads os.{node.attr}"
        for path in modules(package)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in ENVIRONMENT
    ]
    assert wrong == []


def test_models_open_no_sockets() -> None:
    wrong = [
        f"{path.relative_to(PROJECT)} imports {name}"
        for path in modules("models")
        for name in imported(path)
        if top_level(name) in SOCKETS
    ]
    assert wrong == []


@pytest.mark.parametrize(
    "code",
    [
        "import edge",
        "from edge import SignSubscriber; SignSubscriber('tcp://127.0.0.1:1').close()",
        "import edge.cli.listen",
        "from edge.cli import main; main(['--help'], standalone_mode=False)",
    ],
)
def test_a_subscriber_stays_small(code: str) -> None:
    loaded = f"{code}\nimport sys; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", loaded], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_relative_imports_are_seen_whole(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The reading itself: a relative import must not slip through."""
    monkeypatch.setattr(sys.modules[__name__], "PROJECT", tmp_path)
    (tmp_path / "detector" / "inner").mkdir(parents=True)
    path = tmp_path / "detector" / "inner" / "a.py"
    path.write_text("import time\ndef f():\n    from ..b import c\n    from . import d\n")
    assert list(imported(path)) == ["time", "detector.b", "detector.inner"]
