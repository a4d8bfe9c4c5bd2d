"""Pairs of tracks and detections, all together."""

from collections.abc import Sequence

import numpy as np
import pytest

from detector.association import Association, associate
from detector.motion import first_seen, measured

SHAKE_PX = 3.0


def pair(
    tracks: Sequence[Sequence[float]], found: Sequence[Sequence[float]], classes: list[int] | None = None
) -> Association:
    """Associate boxes; all of one class, or tracks of class 0, 1, … and detections of `classes`."""
    motions = [first_seen(value, 0.0) for value in measured(np.array(tracks, np.float32).reshape(-1, 4))]
    eye = np.eye(4)
    shares = eye[range(len(tracks))] if classes is not None else eye[[0] * len(tracks)]
    probabilities = eye[classes if classes is not None else [0] * len(found)]
    values = measured(np.array(found, np.float32).reshape(-1, 4))
    return associate(motions, shares, values, probabilities.astype(np.float32), SHAKE_PX)


def test_each_track_takes_its_own() -> None:
    assert pair([[0, 0, 20, 20], [100, 0, 20, 20]], [[101, 1, 20, 20], [1, 1, 20, 20]]).pairs == [(0, 1), (1, 0)]


def test_nearest_first_would_leave_one_without() -> None:
    """The second detection is nearest to the first track, which must leave it to the second all the same."""
    assert pair([[0, 0, 20, 20], [14, 0, 20, 20]], [[-9, 0, 20, 20], [6, 0, 20, 20]]).pairs == [(0, 0), (1, 1)]


def test_a_shake_is_told_from_motion_by_all_tracks_together() -> None:
    tracks = [[100, 100, 14, 14], [100, 115, 14, 14], [400, 80, 30, 30]]
    found = pair(tracks, [[x + 3, y + 9, w, h] for x, y, w, h in tracks])
    assert found.pairs == [(0, 0), (1, 1), (2, 2)]
    assert found.shift_xy_px == pytest.approx([3, 9])
    missed = pair(tracks, [[x + 1, y + 10, w, h] for x, y, w, h in tracks[1:]])
    assert missed.pairs == [(1, 0), (2, 1)], "the upper sign wasn't seen, and the lower one isn't taken for it"


def test_a_camera_that_turns_takes_all_signs_along_and_one_alone_does_not_jump() -> None:
    tracks = [[100, 100, 20, 20], [100, 125, 20, 20], [400, 80, 30, 30]]
    turned = pair(tracks, [[x - 50, y + 4, w, h] for x, y, w, h in tracks])
    assert turned.pairs == [(0, 0), (1, 1), (2, 2)]
    assert turned.shift_xy_px == pytest.approx([-50, 4])
    alone = pair(tracks[:1], [[50, 104, 20, 20]])
    assert alone.pairs == []
    assert alone.shift_xy_px == pytest.approx([0, 0])


def test_the_class_decides_where_the_place_does_not() -> None:
    tracks = [[100, 100, 14, 14], [100, 112, 14, 14]]
    assert pair(tracks, [[100, 106, 14, 14]], [0]).pairs == [(0, 0)]
    assert pair(tracks, [[100, 106, 14, 14]], [1]).pairs == [(1, 0)]


@pytest.mark.parametrize("found", [[0, 0, 60, 60], [45, 0, 20, 20], [0, 0, 45, 10]])
def test_what_is_too_far_or_of_another_shape_is_no_pair(found: list[float]) -> None:
    assert pair([[0, 0, 20, 20]], [found]).pairs == []


def test_nothing_pairs_with_nothing() -> None:
    assert pair([], [[0, 0, 20, 20]]).pairs == []
    assert pair([[0, 0, 20, 20]], []).pairs == []
