"""Recording as a vehicle would have it: real processes that are killed, and a disk that is full."""

import json
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from edge.cli import main
from edge.frame_reader import open_reader
from edge.inbox import Limits
from edge.messages import FRAME_TOPIC, FrameMessage, HealthMessage, encode
from edge.reader import SignReader
from edge.recording.file import CHUNK_BYTES
from edge.recording.reader import Recorded, Recording
from edge.recording.recorder import Recorder
from edge.recording.settings import RecordingSettings
from edge.sample_drive import SampleDrive, write_drive
from edge.sources import open_source
from edge.subscriber import SignSubscriber
from tests.edge.cli.live_run import PROJECT, START_S, live_run
from tests.edge.recording.full_disk import fill, small_disk
from tests.waiting import PATIENCE_S, eventually

PATTERN = "pattern:320x240@20"
FRAMES = 50
"""Of the sample drive, which has 25 a second."""
LOSS_S = 1.0
"""What a run may lose when the power goes: a flush is due each second."""


def recorded(folder: Path) -> tuple[list[Recorded], list[str]]:
    """All that lies in a folder of recordings, and what is wrong with its files."""
    messages, faults = [], []
    for path in sorted(folder.glob("*.mcap")):
        recording = Recording(path)
        messages += list(recording.messages())
        faults += [recording.fault] if recording.fault else []
    return messages, faults


def inside(*arguments: object) -> Result:
    """The same within this process, which spares loading the network."""
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def signwatch(*arguments: object) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "edge.cli", *map(str, arguments)]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=300)


def test_what_was_recorded_before_kill_9_is_read_played_and_processed(tmp_path: Path) -> None:
    folder = tmp_path / "drives"
    arguments = (PATTERN, "--realtime", "--name", "front", "--record", str(folder), "--record-mode", "all")
    with live_run(*arguments) as run, SignSubscriber(run.address) as subscriber:
        received: list[FrameMessage] = []

        def came() -> bool:
            message = subscriber.receive(1.0)
            received.extend([message] if message else [])
            return len(received) >= 100

        eventually(came, 4 * PATIENCE_S)
        run.process.kill()
        run.end()
    messages, faults = recorded(folder)
    assert len(faults) == 1 and "is cut off" in faults[0]
    (file,) = folder.glob("*.mcap")
    published = {json.loads(one.data)["frame"]: json.loads(one.data) for one in messages if one.topic == "frame"}
    pictures = [one.sequence for one in messages if one.topic == "image/front"]
    lost_ns = received[-1].published_ns - max(one["published_ns"] for one in published.values())
    # Writing itself takes time on a machine that does much else.
    assert lost_ns < (LOSS_S + 3) * 1e9
    assert set(pictures) <= set(published) and len(pictures) >= len(published) - 1
    for message in received:
        if message.frame in published:
            assert published[message.frame]["captured_ns"] == message.captured_ns

    done = signwatch("process", file, "--jsonl", tmp_path / "again.jsonl", "--compare", file)
    again = [json.loads(line) for line in (tmp_path / "again.jsonl").read_text().splitlines()]
    assert [one["frame"] for one in again] == pictures
    assert [one["captured_ns"] for one in again] == [published[number]["captured_ns"] for number in pictures]
    assert done.returncode == 1
    assert "is cut off" in done.stderr.splitlines()[-1] and "Traceback" not in done.stderr

    done = signwatch("replay", file, "--speed", "1000", "--publish", "tcp://127.0.0.1:*")
    assert done.returncode == 1
    assert f"{len(messages) - len(pictures)} messages published" in done.stderr
    assert "is cut off" in done.stderr.splitlines()[-1]


def test_a_full_disk_is_told_and_detection_goes_on(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "3m") as disk:
        folder = disk / "drives"
        arguments = (PATTERN, "--realtime", "--name", "front", "--record", str(folder), "--record-mode", "all")
        with live_run(*arguments) as run:
            with SignSubscriber(run.address, limits=Limits(PATIENCE_S, PATIENCE_S)) as signs:

                def health() -> HealthMessage:
                    signs.receive(0.5)
                    return signs.health["front"] if "front" in signs.health else health()

                eventually(lambda: (health().recorded or 0) > 0, 2 * PATIENCE_S)
                assert health().state == "ok"
                fill(disk)
                eventually(lambda: "recording" in health().degraded, 2 * PATIENCE_S)
                assert health().state == "degraded" and (health().unrecorded or 0) > 0
                before = health().published
                eventually(lambda: health().published > before + 20, 2 * PATIENCE_S)
                assert signs.ok(), signs.faults()
            run.process.send_signal(signal.SIGTERM)
            assert run.end() == 0
            captured, published, dropped = run.counts("front")
            assert captured == published + dropped
            told = [line for line in run.said if "nothing is recorded (No space left on device)" in line]
            assert len(told) == 1
            assert any("left out" in line and not line.startswith("signwatch") for line in run.said), (
                "counted at the end"
            )
            assert not run.has_said("Traceback")
        messages, faults = recorded(folder)
        assert [one.sequence for one in messages if one.topic == "image/front"]
        assert all("damaged" not in fault for fault in faults)


def test_recordings_are_rotated_within_their_quota_and_the_newest_are_kept(tmp_path: Path) -> None:
    kept = ("--record-mode", "all", "--record-quota", "300K", "--record-file-size", "150K", "--record-quality", "100")
    with live_run(f"{PATTERN}#160", "--name", "front", "--record", str(tmp_path / "d"), *kept) as run:
        run.process.wait(START_S)
        assert run.end() == 0
        captured, published, dropped = run.counts("front")
        assert (captured, published, dropped) == (160, 160, 0)
    paths = sorted((tmp_path / "d").glob("*.mcap"))
    assert int(paths[0].name.split("-")[1]) > 1, "the first ones are gone"
    assert sum(path.stat().st_size for path in paths) < 300e3 + 2 * CHUNK_BYTES
    messages, faults = recorded(tmp_path / "d")
    assert faults == []
    assert messages[-1].topic == "health" and json.loads(messages[-1].data)["state"] == "stopped"
    assert [one.sequence for one in messages if one.topic == "image/front"][-1] == 159


@pytest.fixture(scope="module")
def drive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A piece of the sample drive, with signs."""
    folder = tmp_path_factory.mktemp("drive")
    write_drive(folder / "drive.mp4", folder / "truth.jsonl", SampleDrive(7, size=(640, 360), seconds=FRAMES / 25))
    return folder / "drive.mp4"


def test_a_replay_sends_what_the_vehicle_sent_and_says_that_it_is_one(drive: Path, tmp_path: Path) -> None:
    folder = tmp_path / "drives"
    with live_run(str(drive), "--name", "front", "--record", str(folder), "--record-mode", "all") as run:
        run.process.wait(START_S)
        assert run.end() == 0
    messages, faults = recorded(folder)
    assert faults == []
    sent = [json.loads(one.data) for one in messages if one.topic == "frame"]
    (file,) = folder.glob("*.mcap")
    address = f"ipc://{tmp_path}/signs"
    listened: list[str] = []

    def listen() -> None:
        done = signwatch("listen", address, "--json", "--count", len(sent), "--timeout", 60)
        listened.extend(done.stdout.splitlines())

    listening = threading.Thread(target=listen)
    listening.start()
    done = signwatch("replay", file, "--wait", 60, "--speed", 2, "--publish", address)
    listening.join()
    assert done.returncode == 0, done.stderr
    replayed = [json.loads(line) for line in listened]
    assert [one["frame"] for one in replayed] == [one["frame"] for one in sent]
    for before, now in zip(sent, replayed, strict=True):
        assert now["signs"] == before["signs"] and now["captured_ns"] == before["captured_ns"]
        assert now["session"].startswith("replay-") and now["degraded"] == ["replay"]
        assert now["published_ns"] > before["published_ns"]


def test_detection_anew_on_what_was_recorded_reads_nearly_the_same(drive: Path, tmp_path: Path) -> None:
    reader = open_reader()
    with Recorder(RecordingSettings(tmp_path, everything=True), print) as recorder, open_source(str(drive)) as source:
        signs = SignReader(reader, "front")
        for frame in source.frames():
            assert frame.media_s is not None
            timed = replace(frame, captured_monotonic_ns=10**9 + round(1e9 * frame.media_s))
            message = signs.read(timed)
            recorder.note(FRAME_TOPIC, encode(message))
            recorder.keep(timed, message)
    reader.close()
    (file,) = tmp_path.glob("*.mcap")
    again = inside("process", file, "--compare", file, "--box-tolerance", 8, "--json")
    facts = json.loads(again.stdout)
    assert (facts["frames"], facts["changed"], facts["only_before"], facts["only_now"]) == (FRAMES, 0, 0, 0)
    assert facts["differing"] <= FRAMES / 10, "JPEG changes pixels, but hardly what is read"
    assert again.exit_code == (1 if facts["differing"] else 0)


def test_two_runs_over_the_same_drive_do_not_differ_and_another_one_does(drive: Path, tmp_path: Path) -> None:
    before = tmp_path / "before.jsonl"
    assert inside("process", drive, "--jsonl", before).exit_code == 0
    again = inside("process", drive, "--compare", before, "--box-tolerance", 0)
    assert (again.exit_code, again.stdout.splitlines()[-1]) == (
        0,
        f"0 of {FRAMES} frames differ: 0 gained, 0 lost, 0 changed, 0 moved (over 0 px)",
    )

    lines = [json.loads(line) for line in before.read_text().splitlines()]
    confirmed = [line for line in lines if any(sign["state"] == "confirmed" for sign in line["signs"])]
    assert len(confirmed) > FRAMES / 4
    confirmed[0]["signs"] = []
    before.write_text("".join(json.dumps(line) + "\n" for line in lines))
    other = inside("process", drive, "--compare", before, "--json")
    facts = json.loads(other.stdout)
    assert other.exit_code == 1
    assert (facts["differing"], facts["lost"], facts["changed"], facts["moved"]) == (1, 0, 0, 0)
    assert facts["gained"] >= 1 and facts["differences"][0]["frame"] == confirmed[0]["frame"]


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("run", "0", "--record-mode", "all"), 2, "give --record FOLDER"),
        (("run", "0", "--record", "d", "--record-quota", "huge"), 2, "'huge' is no size"),
        (("run", "0", "--record", "d", "--record-quota", "100M"), 2, "holds no two files"),
        (("run", "0", "--record", "setup.cfg/d", "--publish", "tcp://127.0.0.1:*"), 1, "can't be recorded into"),
        (("replay", "nowhere.mcap"), 1, "nowhere.mcap can't be read: No such file"),
        (("replay", "setup.cfg"), 1, "setup.cfg is no MCAP recording"),
        (("process", "nowhere.mcap"), 1, "nowhere.mcap can't be read: No such file"),
        (("process", "pattern:#1", "--json"), 2, "--json is the comparison's"),
        (("process", "pattern:#1", "--compare", "setup.cfg"), 1, "setup.cfg, line 1: not a message"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(arguments: tuple[str, ...], status: int, said: str) -> None:
    done = inside(*arguments)
    assert done.exit_code == status, done.output
    assert said in done.stderr.splitlines()[-1]


def test_nobody_who_does_not_record_loads_mcap() -> None:
    code = (
        "import edge.cli.run, edge.cli.process, sys; print([name for name in ('mcap', 'lz4') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
