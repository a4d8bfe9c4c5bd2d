"""`signwatch doctor` as a process of its own."""

import json
import socket
import subprocess
import sys
from pathlib import Path

from edge.curve import make_pair
from tests.edge.cli.live_run import ANY_PORT, PROJECT, START_S

CHECKS = {
    *("opencv", "source", "weights", "backend", "cache", "gpu"),
    *("keys", "port", "metrics", "console", "clock", "disk", "record", "screen"),
}


def doctor(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "edge.cli", "doctor", *arguments],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=START_S,
    )


def states(done: "subprocess.CompletedProcess[str]") -> dict[str, list[str]]:
    told: dict[str, list[str]] = {}
    for finding in json.loads(done.stdout)["findings"]:
        told.setdefault(finding["check"], []).append(finding["state"])
    return told


def test_a_machine_that_can_run_is_ok_and_warnings_do_not_count(tmp_path: Path) -> None:
    make_pair(tmp_path / "keys", "control")
    _, secret = make_pair(tmp_path, "vehicle")
    secret.chmod(0o644)
    keys = ["--key", str(secret), "--allow", str(tmp_path / "keys")]
    record = ["--record", str(tmp_path / "drives")]
    done = doctor(
        "pattern:", "--publish", "tcp://0.0.0.0:*", *keys, "--metrics", "0", "--console", "0", *record, "--json"
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["ok"] is True
    told = states(done)
    assert set(told) == CHECKS
    assert told["keys"] == ["ok", "warning"]
    assert all("broken" not in found for found in told.values())


def test_each_thing_that_is_broken_is_told_with_its_mend_and_the_status_is_1(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = doctor(
            *(
                "/nowhere/drive.mp4",
                "--publish",
                f"tcp://127.0.0.1:{port}",
                "--metrics",
                str(port),
                "--console",
                str(port),
            ),
            *("--weights", str(tmp_path), "--key", str(tmp_path / "no.key_secret"), "--allow", str(tmp_path)),
        )
    assert (done.returncode, done.stderr) == (1, "")
    lines = done.stdout.splitlines()
    broken = [line.split()[1] for line in lines if line.startswith("broken ")]
    assert broken == ["source", "weights", "keys", "metrics", "console"]
    for position, line in enumerate(lines):
        if line.startswith("broken "):
            assert lines[position + 1].lstrip().startswith("→ ")


def test_it_checks_what_the_file_of_a_run_says(tmp_path: Path) -> None:
    file = tmp_path / "run.toml"
    file.write_text(
        f'source = ["pattern:64x48@10", "/nowhere.mp4"]\npublish = "{ANY_PORT}"\nmax-latency = 60\nlog-json = true\n',
        encoding="utf-8",
    )
    done = doctor("--config", str(file), "--json")
    assert done.returncode == 1
    assert states(done)["source"] == ["ok", "broken"]


def test_wrong_usage_is_status_2() -> None:
    assert doctor("pattern:", "--key", "vehicle.key_secret").returncode == 2
