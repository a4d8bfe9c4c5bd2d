"""Each reason is said of real pictures that are so, after it has lasted, and never of others."""

from collections.abc import Callable, Iterable

import cv2
import numpy as np
import pytest

from calibration.picture import REASONS, PictureJudge, judge_still
from calibration.picture.dirt import LEAST_VIEWS
from calibration.picture.measures import measure
from calibration.picture.rules import LEAVE, RULES, Lasting
from tests.calibration.pictures import (
    Image,
    behind_a_cloth,
    behind_dirt,
    by_night,
    dirt,
    exposed,
    out_of_focus,
    smeared,
)

Change = Callable[[Image], Image]


def judged(pictures: Iterable[Image], apart_s: float) -> list[tuple[str, ...]]:
    judge = PictureJudge()
    return [judge.judge(picture, number * apart_s) for number, picture in enumerate(pictures)]


def moving(picture: Image, number: int) -> Image:
    """A picture in a video: with grain of its own."""
    noise = np.random.default_rng(number).normal(0, 2, picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


WRONG: list[tuple[str, Change]] = [
    ("overexposed", lambda image: exposed(image, 6)),
    ("underexposed", lambda image: exposed(image, -5)),
    ("night", by_night),
    ("blocked", behind_a_cloth),
    ("blocked", np.zeros_like),
    ("blurred", out_of_focus),
]


@pytest.mark.parametrize(("reason", "change"), WRONG)
def test_what_is_wrong_with_the_sample_drive_is_said(drive: list[Image], reason: str, change: Change) -> None:
    said = judged((moving(change(picture), number) for number, picture in enumerate(drive[:20])), 0.5)
    assert said[0] == (), "not of one picture"
    assert said[-1] == (reason,)


@pytest.mark.parametrize(("reason", "change"), WRONG)
def test_what_is_wrong_with_real_drives_is_said(
    highway: list[Image], streets: list[Image], reason: str, change: Change
) -> None:
    assert judged((change(picture) for picture in highway[::16]), 16 / 25)[-1][:1] == (reason,)
    said = judged((change(picture) for picture in streets[:20]), 0.5)[8:]
    assert np.mean([words[:1] == (reason,) for words in said]) > 0.7


def test_nothing_is_wrong_with_a_clean_drive(drive: list[Image]) -> None:
    assert set(judged(drive, 0.5)) == {()}


def test_nothing_is_wrong_with_real_drives(highway: list[Image], coast: list[Image]) -> None:
    assert set(judged(highway, 1 / 25)) == set(judged(coast, 1 / 29.5)) == {()}


def test_nothing_is_wrong_with_real_streets(streets: list[Image]) -> None:
    assert set(judged(streets, 1.0)) == {()}
    assert {judge_still(picture) for picture in streets} == {()}


def test_a_picture_alone_is_judged_at_once(drive: list[Image]) -> None:
    assert judge_still(drive[0]) == ()
    for reason, change in WRONG:
        assert judge_still(change(drive[0])) == (reason,)


def test_every_reason_that_is_said_is_one_of_those_listed() -> None:
    assert {rule.name for rule in RULES} | {"frozen", "dirty-lens"} == set(REASONS)


def test_a_frozen_camera_is_said_after_three_seconds_and_until_it_moves(drive: list[Image]) -> None:
    before = [moving(drive[0], number) for number in range(10)]
    after = [moving(drive[0], 100 + number) for number in range(20)]
    said = judged([*before, *[before[-1]] * 40, *after], 0.1)
    first = said.index(("frozen",))
    assert 10 + 29 <= first <= 10 + 31
    assert said[-1] == () and said[49] == ("frozen",) and said[55:] == [()] * 15


def test_a_clock_in_the_corner_of_a_frozen_picture_goes_on(drive: list[Image]) -> None:
    pictures = []
    for number in range(50):
        picture = drive[0].copy()
        cv2.putText(picture, f"{number:02}", (8, 20), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (255, 255, 255), 1)
        pictures.append(picture)
    assert judged(pictures, 0.1)[-1] == ("frozen",)


def test_before_a_red_light_nothing_is_frozen(drive: list[Image]) -> None:
    assert set(judged((moving(drive[0], number) for number in range(100)), 0.1)) == {()}


def test_dirt_is_said_once_enough_was_driven_past(roads: list[Image]) -> None:
    assert set(judged(roads, 1.0)) == {()}
    lost = dirt((640, 360), 0.1)
    said = judged((behind_dirt(picture, lost) for picture in roads), 1.0)
    assert said[-1] == ("dirty-lens",)
    assert set(said[: LEAST_VIEWS - 1]) == {()}


def test_dirt_on_real_streets_is_said(streets: list[Image]) -> None:
    lost = dirt((680, 400), 0.1)
    assert judged((behind_dirt(picture, lost) for picture in streets), 1.0)[-1] == ("dirty-lens",)


def test_a_scene_that_stands_still_is_no_dirt(drive: list[Image]) -> None:
    assert set(judged((moving(drive[0], number) for number in range(90)), 1.0)) == {()}


def test_dirt_outlasts_a_gap_but_no_other_size(roads: list[Image]) -> None:
    lost = dirt((640, 360), 0.1)
    judge = PictureJudge()
    for number, picture in enumerate(roads):
        judge.judge(behind_dirt(picture, lost), float(number))
    assert judge.judge(roads[0], 1000.0) == ("dirty-lens",)
    assert judge.judge(roads[0][:350], 1001.0) == ()


def test_a_tunnels_mouth_and_its_end_are_not_said(drive: list[Image]) -> None:
    """A camera takes a second or so to adapt to either."""
    inside = [exposed(picture, -5) for picture in drive[10:13]]
    outside = [exposed(picture, 5) for picture in drive[20:22]]
    assert set(judged([*drive[:10], *inside, *drive[13:20], *outside, *drive[22:30]], 0.4)) == {()}


def test_a_picture_that_is_smeared_by_turning_is_not_blurred(streets: list[Image]) -> None:
    assert {judge_still(smeared(picture, 25)) for picture in streets[::4]} == {()}


@pytest.mark.parametrize("size", [(1, 1), (3, 500), (63, 64), (65, 64), (40, 4000)])
def test_pictures_of_any_size_are_judged(size: tuple[int, int]) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    assert judge_still(noise) == ()
    assert judge_still(np.zeros_like(noise)) == ("blocked",)


@pytest.mark.parametrize("size", [(3840, 2160), (1920, 1080), (960, 540), (480, 270)])
def test_a_camera_with_more_pixels_is_judged_alike(streets: list[Image], size: tuple[int, int]) -> None:
    first = measure(streets[0])
    other = measure(np.asarray(cv2.resize(streets[0], size, interpolation=cv2.INTER_AREA), np.uint8))
    for name in ("mean", "bright", "white", "flat"):
        assert getattr(other, name) == pytest.approx(getattr(first, name), rel=0.2, abs=0.12)
    for rule in RULES:
        assert rule.score(other) == pytest.approx(rule.score(first), abs=0.25)


def test_what_hovers_about_its_limit_does_not_flicker() -> None:
    lasting = Lasting(1.0, 1.0)
    scores = [1.01, 0.99] * 40
    said = [lasting.take(score, 0.1) for score in scores]
    assert said[-1] and sum(np.diff(said)) == 1, "it begins once"
    assert all(lasting.take(score, 0.1) for score in (LEAVE + 0.01, 0.5, LEAVE + 0.01, 1.2))
    assert not any([lasting.take(0.0, 0.1) for _ in range(11)][10:])


def test_a_clock_that_goes_back_begins_anew(drive: list[Image]) -> None:
    judge = PictureJudge()
    dark = exposed(drive[0], -5)
    assert [judge.judge(moving(dark, number), number / 2) for number in range(8)][-1] == ("underexposed",)
    assert judge.judge(dark, 0.0) == ()
