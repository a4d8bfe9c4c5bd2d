"""A live run as whoever operates it sees it: a real process, asked over real sockets."""

import json
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.request import urlopen

import pytest
import zmq

from edge.messages import MESSAGES
from tests.edge.cli.live_run import PROJECT, START_S, LiveRun, live_run
from tests.edge.cli.test_run_faults import HANG, PATTERN, serve
from tests.waiting import PATIENCE_S, eventually

PLAIN_SECRET = "hidden-pass.word"
SECRET = "hidden-pass/word@?#!"
"""As people type passwords into addresses, which no server then understands."""


class Systemd:
    """The other end of a run's notifications: a real datagram socket, as systemd's."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.heard: list[str] = []
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def close(self) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"", str(self.path))
        self._thread.join()
        self.socket.close()

    def _listen(self) -> None:
        while heard := self.socket.recv(65536):
            self.heard.append(heard.decode())

    def environment(self, watchdog_s: float) -> str:
        """Code that sets what systemd would have set."""
        usec = round(watchdog_s * 1e6)
        return f"import os\nos.environ |= {{'NOTIFY_SOCKET': {str(self.path)!r}, 'WATCHDOG_USEC': '{usec}'}}"


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[Systemd]:
    manager = Systemd(tmp_path / "notify")
    yield manager
    manager.close()


def metrics_of(run: LiveRun) -> dict[str, float]:
    """Every sample as a Prometheus server gets it, by its name with labels."""
    assert run.address
    (address,) = {match[0] for line in run.said if (match := re.search(r"http://[\d.:]+/metrics", line))}
    with urlopen(address, timeout=PATIENCE_S) as answer:
        assert answer.headers["Content-Type"].startswith("text/plain")
        lines = answer.read().decode().splitlines()
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if line[0] != "#")}


def test_systemd_is_told_that_it_is_ready_goes_on_and_stops(systemd: Systemd) -> None:
    with live_run(PATTERN, "--realtime", "--name", "front", before=systemd.environment(30)) as run:
        assert run.address
        eventually(lambda: systemd.heard.count("WATCHDOG=1") >= 3)
        eventually(lambda: re.search(r"STATUS=front ok: \d+\.\d frames/s", "\n".join(systemd.heard)))
        run.process.send_signal(signal.SIGTERM)
        assert run.end() == 0
    heard = [line for line in systemd.heard if not line.startswith("STATUS=")]
    assert heard.count("READY=1") == heard.count("STOPPING=1") == 1
    assert heard.index("READY=1") <= 1 and heard[-1] == "STOPPING=1"
    assert not run.has_said("WatchdogSec")


def test_it_is_ready_where_the_camera_is_not_there_yet_and_says_what_it_waits_for(systemd: Systemd) -> None:
    with live_run("97", "--name", "front", before=systemd.environment(2)) as run:
        eventually(lambda: "READY=1" in systemd.heard, START_S)
        eventually(lambda: any("STATUS=front fault: camera 97" in line for line in systemd.heard))
        eventually(lambda: systemd.heard.count("WATCHDOG=1") >= 2)
        assert run.has_said("set WatchdogSec to 5 s at least")


def test_of_a_stage_that_hangs_no_progress_is_told(systemd: Systemd) -> None:
    before = systemd.environment(30) + "\n" + HANG + "import edge.reader\nedge.reader.SignReader.read = stay"
    with live_run(PATTERN, "--realtime", "--name", "front", "--watchdog", "6", before=before) as run:
        assert run.end() == 3
    heard = systemd.heard
    hung = heard.index("STATUS=detect hangs; start it again")
    after = heard[heard.index("READY=1") : hung]
    assert sum(line.startswith("STATUS=") for line in after) >= 5, "it was looked at once a second"
    assert after.count("WATCHDOG=1") <= 2, "the first seconds can't tell"


def test_prometheus_reads_a_live_run() -> None:
    with live_run(PATTERN, PATTERN, "--realtime", "--name", "left", "--name", "right", "--metrics", "0") as run:

        def goes() -> bool:
            found = metrics_of(run)
            return all(found[f'signwatch_frames_published_total{{source="{name}"}}'] > 5 for name in ("left", "right"))

        eventually(goes)
        found = metrics_of(run)
        for name in ("left", "right"):
            label = f'{{source="{name}"}}'
            captured = found[f"signwatch_frames_captured_total{label}"]
            dropped = found[f"signwatch_frames_dropped_total{label}"]
            assert captured >= found[f"signwatch_frames_published_total{label}"] + dropped
            assert found[f"signwatch_source_up{label}"] == 1.0
            assert found[f"signwatch_reconnects_total{label}"] == 0.0
            stages = [
                found[f'signwatch_latency_seconds_count{{source="{name}",stage="{stage}"}}']
                for stage in ("candidates", "classify", "total")
            ]
            assert stages[0] == stages[1] == stages[2] > 5
            assert found[f"signwatch_candidates_count{label}"] >= stages[0]
        assert found["signwatch_subscribers"] == 0.0
        with zmq.Context() as context, context.socket(zmq.SUB) as subscriber:
            subscriber.linger = 0
            subscriber.subscribe(b"frame")
            subscriber.connect(run.address)
            eventually(lambda: metrics_of(run)["signwatch_subscribers"] == 1.0)
            stranger = context.socket(zmq.SUB)
            stranger.linger = 0
            stranger.curve_serverkey = zmq.curve_keypair()[0]  # this publisher has none
            stranger.curve_publickey, stranger.curve_secretkey = zmq.curve_keypair()
            stranger.connect(run.address)
            eventually(lambda: metrics_of(run)["signwatch_refused_connections_total"] >= 1.0)
            stranger.close()
        eventually(lambda: run.has_said("a connection to the publisher was refused"))
        run.process.send_signal(signal.SIGTERM)
        assert run.end() == 0


@pytest.mark.parametrize(
    ("metrics", "said"),
    [
        ("{taken}", "metrics can't be served on 127.0.0.1:{taken} (Address already in use); choose another port"),
        ("0.0.0.0:0", "can be read by other machines"),
    ],
)
def test_metrics_that_can_not_be_served_are_one_line(metrics: str, said: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = server.getsockname()[1]
        with live_run(PATTERN, "--realtime", "--metrics", metrics.format(taken=taken)) as run:
            assert run.end() == 1
    (line,) = run.said
    assert said.format(taken=taken) in line


def test_the_library_for_metrics_is_loaded_only_where_they_are_asked_for() -> None:
    code = "import sys, edge.cli.run; print([name for name in ('prometheus_client', 'tomlkit') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@contextmanager
def json_run(*arguments: str) -> Iterator[LiveRun]:
    with live_run(*arguments, "--log-json") as run:
        eventually(lambda: run.has_said('"started"') or run.process.poll() is not None, START_S)
        yield run


def entries(run: LiveRun) -> list[dict[str, object]]:
    return [json.loads(line) for line in run.said]


def test_every_line_of_the_log_is_an_object_to_the_end() -> None:
    with json_run(PATTERN, "--realtime", "--name", "front") as run:
        run.process.send_signal(signal.SIGTERM)
        assert run.end() == 0
    assert [entry["event"] for entry in entries(run)] == ["started", "ended"]
    ended = entries(run)[-1]
    assert ended["captured"] == ended["published"] + ended["dropped"]  # type: ignore[operator]


@pytest.mark.parametrize(
    ("arguments", "status", "event"),
    [
        (["/nowhere/drive.mp4"], 1, "error"),
        ([PATTERN, "--name", "a", "--name", "b"], 2, "error"),
        ([PATTERN, "--size", "large"], 2, "error"),
        ([PATTERN, "--publish", "tcp://0.0.0.0:1"], 1, "error"),
    ],
)
def test_what_ends_it_is_an_object_too(arguments: list[str], status: int, event: str) -> None:
    with live_run("--log-json", *arguments) as run:
        assert run.end() == status
    assert [(entry["event"], entry["level"]) for entry in entries(run)] == [(event, "error")]


def test_a_defect_is_an_object_with_its_trace() -> None:
    before = "import edge.supervisor\ndef fail(*_, **__):\n    raise ZeroDivisionError('a defect')\n"
    with live_run(PATTERN, "--log-json", before=before + "edge.supervisor.open_reader = fail") as run:
        assert run.end() == 1
    (entry,) = entries(run)
    assert (entry["event"], entry["message"]) == ("defect", "ZeroDivisionError: a defect")
    assert "in fail" in str(entry["trace"])


def test_a_camera_that_flaps_is_told_once_and_then_counted(tmp_path: Path) -> None:
    # A server that ends each connection after a few pictures.
    code = f"""
import socket, sys
from pathlib import Path
pictures = [file.read_bytes() for file in sorted(Path({str(tmp_path)!r}).glob("*.jpg"))]
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
while True:
    client, _ = server.accept()
    try:
        client.recv(4096)
        client.sendall(b"HTTP/1.0 200 OK\\r\\nContent-Type: multipart/x-mixed-replace;boundary=next\\r\\n\\r\\n")
        for picture in pictures:
            head = f"--next\\r\\nContent-Type: image/jpeg\\r\\nContent-Length: {{len(picture)}}\\r\\n\\r\\n"
            client.sendall(head.encode() + picture + b"\\r\\n")
            import time; time.sleep(0.05)
    except OSError:
        pass
    client.close()
"""
    pictures, _ = serve(tmp_path, (160, 120), 0)
    pictures.kill()
    pictures.communicate()
    server = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        port = int(server.stdout.readline())
        before = "import edge.repeats\nedge.repeats.FIRST_INTERVAL_S = edge.repeats.LONGEST_INTERVAL_S = 4.0"
        stream = f"http://user:{PLAIN_SECRET}@127.0.0.1:{port}/cam.mjpg"
        with live_run(stream, "--name", "front", "--log-json", before=before) as run:
            eventually(lambda: sum("repeated" in line for line in run.said) >= 4, START_S)
            run.process.send_signal(signal.SIGTERM)
            assert run.end() == 0
    finally:
        server.kill()
        server.communicate()
    told = entries(run)
    faults = [entry for entry in told if entry["event"] == "source-fault"]
    first, *counted = faults
    assert first["source"] == "front" and "repeated" not in first
    assert all(entry["repeated"] >= 1 for entry in counted if entry["message"] != first["message"])  # type: ignore[operator]
    assert sum(entry.get("repeated", 0) for entry in told) > len(told), "it is no flood"  # type: ignore[misc]


def everything_said(address: str, until_s: float) -> Iterator[bytes]:
    """All that the wire carries, as it is."""
    with zmq.Context() as context, context.socket(zmq.SUB) as subscriber:
        subscriber.linger = 0
        subscriber.subscribe(b"")
        subscriber.connect(address)
        while time.monotonic() < until_s:
            if subscriber.poll(200):
                yield b" ".join(subscriber.recv_multipart())


@pytest.mark.parametrize("log", ["--log-json", "--no-log-json"])
def test_a_password_is_nowhere_in_what_a_run_says(systemd: Systemd, tmp_path: Path, log: str) -> None:
    server, port = serve(tmp_path, (160, 120), 0)
    config = tmp_path / "run.toml"
    streams = [
        f"http://user:{PLAIN_SECRET}@127.0.0.1:{port}/cam.mjpg?token={PLAIN_SECRET}",
        f"rtsp://user:{SECRET}@127.0.0.1:9/nobody?token={SECRET}",
    ]
    config.write_text(f'source = {json.dumps(streams)}\nopen-timeout = 1\nmetrics = "0"\n', encoding="utf-8")
    heard: list[bytes] = []
    try:
        with live_run("--config", str(config), log, before=systemd.environment(30)) as run:
            eventually(lambda: run.has_said("publishing"), START_S)
            (address,) = {match[0] for line in run.said if (match := re.search(r"tcp://[\d.:]+", line))}
            eventually(lambda: run.has_said("gives 160x120") and run.has_said("gives no stream"))
            heard += everything_said(address, time.monotonic() + 3)
            (metrics,) = {match[0] for line in run.said if (match := re.search(r"http://127[\d.:]+/metrics", line))}
            with urlopen(metrics, timeout=PATIENCE_S) as answer:
                heard.append(answer.read())
            server.kill()
            eventually(lambda: run.has_said("gives no pictures any more") or run.has_said("gives no stream"))
            process = Path(f"/proc/{run.process.pid}")
            heard.append(process.joinpath("cmdline").read_bytes())
            for thread in process.joinpath("task").iterdir():
                with suppress(FileNotFoundError, ProcessLookupError):  # those that open the streams come and go
                    heard.append(thread.joinpath("comm").read_bytes())
            run.process.send_signal(signal.SIGTERM)
            assert run.end() == 0
    finally:
        server.kill()
        server.communicate()
    text = b"\n".join(heard).decode() + "".join(run.said) + "\n".join(systemd.heard)
    topics = {topic for topic in MESSAGES if any(part.startswith(topic) for part in heard)}
    assert topics >= {b"frame", b"health", b"info"}, "the wire was really listened to"
    assert "signwatch_frames_captured_total" in text and "http://***@127.0.0.1" in text
    for piece in ("hidden-pass", "word@", ".word"):
        assert piece not in text


ADDRESS = f"rtsp://user:{SECRET}@127.0.0.1:9/x"


@pytest.mark.parametrize(
    "arguments",
    [
        [ADDRESS],
        ["run", ADDRESS, "--name", "a", "--name", "b"],
        ["run", ADDRESS, ADDRESS],
        ["run", ADDRESS.replace("rtsp", "gopher")],
        ["run", ADDRESS.replace("://", ":/")],
        ["run", "0", "--size", ADDRESS],
        ["run", "0", "--weights", ADDRESS],
        ["run", "0", "--publish", ADDRESS],
        ["run", "0", "--metrics", ADDRESS],
        ["run", "--config", ADDRESS],
        ["process", ADDRESS],
        ["process", "--publish", ADDRESS, "pattern:"],
        ["listen", ADDRESS, "--timeout", "1"],
        ["listen", "--topic", ADDRESS],
        ["keys", ADDRESS],
        ["doctor", ADDRESS, "--open-timeout", "0.5", "--publish", "tcp://127.0.0.1:*"],
        ["doctor", "pattern:", "--weights", ADDRESS, "--publish", ADDRESS, "--json"],
    ],
)
def test_a_password_is_nowhere_in_an_error(arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "edge.cli", *arguments], cwd=PROJECT, capture_output=True, text=True, timeout=START_S
    )
    assert done.returncode in (1, 2)
    assert "hidden-pass" not in done.stdout + done.stderr and "word@" not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
