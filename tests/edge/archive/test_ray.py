"""On a real Ray cluster: two nodes on loopback, whose workers and nodes are killed."""

import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.edge.archive.drives import Inline, Troubled, pictures, read_archive, without_times, write_video
from tests.edge.archive.ray_nodes import Node

ray = pytest.importorskip("ray", reason="Ray isn't installed")

pytestmark = [pytest.mark.timeout(600), pytest.mark.filterwarnings("ignore")]  # Ray's own

START_S = 120.0
PIECE_S = 1.0


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fleet")
    write_video(folder / "a.mp4", pictures(75, [(5, 40, 14, 120)]))
    write_video(folder / "waits.mp4", pictures(100, [(10, 40, 38, 110), (55, 40, 12, 140)]))
    return folder


@pytest.fixture(scope="module")
def head() -> Iterator[Node]:
    # Pytest's own folders are too deep for the names of Ray's sockets, 107 bytes at most.
    with TemporaryDirectory(prefix="ray-") as folder, Node(Path(folder) / "session") as head:
        until(lambda: connected(head), "the head starts")
        ray.shutdown()
        yield head


def connected(head: Node) -> bool:
    assert head.process.poll() is None, "the head has ended"
    try:
        ray.init(head.address, logging_level=logging.FATAL, log_to_driver=False)
    except (ConnectionError, RuntimeError):
        return False
    return True


def until(holds: Callable[[], object], what: str) -> None:
    end = time.monotonic() + START_S
    while not holds():
        assert time.monotonic() < end, f"not in {START_S:.0f} s: {what}"
        time.sleep(0.1)


def test_a_cluster_that_loses_workers_and_nodes_finds_the_same(head: Node, fleet: Path, tmp_path: Path) -> None:
    from edge.archive.ray_workers import RayWorkers

    _, expected = read_archive([fleet], tmp_path / "local", PIECE_S, Inline())
    assert [len(finished.sightings) for finished in expected.values()] == [1, 2]
    crashing = write_video(fleet / "crashes.mp4", pictures(30, []))
    gate = tmp_path / "gate"
    happened: list[str] = []

    def disturb() -> None:
        try:
            until(second.workers, "work reaches the second node")
            lost = second.workers()[0]
            os.kill(lost, signal.SIGKILL)
            until(lambda: set(second.workers()) - {lost}, "another worker does it")
            happened.append("worker killed")
            second.kill()
            happened.append("node killed")
            with Node(tmp_path / "third", head.address, host="127.0.0.4") as third:
                until(third.workers, "work reaches the node that came for it")
                happened.append("node replaced")
                gate.touch()
                until(done.is_set, "the rest is read")
        finally:
            gate.touch()

    done = threading.Event()
    with Node(tmp_path / "second", head.address, host="127.0.0.3") as second:
        workers = Troubled(RayWorkers(head.address), gate)
        until(lambda: ray.cluster_resources().get("CPU") == 2, "the second node joins")
        disturbing = threading.Thread(target=disturb)
        disturbing.start()
        try:
            counts, found = read_archive([fleet], tmp_path / "cluster", PIECE_S, workers)
        finally:
            done.set()
            disturbing.join()
            workers.close()
    assert happened == ["worker killed", "node killed", "node replaced"]
    assert "crashed" in (found.pop(crashing.name).fault or "")
    assert [Path(fault.partition(":")[0]).name for fault in counts.faults] == [crashing.name]
    assert {name: without_times(one) for name, one in found.items()} == {
        name: without_times(one) for name, one in expected.items()
    }
