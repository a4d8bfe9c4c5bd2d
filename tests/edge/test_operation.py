import json
from collections.abc import Callable
from contextlib import closing
from typing import Any

import msgspec
import pytest

from edge.messages import HealthMessage
from edge.operation import Operation
from edge.run_log import RunLog
from edge.service_manager import ServiceManager
from edge.sources import SourceEvent
from edge.supervisor import Counts
from tests.edge.messages import HEALTH

Said = Callable[[], list[dict[str, Any]]]
OK = msgspec.structs.replace(HEALTH, source="front", state="ok", fault=None, degraded=(), refused=0)


@pytest.fixture
def said(capfd: pytest.CaptureFixture[str]) -> Said:
    return lambda: [json.loads(line) for line in capfd.readouterr().err.splitlines()]


@pytest.fixture
def operation() -> Operation:
    with closing(ServiceManager({})) as manager:
        return Operation(RunLog(as_json=True), manager, None)


def health(operation: Operation, *messages: HealthMessage) -> None:
    operation.note_health(list(messages), True)


def test_what_is_degraded_is_told_when_it_begins_and_when_all_is_well(operation: Operation, said: Said) -> None:
    one = msgspec.structs.replace(OK, state="degraded", degraded=("fewer-candidates",))
    two = msgspec.structs.replace(OK, state="degraded", degraded=("fewer-candidates", "half-size"))
    for message in (OK, one, one, two, two, OK, OK):
        health(operation, message)
    assert [(entry["event"], entry.get("what")) for entry in said()] == [
        ("degraded", "fewer-candidates"),
        ("degraded", "half-size"),
        ("not-degraded", None),
    ]


def test_what_comes_and_goes_all_the_time_is_counted(operation: Operation, said: Said) -> None:
    late = msgspec.structs.replace(OK, state="degraded", degraded=("late",))
    for _ in range(50):
        health(operation, late)
        health(operation, OK)
    operation.note_ended(())
    told = said()
    assert [entry["event"] for entry in told] == ["degraded", "not-degraded"] * 2
    assert [entry.get("repeated") for entry in told] == [None, None, 49, 49]


def test_refused_connections_are_counted_however_many_sources_tell_of_them(operation: Operation, said: Said) -> None:
    rear = msgspec.structs.replace(OK, source="rear")
    for refused in (0, 3, 3, 10):
        health(operation, *(msgspec.structs.replace(message, refused=refused) for message in (OK, rear)))
    operation.note_ended(())
    first, rest = said()
    assert (first["event"], first["level"]) == ("refused", "warning")
    assert rest["repeated"] == 7


def test_a_fault_names_its_source_once(operation: Operation, said: Said) -> None:
    for fault in ("front is off", "no camera is connected"):
        operation.note_source(SourceEvent("front", fault, None, 2))
    operation.note_source(SourceEvent("front", None, "1280x720", 3))
    assert [entry["message"] for entry in said()] == [
        "front is off; trying again until it is back",
        "front: no camera is connected; trying again until it is back",
        "front gives 1280x720, at attempt 3",
    ]


def test_every_frame_is_accounted_for_at_the_end(operation: Operation, said: Said) -> None:
    operation.note_ended((Counts("front", 10, 7, 3),))
    (entry,) = said()
    assert entry["message"] == "front: 10 frames captured, 7 frames published, 3 dropped"
    assert (entry["captured"], entry["published"], entry["dropped"]) == (10, 7, 3)
