"""A measurement in a fresh process on so many cores of this machine: whatever it starts, no thread leaves them.

The process's module hands its function to `answer` where it is run itself. What it says goes over its standard output,
a JSON object a line: how much is done, and in the end the figures, or what is wrong.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from tempfile import TemporaryFile
from typing import Any

from calibration.errors import CalibrationError
from edge.errors import BenchError, SignwatchError
from edge.progress import Report
from models.errors import DataError, ModelError


def ask_pinned(module: str, request: dict[str, Any], cores: int, report: Report) -> dict[str, Any]:
    """The figures that a module's function gives for a request, on the first `cores` of those that we may use.

    Raises BenchError with what the process said where it gave none.
    """
    command = [sys.executable, "-m", module, json.dumps(request)]
    with TemporaryFile("w+", encoding="utf-8") as complaints:
        process = _start(command, cores, complaints)
        try:
            assert process.stdout is not None
            for line in process.stdout:
                said = json.loads(line)
                if "figures" in said:
                    return dict(said["figures"])
                if "error" in said:
                    raise BenchError(said["error"])
                report(said["done"], said["of"])
            status = process.wait()
        finally:
            process.kill()
            process.communicate()
        complaints.seek(0)
        last = (complaints.read().strip().splitlines() or ["it said nothing"])[-1]
    raise BenchError(f"{module} ended with status {status}: {last}")


def answer(measure: Callable[..., dict[str, Any]]) -> None:
    """Call a function with the request that this process was started with, and say what comes of it.

    It is handed the request's entries by name, and `report`.
    """
    try:
        figures = measure(**json.loads(sys.argv[1]), report=lambda done, of: _say({"done": done, "of": of}))
    except (SignwatchError, CalibrationError, ModelError, DataError) as error:
        _say({"error": str(error)})
        sys.exit(1)
    _say({"figures": figures})


def _say(what: dict[str, Any]) -> None:
    print(json.dumps(what), flush=True)


def _start(command: list[str], cores: int, complaints: Any) -> "subprocess.Popen[str]":
    """A process has the cores that the thread had which started it."""
    own = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, sorted(own)[:cores])
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=complaints, text=True)
    finally:
        os.sched_setaffinity(0, own)
