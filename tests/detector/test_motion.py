"""That the filter's model is that of driving towards a standing thing."""

import numpy as np
import pytest

from detector.motion import correct, first_seen, measured, measurement_variance, moved, predict

FPS = 30.0
STILL = np.zeros(2)
"""A picture that hasn't moved as a whole."""


def boxes(distances_m: np.ndarray, speed_x: float = 3000.0) -> np.ndarray:
    sides = 1200 / distances_m
    return np.stack([680 + speed_x / distances_m, 300 - 900 / distances_m, sides, sides], axis=1).astype(np.float32)


def test_boxes_become_centre_side_and_aspect() -> None:
    value = measured(np.array([[10, 20, 40, 10]], np.float32))[0]
    assert value == pytest.approx([30, 25, np.log(20), np.log(4)])
    assert first_seen(value, 0.0).box_xywh_px == pytest.approx((10, 20, 40, 10))


def test_a_sign_is_expected_where_it_will_be_half_a_second_later() -> None:
    distances = 60 - 20 * np.arange(45) / FPS
    values = measured(boxes(distances))
    motion = first_seen(values[0], 0.0)
    for number, value in enumerate(values[1:], start=1):
        motion = correct(predict(motion, number / FPS), value, 0.0, STILL)
    later = measured(boxes(distances[-1:] - 10.0))[0]
    expected = predict(motion, 44 / FPS + 0.5)
    straight = motion.value + 0.5 * motion.rate
    assert np.abs(expected.value - later)[:3].max() < 0.6 * np.abs(straight - later)[:3].max()
    assert expected.side_px == pytest.approx(float(np.exp(later[2])), rel=0.15)
    assert abs(expected.value[0] - later[0]) < 0.5 * expected.side_px


def test_doubt_grows_while_nothing_is_seen_and_shrinks_when_something_is() -> None:
    motion = first_seen(np.array([100.0, 100.0, 3.0, 0.0]), 0.0)
    predicted = predict(motion, 0.2)
    seen = correct(predicted, predicted.value + 0.01, 0.0, STILL)
    assert (predicted.value_variance > motion.value_variance).all()
    assert (seen.value_variance < predicted.value_variance).all()
    assert (seen.value_variance <= measurement_variance(predicted.side_px) + 1e-9).all()
    assert (seen.value_variance * seen.rate_variance >= seen.covariance**2).all(), "a covariance stays one"


def test_a_jolt_moves_the_sign_at_once() -> None:
    motion = first_seen(np.array([100.0, 100.0, 3.0, 0.0]), 0.0)
    for number in range(1, 20):
        motion = correct(predict(motion, number / FPS), np.array([100.0, 100.0, 3.0, 0.0]), 0.0, STILL)
    jolted = correct(predict(motion, 20 / FPS), np.array([114.0, 100.0, 3.0, 0.0]), 0.0, STILL)
    assert jolted.value[0] == pytest.approx(114.0)
    assert jolted.rate_variance[0] > 10 * motion.rate_variance[0]


def test_time_that_stands_still_changes_nothing() -> None:
    motion = first_seen(np.array([100.0, 100.0, 3.0, 0.0]), 1.0)
    assert predict(motion, 1.0) is motion


def test_speed_learns_what_the_picture_as_a_whole_has_moved() -> None:
    motion = predict(first_seen(np.array([100.0, 100.0, 3.0, 0.0]), 0.0), 1 / FPS)
    shift = np.array([6.0, 0.0])
    found = moved(motion, shift)
    assert found.value[0] == pytest.approx(motion.value[0] + 6.0)
    assert correct(found, found.value, 3.0, shift).rate[0] > motion.rate[0] + 10
