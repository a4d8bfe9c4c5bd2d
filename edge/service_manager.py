"""What a live run tells systemd, if that started it: that it is ready, how it is, and that it goes on.

Its protocol is one datagram for each thing, see sd_notify(3). Nothing is sent where nobody asked for it.
"""

import contextlib
import os
import socket
from collections.abc import Mapping

SEND_TIMEOUT_S = 0.05
"""A service manager that doesn't read must not hold the vehicle up: Linux keeps ten datagrams, and then makes wait."""
LEAST_WATCHDOG_S = 5.0
"""It hears of a run once a second, and a stream that is being opened makes no progress for some of them."""


class ServiceManager:
    """Speaks with systemd; every method does nothing where there is none.

    Args:
        environment: Of the process: `NOTIFY_SOCKET`, `WATCHDOG_USEC` and `WATCHDOG_PID` are what systemd sets.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._sender = _connected(environment.get("NOTIFY_SOCKET"))
        self.watchdog_s = _watchdog_s(environment) if self._sender is not None else None
        """Within this time systemd wants to hear of progress; None where it doesn't watch."""

    def ready(self) -> None:
        """Messages are published from now on."""
        self._send("READY=1")

    def tell(self, status: str) -> None:
        """How it is, one line for people, as `systemctl status` shows it."""
        self._send(f"STATUS={' '.join(status.split())}")

    def progress(self) -> None:
        """Every stage goes on. systemd ends and restarts what doesn't say so in time."""
        if self.watchdog_s is not None:
            self._send("WATCHDOG=1")

    def stopping(self) -> None:
        """It was told to end, and does."""
        self._send("STOPPING=1")

    def close(self) -> None:
        """Say no more."""
        if self._sender is not None:
            self._sender.close()

    def _send(self, state: str) -> None:
        if self._sender is not None:
            with contextlib.suppress(OSError):  # it is gone, or doesn't read
                self._sender.send(state.encode(errors="replace"))


def _connected(path: str | None) -> socket.socket | None:
    """A socket to what listens at a path; a name of the abstract namespace begins with `@`."""
    if not path:
        return None
    sender = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    sender.settimeout(SEND_TIMEOUT_S)
    try:
        sender.connect("\0" + path[1:] if path.startswith("@") else path)
    except OSError:
        sender.close()
        return None
    return sender


def _watchdog_s(environment: Mapping[str, str]) -> float | None:
    """As of sd_watchdog_enabled(3)."""
    text, process = environment.get("WATCHDOG_USEC", ""), environment.get("WATCHDOG_PID")
    if not text.isdecimal() or (process is not None and process != str(os.getpid())):
        return None
    return int(text) / 1e6 or None
