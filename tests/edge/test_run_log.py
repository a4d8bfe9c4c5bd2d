import io
import json
import sys

import pytest

from edge.repeats import FIRST_INTERVAL_S
from edge.run_log import RunLog


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now_s = [0.0]
    monkeypatch.setattr("edge.run_log.time.monotonic", lambda: now_s[0])
    return now_s


def test_people_get_the_message_and_programs_an_object(capfd: pytest.CaptureFixture[str]) -> None:
    for as_json in (False, True):
        log = RunLog(as_json=as_json)
        log.say("started", "publishing front", addresses=["tcp://127.0.0.1:1"])
        log.say("source-fault", "front: Blende zu\nà côté", level="warning", source="front", attempts=2)
    lines = capfd.readouterr().err.splitlines()
    assert lines[:3] == ["publishing front", "signwatch: front: Blende zu", "à côté"]
    first, second = (json.loads(line) for line in lines[3:])
    assert {key: first[key] for key in ("level", "event", "source", "message", "addresses")} == {
        "level": "info",
        "event": "started",
        "source": None,
        "message": "publishing front",
        "addresses": ["tcp://127.0.0.1:1"],
    }
    assert first["time"].endswith("Z")
    assert (second["message"], second["attempts"]) == ("front: Blende zu\nà côté", 2)


def test_a_fault_is_said_once_and_then_counted(capfd: pytest.CaptureFixture[str], clock: list[float]) -> None:
    log = RunLog(as_json=True)
    for attempt in range(1, 101):
        log.say_once("source-fault", "front is off", source="front", detail="; trying again", attempts=attempt)
        log.say_repeats()
    clock[0] = FIRST_INTERVAL_S
    log.say_repeats()
    log.say_once("source-fault", "front is off", source="front")
    log.say_repeats(ending=True)
    said = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    assert [entry["message"] for entry in said] == [
        "front is off; trying again",
        "front is off (99 times more in 60 s)",
        "front is off (once more in 0 s)",
    ]
    assert [entry.get("repeated") for entry in said] == [None, 99, 1]


def test_the_same_of_another_source_is_another_one(capfd: pytest.CaptureFixture[str]) -> None:
    log = RunLog(as_json=False)
    for source in ("front", "rear"):
        log.say_once("source-fault", "no camera is connected", source=source)
    assert len(capfd.readouterr().err.splitlines()) == 2


def test_no_password_is_written_either_way(capfd: pytest.CaptureFixture[str]) -> None:
    for as_json in (False, True):
        log = RunLog(as_json=as_json)
        log.say("error", "rtsp://user:secret@10.0.0.5/x is off", level="error", address="rtsp://user:secret@h/")
        log.say_once("error", "http://user:secret@10.0.0.5/?secret", trace=["rtsp://user:secret@h/"])
    assert "secret" not in capfd.readouterr().err


def test_a_reader_that_is_gone_stops_no_work(monkeypatch: pytest.MonkeyPatch) -> None:
    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    monkeypatch.setattr(sys, "stderr", Gone())
    RunLog(as_json=False).say("started", "publishing front")
