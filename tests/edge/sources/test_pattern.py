import itertools

import numpy as np
import pytest

from edge.errors import SourceError
from edge.sources import PatternSource, open_source
from edge.sources.pattern import BARS_BGR


def test_the_bars_stand_in_their_order() -> None:
    with PatternSource((700, 400)) as source:
        image = next(source.frames()).image
    assert image.shape == (400, 700, 3)
    np.testing.assert_array_equal(image[10, 50::100], BARS_BGR)


def test_the_block_moves_from_frame_to_frame() -> None:
    with PatternSource((320, 240), frame_count=90) as source:
        rows = [frame.image[120] for frame in source.frames()]
    centres = [np.flatnonzero((row == 255).all(axis=1)).mean() for row in rows]
    assert np.all(np.diff(centres) > 0)


def test_the_number_is_written_into_every_frame() -> None:
    with PatternSource((320, 240), frame_count=101) as source:
        frames = [frame.image for frame in source.frames()]
    assert (frames[0] != frames[100]).any(), "the block is back where it was, the number isn't"


def test_frames_are_numbered_and_timed() -> None:
    with open_source("pattern:64x48@50#3") as source:
        frames = list(source.frames())
        assert (source.frame_count, source.fps, source.live) == (3, 50, False)
    assert [(frame.number, frame.media_s) for frame in frames] == [(0, 0), (1, 0.02), (2, 0.04)]
    assert frames[0].image.shape == (48, 64, 3)


def test_a_recorded_pattern_ends_and_a_live_one_does_not() -> None:
    with open_source("pattern:32x32") as source:
        assert sum(1 for _ in source.frames()) == source.frame_count == 250
    with open_source("pattern:32x32@1000", realtime=True) as source:
        assert source.frame_count is None
        assert len(list(itertools.islice(source.frames(), 300))) == 300


def test_closing_ends_the_frames() -> None:
    source = PatternSource((32, 32))
    frames = source.frames()
    next(frames)
    source.close()
    assert list(frames) == []


@pytest.mark.parametrize(
    "spec",
    ["pattern:x", "pattern:640", "pattern:8x8", "pattern:99999x10", "pattern:@0", "pattern:#0"],
)
def test_a_pattern_that_cannot_be_is_one_clear_line(spec: str) -> None:
    with pytest.raises(SourceError, match=spec):
        open_source(spec)


@pytest.mark.parametrize("arguments", [{"size_wh": (8, 8)}, {"fps": 0.0}, {"frame_count": 0}])
def test_arguments_out_of_range_are_refused(arguments: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="pattern"):
        PatternSource(**arguments)  # type: ignore[arg-type]
