import os
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.errors import FetchError, SinkError
from edge.fetching import MAX_TRIES, fetch
from tests.conftest import PROJECT
from tests.edge.file_server import FileServer

SIZE = 3_000_000
CONTENT = os.urandom(SIZE)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[FileServer]:
    (tmp_path / "served").mkdir()
    (tmp_path / "served" / "data.zip").write_bytes(CONTENT)
    with FileServer(tmp_path / "served") as server:
        yield server


class Fetching:
    """One client, that waits for nothing and remembers what it would have waited for."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "data.zip"
        self.part = folder / "data.zip.part"
        self.waits: list[float] = []
        self.reported: list[tuple[int, int]] = []

    def __call__(self, server: FileServer | str) -> None:
        address = server if isinstance(server, str) else f"{server.base}/data.zip"
        fetch(
            address,
            self.file,
            lambda done, total: self.reported.append((done, total)),
            lambda part: None,
            lambda why, wait_s: self.waits.append(wait_s),
        )

    def left(self) -> set[str]:
        return {path.name for path in self.file.parent.iterdir()}


@pytest.fixture
def fetching(tmp_path: Path) -> Fetching:
    (tmp_path / "here").mkdir()
    return Fetching(tmp_path / "here")


def test_a_file_comes_whole_with_progress_and_leaves_nothing_else(server: FileServer, fetching: Fetching) -> None:
    fetching(server)
    assert fetching.file.read_bytes() == CONTENT
    assert fetching.reported[-1] == (SIZE, SIZE)
    assert fetching.left() == {"data.zip"}
    assert server.requests == [""]


def test_broken_connections_go_on_where_they_broke(server: FileServer, fetching: Fetching) -> None:
    server.cut_after = [1_000_000, 500_000]
    fetching(server)
    assert fetching.file.read_bytes() == CONTENT
    assert server.requests == ["", "bytes=1000000-", "bytes=1500000-"]
    assert fetching.waits == [1.0, 1.0]


def test_a_server_without_ranges_is_asked_for_all_of_it_again(server: FileServer, fetching: Fetching) -> None:
    server.ranges = False
    server.cut_after = [1_000_000]
    fetching(server)
    assert fetching.file.read_bytes() == CONTENT
    assert fetching.reported[-1] == (SIZE, SIZE)


def test_a_file_that_changed_in_between_is_not_sewn_together(server: FileServer, fetching: Fetching) -> None:
    server.cut_after = [1_000_000] + [0] * MAX_TRIES
    with pytest.raises(FetchError):
        fetching(server)
    assert fetching.part.stat().st_size == 1_000_000
    other = os.urandom(SIZE)
    (server.folder / "data.zip").write_bytes(other)
    server.cut_after = []
    fetching(server)
    assert fetching.file.read_bytes() == other


def test_a_part_from_another_address_or_of_unknown_origin_is_not_gone_on_from(
    server: FileServer, fetching: Fetching
) -> None:
    fetching.part.write_bytes(b"something else")
    fetching(server)
    assert fetching.file.read_bytes() == CONTENT
    assert server.requests == [""]


def test_what_came_whole_before_a_kill_is_not_fetched_again(server: FileServer, fetching: Fetching) -> None:
    server.cut_after = [1_000_000] + [0] * MAX_TRIES
    with pytest.raises(FetchError):
        fetching(server)
    fetching.part.write_bytes(CONTENT)
    server.requests.clear()
    fetching(server)
    assert fetching.file.read_bytes() == CONTENT
    assert server.requests == []


def test_a_server_that_announces_more_than_it_sends_is_given_up_on(server: FileServer, fetching: Fetching) -> None:
    server.ranges = False
    server.announced = lambda size: size + 1000
    with pytest.raises(FetchError, match=rf"ended after {SIZE} of {SIZE + 1000} bytes, {MAX_TRIES} times"):
        fetching(server)
    assert not fetching.file.exists()


def test_what_fails_the_check_is_thrown_away(server: FileServer, fetching: Fetching) -> None:
    server.announced = lambda size: size - 1000

    def refuse(part: Path) -> None:
        assert part.stat().st_size == SIZE - 1000
        raise FetchError("not whole")

    with pytest.raises(FetchError, match="not whole"):
        fetch(f"{server.base}/data.zip", fetching.file, lambda *_: None, refuse)
    assert fetching.left() == set()


def test_a_busy_server_is_asked_again_when_it_says(server: FileServer, fetching: Fetching) -> None:
    server.statuses = [503, 429]
    fetching(server)
    assert fetching.file.read_bytes() == CONTENT
    assert fetching.waits == [7.0, 7.0]


@pytest.mark.parametrize("status", [403, 404, 500])
def test_a_refusal_is_one_line_and_leaves_nothing(server: FileServer, fetching: Fetching, status: int) -> None:
    server.statuses = [status] * MAX_TRIES
    with pytest.raises(FetchError, match=rf"data\.zip: the server answers {status}"):
        fetching(server)
    assert len(server.requests) == (MAX_TRIES if status == 500 else 1)
    assert fetching.left() == set()


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/x", "data:,x"])
def test_a_redirect_out_of_http_is_not_followed(server: FileServer, fetching: Fetching, target: str) -> None:
    server.redirect = target
    with pytest.raises(FetchError, match=r"leads on to .*, which is not followed|is not allowed"):
        fetching(server)
    assert fetching.left() == set()


def test_a_redirect_within_http_is_followed_and_a_circle_is_not(
    server: FileServer, fetching: Fetching, tmp_path: Path
) -> None:
    with FileServer(tmp_path) as first:
        first.redirect = f"{server.base}/data.zip"
        fetching(first)
        assert fetching.file.read_bytes() == CONTENT
        first.redirect = f"{first.base}/again"
        with pytest.raises(FetchError, match="302"):
            fetching(first)


@pytest.mark.parametrize("address", ["file:///etc/passwd", "ftp://x/y", "x.zip", "http://", "http://host:port/x"])
def test_what_is_no_web_address_is_refused(fetching: Fetching, address: str) -> None:
    with pytest.raises(FetchError, match="no address of http or https"):
        fetching(address)
    assert fetching.left() == set()


def test_a_server_that_is_not_there_is_tried_some_times(fetching: Fetching) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(FetchError, match=r"can't be reached \(Connection refused\)"):
        fetching(f"http://127.0.0.1:{port}/data.zip")
    assert fetching.waits == [1.0, 2.0, 4.0, 8.0, 16.0], "each wait is longer than the one before"


def test_a_server_that_says_nothing_is_not_waited_for(fetching: Fetching, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.fetching.TIMEOUT_S", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/data.zip"
        with pytest.raises(FetchError, match="nothing came"):
            fetching(address)


def test_two_programs_do_not_write_one_file(server: FileServer, fetching: Fetching) -> None:
    def fetch_too(done: int, total: int) -> None:
        with pytest.raises(FetchError, match="another program"):
            fetching(server)

    fetch(f"{server.base}/data.zip", fetching.file, fetch_too, lambda part: None)
    assert fetching.file.read_bytes() == CONTENT


def test_a_disk_that_fills_up_is_one_line_and_later_the_rest_is_fetched(server: FileServer, fetching: Fetching) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, limits[1]))
    try:
        with pytest.raises(SinkError, match=r"data\.zip\.part: can't be written .*make room"):
            fetching(server)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    fetching(server)
    assert fetching.file.read_bytes() == CONTENT
    assert server.requests[-1].startswith("bytes=")


def test_more_than_there_is_room_for_is_not_begun(
    server: FileServer, fetching: Fetching, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.announced = lambda size: 5 << 30
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("", (), {"free": 1 << 30})())
    with pytest.raises(SinkError, match="1024 MiB are free, and 5120 MiB are still to come"):
        fetching(server)
    assert fetching.left() == set()


def test_a_server_that_is_killed_in_the_middle_and_comes_back_is_gone_on_with(
    tmp_path: Path, fetching: Fetching
) -> None:
    (tmp_path / "data.zip").write_bytes(CONTENT)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    running = start_server(tmp_path, port)
    killed_at: list[int] = []

    def kill_once(done: int, total: int) -> None:
        if not killed_at and done > SIZE // 3:
            running.send_signal(signal.SIGKILL)
            running.wait()
            killed_at.append(done)

    def start_again(why: str, wait_s: float) -> None:
        nonlocal running
        running = start_server(tmp_path, port)

    try:
        fetch(f"http://127.0.0.1:{port}/data.zip", fetching.file, kill_once, lambda part: None, start_again)
    finally:
        running.kill()
        running.wait()
    assert killed_at and killed_at[0] < SIZE
    assert fetching.file.read_bytes() == CONTENT


def start_server(folder: Path, port: int) -> "subprocess.Popen[bytes]":
    server = subprocess.Popen([sys.executable, "-m", "tests.edge.file_server", str(folder), str(port)], cwd=PROJECT)
    while server.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            time.sleep(0.02)
        else:
            break
    return server
