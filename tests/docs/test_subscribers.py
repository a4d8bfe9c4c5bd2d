"""The subscribers in other languages, compiled and run against the real publisher."""

import json
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain, count
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edge.curve import SubscriberKeys, make_pair, read_pair, read_public
from edge.messages import encode
from edge.publisher import SignPublisher
from edge.stream_server import StreamServer
from edge.subscriber import SignSubscriber
from tests.edge.cli.live_run import live_run
from tests.edge.messages import HEALTH, fresh
from tests.edge.scenes import SPEED_LIMIT_50, road
from tests.waiting import PATIENCE_S, eventually

SUBSCRIBERS = Path(__file__).resolve().parents[2] / "docs" / "subscribers"
LIBRARIES = "zmq.hpp zmq_addon.hpp nlohmann/json.hpp"


def compiled(folder: Path) -> list[str]:
    """The one in C++; skips where it can't be compiled here."""
    compiler = shutil.which("c++")
    if compiler is None:
        pytest.skip("needs a C++ compiler: apt-get install g++")
    headers = "".join(f"#include <{name}>\n" for name in LIBRARIES.split())
    if subprocess.run([compiler, "-E", "-x", "c++", "-"], input=headers.encode(), capture_output=True).returncode:
        pytest.skip("needs apt-get install libzmq3-dev cppzmq-dev nlohmann-json3-dev")
    program = folder / "subscriber"
    source = SUBSCRIBERS / "subscriber.cpp"
    warnings = ["-Wall", "-Wextra", "-Werror"]
    subprocess.run([compiler, "-std=c++17", *warnings, source, "-lzmq", "-o", program], check=True)
    return [str(program)]


def interpreted() -> list[str]:
    """The one in JavaScript; skips where it can't run here."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs Node: apt-get install nodejs")
    if not (SUBSCRIBERS / "node_modules" / "zeromq").is_dir():
        pytest.skip("needs npm install --ignore-scripts in docs/subscribers")
    return [node, str(SUBSCRIBERS / "subscriber.mjs")]


@pytest.fixture(scope="module", params=["c++", "node"])
def program(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    return compiled(tmp_path_factory.mktemp("c++")) if request.param == "c++" else interpreted()


class Listening:
    """A subscriber that runs.

    Attributes:
        said: Its lines so far.
    """

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.said: list[str] = []
        self._passed = 0
        self.reading = threading.Thread(target=self._read)
        self.reading.start()

    def waits_for(self, verdict: str, *texts: str) -> None:
        """Until a line that it has not waited for yet begins so and holds all of these."""

        def found() -> bool:
            while self._passed < len(self.said):
                line = self.said[self._passed]
                self._passed += 1
                if line.startswith(verdict) and all(text in line for text in texts):
                    return True
            return False

        eventually(lambda: found() or self.process.poll() is not None)
        assert self.process.poll() is None, self.said

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.append(line)


@contextmanager
def listening(program: list[str], *arguments: str) -> Iterator[Listening]:
    process = subprocess.Popen([*program, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    subscriber = Listening(process)
    try:
        yield subscriber
    finally:
        process.kill()
        process.wait()
        subscriber.reading.join()
        assert process.stdout is not None
        process.stdout.close()


LIMIT = '["Speed limit (50km/h)"]'


def test_it_knows_the_signs_and_when_not_to_act_on_them(program: list[str]) -> None:
    with StreamServer(road(SPEED_LIMIT_50), fps=15) as camera, live_run(camera.address, "--name", "front") as run:
        address = run.address
        with listening(program, address) as control:
            control.waits_for('ok: "front"', "0 restarts", LIMIT)
            run.process.send_signal(signal.SIGSTOP)
            control.waits_for('not ok: "front": the newest frame is stale')
            control.waits_for('not ok: "front": the publisher is silent')
            run.process.send_signal(signal.SIGCONT)
            control.waits_for('ok: "front"', "0 restarts", LIMIT)
            run.process.kill()
            run.end()
            control.waits_for('not ok: "front"')
            with live_run(camera.address, "--name", "front", publish=address) as again:
                assert again.address == address
                control.waits_for('ok: "front"', "1 restarts", LIMIT)
                again.process.send_signal(signal.SIGTERM)
                control.waits_for('not ok: "front": it was stopped')


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Where the secret keys of a vehicle, of who may listen and of who may not are."""
    folder = tmp_path_factory.mktemp("keys")
    secrets = {name: make_pair(folder, name)[1] for name in ("vehicle", "stranger")}
    return secrets | {"control": make_pair(folder / "allowed", "control")[1]}


def test_with_keys_it_listens_to_whom_it_trusts_and_strangers_hear_nothing(
    program: list[str], keys: dict[str, Path]
) -> None:
    allowed, vehicle = str(keys["control"].parent), str(keys["vehicle"].with_suffix(".key"))
    options = ["--name", "front", "--key", str(keys["vehicle"]), "--allow", allowed]
    with StreamServer(road(SPEED_LIMIT_50), fps=15) as camera, live_run(camera.address, *options) as run:
        address = run.address
        with (
            listening(program, address, str(keys["control"]), vehicle) as control,
            listening(program, address, str(keys["stranger"]), vehicle) as stranger,
            listening(program, address, str(keys["control"]), str(keys["stranger"].with_suffix(".key"))) as misled,
            listening(program, address) as keyless,
        ):
            control.waits_for('ok: "front"', LIMIT)
            own = SubscriberKeys(read_pair(keys["control"]), read_public(keys["vehicle"]))
            with SignSubscriber(address, keys=own) as witness:
                eventually(lambda: witness.receive(1.0) and "front" in witness.health)
                eventually(lambda: witness.receive(1.0) and witness.health["front"].refused >= 3)
            for refused in (stranger, misled, keyless):
                refused.waits_for("not ok")
                assert set(refused.said) == {"not ok: nothing was received yet\n"}


def test_gaps_are_counted_and_rubbish_is_passed_over(program: list[str]) -> None:
    with SignPublisher("tcp://127.0.0.1:*") as publisher, listening(program, publisher.address) as control:
        assert publisher.wait_for_subscriber(PATIENCE_S)
        good = json.loads(encode(fresh(0)))
        rubbish: list[Any] = [
            None,
            [],
            good | {"seq": -1},
            good | {"seq": 0.5},
            good | {"seq": 2**63},
            good | {"schema": "signwatch.frame/2"},
            good | {"signs": None},
            good | {"latency_ms": {"total": -1e9}},
            good | {"monotonic_ns": None},
            good | {"source": "elsewhere", "latency_ms": None},
        ]
        for payload in (b"", b"\xff", b"[" * 900_000, *(json.dumps(value).encode() for value in rubbish)):
            publisher.send(b"frame", payload)
        publisher.send(b"framework", encode(fresh(0)))
        publisher.send(b"health", b"{}")
        numbers = chain((5, 6, 9, 9), count(14))

        def was_counted() -> bool:
            publisher.publish(fresh(next(numbers)))
            return any("6 missed in 2 gaps, 0 restarts" in line for line in control.said)

        eventually(was_counted)
        publisher.send(b"health", encode(msgspec.structs.replace(HEALTH, state="stopped")))
        control.waits_for('not ok: "front": it was stopped')


def test_wrong_usage_is_one_line(program: list[str], tmp_path: Path) -> None:
    (tmp_path / "no.key_secret").write_text("no key")
    for arguments in ((), ("tcp://127.0.0.1:5556", str(tmp_path / "no.key_secret"), str(tmp_path / "no.key"))):
        done = subprocess.run([*program, *arguments], capture_output=True, text=True, timeout=PATIENCE_S)
        assert done.returncode == 1
        assert done.stderr.startswith("subscriber: ") and done.stderr.count("\n") == 1
