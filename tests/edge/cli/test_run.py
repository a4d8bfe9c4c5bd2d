import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[3]


def start(*arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "edge.cli", *arguments],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )


def address_of(run: "subprocess.Popen[str]") -> str:
    assert run.stderr is not None
    for line in run.stderr:
        if line.startswith("publishing"):
            return line.split()[-1]
    raise AssertionError("it never published")


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_live_run_publishes_until_it_is_stopped(how: signal.Signals) -> None:
    run = start("run", "pattern:320x240@20", "--realtime", "--name", "front", "--publish", "tcp://127.0.0.1:*")
    try:
        listen = start("listen", address_of(run), "--json", "--count", "5", "--timeout", "20")
        out, _ = listen.communicate(timeout=60)
        messages = [json.loads(line) for line in out.splitlines()]
        assert [message["source"] for message in messages] == ["front"] * 5
        assert [message["seq"] - messages[0]["seq"] for message in messages] == list(range(5))
        run.send_signal(how)
        _, said = run.communicate(timeout=20)
        assert run.returncode == 0
        assert "frames published" in said
        assert "Traceback" not in said
    finally:
        run.kill()


def test_an_address_in_use_is_said_in_one_line() -> None:
    run = start("run", "pattern:320x240@20", "--realtime", "--publish", "tcp://127.0.0.1:*")
    try:
        second = start("run", "pattern:320x240@20", "--publish", address_of(run))
        _, said = second.communicate(timeout=60)
        assert second.returncode == 1
        assert "is in use" in said.splitlines()[-1]
    finally:
        run.kill()
        run.communicate()
