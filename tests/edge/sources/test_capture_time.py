from edge.sources.capture_time import LONGEST_LAG_NS, WINDOW_NS, CaptureClock

MS = 10**6


def test_a_frame_lags_by_what_it_took_longer_than_the_fastest() -> None:
    clock = CaptureClock()
    arrivals = [(1000, 0), (1040, 40), (1085, 80), (3120, 120), (3125, 160), (1240 + 40, 200)]
    assert [clock.lag_ns(arrived * MS, stamp * MS) // MS for arrived, stamp in arrivals] == [0, 0, 5, 2000, 1965, 80]


def test_a_slow_first_frame_is_no_measure_once_a_faster_one_came() -> None:
    clock = CaptureClock()
    assert clock.lag_ns(5000 * MS, 0) == 0
    assert clock.lag_ns(5010 * MS, 40 * MS) == 0
    assert clock.lag_ns(5060 * MS, 80 * MS) == 10 * MS


def test_timestamps_that_begin_anew_are_no_lag() -> None:
    clock = CaptureClock()
    clock.lag_ns(1000 * MS, 90_000 * MS)
    assert clock.lag_ns(1040 * MS, 0) == 0
    assert clock.lag_ns(1040 * MS + 2 * LONGEST_LAG_NS, 40 * MS) == 0


def test_a_sender_whose_clock_runs_slow_does_not_lag_more_and_more() -> None:
    clock = CaptureClock()
    lags = [clock.lag_ns(second * 10**9 + second * MS // 10, second * 10**9) for second in range(1, 3600)]
    assert max(lags) <= WINDOW_NS // 10**9 * MS // 10 + MS
