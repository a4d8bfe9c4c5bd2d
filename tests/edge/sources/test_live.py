import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice

import numpy as np
import pytest

from edge.errors import SourceError
from edge.sources import CapturedSource, LiveSource, SourceEvent, View
from tests.edge.sources.stand_in import StandInCamera, picture
from tests.waiting import PATIENCE_S, eventually


@contextmanager
def captured(camera: StandInCamera, live: LiveSource) -> Iterator[CapturedSource]:
    """The source read by its thread; the stand-in's last read is ended with the block."""
    source = CapturedSource(live)
    try:
        yield source
    finally:
        source.buffer.close()
        live.close()
        camera.pictures.put(None)
        source.close()
        assert source.finished


def test_a_late_reader_gets_the_newest_picture_and_the_others_are_counted() -> None:
    camera = StandInCamera()
    with captured(camera, LiveSource(camera.open, name="front")) as source:
        frames = source.frames()
        assert camera.waiting.acquire(timeout=PATIENCE_S)
        camera.give(10, 20, 30)
        first = next(frames)
        assert (first.image[0, 0, 0], first.number, source.dropped) == (30, 2, 2)
        camera.give(40)
        second = next(frames)
        assert (second.image[0, 0, 0], second.number, source.dropped) == (40, 3, 2)
        assert (source.live, source.frame_count, second.media_s) == (True, None, None)
    assert source.captured == 4 == 2 + source.dropped


def test_a_camera_that_is_unplugged_is_opened_again_until_it_is_back() -> None:
    camera = StandInCamera()
    events: list[SourceEvent] = []
    live = LiveSource(camera.open, name="front", report=events.append)
    with captured(camera, live) as source:
        frames = source.frames()
        camera.pictures.put(picture(10))
        assert next(frames).image[0, 0, 0] == 10
        camera.plugged = False
        camera.pictures.put(None)
        eventually(lambda: camera.attempts >= 4)
        assert (live.state, live.fault) in [
            ("waiting", "no camera is connected"),
            ("opening", "no camera is connected"),
        ]
        assert camera.released == camera.opened == 1
        camera.plugged = True
        camera.pictures.put(picture(20))
        again = next(frames)
        assert (again.image[0, 0, 0], again.number) == (20, 1), "its numbers go on"
        assert (live.state, live.fault, live.openings) == ("open", None, 2)
        assert live.faults == camera.attempts - 1
        absent, back = live.faults - 1, events[-1]
        told = [(event.fault, event.given) for event in events]
    assert told == [
        (None, "6x4"),
        ("front gives no pictures any more; check its power and connection", None),
        *[("no camera is connected", None)] * absent,
        (None, "6x4"),
    ], "each fault is told; whoever hears of it counts what comes again"
    assert back.attempts == absent + 1
    assert camera.released == camera.opened


def test_a_camera_that_opens_and_never_delivers_has_not_come_back() -> None:
    camera = StandInCamera()
    events: list[SourceEvent] = []
    live = LiveSource(camera.open, name="front", report=events.append)
    with captured(camera, live):
        for _ in range(3):
            camera.pictures.put(None)
        eventually(lambda: live.openings >= 3)
    assert {event.given for event in events} == {None}
    assert len(events) == live.faults >= 2


def test_closing_ends_a_source_that_waits_for_its_camera() -> None:
    camera = StandInCamera()
    camera.plugged = False
    source = CapturedSource(LiveSource(camera.open, name="front"))
    eventually(lambda: camera.attempts >= 2)
    source.close()
    assert source.finished
    assert list(source.frames()) == []


def test_a_defect_is_no_fault_of_the_camera() -> None:
    def broken() -> object:
        raise ZeroDivisionError("a defect")

    source = CapturedSource(LiveSource(broken, name="front"))  # type: ignore[arg-type]  # that is the defect
    with pytest.raises(ZeroDivisionError):
        next(source.frames())
    source.close()


def test_what_a_stream_had_queued_keeps_the_time_of_its_capture() -> None:
    camera = StandInCamera()
    camera.timestamps_ms = [0.0, 100.0, 200.0]
    live = LiveSource(camera.open, name="front")
    frames = live.frames()
    pause_s = 0.4
    for level in (1, 2):
        camera.pictures.put(picture(level))
    first, second = islice(frames, 2)
    time.sleep(pause_s)
    camera.pictures.put(picture(3))
    third = next(frames)
    live.close()
    late_ns = time.monotonic_ns() - third.captured_monotonic_ns
    assert late_ns >= (pause_s - 0.1 - 0.1) * 1e9, "two frames' time went by at the sender, and more here"
    assert first.captured_monotonic_ns <= second.captured_monotonic_ns < third.captured_monotonic_ns
    unix_late_ns = time.time_ns() - third.captured_ns
    assert abs(unix_late_ns - late_ns) < 0.1e9


def test_a_region_beyond_a_changed_picture_is_a_fault_that_passes() -> None:
    camera = StandInCamera()
    live = LiveSource(camera.open, name="front", view=View(roi=(2, 1, 3, 2)))
    with captured(camera, live) as source:
        frames = source.frames()
        camera.pictures.put(picture(10, (4, 2)))
        camera.pictures.put(picture(20, (6, 4)))
        frame = next(frames)
        assert frame.image.shape == (2, 3, 3)
        assert (frame.image[0, 0, 0], live.faults) == (20, 1)


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        (View(), [[1, 2, 3], [4, 5, 6]]),
        (View(rotate=90), [[4, 1], [5, 2], [6, 3]]),
        (View(rotate=180), [[6, 5, 4], [3, 2, 1]]),
        (View(rotate=270), [[3, 6], [2, 5], [1, 4]]),
        (View(mirror=True), [[3, 2, 1], [6, 5, 4]]),
        (View(rotate=90, mirror=True), [[1, 4], [2, 5], [3, 6]]),
        (View(roi=(1, 0, 2, 1)), [[2, 3]]),
        (View(rotate=180, roi=(0, 1, 2, 1)), [[3, 2]]),
    ],
)
def test_a_view_turns_then_mirrors_then_cuts(view: View, expected: list[list[int]]) -> None:
    image = np.repeat(np.array([[1, 2, 3], [4, 5, 6]], np.uint8)[..., None], 3, axis=2)
    np.testing.assert_array_equal(view.apply(image)[..., 0], expected)


@pytest.mark.parametrize("roi", [(0, 0, 4, 1), (2, 1, 1, 2), (3, 0, 1, 1)])
def test_a_region_beyond_the_picture_is_refused(roi: tuple[int, int, int, int]) -> None:
    with pytest.raises(SourceError, match="beyond the picture of 3x2"):
        View(roi=roi).apply(np.zeros((2, 3, 3), np.uint8))
