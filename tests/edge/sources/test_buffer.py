import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from edge.errors import SourceError
from edge.frame import Frame
from edge.sources.buffer import FrameBuffer
from tests.waiting import PATIENCE_S, eventually

PICTURE = np.zeros((1, 1, 3), np.uint8)


def frame(number: int) -> Frame:
    return Frame(PICTURE, number, 0, 0, None, None)


def numbers(buffer: FrameBuffer) -> list[int]:
    return [taken.number for taken in iter(lambda: buffer.take(0), None)]


def test_where_the_oldest_is_dropped_the_rest_keeps_its_order() -> None:
    buffer = FrameBuffer(3, "drop-oldest", "oldest")
    assert all(buffer.put(frame(number)) for number in range(10))
    assert numbers(buffer) == [7, 8, 9]
    assert buffer.dropped == 7


def test_where_the_newest_is_taken_those_before_it_are_dropped() -> None:
    buffer = FrameBuffer(3, "wait", "newest")
    for number in range(3):
        buffer.put(frame(number))
    assert numbers(buffer) == [2]
    assert buffer.dropped == 2


def test_where_nothing_may_be_lost_the_capturing_side_waits() -> None:
    buffer = FrameBuffer(2, "wait", "oldest")
    with ThreadPoolExecutor(1) as capturing:
        put = [capturing.submit(buffer.put, frame(number)) for number in range(5)]
        eventually(lambda: put[1].done())
        assert not any(done.done() for done in put[2:])
        taken = [buffer.take(PATIENCE_S) for _ in range(5)]
    assert [one.number for one in taken if one] == list(range(5))
    assert buffer.dropped == 0


def test_a_reader_that_goes_keeps_nobody_waiting_and_what_was_left_is_counted() -> None:
    buffer = FrameBuffer(1, "wait", "oldest")
    buffer.put(frame(0))
    with ThreadPoolExecutor(1) as capturing:
        waiting = capturing.submit(buffer.put, frame(1))
        buffer.close()
        assert waiting.result(PATIENCE_S) is False
    assert not buffer.put(frame(2))
    assert buffer.take(PATIENCE_S) is None
    assert (buffer.dropped, buffer.exhausted) == (3, True)


def test_a_fault_is_raised_after_the_last_frame() -> None:
    buffer = FrameBuffer(2, "wait", "oldest")
    buffer.put(frame(0))
    buffer.end(SourceError("unplugged"))
    assert not buffer.exhausted
    assert numbers_until_fault(buffer) == [0]
    assert buffer.exhausted


def numbers_until_fault(buffer: FrameBuffer) -> list[int]:
    found: list[int] = []
    with pytest.raises(SourceError, match="unplugged"):
        while (taken := buffer.take()) is not None:
            found.append(taken.number)
    return found


def test_a_reader_of_several_waits_for_any_of_them() -> None:
    changed = threading.Condition()
    buffers = [FrameBuffer(1, "drop-oldest", "newest", changed) for _ in range(2)]

    def wait() -> bool:
        with changed:
            return changed.wait_for(lambda: any(buffer.ready for buffer in buffers), PATIENCE_S)

    with ThreadPoolExecutor(1) as reading:
        waiting = reading.submit(wait)
        assert buffers[1].put(frame(0))
        assert waiting.result()


def test_a_buffer_for_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        FrameBuffer(0, "wait", "oldest")
