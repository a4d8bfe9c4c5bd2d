from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.errors import SourceError
from edge.sources import PacedSource, PatternSource, open_source

START_NS = 1_000_000_000


class Clock:
    """A clock that only sleeping and working move."""

    def __init__(self) -> None:
        self.now_ns = START_NS

    def monotonic_ns(self) -> int:
        return self.now_ns

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now_ns += round(seconds * 1e9)


def paced(frame_count: int, clock: Clock) -> PacedSource:
    """A pattern of 10 frames a second, paced by a clock."""
    return PacedSource(
        PatternSource((32, 32), 10, frame_count),
        monotonic_ns=clock.monotonic_ns,
        sleep=clock.sleep,
    )


def test_a_reader_in_time_gets_every_frame_when_it_is_due() -> None:
    clock = Clock()
    source = paced(5, clock)
    due_ms = []
    for frame in source.frames():
        assert clock.now_ns == frame.captured_monotonic_ns
        due_ms.append((clock.now_ns - START_NS) / 1e6)
        clock.sleep(0.03)
    np.testing.assert_allclose(due_ms, [0, 100, 200, 300, 400])
    assert (source.live, source.dropped) == (True, 0)


def test_a_late_reader_skips_what_a_camera_would_have_overwritten() -> None:
    clock = Clock()
    source = paced(10, clock)
    numbers = []
    for frame in source.frames():
        numbers.append(frame.number)
        clock.sleep(0.25)
    # At 250 ms frame 2 is the newest, at 500 ms frame 5, which is due just then, and so on.
    assert numbers == [0, 2, 5, 7]
    assert source.dropped == 6


def test_capture_times_are_when_a_frame_was_due_not_when_it_was_fetched() -> None:
    clock = Clock()
    frames = paced(10, clock).frames()
    next(frames)
    clock.sleep(0.15)
    frame = next(frames)
    assert frame.number == 1
    assert (frame.captured_monotonic_ns - START_NS) / 1e6 == pytest.approx(100)


def test_pictures_have_no_pace(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((8, 8, 3), dtype=np.uint8))
    with pytest.raises(SourceError, match="no times"):
        open_source(str(tmp_path), realtime=True)


def test_a_real_drive_comes_at_its_own_pace(data_folder: Path) -> None:
    with open_source(str(data_folder / "clips" / "coast-60-no-passing.mp4"), realtime=True) as source:
        frames = list(source.frames())
        assert source.dropped + len(frames) == 56
    assert frames[-1].captured_monotonic_ns - frames[0].captured_monotonic_ns == pytest.approx(
        1e9 * ((frames[-1].media_s or 0) - (frames[0].media_s or 0))
    )
