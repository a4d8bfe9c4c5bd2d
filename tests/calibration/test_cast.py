import numpy as np
import pytest

from calibration.cast import GREY_WORLD, LEAST_PICTURES, SHADES_OF_GREY, Cast, DriveCast, cast_of
from tests.calibration.pictures import Image, tinted

WARM, COLD, GREEN = (-1.3, 0.0, 1.3), (1.3, 0.0, -1.3), (-1.0, 1.0, -1.0)
"""Stops of blue, green and red."""


def over(pictures: list[Image], stops_bgr: tuple[float, float, float] = (0, 0, 0)) -> DriveCast:
    drive = DriveCast()
    for number, picture in enumerate(pictures):
        drive.take(tinted(picture, stops_bgr), float(number))
    return drive


def away(cast: Cast | None, other: Cast | None, stops_bgr: tuple[float, float, float]) -> float:
    """How far a cast is, in stops, from another one with more light in some channels."""
    assert cast is not None and other is not None
    shift = np.subtract((cast.blue, cast.green, cast.red), (other.blue, other.green, other.red)) - stops_bgr
    return float(np.ptp(shift))


@pytest.fixture(scope="module")
def neutral(drive: list[Image]) -> list[Image]:
    """The drive without its own cast, a blue sky's, and a stop darker: what is cut off at white has no cast."""
    own = over(drive).cast
    assert own is not None
    return [tinted(picture, (-1 - own.blue, -1 - own.green, -1 - own.red)) for picture in drive]


@pytest.mark.parametrize("exponent", [GREY_WORLD, SHADES_OF_GREY])
def test_a_grey_picture_has_no_cast(exponent: float) -> None:
    grey = np.repeat(np.random.default_rng(0).integers(20, 240, (90, 160, 1), np.uint8), 3, axis=2)
    cast = cast_of(grey, exponent)
    assert cast is not None and cast.stops < 1e-6
    assert cast.gains == pytest.approx((1, 1, 1))


@pytest.mark.parametrize("stops", [WARM, COLD, GREEN])
def test_a_cast_over_a_drive_is_found_and_its_gains_take_it_off(neutral: list[Image], stops: tuple[float, ...]) -> None:
    blue, green, red = stops
    clean, tint = over(neutral), over(neutral, (blue, green, red))
    assert away(tint.cast, clean.cast, (blue, green, red)) < 0.2
    assert clean.gains is None, "a weak one is left alone"
    assert tint.gains is not None
    grey = np.full((90, 160, 3), 90, np.uint8)
    after = np.clip(tinted(grey, (blue, green, red)) * np.array(tint.gains), 0, 255).astype(np.uint8)
    left = cast_of(after)
    assert left is not None and left.stops < 0.8 < np.ptp(stops)


def test_a_cast_over_real_streets_is_found(streets: list[Image]) -> None:
    clean, tint = over(streets[:30]), over(streets[:30], WARM)
    assert away(tint.cast, clean.cast, WARM) < 0.35
    assert clean.gains is None and tint.gains is not None
    blue, _, red = tint.gains
    assert blue > 1.3 > 1 > red


def test_real_drives_have_none_that_is_taken_off(highway: list[Image], coast: list[Image]) -> None:
    assert over(highway[::12]).gains is None and over(coast[::4]).gains is None


def test_a_red_lorry_for_some_seconds_is_no_cast(neutral: list[Image]) -> None:
    lorry = neutral[0].copy()
    lorry[60:330, 80:560] = (30, 30, 190)
    alone, among = cast_of(lorry), over([*neutral[:12], *[lorry] * 5])
    assert alone is not None and alone.stops > 0.5
    assert among.cast is not None and among.cast.stops < 0.45 and among.gains is None


def test_nothing_is_told_of_too_few_or_of_black_and_white_pictures(drive: list[Image]) -> None:
    assert over(drive[: LEAST_PICTURES - 1]).cast is None
    black, white = np.zeros((90, 160, 3), np.uint8), np.full((90, 160, 3), 255, np.uint8)
    assert cast_of(black) is None and cast_of(white) is None
    assert over([black] * 20).gains is None


def test_pictures_too_soon_after_one_another_count_once(drive: list[Image]) -> None:
    cast = DriveCast()
    assert [cast.take(drive[0], time_s) for time_s in (0.0, 0.04, 0.6, 0.1)] == [True, False, True, True]
    assert cast.pictures == 3


def test_a_strong_cast_stays_taken_off_while_it_fades(neutral: list[Image]) -> None:
    cast = over(neutral[:20], (-0.9, 0.0, 0.9))
    assert cast.gains is not None
    for number, picture in enumerate(neutral):
        cast.take(tinted(picture, (-0.2, 0.0, 0.2)), 100.0 + number)
    for number, picture in enumerate(neutral):
        cast.take(tinted(picture, (-0.2, 0.0, 0.2)), 200.0 + number)
    assert cast.gains is None


def test_one_that_begins_in_the_middle_takes_the_same_pictures(drive: list[Image]) -> None:
    times = [number / 30 for number in range(60)]
    early, late = DriveCast(), DriveCast()
    taken = [time_s for time_s in times if early.take(drive[0], time_s)]
    assert [time_s for time_s in times[20:] if late.take(drive[0], time_s)][1:] == taken[2:] == [1.0, 1.5]


def test_one_can_go_on_from_what_another_knew(neutral: list[Image]) -> None:
    whole, first = over(neutral[:20], WARM), over(neutral[:15], WARM)
    second = DriveCast(first.memory)
    for number, picture in enumerate(neutral[15:20], 15):
        assert second.take(tinted(picture, WARM), float(number))
    assert second.memory == whole.memory and second.gains == whole.gains is not None
