from edge.recording.gate import EventGate
from edge.recording.layout import NS, Entry


def at(second: float, size: int = 10) -> Entry:
    return Entry("frame", "signwatch.frame/1", bytes(size), round(second * NS), 0)


def kept(gate: EventGate, seconds: list[float], reasons: set[float], size: int = 10) -> list[float]:
    return [
        entry.monotonic_ns / NS for second in seconds for entry in gate.take(at(second, size), reason=second in reasons)
    ]


SECONDS = [float(second) for second in range(20)]


def test_the_seconds_before_and_after_a_reason_are_kept_in_order() -> None:
    assert kept(EventGate(3, 2), SECONDS, {10.0}) == [7, 8, 9, 10, 11, 12]


def test_without_a_reason_nothing_is_kept() -> None:
    assert kept(EventGate(3, 2), SECONDS, set()) == []


def test_reasons_close_together_make_one_stretch_without_repetition() -> None:
    assert kept(EventGate(3, 2), SECONDS, {6.0, 7.0, 11.0}) == [3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]


def test_what_waits_is_bounded() -> None:
    assert kept(EventGate(100, 1, max_bytes=50), SECONDS, {10.0}) == [6, 7, 8, 9, 10, 11]
    assert kept(EventGate(100, 1, max_bytes=5), SECONDS, {10.0}) == [10, 11]
