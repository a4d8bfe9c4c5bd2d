import os
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from edge import service_manager as module
from edge.service_manager import ServiceManager


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """A real socket as systemd's."""
    path = tmp_path / "notify"
    monkeypatch.setenv("NOTIFY_SOCKET", str(path))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(str(path))
        receiver.settimeout(10)
        yield receiver


def test_systemd_hears_each_step(systemd: socket.socket) -> None:
    with closing(ServiceManager(os.environ | {"WATCHDOG_USEC": "30000000"})) as manager:
        manager.tell("front ok:\n29.9 frames/s à côté \udcff")
        manager.ready()
        manager.progress()
        manager.stopping()
    assert [systemd.recv(4096).decode() for _ in range(4)] == [
        "STATUS=front ok: 29.9 frames/s à côté ?",
        "READY=1",
        "WATCHDOG=1",
        "STOPPING=1",
    ]
    assert manager.watchdog_s == 30.0


@pytest.mark.parametrize(
    "watch",
    [
        {},
        {"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"},
        {"WATCHDOG_USEC": "0"},
        {"WATCHDOG_USEC": "soon"},
        {"WATCHDOG_USEC": ""},
    ],
)
def test_where_nobody_watches_nothing_is_said_of_progress(systemd: socket.socket, watch: dict[str, str]) -> None:
    with closing(ServiceManager(os.environ | watch)) as manager:
        assert manager.watchdog_s is None
        manager.progress()
        manager.ready()
    assert systemd.recv(4096) == b"READY=1"


def test_the_process_that_is_meant_is_watched(systemd: socket.socket) -> None:
    watch = {"WATCHDOG_USEC": "9000000", "WATCHDOG_PID": str(os.getpid())}
    with closing(ServiceManager(os.environ | watch)) as manager:
        assert manager.watchdog_s == 9.0


def test_a_socket_of_the_abstract_namespace_is_found() -> None:
    name = f"signwatch-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind("\0" + name)
        receiver.settimeout(10)
        with closing(ServiceManager({"NOTIFY_SOCKET": f"@{name}"})) as manager:
            manager.ready()
        assert receiver.recv(4096) == b"READY=1"


@pytest.mark.parametrize("environment", [{}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "/nowhere/notify"}])
def test_without_systemd_nothing_happens(environment: dict[str, str]) -> None:
    with closing(ServiceManager(environment | {"WATCHDOG_USEC": "30000000"})) as manager:
        manager.ready()
        manager.progress()
        assert manager.watchdog_s is None


def test_systemd_that_does_not_read_or_is_gone_holds_nobody_up(
    systemd: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SEND_TIMEOUT_S", 0.001)
    with closing(ServiceManager(os.environ)) as manager:
        for _ in range(200):  # the system keeps ten of them, or some more
            manager.tell("front ok")
        systemd.close()
        manager.tell("front ok")
