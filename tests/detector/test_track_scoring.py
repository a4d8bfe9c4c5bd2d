"""What counts as confirmed, as wrong, and as another number."""

import numpy as np
import pytest

from detector.evidence import first_vote
from detector.motion import first_seen, measured
from detector.track_scoring import Box, DriveScore
from detector.tracker import State, Track

SIGN = (100.0, 100.0, 40.0, 40.0)
ELSEWHERE = (300.0, 100.0, 20.0, 20.0)
LIMITS = {1: 30.0, 2: 50.0}


def track(number: int, confirmed_class: int | None, box: tuple[float, float, float, float] = SIGN) -> Track:
    motion = first_seen(measured(np.array([box], np.float32))[0], 0.0)
    state: State = "tentative" if confirmed_class is None else "confirmed"
    vote = first_vote(np.full(5, 0.2, np.float32), 1.0, 30.0)
    return Track(number, motion, vote, 0.0, box, state=state, confirmed_class=confirmed_class)


def score(
    *frames: list[Track],
    class_id: int = 1,
    visible: float = 1.0,
    marked_px: float = 0.0,
    known: Box | None = None,
) -> DriveScore:
    result = DriveScore(np.array([class_id]), LIMITS)
    for number, tracks in enumerate(frames):
        result.take(tracks, number / 30, np.array([SIGN], np.float32), np.array([visible]), marked_px, known)
    return result


def test_a_sign_is_confirmed_when_a_track_on_it_first_has_the_right_class() -> None:
    result = score([track(1, None)], [track(1, 2)], [track(1, 1)], [track(1, 1)])
    sign = result.signs[0]
    assert sign.confirmed_s == pytest.approx(2 / 30)
    assert (sign.confirmed_px, sign.largest_px) == (40.0, 40.0)
    assert [confirmation.right for confirmation in result.confirmations] == [False, True]
    assert (result.frames, result.tracks) == (4, 1)


def test_what_is_confirmed_after_the_sign_has_left_comes_too_late() -> None:
    assert score([track(1, 1)], visible=0.3).signs[0].confirmed_s is None


def test_a_sign_that_is_partly_out_of_the_picture_does_not_count_as_having_been_so_large() -> None:
    assert score([], visible=0.9).signs[0].largest_px == 0.0


def test_a_limit_taken_for_a_higher_one_is_told_apart() -> None:
    assert [wrong.higher_limit for wrong in score([track(1, 2)], class_id=1).confirmations] == [True]
    assert [wrong.higher_limit for wrong in score([track(1, 1)], class_id=2).confirmations] == [False]
    assert [wrong.higher_limit for wrong in score([track(1, 2)], class_id=4).confirmations] == [False]


def test_what_is_on_no_sign_is_wrong_unless_it_is_too_small_or_lies_where_nothing_is_known() -> None:
    found = score([track(1, 1, ELSEWHERE)], marked_px=16.0).confirmations[0]
    assert (found.sign, found.right, found.judged) == (None, False, True)
    assert not score([track(1, 1, ELSEWHERE)], marked_px=24.0).confirmations[0].judged
    assert not score([track(1, 1, ELSEWHERE)], known=(0.0, 0.0, 300.0, 300.0)).confirmations[0].judged
    assert score([track(1, 1, ELSEWHERE)], known=(0.0, 0.0, 320.0, 300.0)).confirmations[0].judged
    assert score([track(1, 2, SIGN)], marked_px=64.0).confirmations[0].judged, "it is on a sign that is known"


def test_another_confirmed_track_on_a_sign_is_another_number_for_it() -> None:
    assert score([track(1, 1)], [track(1, 1)]).signs[0].switches == 0
    assert score([track(1, 1)], [track(2, None)], [track(2, 1)]).signs[0].switches == 1


def test_a_predicted_box_that_slides_over_another_sign_is_no_other_number_for_it() -> None:
    predicted = track(2, 4)
    predicted.measured = False
    assert score([track(1, 1)], [track(1, 1), predicted]).signs[0].numbers == [1]
