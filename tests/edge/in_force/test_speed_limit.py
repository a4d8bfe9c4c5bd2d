import msgspec
import pytest

from edge.in_force.lasting import HOLDS_M, HOLDS_S
from edge.in_force.sightings import SURE_CONFIDENCE, SURE_HITS
from edge.messages import Sign
from tests.edge.in_force.road import AT_THE_EDGE, FRAME_S, IN_VIEW, Drive, after, sign

DOUBTFUL = {"confidence": SURE_CONFIDENCE - 0.001}
FLEETING = {"hits": SURE_HITS - 1}


def test_nothing_is_known_before_a_sign_was_passed() -> None:
    drive = Drive()
    assert drive.limit() == ("nothing-seen", None)
    drive.see(frames=100)
    assert drive.limit() == ("nothing-seen", None)
    drive.see(sign("274-50", 1), frames=20)
    assert drive.limit() == ("nothing-seen", None), "it begins where it stands"
    assert [(one.value, one.place) for one in drive.state.ahead] == [(50, "ahead")]


def test_a_limit_that_was_passed_is_in_force() -> None:
    drive = after("274-50")
    rule = drive.state.speed_limit
    assert (rule.status, rule.value, rule.unit, rule.change, rule.why) == ("in-force", 50, "km/h", "set", None)
    assert rule.by is not None
    assert (rule.by.track, rule.by.code, rule.by.name) == (900, "274-50", "Speed limit (50km/h)")
    assert (rule.confidence, rule.since_ns) == (0.999, round(drive.now_s * 1e9))
    assert rule.age_s == pytest.approx(FRAME_S, abs=1e-3)
    drive.see(frames=50)
    assert drive.state.speed_limit.age_s == pytest.approx(51 * FRAME_S, abs=1e-3)


def test_a_lower_one_counts_as_soon_as_it_is_confirmed() -> None:
    drive = after("274-100")
    drive.see(sign("274-60", 1, state="tentative", hits=4))
    assert drive.limit() == ("in-force", 100)
    drive.see(sign("274-60", 1, confidence=0.95, hits=5))
    assert drive.limit() == ("in-force", 60)
    rule = drive.state.speed_limit
    assert rule.by is not None
    assert (rule.change, rule.by.track, rule.confidence) == ("lowered", 1, 0.95)
    assert rule.since_ns == round(drive.now_s * 1e9)
    since_ns = rule.since_ns
    drive.pass_by(sign("274-60", 1))
    rule = drive.state.speed_limit
    assert (drive.limit(), rule.change, rule.since_ns) == (("in-force", 60), "lowered", since_ns), (
        "it is the same event"
    )
    assert rule.confidence == 0.999, "of its newest reading"


def test_a_higher_one_counts_when_it_was_passed() -> None:
    drive = after("274-50")
    drive.see(sign("274-80", 1), frames=50)
    assert drive.limit() == ("in-force", 50)
    drive.see(sign("274-80", 1, box=AT_THE_EDGE))
    assert drive.limit() == ("in-force", 50)
    drive.see()
    rule = drive.state.speed_limit
    assert rule.by is not None
    assert (drive.limit(), rule.change, rule.by.track) == (("in-force", 80), "raised", 1)


@pytest.mark.parametrize("weak", [DOUBTFUL, FLEETING])
def test_a_higher_one_must_have_been_read_more_surely(weak: dict[str, float]) -> None:
    drive = after("274-50")
    drive.pass_by(sign("274-80", 1, **weak))
    assert drive.limit() == ("in-force", 50)
    drive.pass_by(sign("274-30", 2, **weak))
    assert drive.limit() == ("in-force", 30)


@pytest.mark.parametrize("code", ["274-80", "282"])
def test_what_was_lost_in_the_middle_of_the_picture_raises_nothing(code: str) -> None:
    drive = after("274-50")
    drive.lose(sign(code, 1))
    assert drive.limit() == ("in-force", 50)


def test_few_frames_a_second_still_show_that_a_sign_was_passed() -> None:
    drive = after("274-50")
    for x in (700.0, 790.0, 940.0, 1180.0):  # of 1360 px: it would be beyond the edge in the next frame
        drive.now_s += 0.2
        drive.see(sign("274-80", 1, box=(x, 200.0, 60.0, 60.0)))
    drive.see()
    assert drive.limit() == ("in-force", 80)


def test_a_lower_one_that_was_lost_still_counts() -> None:
    drive = after("274-100")
    drive.lose(sign("274-60", 1))
    assert drive.limit() == ("in-force", 60)


@pytest.mark.parametrize("weak", [DOUBTFUL, FLEETING])
def test_where_nothing_is_known_a_limit_must_be_sure(weak: dict[str, float]) -> None:
    drive = Drive()
    drive.pass_by(sign("274-120", 1, **weak))
    assert drive.limit() == ("nothing-seen", None)
    drive.lose(sign("274-120", 2))
    assert drive.limit() == ("nothing-seen", None)


def test_a_tentative_sign_changes_nothing() -> None:
    drive = after("274-50")
    before = drive.state
    for number, code in enumerate(("274-20", "274-120", "282", "206", "205", "276", "306", "301")):
        drive.pass_by(sign(code, number, state="tentative"))
    state = drive.state
    assert state.ahead == ()
    assert msgspec.structs.replace(state.speed_limit, age_s=0.0) == msgspec.structs.replace(
        before.speed_limit, age_s=0.0
    )
    assert (state.no_passing, state.priority_road) == (before.no_passing, before.priority_road)


def test_a_reading_that_changes_takes_back_what_it_said() -> None:
    drive = after("274-80")
    drive.see(sign("274-30", 1), frames=5)
    assert drive.limit() == ("in-force", 30)
    drive.see(sign("274-80", 1), frames=5)
    assert drive.limit() == ("in-force", 80)
    assert drive.state.speed_limit.by is not None
    assert drive.state.speed_limit.by.track == 900
    drive.see(sign("274-30", 1), frames=5)
    drive.see(sign("250", 1))
    assert drive.limit() == ("in-force", 80), "what is no limit at all lowers none"
    drive.see()
    assert drive.limit() == ("in-force", 80)


def test_one_that_was_in_view_before_counts_from_when_it_restricts() -> None:
    drive = Drive()
    near, far = sign("274-100", 1), sign("274-50", 2, box=(700.0, 300.0, 15.0, 15.0))
    drive.see(near, far, frames=20)
    drive.see(msgspec.structs.replace(near, box=AT_THE_EDGE), far)
    drive.see(far)
    rule = drive.state.speed_limit
    assert (drive.limit(), rule.change, rule.since_ns) == (("in-force", 50), "lowered", round(drive.now_s * 1e9))


def test_several_ahead_the_lowest_counts() -> None:
    drive = after("274-100")
    near, far = sign("274-80", 1), sign("274-60", 2, box=(700.0, 300.0, 15.0, 15.0))
    drive.see(near, far)
    assert drive.limit() == ("in-force", 60)
    drive.see(msgspec.structs.replace(near, box=AT_THE_EDGE), far)
    drive.see(far)
    assert drive.limit() == ("in-force", 60)
    drive.see(sign("274-70", 2))
    assert drive.limit() == ("in-force", 70)
    drive.see(sign("276", 2))
    assert drive.limit() == ("in-force", 80)


def test_a_lower_one_ahead_outlives_a_higher_one_that_is_passed_first() -> None:
    drive = after("274-80")
    near, far = sign("274-100", 1), sign("274-50", 2, box=(700.0, 300.0, 15.0, 15.0))
    drive.see(near, far, frames=5)
    drive.see(msgspec.structs.replace(near, box=AT_THE_EDGE), far)
    drive.see(far)
    assert drive.limit() == ("in-force", 50)
    drive.pass_by(sign("274-50", 2))
    assert drive.limit() == ("in-force", 50)


# Repeats, gantries, and several signs on one post.


def test_a_repetition_is_no_new_event_but_makes_it_young_again() -> None:
    drive = after("274-80")
    first = drive.state.speed_limit
    drive.wait(60)
    assert drive.state.speed_limit.age_s == pytest.approx(60, abs=0.1)
    drive.pass_by(sign("274-80", 1, confidence=0.96))
    again = drive.state.speed_limit
    assert (again.change, again.since_ns, again.by) == (first.change, first.since_ns, first.by)
    assert again.age_s == pytest.approx(FRAME_S, abs=1e-3)
    assert again.confidence == 0.96


def test_the_two_signs_of_a_gantry_are_one_event() -> None:
    drive = after("274-50")
    left, right = sign("274-80", 1, box=(300.0, 200.0, 41.0, 40.0)), sign("274-80", 2)
    drive.see(left, right, frames=5)
    drive.see(msgspec.structs.replace(left, box=(-20.0, 100.0, 90.0, 90.0)), right)
    drive.see(right)
    raised = drive.state.speed_limit
    assert raised.by is not None
    assert (drive.limit(), raised.change, raised.by.track) == (("in-force", 80), "raised", 1)
    drive.pass_by(right)
    after_both = drive.state.speed_limit
    assert (after_both.change, after_both.since_ns, after_both.by) == (raised.change, raised.since_ns, raised.by)


def pass_one_after_the_other(drive: Drive, first: Sign, second: Sign) -> None:
    """Signs of one post: both are equally near when the first leaves the picture."""
    drive.see(first, second, frames=5)
    first, second = (msgspec.structs.replace(one, box=AT_THE_EDGE) for one in (first, second))
    drive.see(first, second)
    drive.see(second, frames=3)
    drive.see()


@pytest.mark.parametrize("first_gone", [0, 1])
def test_of_two_limits_on_one_gantry_the_lower_counts(first_gone: int) -> None:
    drive = after("274-100")
    pair = [sign("274-80", 1, box=(300.0, 200.0, 40.0, 40.0)), sign("274-120", 2)]
    pass_one_after_the_other(drive, pair[first_gone], pair[1 - first_gone])
    assert drive.limit() == ("in-force", 80)


@pytest.mark.parametrize("first_gone", [0, 1])
def test_an_end_and_a_limit_on_one_post_leave_the_limit(first_gone: int) -> None:
    drive = after("274-50")
    pair = [sign("282", 1, box=(700.0, 250.0, 40.0, 40.0)), sign("274-100", 2)]
    pass_one_after_the_other(drive, pair[first_gone], pair[1 - first_gone])
    assert drive.limit() == ("in-force", 100)


def test_the_next_post_is_not_the_same_one() -> None:
    drive = after("274-50")
    near, far = sign("274-80", 1), sign("282", 2)
    drive.see(near, far, frames=5)  # far away, both look alike
    small = msgspec.structs.replace(far, box=(800.0, 300.0, 30.0, 30.0))
    drive.see(msgspec.structs.replace(near, box=AT_THE_EDGE), small)
    drive.see(small)
    assert drive.limit() == ("in-force", 80)
    drive.pass_by(small)
    assert drive.limit() == ("ended", None)


# Ends.


def test_the_end_of_all_limits_ends_it_where_it_stands() -> None:
    drive = after("274-100")
    drive.see(sign("282", 1), frames=20)
    assert drive.limit() == ("in-force", 100)
    drive.pass_by(sign("282", 1))
    rule = drive.state.speed_limit
    assert (rule.status, rule.value, rule.unit, rule.change) == ("ended", None, None, "ended")
    assert rule.by is not None and rule.by.code == "282"
    drive.see(sign("274-120", 2))
    assert drive.limit() == ("in-force", 120), "any limit is lower than none"
    assert drive.state.speed_limit.change == "set"


def test_the_end_of_80_ends_80() -> None:
    drive = after("274-80", "278-80")
    assert drive.limit() == ("ended", None)


def test_the_end_of_80_ends_no_60() -> None:
    drive = after("274-60", "278-80")
    assert drive.limit() == ("in-force", 60)


def test_the_end_of_80_says_that_there_is_none_where_nothing_is_known() -> None:
    assert after("278-80").limit() == ("ended", None)


@pytest.mark.parametrize("weak", [DOUBTFUL, FLEETING])
def test_an_end_must_be_sure(weak: dict[str, float]) -> None:
    drive = after("274-80")
    drive.pass_by(sign("282", 1, **weak))
    assert drive.limit() == ("in-force", 80)


@pytest.mark.parametrize("code", ["280", "281", "276", "306", "206", "250", "253", "112"])
def test_other_signs_leave_the_limit_alone(code: str) -> None:
    drive = after("274-80", code)
    assert drive.limit() == ("in-force", 80)


# Time.


@pytest.mark.parametrize(("code", "kmh"), [("274-30", 30), ("274-50", 50), ("274-100", 100), ("274-120", 120)])
def test_a_limit_is_believed_for_three_kilometres_at_that_speed(code: str, kmh: int) -> None:
    drive = after(code)
    holds_s = HOLDS_M * 3.6 / kmh
    drive.wait(holds_s - 2 * FRAME_S)
    assert drive.limit() == ("in-force", kmh)
    drive.wait(3 * FRAME_S)
    assert drive.limit() == ("too-old", None)


def test_an_end_is_believed_for_a_while() -> None:
    drive = after("282")
    drive.wait(HOLDS_S - 2 * FRAME_S)
    assert drive.limit() == ("ended", None)
    drive.wait(3 * FRAME_S)
    assert drive.limit() == ("too-old", None)


def test_a_sign_in_view_keeps_it_young() -> None:
    drive = after("274-100")
    for _ in range(200):
        drive.wait(1.0)
        drive.see(sign("274-100", 1))
    assert drive.limit() == ("in-force", 100)


def test_a_lower_one_ahead_holds_though_what_was_before_it_is_too_old() -> None:
    drive = after("274-100")
    for _ in range(200):
        drive.wait(0.9)
        drive.see(sign("274-60", 1))
    assert drive.limit() == ("in-force", 60)
    drive.pass_by(sign("274-60", 1))
    assert drive.limit() == ("in-force", 60)


def test_a_prediction_is_no_sight() -> None:
    drive = after("274-100")
    drive.see(sign("274-100", 1))
    drive.see(sign("274-100", 1, measured=False), frames=10)
    assert drive.state.speed_limit.age_s == pytest.approx(10 * FRAME_S, abs=1e-3)


# Other units and catalogues.


def mph(value: float, track: int, **changes: object) -> Sign:
    return sign("274-50", track, class_id=7, code="R2-1", value=value, unit="mph", **changes)


def test_units_are_compared_and_kept() -> None:
    drive = after("274-50")
    drive.pass_by(mph(30, 1))
    assert (drive.limit(), drive.state.speed_limit.unit) == (("in-force", 30), "mph"), "48 km/h"
    drive.see(mph(35, 2), frames=5)
    assert drive.limit() == ("in-force", 30)
    drive.pass_by(mph(35, 2))
    assert drive.limit() == ("in-force", 35)


@pytest.mark.parametrize("changes", [{"value": None}, {"unit": "knots"}, {"unit": None}, {"rules": ()}])
def test_what_is_no_limit_by_its_own_words_limits_nothing(changes: dict[str, object]) -> None:
    drive = after("274-50")
    drive.pass_by(sign("274-20", 1, **changes))
    assert drive.limit() == ("in-force", 50)


def test_class_ids_and_codes_mean_nothing() -> None:
    drive = Drive()
    drive.pass_by(sign("274-50", 1, class_id=14, code="206", name="whatever", box=IN_VIEW))
    assert drive.limit() == ("in-force", 50)
    assert drive.state.ahead == ()
