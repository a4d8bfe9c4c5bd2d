from edge.remote.breaker import FAILURES_IN_A_ROW, FIRST_WAIT_S, LONGEST_WAIT_S, CircuitBreaker
from edge.remote.retry_budget import RetryBudget


def test_it_opens_after_failures_in_a_row_only() -> None:
    breaker = CircuitBreaker()
    for _ in range(5):
        for _ in range(FAILURES_IN_A_ROW - 1):
            breaker.note_failure(0.0, lasting=False)
        breaker.note_success()
    opened = [breaker.is_open]
    for _ in range(FAILURES_IN_A_ROW):
        breaker.note_failure(0.0, lasting=False)
        opened.append(breaker.is_open)
    assert opened == [False, False, False, True]


def test_a_failure_that_lasts_opens_it_at_once() -> None:
    breaker = CircuitBreaker()
    breaker.note_failure(0.0, lasting=True)
    assert breaker.is_open


def test_trials_come_less_and_less_often_until_one_succeeds() -> None:
    breaker = CircuitBreaker()
    now_s, waits = 100.0, []
    for _ in range(9):
        breaker.note_failure(now_s, lasting=True)
        waits.append(breaker.until_trial_s(now_s))
        now_s += waits[-1]
        assert breaker.until_trial_s(now_s) == 0
    assert waits[:3] == [FIRST_WAIT_S, 2 * FIRST_WAIT_S, 4 * FIRST_WAIT_S]
    assert waits[-1] == LONGEST_WAIT_S
    breaker.note_success()
    assert not breaker.is_open
    breaker.note_failure(now_s, lasting=True)
    assert breaker.until_trial_s(now_s) == FIRST_WAIT_S


def test_tries_again_are_few_while_much_fails_and_come_back_with_success() -> None:
    assert RetryBudget().allows
    budget = RetryBudget()
    for _ in range(5):
        budget.note_failure()
    for _ in range(100):
        budget.note_failure()
    waited = 0
    while not budget.allows:
        budget.note_success()
        waited += 1
    assert waited == 51
