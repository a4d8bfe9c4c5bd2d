import itertools

from edge.repeats import FIRST_INTERVAL_S, LONGEST_INTERVAL_S, MOST_KEYS, Repeats


def test_what_comes_again_is_counted_and_told_at_the_end_of_the_interval() -> None:
    repeats: Repeats[str] = Repeats()
    assert repeats.is_new("off", 0.0)
    assert not any(repeats.is_new("off", float(second)) for second in range(1, 59))
    assert repeats.due(FIRST_INTERVAL_S - 1) == []
    assert repeats.due(FIRST_INTERVAL_S) == [("off", 58, FIRST_INTERVAL_S)]
    assert repeats.due(FIRST_INTERVAL_S + 1) == [], "it was just told"


def test_what_goes_on_is_told_ever_more_seldom() -> None:
    repeats: Repeats[str] = Repeats()
    told = []
    for second in range(24 * 3600):
        repeats.is_new("off", float(second))
        told += [second for _ in repeats.due(float(second))]
    gaps = [later - earlier for earlier, later in itertools.pairwise(told)]
    assert gaps == sorted(gaps)
    assert (told[0], gaps[0], gaps[-1]) == (FIRST_INTERVAL_S, 2 * FIRST_INTERVAL_S, LONGEST_INTERVAL_S)
    assert len(told) < 40, "a day of the same fault is no flood"


def test_what_was_quiet_for_an_interval_is_new_again() -> None:
    repeats: Repeats[str] = Repeats()
    repeats.is_new("off", 0.0)
    assert repeats.due(FIRST_INTERVAL_S) == []
    assert repeats.is_new("off", FIRST_INTERVAL_S + 1)


def test_several_at_once_count_as_many() -> None:
    repeats: Repeats[str] = Repeats()
    repeats.is_new("refused", 0.0, 3)
    repeats.is_new("refused", 1.0, 7)
    assert repeats.rest(5.0) == [("refused", 7, 5.0)]
    assert repeats.rest(6.0) == []


def test_no_more_are_followed_than_there_is_room_for() -> None:
    repeats: Repeats[int] = Repeats()
    assert all(repeats.is_new(key, 0.0) for key in range(10 * MOST_KEYS))
    assert repeats.is_new(0, 0.0), "the oldest were forgotten"
    assert not repeats.is_new(10 * MOST_KEYS - 1, 0.0)
