"""Each condition does what its unit says, and where it moves the signs their boxes go along."""

import sys

import cv2
import numpy as np
import pytest

from models.catalogue import Shape
from models.conditions import (
    CONDITIONS,
    HORIZON,
    SIZES_PX,
    Condition,
    Street,
    backlight,
    dusk,
    faded,
    fisheye,
    overexposed,
    shade,
    size,
    snow,
    wet_road,
)
from models.errors import DataError
from models.h264 import driven

BOXES = np.array([(40, 60, 40, 40), (250, 30, 30, 26)], np.float32)
SHAPES: tuple[Shape, ...] = ("circle", "triangle")
STEADY = ("dusk", "overexposed", "shade", "faded", "snow", "h264")
"""Of the others some light is taken away and other light added, or the signs move."""


def generator(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def street(seed: int = 3) -> Street:
    """Coarse blots, 320x200, with two red signs."""
    blots = generator(seed).integers(30, 200, (20, 32, 3), np.uint8)
    image = np.asarray(cv2.resize(blots, (320, 200), interpolation=cv2.INTER_CUBIC), np.uint8)
    there = Street(image, BOXES, SHAPES)
    for outline in there.outlines_px():
        cv2.fillPoly(image, [np.rint(outline).astype(np.int32)], (40, 30, 180))
    return there


def flat(level: int) -> Street:
    return Street(np.full((200, 320, 3), level, np.uint8), BOXES, SHAPES)


def needs_av(condition: Condition) -> None:
    if condition.name == "h264":
        pytest.importorskip("av", reason="coding H.264 needs PyAV")


def inside(picture: Street, sign: int) -> np.ndarray:
    x, y, w, h = picture.boxes_xywh_px[sign].round().astype(int)
    return picture.image[y : y + h, x : x + w]


@pytest.mark.parametrize("condition", CONDITIONS, ids=lambda condition: condition.name)
def test_a_condition_gives_the_same_for_the_same_seed_and_leaves_its_input_alone(condition: Condition) -> None:
    needs_av(condition)
    before, untouched = street(), street()
    for strength in (condition.strengths[0], condition.strengths[-1]):
        first, second = condition.apply(before, strength, 7), condition.apply(before, strength, 7)
        assert first.image.dtype == np.uint8 and first.image.ndim == 3
        assert np.array_equal(first.image, second.image)
        assert np.array_equal(first.boxes_xywh_px, second.boxes_xywh_px)
        assert first.boxes_xywh_px.shape == (2, 4) and (first.boxes_xywh_px[:, 2:] > 0).all()
        assert not np.array_equal(first.image, before.image), f"{condition.name} at {strength} does nothing"
    assert np.array_equal(before.image, untouched.image)
    assert np.array_equal(before.boxes_xywh_px, BOXES)


@pytest.mark.parametrize("condition", [one for one in CONDITIONS if one.name in STEADY], ids=lambda one: one.name)
def test_what_is_stronger_changes_more(condition: Condition) -> None:
    needs_av(condition)
    before = street()
    changes = [
        np.abs(condition.apply(before, strength, 7).image.astype(int) - before.image).mean()
        for strength in condition.strengths
    ]
    assert (np.diff(changes) > 0).all(), changes


@pytest.mark.parametrize("condition", CONDITIONS, ids=lambda condition: condition.name)
def test_a_frame_without_signs_can_be_changed(condition: Condition) -> None:
    needs_av(condition)
    empty = Street(street().image, np.zeros((0, 4), np.float32), ())
    assert condition.apply(empty, condition.strengths[-1], 1).boxes_xywh_px.shape == (0, 4)


def lit_box(image: np.ndarray) -> np.ndarray:
    """x, y, width and height of what is more than half bright."""
    rows, columns = np.nonzero(image[..., 0] > 127)
    return np.array([columns.min(), rows.min(), np.ptp(columns) + 1, np.ptp(rows) + 1])


@pytest.mark.parametrize("degrees", [0, 30, 75])
@pytest.mark.parametrize("box", [(60, 40, 60, 60), (600, 200, 50, 50), (1240, 620, 80, 80)])
@pytest.mark.parametrize("shape", ["circle", "triangle"])
def test_a_lens_moves_and_stretches_a_sign_and_its_box_alike(
    degrees: float, box: tuple[int, ...], shape: Shape
) -> None:
    image = np.zeros((800, 1360, 3), np.uint8)
    before = Street(image, np.array([box], np.float32), (shape,))
    (outline,) = before.outlines_px()
    cv2.fillPoly(image, [np.rint(16 * (outline - 0.5)).astype(np.int32)], (255, 255, 255), cv2.LINE_AA, shift=4)
    after = fisheye(before, degrees, generator())
    assert lit_box(after.image) == pytest.approx(after.boxes_xywh_px[0], abs=3)


def test_far_off_its_axis_a_fisheye_stretches_around_it() -> None:
    middle = Street(np.zeros((800, 1360, 3), np.uint8), np.array([(660, 380, 40, 40)], np.float32), ("circle",))
    _, _, w, h = fisheye(middle, 75, generator()).boxes_xywh_px[0]
    angle = np.radians(75)
    assert w == pytest.approx(40, rel=0.02), "from the axis outward angles are mapped evenly"
    assert h == pytest.approx(40 * angle / np.sin(angle), rel=0.02)


@pytest.mark.parametrize("lines", SIZES_PX)
def test_another_size_shows_all_of_the_frame_and_its_boxes_with_it(lines: int) -> None:
    image = np.zeros((800, 1360, 3), np.uint8)
    image[600:700, 1200:1300] = 255
    after = size(Street(image, np.array([(1200, 600, 100, 100)], np.float32), ("rectangle",)), lines, generator())
    assert after.image.shape[1::-1] == SIZES_PX[lines]
    assert lit_box(after.image) == pytest.approx(after.boxes_xywh_px[0], abs=2)


def test_at_dusk_it_is_darker_bluer_and_noisier() -> None:
    by_day, at_dusk = flat(128).image, dusk(flat(128), 5, generator()).image.astype(float)
    assert at_dusk.mean() < 0.6 * by_day.mean()
    assert at_dusk[..., 0].mean() > at_dusk[..., 1].mean() > at_dusk[..., 2].mean()
    relative = [
        float((seen := dusk(flat(128), stops, generator()).image[..., 1]).std() / seen.mean()) for stops in (2, 5)
    ]
    assert relative[1] > 2 * relative[0]


def test_stray_light_lowers_contrast_and_the_sun_is_white() -> None:
    def contrast(veil: float) -> float:
        sign = inside(backlight(street(), veil, generator(4)), 0).astype(float)
        return float(sign.std() / sign.mean())

    assert contrast(2) < contrast(0.5) < contrast(0)
    assert backlight(flat(60), 0.25, generator(4)).image.max() == 255


def test_an_exposure_too_long_makes_the_bright_white_and_spills_over_the_edge() -> None:
    image = np.full((200, 320, 3), 40, np.uint8)
    image[:100] = 230
    seen = overexposed(Street(image, BOXES, SHAPES), 2, generator()).image
    assert (seen[:90] == 255).all()
    assert seen[110].mean() > seen[190].mean() + 3


def test_a_wet_road_changes_neither_what_is_above_it_nor_signs_before_it() -> None:
    low = Street(street().image, np.array([(100, 150, 40, 40)], np.float32), ("rectangle",))
    after = wet_road(low, 0.6, generator()).image
    horizon = round(HORIZON * 200)
    assert np.abs(after[:horizon].astype(int) - low.image[:horizon]).max() <= 1
    assert np.abs(after[155:185, 105:135].astype(int) - low.image[155:185, 105:135]).max() <= 1
    assert np.abs(after[horizon + 10 :].astype(int) - low.image[horizon + 10 :]).mean() > 5


def test_a_wet_road_is_darker_and_mirrors_a_bright_sky_more_the_wetter_it_is() -> None:
    image = np.full((200, 320, 3), 60, np.uint8)
    image[:120] = 240
    dry, *wet = (
        wet_road(Street(image, BOXES[:0], ()), share, generator()).image[130:].mean() for share in (0, 0.15, 0.6)
    )
    assert dry < 60
    assert dry < wet[0] < wet[1]


def test_shade_lies_on_half_of_the_picture_and_not_on_the_sky() -> None:
    image = np.full((200, 320, 3), 100, np.uint8)
    image[:60] = 230
    seen = shade(Street(image, BOXES, SHAPES), 3, generator()).image
    assert np.abs(seen[:60].astype(int) - 230).max() <= 1
    assert 0.3 < (seen[60:, :, 1] < 80).mean() < 0.7


def test_paint_fades_to_white_on_the_signs_alone() -> None:
    before, after = street(), faded(street(), 0.8, generator())
    red = after.image[80, 60].astype(int)
    assert red.min() > 0.85 * red.max() > 140
    beside = np.ones((200, 320), bool)
    for x, y, w, h in BOXES.astype(int):
        beside[y - 2 : y + h + 2, x - 2 : x + w + 2] = False
    assert np.abs(after.image[beside].astype(int) - before.image[beside]).max() <= 1
    grey = flat(90)
    assert np.abs(faded(grey, 0.8, generator()).image.astype(int) - 90).max() <= 1, "what has no colour keeps"


@pytest.mark.parametrize("share", [0.1, 0.4])
def test_snow_covers_its_share_of_a_sign_from_above(share: float) -> None:
    before = Street(street().image, np.array([(100, 60, 60, 60)], np.float32), ("rectangle",))
    before.image[60:120, 100:160] = (40, 30, 120)
    before.image[60:64, 100:160] = 250
    after = snow(before, share, generator()).image
    covered = (after != before.image).any(axis=2)
    assert not covered[:59].any() and not covered[121:].any()
    sign = covered[60:120, 100:160]
    assert sign.mean() == pytest.approx(share, abs=0.06)
    assert sign[:30].mean() > 2 * sign[30:].mean()


def test_h264_keeps_the_size_and_loses_more_at_a_lower_rate() -> None:
    pytest.importorskip("av", reason="coding H.264 needs PyAV")
    image = street().image[:199, :319]
    lost = [np.abs(driven(image, rate).astype(int) - image).mean() for rate in (0.4, 0.02)]
    assert driven(image, 0.1).shape == image.shape
    assert lost[0] < lost[1]


def test_without_pyav_h264_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(DataError, match="pip install 'signwatch\\[report\\]'"):
        driven(street().image, 0.1)
