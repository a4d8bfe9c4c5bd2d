"""No passing, and who goes first."""

import pytest

from edge.in_force import BLIND_S, JUNCTION_S
from edge.in_force.lasting import HOLDS_S
from edge.state_message import DriveState, Rule
from tests.edge.in_force.road import AT_THE_EDGE, Drive, after, sign


def rules(state: DriveState) -> tuple[Rule, Rule, Rule]:
    return state.no_passing, state.no_passing_heavy, state.priority_road


def statuses(state: DriveState) -> tuple[str, str, str]:
    cars, heavy, priority = rules(state)
    return cars.status, heavy.status, priority.status


def test_a_ban_counts_as_soon_as_it_is_confirmed() -> None:
    drive = Drive()
    drive.see(sign("276", 1, state="tentative"))
    assert statuses(drive.state) == ("unknown", "unknown", "unknown")
    drive.see(sign("276", 1, confidence=0.95, hits=5))
    assert statuses(drive.state) == ("in-force", "unknown", "unknown")
    rule = drive.state.no_passing
    assert rule.by is not None
    assert (rule.value, rule.change, rule.by.code) == (None, "set", "276")
    drive.lose(sign("276", 1))
    assert statuses(drive.state) == ("in-force", "unknown", "unknown"), "hidden by a lorry, perhaps"


def test_lorries_have_their_own() -> None:
    assert statuses(after("277").state) == ("unknown", "in-force", "unknown")


@pytest.mark.parametrize(
    ("end", "left"),
    [
        ("280", ("ended", "in-force", "unknown")),
        ("281", ("in-force", "ended", "unknown")),
        ("282", ("ended", "ended", "unknown")),
        ("278-80", ("in-force", "in-force", "unknown")),
    ],
)
def test_each_end_ends_its_own(end: str, left: tuple[str, str, str]) -> None:
    drive = after("276", "277")
    drive.see(sign(end, 1), frames=20)
    assert statuses(drive.state) == ("in-force", "in-force", "unknown"), "it ends where its end stands"
    drive.pass_by(sign(end, 1))
    assert statuses(drive.state) == left


@pytest.mark.parametrize("weak", [{"confidence": 0.99}, {"hits": 9}])
def test_the_end_of_a_ban_must_be_sure(weak: dict[str, float]) -> None:
    drive = after("276")
    drive.pass_by(sign("280", 1, **weak))
    drive.lose(sign("280", 2))
    assert drive.state.no_passing.status == "in-force"


def test_the_same_ban_under_a_limit_on_one_post() -> None:
    drive = after("274-100")
    drive.pass_by(sign("274-60", 1), sign("276", 2, box=(700.0, 345.0, 40.0, 40.0)))
    assert drive.limit() == ("in-force", 60)
    assert statuses(drive.state) == ("in-force", "unknown", "unknown")


def test_bans_grow_too_old() -> None:
    drive = after("276")
    drive.wait(HOLDS_S + 1)
    assert (drive.state.no_passing.status, drive.state.no_passing.why) == ("unknown", "too-old")
    assert drive.state.no_passing_heavy.why == "nothing-seen"


def test_a_priority_road_counts_when_its_sign_was_passed_and_is_sure() -> None:
    drive = Drive()
    drive.see(sign("306", 1), frames=20)
    assert statuses(drive.state)[2] == "unknown"
    drive.lose(sign("306", 1))
    assert statuses(drive.state)[2] == "unknown"
    drive.pass_by(sign("306", 2, confidence=0.9908))  # yellow leaves of the sample drive
    assert statuses(drive.state)[2] == "unknown"
    drive.pass_by(sign("306", 3))
    assert statuses(drive.state)[2] == "in-force"


@pytest.mark.parametrize("code", ["205", "206"])
def test_who_has_to_wait_has_no_priority_any_more(code: str) -> None:
    drive = after("306")
    drive.see(sign(code, 1, confidence=0.95, hits=5))
    assert (drive.state.priority_road.status, drive.state.priority_road.change) == ("ended", "ended")
    drive.pass_by(sign(code, 1))
    assert statuses(drive.state)[2] == "ended"
    drive.pass_by(sign("306", 2))
    assert statuses(drive.state)[2] == "in-force"


def test_right_of_way_at_one_junction_is_no_priority_road() -> None:
    drive = after("301")
    assert drive.state.priority_road.status == "unknown"
    coming = drive.state.coming("right-of-way")
    assert coming is not None and coming.place == "passed"


# Stop and yield coming up.


@pytest.mark.parametrize(("code", "rule"), [("206", "stop"), ("205", "yield"), ("301", "right-of-way")])
def test_what_holds_at_the_next_junction_is_told_until_it_is_behind(code: str, rule: str) -> None:
    drive = Drive()
    drive.see(sign(code, 1, state="tentative"))
    assert drive.state.coming(rule) is None
    drive.see(sign(code, 1, distance_m=31.5))
    coming = drive.state.coming(rule)
    assert coming is not None
    assert (coming.track, coming.place, coming.distance_m, coming.age_s) == (1, "ahead", 31.5, 0.0)
    drive.pass_by(sign(code, 1))
    coming = drive.state.coming(rule)
    assert coming is not None
    assert (coming.place, coming.distance_m) == ("passed", None)
    drive.wait(JUNCTION_S - 1)
    assert drive.state.coming(rule) is not None
    drive.wait(2)
    assert drive.state.coming(rule) is None


def test_without_calibration_there_is_no_distance() -> None:
    drive = Drive()
    drive.see(sign("206", 1))
    assert [one.distance_m for one in drive.state.ahead] == [None]


def test_a_stop_sign_that_is_lost_is_still_ahead_until_it_is_found_again() -> None:
    drive = Drive()
    drive.lose(sign("206", 1))
    assert [(one.track, one.place) for one in drive.state.ahead] == [(1, "lost")]
    drive.see(sign("206", 2))
    assert [(one.track, one.place) for one in drive.state.ahead] == [(2, "ahead")], "it is one sign"


def test_the_nearest_comes_first() -> None:
    drive = Drive()
    drive.pass_by(sign("205", 1))
    drive.see(
        sign("206", 2, distance_m=60.0),
        sign("274-50", 3, distance_m=20.0),
        sign("276", 4, box=(1.0, 1.0, 50.0, 50.0)),
        sign("301", 5, box=(1.0, 1.0, 70.0, 70.0)),
        sign("112", 6),
    )
    assert [one.track for one in drive.state.ahead] == [1, 3, 2, 5, 4]


def test_whether_a_sign_is_sure_is_told() -> None:
    drive = Drive()
    drive.see(sign("301", 1, hits=9), sign("306", 2, confidence=0.99), sign("282", 3))
    assert {one.track: (one.sure, one.ends) for one in drive.state.ahead} == {
        1: (False, False),
        2: (False, False),
        3: (True, True),
    }


# A stream that dies.


def everything() -> Drive:
    drive = after("274-50", "276", "277", "306", "206")
    assert {rule.status for rule in (drive.state.speed_limit, *rules(drive.state))} == {"in-force", "ended"}
    return drive


def test_a_short_gap_is_bridged() -> None:
    drive = everything()
    drive.now_s += BLIND_S - 0.1
    drive.keeper.look(drive.now_s)
    drive.see()
    assert drive.limit() == ("in-force", 50)


@pytest.mark.parametrize("frames_come_again", [False, True])
def test_after_a_gap_nothing_is_known(frames_come_again: bool) -> None:
    drive = everything()
    drive.now_s += BLIND_S + 0.1
    if frames_come_again:
        drive.see()
    else:
        drive.keeper.look(drive.now_s)
    assert drive.keeper.is_dead(drive.now_s) is not frames_come_again
    state = drive.state
    assert [rule.why for rule in (state.speed_limit, *rules(state))] == ["stream-dead"] * 4
    assert state.ahead == ()


def test_what_was_in_view_before_a_gap_was_not_passed() -> None:
    drive = Drive()
    drive.see(sign("274-50", 1), frames=5)
    drive.see(sign("274-50", 1, box=AT_THE_EDGE))
    drive.now_s += BLIND_S + 0.1
    drive.see()
    assert drive.limit() == ("stream-dead", None)


def test_signs_after_a_gap_are_known_again() -> None:
    drive = everything()
    drive.now_s += 60
    drive.pass_by(sign("274-70", 1))
    assert drive.limit() == ("in-force", 70)


@pytest.mark.parametrize("how", ["session", "clock"])
def test_a_new_beginning_forgets_all(how: str) -> None:
    drive = everything()
    if how == "session":
        drive.session = "other"
    else:
        drive.now_s -= 100
    drive.see()
    assert drive.limit() == ("stream-dead", None)


def test_capture_times_that_are_corrected_by_a_little_change_nothing() -> None:
    drive = everything()
    drive.now_s -= 0.2
    drive.see()
    assert drive.limit() == ("in-force", 50)
    assert not drive.keeper.is_dead(drive.now_s)


def test_a_picture_of_another_size_passes_nothing() -> None:
    drive = after("274-50")
    drive.see(sign("274-80", 1), frames=5)
    drive.see(sign("274-80", 1, box=AT_THE_EDGE))
    drive.size = (640, 360)
    drive.see()
    assert drive.limit() == ("in-force", 50)
