"""What holds on any road, whatever the signs do."""

from collections.abc import Callable

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.in_force import BLIND_S, InForce
from edge.in_force.claims import claims_of
from edge.in_force.sightings import SURE_CONFIDENCE, SURE_HITS
from edge.messages import Sign
from tests.edge.in_force.road import AT_THE_EDGE, FRAME_S, IN_VIEW, KINDS, Drive, sign

on_a_busy_machine = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
TRACKS = range(4)
BOXES = [IN_VIEW, (300.0, 200.0, 50.0, 50.0), AT_THE_EDGE, (5.0, 100.0, 30.0, 30.0)]
CODES = ["274-30", "274-50", "274-80", "274-120", "278-80", "282", "276", "280", "277", "306", "206", "301", "112"]


def signs(state: str | None = None) -> st.SearchStrategy[Sign]:
    return st.builds(
        sign,
        st.sampled_from(CODES),
        st.sampled_from(TRACKS),
        state=st.sampled_from(["tentative", "confirmed"]) if state is None else st.just(state),
        confidence=st.sampled_from([0.95, SURE_CONFIDENCE, 0.999]),
        hits=st.sampled_from([5, SURE_HITS, 60]),
        box=st.sampled_from(BOXES),
        measured=st.booleans(),
    )


def frames(one: st.SearchStrategy[Sign]) -> st.SearchStrategy[list[tuple[float, list[Sign]]]]:
    """A gap before each frame, and its signs, each track once."""
    seen = st.lists(one, max_size=3, unique_by=lambda sign: sign.track)
    return st.lists(st.tuples(st.sampled_from([FRAME_S, FRAME_S, 0.5, BLIND_S + 0.1, 30.0]), seen), max_size=25)


def drive(road: list[tuple[float, list[Sign]]], look: Callable[[Drive, list[Sign]], None]) -> None:
    one = Drive(InForce())
    for gap_s, seen in road:
        one.now_s += gap_s - FRAME_S
        one.see(*seen)
        look(one, seen)


@given(frames(signs()))
@on_a_busy_machine
def test_a_limit_is_one_that_was_confirmed_since_the_last_gap(road: list[tuple[float, list[Sign]]]) -> None:
    read: set[int | float | None] = set()
    last_s = 0.0

    def look(one: Drive, seen: list[Sign]) -> None:
        nonlocal last_s
        if one.now_s - last_s > BLIND_S:
            read.clear()
        last_s = one.now_s
        read.update(sign.value for sign in seen if sign.state == "confirmed" and sign.category == "prohibitory")
        status, value = one.limit()
        if status == "in-force":
            assert value in read
        else:
            assert value is None

    drive(road, look)


@given(frames(signs()))
@on_a_busy_machine
def test_a_limit_is_only_raised_by_a_sure_sign_that_is_gone(road: list[tuple[float, list[Sign]]]) -> None:
    def look(one: Drive, seen: list[Sign]) -> None:
        rule = one.state.speed_limit
        if rule.change in ("raised", "ended"):
            assert rule.by is not None
            assert (rule.by.track, rule.by.code) in sure_before
        sure_before.update(
            (sign.track, sign.code)
            for sign in seen
            if sign.state == "confirmed" and sign.confidence >= SURE_CONFIDENCE and sign.hits >= SURE_HITS
        )

    sure_before: set[tuple[int, str]] = set()
    drive(road, look)


@given(frames(signs("tentative")))
@on_a_busy_machine
def test_tentative_signs_never_change_anything(road: list[tuple[float, list[Sign]]]) -> None:
    def look(one: Drive, seen: list[Sign]) -> None:
        state = one.state
        assert state.ahead == ()
        rules = (state.speed_limit, state.no_passing, state.no_passing_heavy, state.priority_road)
        assert all(rule.status == "unknown" and rule.by is None for rule in rules)

    drive(road, look)


@given(frames(signs()))
@on_a_busy_machine
def test_no_gap_leaves_anything_known_but_what_is_seen_now(road: list[tuple[float, list[Sign]]]) -> None:
    def look(one: Drive, seen: list[Sign]) -> None:
        one.keeper.look(one.now_s + BLIND_S)
        assert not one.keeper.is_dead(one.now_s + BLIND_S)
        dead = Drive(InForce(), now_s=one.now_s)
        dead.see(*seen)
        dead.keeper.look(dead.now_s + BLIND_S + 0.1)
        state = dead.state
        assert state.ahead == ()
        assert {rule.why for rule in (state.speed_limit, state.no_passing, state.priority_road)} == {"stream-dead"}

    drive(road, look)


@given(frames(signs()))
@on_a_busy_machine
def test_the_strictest_sure_sign_in_view_is_never_exceeded(road: list[tuple[float, list[Sign]]]) -> None:
    def look(one: Drive, seen: list[Sign]) -> None:
        status, value = one.limit()
        limits = [
            claims_of(sign)["speed-limit"].permits
            for sign in seen
            if sign.state == "confirmed" and "speed-limit" in sign.rules and sign.category != "end"
        ]
        if status == "ended":
            assert not limits
        if status == "in-force" and value is not None and limits:
            assert value <= min(limits)

    drive(road, look)


def test_every_rule_of_the_catalogue_is_understood() -> None:
    silent = {code for code, kind in KINDS.items() if not kind.rules}
    understood = {code for code in KINDS if claims_of(sign(code, 1)) or code in ("301",)}
    assert understood | silent == set(KINDS)
    assert not understood & silent
