"""Commands with a classifier on a server."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from edge.cli import main
from edge.remote.address import parse_address
from edge.remote.backend import LOCAL_NETWORK
from edge.subscriber import SignSubscriber
from tests.edge.cli.live_run import live_run
from tests.edge.remote.servers import PROTOCOLS, ModelServer
from tests.waiting import PATIENCE_S, eventually

pytest.importorskip("grpc", reason="gRPC needs the packages of the extra `remote`")

SOURCE = "pattern:320x240@10"


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer() as server:
        yield server


def signwatch(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def degraded_of(path: Path) -> list[list[str]]:
    return [json.loads(line)["degraded"] for line in path.read_text().splitlines()]


BATCHES = 11
"""Of twelve frames: one has nothing that is worth the classifier's look."""


def without_times(path: Path) -> list[object]:
    return [json.loads(line)["signs"] for line in path.read_text().splitlines()]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_recording_is_read_through_a_server_as_without_one(
    server: ModelServer, tmp_path: Path, protocol: str
) -> None:
    here, there = tmp_path / "here.jsonl", tmp_path / "there.jsonl"
    assert signwatch("process", f"{SOURCE}#12", "--jsonl", here).exit_code == 0
    done = signwatch("process", f"{SOURCE}#12", "--jsonl", there, "--backend", server.address(protocol))
    assert done.exit_code == 0, done.output
    assert degraded_of(there) == [[]] * 12
    assert without_times(there) == without_times(here)
    assert f"{BATCHES} batches answered, 0 by the network in this process" in done.stderr


def test_what_stands_in_is_counted_and_said_in_every_message(server: ModelServer, tmp_path: Path) -> None:
    out = tmp_path / "o.jsonl"
    done = signwatch("process", f"{SOURCE}#12", "--jsonl", out, "--backend", server.address("kserve+grpc", "shape"))
    assert done.exit_code == 0
    assert degraded_of(out) == [[LOCAL_NETWORK]] * 12
    assert f"0 batches answered, {BATCHES} by the network in this process instead" in done.stderr
    assert len([line for line in done.stderr.splitlines() if "in shape (1, 42)" in line]) == 1


def test_without_anything_to_fall_back_on_it_is_one_line_and_status_1(server: ModelServer, tmp_path: Path) -> None:
    address = server.address("kserve+grpc", settings="fallback=none")
    server.kill()
    for command in (("process", f"{SOURCE}#12"), ("run", SOURCE, "--publish", "tcp://127.0.0.1:*")):
        done = signwatch(*command, "--backend", address)
        assert done.exit_code == 1
        last = done.stderr.splitlines()[-1]
        assert last.startswith("signwatch: kserve+grpc://127.0.0.1:")
        assert "can't be reached" in last


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("kserve+grpc://10.0.0.5:8081/m", "kserve+grpcs://, or allow it with ?plaintext=yes"),
        ("grpc://127.0.0.1:8081/m", "no protocol of a remote classifier"),
        ("kserve+grpc://127.0.0.1:8081/m?fallbck=none", "fallbck: no setting"),
        ("litert-int4", "'litert-int4' is not one of 'auto'"),
    ],
)
def test_wrong_addresses_are_wrong_usage(address: str, said: str, tmp_path: Path) -> None:
    done = signwatch("run", SOURCE, "--backend", address)
    assert done.exit_code == 2
    assert said in " ".join(done.stderr.split())
    config = tmp_path / "run.toml"
    config.write_text(f'source = "{SOURCE}"\nbackend = "{address}"\n')
    done = signwatch("run", "--config", config)
    assert done.exit_code == 2
    assert f"{config}:2: backend: " in done.stderr


def test_a_live_run_goes_on_when_its_server_is_killed_and_says_so(server: ModelServer) -> None:
    with live_run(SOURCE, "--name", "pattern", "--realtime", "--backend", server.address("kserve+grpc")) as run:
        with SignSubscriber(run.address) as subscriber:

            def degraded() -> tuple[str, ...]:
                message = subscriber.receive(PATIENCE_S)
                assert message is not None
                return message.degraded

            eventually(lambda: degraded() == ())
            server.kill()
            eventually(lambda: LOCAL_NETWORK in degraded())
            eventually(lambda: degraded() and LOCAL_NETWORK in subscriber.health["pattern"].degraded)
            server.start()
            eventually(lambda: degraded() == ())
            assert subscriber.gaps == 0
        run.process.terminate()
        assert run.end() == 0
        assert run.has_said("can't be reached")
        assert run.has_said("the network in this process answers instead")
        assert run.has_said("answers again")
        assert run.has_said("by the network in this process instead, 0 by nobody")


def test_doctor_asks_the_server_itself(server: ModelServer) -> None:
    address = server.address("kserve+grpc")
    found = {
        one["check"]: one
        for one in json.loads(signwatch("doctor", SOURCE, "--json", "--backend", address).stdout)["findings"]
    }
    assert found["backend"]["state"] == "ok"
    assert "64 crops in" in found["backend"]["found"]
    assert "a drawn stop sign read" in found["backend"]["found"]
    done = signwatch("doctor", SOURCE, "--json", "--backend", server.address("kserve+grpc", "slow", "timeout=50"))
    found = {one["check"]: one for one in json.loads(done.stdout)["findings"]}
    assert "doesn't answer within 50 ms" in found["backend"]["found"]
    assert "?timeout=MS" in found["backend"]["mend"]
    server.kill()
    done = signwatch("doctor", SOURCE, "--json", "--backend", address)
    assert done.exit_code == 1
    found = {one["check"]: one for one in json.loads(done.stdout)["findings"]}
    assert found["backend"]["state"] == "broken"
    assert "can't be reached" in found["backend"]["found"]


def test_a_server_is_timed_beside_this_machines_networks(server: ModelServer) -> None:
    address = server.address("kserve+grpc")
    done = signwatch("bench", "classifier", "--rounds", "2", "--json", "--remote", address)
    assert done.exit_code == 0, done.stderr
    figures = json.loads(done.stdout)
    rows = [row for row in figures["rows"] if row["backend"] == str(parse_address(address))]
    assert [row["batch"] for row in rows] == [1, 8, 16, 32, 64]
    assert all(row["ms_least"] > 0 for row in rows)
    assert str(parse_address(address)) not in figures["threads"]
    assert signwatch("bench", "classifier", "--remote", "litert").exit_code == 2
