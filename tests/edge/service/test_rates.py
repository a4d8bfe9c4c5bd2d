from edge.service.rates import MOST_CLIENTS, RateLimiter


def test_a_burst_passes_and_then_the_rate() -> None:
    limiter = RateLimiter(2.0, 3)
    assert [limiter.take("a", 10.0) for _ in range(3)] == [0, 0, 0]
    assert limiter.take("a", 10.0) == 0.5
    assert limiter.take("a", 10.5) == 0
    assert limiter.take("a", 10.5) > 0


def test_asking_too_often_costs_nothing_more() -> None:
    limiter = RateLimiter(1.0, 1)
    assert limiter.take("a", 0.0) == 0
    for moment in (0.1, 0.2, 0.9):
        assert limiter.take("a", moment) > 0
    assert limiter.take("a", 1.0) == 0


def test_clients_are_counted_apart_and_rest_gives_no_more_than_a_burst() -> None:
    limiter = RateLimiter(1.0, 2)
    assert limiter.take("a", 0.0) == limiter.take("b", 0.0) == 0
    assert [limiter.take("a", 1e6) > 0 for _ in range(3)] == [False, False, True]


def test_strangers_without_number_take_no_memory_without_end() -> None:
    limiter = RateLimiter(1.0, 1)
    for number in range(MOST_CLIENTS + 500):
        limiter.take(str(number), 0.0)
    assert len(limiter._buckets) == MOST_CLIENTS
