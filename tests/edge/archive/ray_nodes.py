"""A real Ray cluster on loopback: each node is processes of its own, which can be killed together."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

PROJECT = Path(__file__).resolve().parents[3]
NO_WORK = (b"ray::IDLE", b"ray::DashboardAgent", b"ray::RuntimeEnvAgent")
"""What Ray's processes call themselves that do none of ours."""


def free_port(host: str) -> int:
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


class Node:
    """A node of a cluster, the head where no address is given; a context manager that kills it.

    Each has a loopback address of its own. 127.0.0.1 won't do: Ray takes another of the machine's in its place.
    """

    def __init__(self, folder: Path, address: str | None = None, *, host: str = "127.0.0.2", cpus: int = 1) -> None:
        port = free_port(host)
        self.address = address or f"{host}:{port}"
        head = ["--head", f"--port={port}", f"--temp-dir={folder}", "--include-dashboard=false"]
        environment = {
            **os.environ,
            "PYTHONPATH": str(PROJECT),
            "RAY_USAGE_STATS_ENABLED": "0",
        }
        self._log = (folder.parent / f"node-{port}.log").open("wb")
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "ray.scripts.scripts", "start", "--block", "--disable-usage-stats"),
                *([f"--address={address}"] if address else head),
                *(f"--node-ip-address={host}", f"--num-cpus={cpus}", "--object-store-memory=100000000"),
            ],
            env=environment,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def processes(self) -> list[int]:
        """All of the node, by their session."""
        found = []
        for entry in Path("/proc").iterdir():
            try:
                stat = (entry / "stat").read_text() if entry.name.isdigit() else ""
            except OSError:
                continue
            if stat and int(stat.rpartition(")")[2].split()[3]) == self.process.pid:
                found.append(int(entry.name))
        return found

    def workers(self) -> list[int]:
        """Processes that are at some work."""
        names = {pid: _command(pid) for pid in self.processes()}
        return [pid for pid, name in names.items() if name.startswith(b"ray::") and name not in NO_WORK]

    def kill(self) -> None:
        """Kill it with all of its processes, as a power cut does."""
        while left := self.processes():
            for pid in left:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue
            time.sleep(0.2)
        self.process.wait()
        self._log.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0 ")
    except OSError:
        return b""
