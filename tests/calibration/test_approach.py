"""The filter over a sign's reach: true values, honest deviations, and no trust in single bad boxes."""

import numpy as np
import pytest

from calibration.approach import Approach, correct, first_seen, predict

FPS = 25.0
SPEED_SIZES_S = 20.0


def drive(
    generator: np.random.Generator, start: float, frames: int, relative_std: float, told_std: float | None = None
) -> tuple[list[Approach], list[float]]:
    """Filtered and true reach of a sign that is neared at constant speed."""
    now: Approach | None = None
    filtered, true = [], []
    for frame in range(frames):
        time_s = frame / FPS
        reach = start - SPEED_SIZES_S * time_s
        tangent = float(1 / reach * np.exp(generator.normal(0, relative_std)))
        std = told_std or relative_std
        now = first_seen(tangent, std, time_s) if now is None else correct(predict(now, time_s), tangent, std)
        filtered.append(now)
        true.append(reach)
    return filtered, true


def test_a_clean_approach_is_followed_exactly() -> None:
    filtered, true = drive(np.random.default_rng(0), 80.0, 80, 0.0, 0.05)
    assert filtered[-1].reach == pytest.approx(true[-1], rel=0.01)
    assert filtered[-1].closing == pytest.approx(SPEED_SIZES_S, rel=0.03)
    assert filtered[-1].ttc_s == pytest.approx(true[-1] / SPEED_SIZES_S, rel=0.03)


def test_many_frames_are_surer_than_one() -> None:
    generator = np.random.default_rng(1)
    errors, singles = [], []
    for _ in range(40):
        filtered, true = drive(generator, 80.0, 50, 0.08)
        errors.append(filtered[-1].reach / true[-1] - 1)
        singles.append(filtered[0].reach / true[0] - 1)
    assert np.std(errors) < 0.6 * np.std(singles)


def test_deviations_are_as_large_as_they_say() -> None:
    generator = np.random.default_rng(2)
    off = []
    for _ in range(150):
        filtered, true = drive(generator, 80.0, 40, 0.06)
        off += [
            (one.reach - reach) / one.reach_variance**0.5
            for one, reach in zip(filtered[10::10], true[10::10], strict=True)
        ]
    assert 0.85 < (np.abs(off) < 1.645).mean() <= 1.0
    assert np.std(off) > 0.5, "nor far larger"


def test_one_box_that_holds_two_signs_hardly_moves_it() -> None:
    filtered, _ = drive(np.random.default_rng(3), 60.0, 30, 0.04)
    before = predict(filtered[-1], 30 / FPS)
    after = correct(before, 2 / before.reach, 0.05)
    assert after.reach == pytest.approx(before.reach, rel=0.1)


def test_between_detections_it_goes_on() -> None:
    filtered, true = drive(np.random.default_rng(4), 60.0, 40, 0.03)
    later = predict(filtered[-1], 39 / FPS + 0.4)
    assert later.reach == pytest.approx(true[-1] - 0.4 * SPEED_SIZES_S, rel=0.1)
    assert later.reach_variance > filtered[-1].reach_variance
    assert predict(later, 0.0) is later, "time doesn't go back"


def test_who_stands_is_told_no_time_to_contact() -> None:
    now = first_seen(1 / 30, 0.05, 0.0)
    assert now.ttc_s is None, "one look says nothing of speed"
    for frame in range(1, 60):
        now = correct(predict(now, frame / FPS), 1 / 30, 0.05)
    assert now.ttc_s is None
    assert now.reach == pytest.approx(30, rel=0.02)


def test_it_never_passes_the_sign_by_itself() -> None:
    filtered, _ = drive(np.random.default_rng(5), 40.0, 30, 0.03)
    assert predict(filtered[-1], 60.0).reach > 0
