"""`signwatch serve` as a process of its own."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from tests.waiting import PATIENCE_S, eventually

PROJECT = Path(__file__).resolve().parents[3]


class Served:
    """A service that is ready.

    Attributes:
        address: Of its page, with a slash at the end.
    """

    def __init__(self, process: "subprocess.Popen[str]", address: str) -> None:
        self.process = process
        self.address = address

    @property
    def port(self) -> int:
        return int(self.address.rstrip("/").rpartition(":")[2])

    def get(self, path: str) -> str:
        with urlopen(self.address + path.lstrip("/"), timeout=PATIENCE_S) as answer:
            text: str = answer.read().decode()
        return text

    def resident_mb(self) -> float:
        """Memory of the process that was started."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8").splitlines()
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))

    def is_ready(self) -> bool:
        try:
            return bool(json.loads(self.get("readyz"))["status"] == "ok")
        except (URLError, ConnectionError):
            return False


@contextmanager
def served(*arguments: str) -> Iterator[Served]:
    """Start it on a free port; killed with the block where it still runs."""
    process = subprocess.Popen(
        [sys.executable, "-m", "edge.cli", "serve", "--port", "0", *arguments],
        cwd=PROJECT,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        line = process.stderr.readline()
        assert line.startswith("serving on "), line + process.stderr.read()
        service = Served(process, line.split()[-1])
        eventually(service.is_ready)
        yield service
    finally:
        process.terminate()
        try:
            process.communicate(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
