import pytest

from edge.watchdog import Stage, Watchdog


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr("edge.watchdog.time.monotonic", lambda: now[0])
    return now


def looks(watchdog: Watchdog, clock: list[float], count: int, step_s: float = 1.0) -> list[str]:
    hung: list[str] = []
    for _ in range(count):
        clock[0] += step_s
        hung = watchdog.check()
    return hung


def test_a_stage_that_stays_at_one_piece_of_work_hangs(clock: list[float]) -> None:
    watchdog = Watchdog(limit_s=5.0)
    detect, publish = watchdog.stage("detect"), watchdog.stage("publish")
    detect.begin()
    publish.begin()
    assert looks(watchdog, clock, 4) == []
    publish.begin()
    assert looks(watchdog, clock, 3) == ["detect"]


def test_resting_is_no_hanging(clock: list[float]) -> None:
    watchdog = Watchdog(limit_s=5.0)
    stage = watchdog.stage("detect")
    stage.begin()
    looks(watchdog, clock, 4)
    stage.rest()
    assert looks(watchdog, clock, 100) == []
    stage.begin()
    assert looks(watchdog, clock, 4) == []


def test_a_machine_that_slept_is_no_stage_that_hangs(clock: list[float]) -> None:
    watchdog = Watchdog(limit_s=5.0)
    watchdog.stage("detect").begin()
    assert looks(watchdog, clock, 2) == []
    assert looks(watchdog, clock, 1, step_s=3600.0) == []
    assert looks(watchdog, clock, 10) == ["detect"]


def test_a_stage_by_itself_can_be_looked_at() -> None:
    stage = Stage("wire")
    stage.begin()
    stage.look(1.0)  # the first look only sees that something new began
    stage.look(0.5)
    assert stage.busy_s == 0.5
