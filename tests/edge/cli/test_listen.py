import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from edge.cli import main
from edge.cli.listen import lines_of, one_line, sign_lines
from edge.curve import PublisherKeys, read_allowed, read_pair
from edge.messages import encode
from edge.publisher import SignPublisher
from tests.edge.messages import HEALTH, MESSAGE, ONE_OF_EACH, SIGN, numbered

PROJECT = Path(__file__).resolve().parents[3]


@pytest.fixture
def publisher() -> Iterator[SignPublisher]:
    with SignPublisher("tcp://127.0.0.1:*", high_water_mark=1000) as publisher:
        yield publisher


def listen(address: str, *options: str) -> subprocess.Popen[str]:
    """A real second process that subscribes."""
    return subprocess.Popen(
        [sys.executable, "-m", "edge.cli", "listen", address, *options],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_second_process_gets_every_message_as_it_was_sent(publisher: SignPublisher) -> None:
    process = listen(publisher.address, "--json", "--count", "100", "--timeout", "20")
    assert publisher.wait_for_subscriber(20)
    sent = [publisher.publish(numbered(seq)).decode() for seq in range(100)]
    out, err = process.communicate(timeout=20)
    assert out.splitlines() == sent
    assert (process.returncode, err) == (0, "")


def test_each_line_is_there_at_once(publisher: SignPublisher) -> None:
    process = listen(publisher.address, "--json")
    assert publisher.wait_for_subscriber(20)
    for seq in range(3):
        publisher.publish(numbered(seq))
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["seq"] == seq
    process.terminate()
    process.communicate(timeout=20)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_being_asked_to_stop_is_a_good_end(publisher: SignPublisher, number: signal.Signals) -> None:
    process = listen(publisher.address)
    assert publisher.wait_for_subscriber(20)
    process.send_signal(number)
    assert process.communicate(timeout=20) == ("", "")
    assert process.returncode == 0


def test_people_see_a_line_for_each_sign(publisher: SignPublisher) -> None:
    process = listen(publisher.address, "--count", "2", "--timeout", "20")
    assert publisher.wait_for_subscriber(20)
    publisher.publish(msgspec.structs.replace(numbered(MESSAGE.seq - 1), signs=()))
    publisher.publish(MESSAGE)
    out, _ = process.communicate(timeout=20)
    (line,) = out.splitlines()
    for part in ("frame 811", "#17", "Speed limit (50km/h)", "confirmed", "99.7%", "774,411 41x35"):
        assert part in line
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("topic", "parts"),
    [
        ("sign", ("new", "#17", "Speed limit (50km/h)", "confirmed")),
        ("health", ("front fault", "0.0 frames/s", "900 captured, 890 published, 10 dropped", "half-size")),
        ("state", ("front", "limit 50 km/h", "no passing unknown", "#19 Stop (in 32 m)")),
        ("info", ("front", "Signwatch 0.1.0", "litert-int8", "1 signs", "1280x720 at 30 frames/s")),
    ],
)
def test_every_topic_can_be_read_by_people(topic: str, parts: tuple[str, ...]) -> None:
    (line,) = lines_of(ONE_OF_EACH[topic.encode()])
    for part in parts:
        assert part in line


def test_other_topics_are_listened_to_where_they_are_asked_for(publisher: SignPublisher) -> None:
    process = listen(publisher.address, "--json", "--topic", "health", "--count", "1", "--timeout", "20")
    assert publisher.wait_for_subscriber(20, b"health")
    assert publisher.subscriptions() == 0
    publisher.send(b"health", encode(HEALTH))
    out, _ = process.communicate(timeout=20)
    assert out.encode().strip() == encode(HEALTH)


def test_with_keys_the_one_on_the_list_listens(tmp_path: Path) -> None:
    for name in ("publisher", "clients/control"):
        folder, _, key = f"{tmp_path}/{name}".rpartition("/")
        made = CliRunner().invoke(main, ["keys", key, "--out", folder])
        assert made.exit_code == 0 and len(made.stdout.splitlines()[-1]) == 40
    keys = PublisherKeys(read_pair(tmp_path / "publisher.key_secret"), read_allowed(tmp_path / "clients"))
    with SignPublisher("tcp://127.0.0.1:*", keys=keys) as publisher:
        own, server = tmp_path / "clients" / "control.key_secret", tmp_path / "publisher.key"
        options = ["--key", str(own), "--server-key", str(server), "--count", "1", "--timeout", "20"]
        process = listen(publisher.address, "--json", *options)
        assert publisher.wait_for_subscriber(20)
        publisher.publish(MESSAGE)
        out, _ = process.communicate(timeout=20)
        assert out.encode().strip() == encode(MESSAGE)


def test_silence_is_a_failure_in_one_line() -> None:
    result = CliRunner().invoke(main, ["listen", "tcp://127.0.0.1:1", "--timeout", "0.05"])
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.startswith("signwatch: tcp://127.0.0.1:1 ")
    assert len(result.stderr.splitlines()) == 1


def test_fewer_messages_than_asked_for_are_a_failure(publisher: SignPublisher) -> None:
    process = listen(publisher.address, "--json", "--count", "3", "--timeout", "1")
    assert publisher.wait_for_subscriber(20)
    publisher.publish(MESSAGE)
    out, err = process.communicate(timeout=20)
    assert len(out.splitlines()) == 1
    assert "sent 1 message" in err
    assert process.returncode == 1


def test_a_malformed_address_is_a_failure_in_one_line() -> None:
    result = CliRunner().invoke(main, ["listen", "nonsense"])
    assert result.exit_code == 1
    assert "nonsense is no ZeroMQ address" in result.stderr


def test_a_reader_that_has_enough_ends_it_quietly(publisher: SignPublisher) -> None:
    process = listen(publisher.address, "--json")
    assert publisher.wait_for_subscriber(20)
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    for seq in range(1000):
        if process.poll() is not None:
            break
        publisher.publish(numbered(seq))
    process.wait(timeout=20)
    assert process.stderr.read() == ""
    process.stderr.close()


def test_names_from_the_network_cannot_move_the_cursor() -> None:
    hostile = msgspec.structs.replace(SIGN, name="\x1b[2J\x9bH\u202e stop")
    (line,) = sign_lines(msgspec.structs.replace(MESSAGE, signs=(hostile,), file="a\rb.png"))
    assert line.isprintable()


def test_a_payload_is_one_line_however_it_was_written() -> None:
    indented = json.dumps(json.loads(encode(MESSAGE)), indent=2).replace("\n", "\r\n").encode()
    assert len(one_line(indented).splitlines()) == 1
    assert json.loads(one_line(indented)) == json.loads(indented)
