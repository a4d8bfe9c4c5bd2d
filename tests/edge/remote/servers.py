"""Starts the model server, and does to it what happens to servers."""

import signal
import subprocess
import sys
from contextlib import suppress

from tests.conftest import PROJECT

GRPC = ("kserve+grpc", "tfserving+grpc")
PROTOCOLS = (*GRPC, "tfserving+http")


class ModelServer:
    """A process that serves; a context manager."""

    def __init__(self) -> None:
        self._ports = (0, 0)
        self._process: subprocess.Popen[str] | None = None
        self.start()

    def start(self) -> None:
        """Begin, and again where it was after a kill."""
        command = [sys.executable, "-m", "tests.edge.remote.model_server", *map(str, self._ports)]
        process = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert process.stdout is not None
        grpc_port, http_port = process.stdout.readline().split()
        self._process, self._ports = process, (int(grpc_port), int(http_port))

    def kill(self) -> None:
        """End it at once."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def pause(self) -> None:
        """Have it hang, with its connections open."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Have it go on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def address(self, protocol: str, model: str = "signwatch", settings: str = "timeout=20000") -> str:
        """What `--backend` takes."""
        port = self._ports[protocol == "tfserving+http"]
        return f"{protocol}://127.0.0.1:{port}/{model}?{settings}"

    def __enter__(self) -> "ModelServer":
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(ProcessLookupError):
            self.resume()
        self.kill()
