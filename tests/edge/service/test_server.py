"""The service as people run it: a process, a socket, and whoever connects."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from edge.service.load import offer_load
from edge.service.protocol import HEAD_BYTES
from tests.edge.scenes import STOP
from tests.edge.service.malformed import malformed_requests, status_of_answer
from tests.edge.service.pictures import stop_jpeg
from tests.edge.service.serving import PROJECT, Served, served
from tests.waiting import PATIENCE_S, eventually

MALFORMED = 10_000
SENDERS = 4
MOST_MB = 200


@pytest.fixture(scope="module")
def service() -> Iterator[Served]:
    with served() as service:
        yield service


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "edge.cli", *arguments], cwd=PROJECT, capture_output=True, text=True, timeout=120
    )


def post(service: Served, data: bytes) -> dict[str, object]:
    with urlopen(Request(service.address + "predict_traffic_sign", data), timeout=PATIENCE_S) as answer:
        found: dict[str, object] = json.load(answer)
    return found


def test_a_small_service_takes_little_memory(service: Served) -> None:
    assert post(service, stop_jpeg())["class_index"] == STOP
    assert service.resident_mb() < MOST_MB


def test_ten_thousand_malformed_requests_are_each_refused_and_disturb_nobody(service: Served) -> None:
    post(service, stop_jpeg())
    before_mb = service.resident_mb()
    readings: list[object] = []
    ended = threading.Event()

    def ask_well() -> None:
        while not ended.is_set():
            readings.append(post(service, stop_jpeg())["class_index"])
            time.sleep(0.02)

    well = threading.Thread(target=ask_well)
    well.start()
    try:
        with ThreadPoolExecutor(SENDERS) as senders:
            sent = list(malformed_requests(MALFORMED))
            statuses = list(senders.map(lambda one: status_of_answer(service.port, one), sent))
    finally:
        ended.set()
        well.join()
    wrong = [(number % 20, status) for number, status in enumerate(statuses) if not 400 <= status < 500]
    assert not wrong, Counter(wrong)
    assert len(statuses) == MALFORMED
    assert set(readings) == {STOP} and len(readings) > 10
    assert service.process.poll() is None
    assert service.resident_mb() < max(MOST_MB, before_mb + 20)
    assert 'status="500"' not in service.get("metrics")


def test_requests_of_many_clients_share_batches(service: Served) -> None:
    load = offer_load(service.port, "/predict_traffic_sign", [stop_jpeg()], clients=16, seconds=0.5)
    assert load.failed == 0 and len(load.latency_ms) >= 16
    alone = crops = 0.0
    for line in service.get("metrics").splitlines():
        if line.startswith("signwatch_service_batch_crops_sum"):
            crops = float(line.split()[-1])
        if line.startswith("signwatch_service_batch_crops_count"):
            alone = float(line.split()[-1])
    assert crops > alone, "some went together"


def test_a_head_that_never_ends_is_cut_off(service: Served) -> None:
    with socket.create_connection(("127.0.0.1", service.port), PATIENCE_S) as connection:
        connection.sendall(b"POST /predict_traffic_sign HTTP/1.1\r\nX: ")
        received = b""
        try:
            for _ in range(10 * HEAD_BYTES // 4096):
                connection.sendall(b"x" * 4096)
            received = connection.recv(100)
        except OSError:  # cut off while it was being sent
            pass
    assert not received or b"431" in received
    assert service.is_ready()


def test_a_client_that_hangs_up_disturbs_nobody(service: Served) -> None:
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", service.port), PATIENCE_S) as connection:
            connection.sendall(
                b"POST /predict_traffic_sign HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000\r\n\r\nabc"
            )
    assert post(service, stop_jpeg())["class_index"] == STOP


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("workers", [1, 2])
def test_being_stopped_is_how_it_ends(number: signal.Signals, workers: int) -> None:
    with served("--workers", str(workers)) as service:
        post(service, stop_jpeg())
        service.process.send_signal(number)
        assert service.process.wait(PATIENCE_S) == 0
        assert service.process.stderr is not None
        assert "Traceback" not in service.process.stderr.read()


def test_several_workers_answer_count_together_and_are_replaced() -> None:
    with served("--workers", "2") as service:
        workers = children(service.process.pid)
        assert len(workers) == 2
        eventually(lambda: post(service, stop_jpeg()) and counted(service) >= 3)
        os.kill(workers[0], signal.SIGKILL)
        eventually(lambda: len(set(children(service.process.pid)) - set(workers)) == 1)
        assert post(service, stop_jpeg())["class_index"] == STOP


def test_workers_end_with_a_parent_that_was_killed() -> None:
    with served("--workers", "2") as service:
        workers = children(service.process.pid)
        service.process.kill()
        service.process.wait()
        eventually(lambda: not any(Path(f"/proc/{worker}").exists() for worker in workers))


def children(pid: int) -> list[int]:
    """Processes that answer: those that it started, less Python's own helper."""
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split()
    return [int(child) for child in listed if b"resource_tracker" not in Path(f"/proc/{child}/cmdline").read_bytes()]


def counted(service: Served) -> float:
    answered = [
        line for line in service.get("metrics").splitlines()
        if line.startswith('signwatch_service_requests_total{path="/predict_traffic_sign",status="200"}')
    ]  # fmt: skip
    return float(answered[0].split()[-1]) if answered else 0.0


def test_other_machines_are_served_only_with_keys_or_where_that_is_allowed(tmp_path: Path) -> None:
    refused = run("serve", "--host", "0.0.0.0")
    assert refused.returncode == 1
    assert "--api-keys" in refused.stderr and len(refused.stderr.splitlines()) == 1
    keys = tmp_path / "keys"
    made = run("keys", "dashboard", "--api", str(keys))
    assert made.returncode == 0 and len(made.stdout.splitlines()) == 2
    with served("--host", "0.0.0.0", "--api-keys", str(keys)) as service:
        key = made.stdout.split()[-1]
        request = Request(
            f"http://127.0.0.1:{service.port}/predict_traffic_sign", stop_jpeg(), {"Authorization": f"Bearer {key}"}
        )
        with urlopen(request, timeout=PATIENCE_S) as answer:
            assert json.load(answer)["class_index"] == STOP


def test_what_is_wrong_is_said_in_one_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        for arguments, said, status in (
            (("--port", str(taken.getsockname()[1])), "in use", 1),
            (("--port", "0", "--host", "203.0.113.9", "--insecure"), "no address of this machine", 1),
            (("--port", "0", "--weights", str(tmp_path)), "no record of weights", 1),
            (("--port", "0", "--workers", "2", "--weights", str(tmp_path)), "no record of weights", 1),
            (("--port", "0", "--api-keys", str(tmp_path / "none")), "can't be read as API keys", 1),
            (("--port", "70000"), "70000", 2),
        ):
            done = run("serve", *arguments)
            assert done.returncode == status and said in done.stderr, done.stderr
            assert "Traceback" not in done.stderr
            if status == 1:
                assert len([line for line in done.stderr.splitlines() if not line.startswith("serving")]) == 1


def test_without_the_extra_the_mend_is_said() -> None:
    code = (
        "import importlib.util as u; real = u.find_spec\n"
        "u.find_spec = lambda name, *a: None if name == 'uvicorn' else real(name, *a)\n"
        "import sys; from edge.cli import main; main(['serve'], prog_name='signwatch')"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stderr.strip() == "signwatch: serve needs uvicorn, which is not installed: pip install 'signwatch[web]'"
