import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from edge.messages import encode
from edge.publisher import SignPublisher
from edge.state_message import StateMessage, unknown_state
from tests.edge.messages import HEALTH, STATE
from tests.waiting import PATIENCE_S, eventually

PROJECT = Path(__file__).resolve().parents[3]


@pytest.fixture
def publisher() -> Iterator[SignPublisher]:
    with SignPublisher("tcp://127.0.0.1:*", high_water_mark=1000) as publisher:
        yield publisher


def state(seq: int, **changes: object) -> bytes:
    return encode(msgspec.structs.replace(STATE, seq=seq, monotonic_ns=time.monotonic_ns(), **changes))


def drive_state(address: str, *options: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "edge.cli", "drive-state", address, *options],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def next_line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().rstrip()


def end(process: "subprocess.Popen[str]") -> None:
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, err) == (0, "")


def test_every_message_is_a_line_and_silence_is_one_too(publisher: SignPublisher) -> None:
    process = drive_state(publisher.address, "--json")
    assert publisher.wait_for_subscriber(PATIENCE_S, b"state")
    for seq in range(3):
        sent = state(seq)
        publisher.send(b"state", sent)
        assert next_line(process) == sent.decode()
    silent = msgspec.json.decode(next_line(process), type=StateMessage)  # nobody publishes any more
    assert (silent.seq, silent.stream, silent.state) == (2, "dead", unknown_state("stream-dead"))
    sent = state(3)
    publisher.send(b"state", sent)
    assert next_line(process) == sent.decode()
    end(process)


def test_people_see_a_line_when_something_changes(publisher: SignPublisher) -> None:
    process = drive_state(publisher.address)
    assert "STREAM DEAD: nothing was received yet" in next_line(process)
    assert publisher.wait_for_subscriber(PATIENCE_S, b"state")
    for seq in range(3):
        publisher.send(b"state", state(seq))
    line = next_line(process)
    for part in ("front", "limit 50 km/h", "no passing unknown", "#19 Stop (in 32 m)", "stream ok"):
        assert part in line
    line = next_line(process)
    assert "limit unknown" in line and "STREAM DEAD: the publisher is silent" in line
    publisher.send(b"state", state(3, stream="dead", state=unknown_state("stream-dead")))
    line = next_line(process)
    assert "limit unknown" in line and "the publisher has no frames" in line
    end(process)


def test_one_of_several_sources_can_be_asked_for(publisher: SignPublisher) -> None:
    process = drive_state(publisher.address, "--json", "--source", "rear")
    assert publisher.wait_for_subscriber(PATIENCE_S, b"state")
    publisher.send(b"state", state(0))
    publisher.send(b"state", state(0, source="rear"))
    assert json.loads(next_line(process))["source"] == "rear"
    end(process)


def test_a_terminal_shows_a_table_that_is_drawn_anew(publisher: SignPublisher) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "edge.cli", "drive-state", publisher.address],
        cwd=PROJECT,
        stdout=theirs,
        env=os.environ | {"COLUMNS": "100", "LINES": "30"},
    )
    os.close(theirs)
    shown = ""

    def shows(*parts: str) -> bool:
        """Whether its newest table has them all."""
        nonlocal shown
        shown += os.read(ours, 65536).decode()
        return all(part in re.split(r"\x1b\[\d+A\x1b\[J", shown)[-1] for part in parts)

    try:
        assert publisher.wait_for_subscriber(PATIENCE_S, b"state")
        publisher.send(b"health", encode(msgspec.structs.replace(HEALTH, monotonic_ns=time.monotonic_ns())))
        publisher.send(b"state", state(0))
        eventually(lambda: shows("speed limit", "50 km/h", "lowered by #17 Speed limit (50km/h), 99.7%"))
        eventually(lambda: shows("front: STREAM DEAD", "unknown", "the stream was dead"))
    finally:
        process.terminate()
        assert process.wait(PATIENCE_S) == 0
        os.close(ours)


def test_a_malformed_address_is_a_failure_in_one_line() -> None:
    process = drive_state("nonsense")
    _, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 1
    assert err.startswith("signwatch: nonsense is no ZeroMQ address") and len(err.splitlines()) == 1
