"""Which machine a figure was measured on, and with what."""

import os
import platform
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from typing import Any


def machine_facts() -> dict[str, Any]:
    """Processor, cores that this process may use, and system."""
    return {"processor": _processor(), "cores": len(os.sched_getaffinity(0)), "system": platform.platform()}


RUN_PACKAGES = ("signwatch", "ai-edge-litert", "msgspec", "numba", "numpy", "opencv-python", "pyzmq")
"""What a live run's speed depends on."""


def versions(packages: Iterable[str] = RUN_PACKAGES) -> dict[str, str]:
    """Versions of Python and of those packages that are installed."""
    installed = {"python": platform.python_version()}
    for package in packages:
        try:
            installed[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return installed


def machine_line(facts: dict[str, Any]) -> str:
    """What `machine_facts` and, where they are there, `versions` say, for people: the last line of a table."""
    machine = facts["machine"]
    installed = "".join(f"; {name} {version}" for name, version in facts.get("versions", {}).items())
    return f"{machine['cores']} cores of {machine['processor']}{installed}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.machine()
