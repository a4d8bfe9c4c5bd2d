import msgspec
import pytest

from edge.state_message import ComingSign, DriveState, Origin, Rule, unknown_rule, unknown_state
from edge.state_text import rules_line, state_line, state_lines
from tests.edge.messages import STATE

HOSTILE = "\x1b[2J\x9bH\u202e stop"
NOTHING = unknown_state("nothing-seen")
(STOP,) = STATE.state.ahead


def with_limit(limit: Rule) -> DriveState:
    return msgspec.structs.replace(NOTHING, speed_limit=limit)


def test_each_rule_and_each_sign_ahead_has_its_line() -> None:
    assert state_lines(STATE.state) == [
        "speed limit           50 km/h     lowered by #17 Speed limit (50km/h), 99.7%, 3 s old",
        "no passing            unknown     no sign seen yet",
        "… for heavy vehicles  unknown     no sign repeated it for too long",
        "priority road         unknown     the stream was dead, and no sign seen since",
        "ahead                 #19 Stop (in 32 m)",
    ]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "#19 Stop (in 32 m)"),
        ({"distance_m": None}, "#19 Stop (ahead)"),
        ({"place": "passed"}, "#19 Stop (passed)"),
        ({"place": "lost", "sure": False}, "#19 Stop (lost, not sure yet)"),
    ],
)
def test_where_a_sign_ahead_is_and_how_sure(changes: dict[str, object], said: str) -> None:
    sign: ComingSign = msgspec.structs.replace(STOP, **changes)
    assert state_line(msgspec.structs.replace(NOTHING, ahead=(sign,))).endswith(f"  ahead: {said}")


def test_an_end_is_told_from_what_nobody_knows() -> None:
    ended = msgspec.structs.replace(STATE.state.speed_limit, status="ended", value=None, unit=None, change="ended")
    assert "limit ended" in rules_line(with_limit(ended))
    assert "limit unknown" in rules_line(NOTHING)


def test_what_comes_from_the_network_cannot_move_the_cursor() -> None:
    limit = STATE.state.speed_limit
    hostile = msgspec.structs.replace(limit, unit=HOSTILE, by=Origin(1, 2, HOSTILE, HOSTILE))
    sign = msgspec.structs.replace(STOP, name=HOSTILE)
    for state in (
        msgspec.structs.replace(with_limit(hostile), ahead=(sign,)),
        with_limit(unknown_rule(HOSTILE)),
        with_limit(msgspec.structs.replace(hostile, confidence=None, age_s=None, change=None)),
    ):
        assert all(line.isprintable() for line in (state_line(state), *state_lines(state)))
