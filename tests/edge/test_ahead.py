import threading
import time
from collections.abc import Iterator, Sequence

import msgspec
import numpy as np
import pytest

from detector.candidates import Candidates
from edge.ahead import read_ahead
from edge.budget import LEVELS, Effort
from edge.errors import SourceError
from edge.frame import Frame
from edge.frame_reader import FrameReader, open_reader
from edge.messages import FrameMessage
from edge.reader import Found, SignReader
from edge.seeing import Light
from tests.edge.messages import MESSAGE
from tests.edge.scenes import scene
from tests.waiting import PATIENCE_S

NONE = Candidates(np.empty((0, 4), np.float32), np.empty(0, np.float32))


def frames(count: int, fault: SourceError | None = None) -> Iterator[Frame]:
    for number in range(count):
        yield Frame(scene(48 + 2 * number, 14), number, time.time_ns(), time.monotonic_ns(), number / 25, None)
    if fault is not None:
        raise fault


class Noted(SignReader):
    """Notes what is done in which order, and names a frame only once the next one of `count` has been searched."""

    def __init__(self, count: int, broken: int | None = None) -> None:
        self.insight = None
        self.done: list[tuple[str, int]] = []
        self.found = threading.Semaphore(0)
        self._count = count
        self._broken = broken

    def find(self, frame: Frame, *, degraded: Sequence[str] = (), effort: Effort = LEVELS[0]) -> Found:
        if frame.number == self._broken:
            raise ValueError("a frame that can't be searched")
        self.done.append(("find", frame.number))
        self.found.release()
        return Found(frame, effort, (), Light((), None), None, (NONE, 0.0))

    def name(self, found: Found, *, dropped: int = 0) -> FrameMessage:
        number = found.frame.number
        assert self.found.acquire(timeout=PATIENCE_S)
        if number + 1 < self._count:
            assert self.found.acquire(timeout=PATIENCE_S)
            self.found.release()
        self.done.append(("name", number))
        return msgspec.structs.replace(MESSAGE, frame=number)


@pytest.fixture(scope="module")
def reader() -> Iterator[FrameReader]:
    reader = open_reader()
    yield reader
    reader.close()


def test_what_is_read_ahead_is_what_is_read_frame_by_frame(reader: FrameReader) -> None:
    one, other = SignReader(reader, "road"), SignReader(reader, "road")
    expected = [one.read(frame).signs for frame in frames(8)]
    insights = []
    found = []
    for frame, message in read_ahead(frames(8), other):
        assert message.frame == frame.number
        insights.append(other.insight)
        found.append(message.signs)
    assert found == expected
    assert found[-1], "there was something to see"
    assert len({id(insight) for insight in insights}) == 8


def test_the_next_frame_is_sought_while_one_is_named() -> None:
    signs = Noted(5)
    assert [message.frame for _, message in read_ahead(frames(5), signs)] == list(range(5))
    for job in ("find", "name"):
        assert [number for done, number in signs.done if done == job] == list(range(5))


def test_a_source_that_breaks_off_has_its_last_frame_read_first() -> None:
    read = read_ahead(frames(3, SourceError("cut off")), Noted(3))
    assert [next(read)[1].frame for _ in range(3)] == [0, 1, 2]
    with pytest.raises(SourceError, match="cut off"):
        next(read)


def test_a_source_without_a_frame_gives_none() -> None:
    assert not list(read_ahead(frames(0), Noted(0)))
    with pytest.raises(SourceError):
        next(read_ahead(frames(0, SourceError("empty")), Noted(0)))


def test_what_goes_wrong_in_seeking_comes_in_its_frames_place() -> None:
    signs = Noted(5, broken=5)
    read = read_ahead(frames(8), signs)
    for number in range(5):
        assert next(read)[1].frame == number
    with pytest.raises(ValueError, match="searched"):
        next(read)
