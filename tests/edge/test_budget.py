from edge.budget import LATE_IN_A_ROW, LEVELS, MOST_ROOMY_IN_A_ROW, ROOMY_IN_A_ROW, Budget

BUDGET_MS = 50.0
LATE_MS, FITTING_MS, ROOMY_MS = 60.0, 45.0, 20.0


def after(budget: Budget, latency_ms: float, frames: int) -> tuple[str, ...]:
    for _ in range(frames):
        budget.note(latency_ms)
    return budget.effort.said


def test_work_is_shed_in_the_stated_order_and_all_of_it_is_said() -> None:
    budget = Budget(BUDGET_MS)
    said = [budget.effort.said, *(after(budget, LATE_MS, LATE_IN_A_ROW) for _ in range(4))]
    order = ("fewer-candidates", "half-size", "every-other-frame")
    assert said == [(), order[:1], order[:2], order, order]


def test_one_late_frame_is_no_reason() -> None:
    budget = Budget(BUDGET_MS)
    for _ in range(20):
        assert after(budget, LATE_MS, LATE_IN_A_ROW - 1) == ()
        assert after(budget, FITTING_MS, 1) == ()


def test_what_was_shed_is_taken_up_again_where_there_is_room_and_not_merely_enough() -> None:
    budget = Budget(BUDGET_MS)
    after(budget, LATE_MS, LATE_IN_A_ROW)
    assert after(budget, FITTING_MS, 10 * ROOMY_IN_A_ROW) == ("fewer-candidates",)
    assert after(budget, ROOMY_MS, ROOMY_IN_A_ROW - 1) == ("fewer-candidates",)
    assert after(budget, ROOMY_MS, 1) == ()


def test_what_had_to_be_shed_again_waits_longer() -> None:
    """A machine on which shedding makes just enough room must not go to and fro for ever."""
    budget = Budget(BUDGET_MS)
    changes = 0
    before = budget.effort
    for _ in range(10_000):
        budget.note(LATE_MS if budget.effort == LEVELS[0] else ROOMY_MS)
        changes += budget.effort != before
        before = budget.effort
    assert changes <= 2 * 10_000 / MOST_ROOMY_IN_A_ROW + 12


def test_every_other_frame_is_left_out_only_at_the_last_step() -> None:
    budget = Budget(BUDGET_MS)
    after(budget, LATE_MS, 2 * LATE_IN_A_ROW)
    assert not any(budget.leaves_out() for _ in range(4))
    after(budget, LATE_MS, LATE_IN_A_ROW)
    assert [budget.leaves_out() for _ in range(4)] == [True, False, True, False]


def test_without_a_budget_nothing_is_shed() -> None:
    assert after(Budget(None), 1e6, 100) == ()
