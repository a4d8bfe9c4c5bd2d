"""Each disturbance does what its unit says, and nothing else."""

import numpy as np
import pytest

from models.disturbances import (
    KINDS,
    Kind,
    View,
    backlight,
    box_corner,
    box_error,
    chroma,
    cover,
    defocus,
    far,
    jpeg,
    motion_blur,
    night,
    noise,
    rain,
)

BOX = (20.0, 16.0, 40.0, 40.0)


def flat(level: int) -> View:
    return View(np.full((72, 80, 3), level, np.uint8), BOX)


def patterned(seed: int = 3) -> View:
    """Coarse enough to survive a little blur."""
    squares = np.random.default_rng(seed).integers(30, 220, (18, 20, 3), np.uint8)
    return View(squares.repeat(4, axis=0).repeat(4, axis=1), BOX)


def generator(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_kind_gives_the_same_for_the_same_seed_and_leaves_its_input_alone(kind: Kind) -> None:
    views = [patterned(1), patterned(2)]
    before = [view.image.copy() for view in views]
    for strength in (kind.strengths[0], kind.strengths[-1]):
        first, second = kind.apply(views, strength, 7), kind.apply(views, strength, 7)
        for one, other in zip(first, second, strict=True):
            assert one.image.dtype == np.uint8 and one.image.ndim == 3
            assert np.array_equal(one.image, other.image) and one.box_xywh_px == other.box_xywh_px
            assert min(one.box_xywh_px[2:]) > 0
        changed = [
            not np.array_equal(one.image, view.image) or one.box_xywh_px != view.box_xywh_px
            for one, view in zip(first, views, strict=True)
        ]
        assert all(changed), f"{kind.name} at {strength} does nothing"
    assert all(np.array_equal(view.image, old) for view, old in zip(views, before, strict=True))


@pytest.mark.parametrize(
    "kind", [kind for kind in KINDS if kind.name not in ("box", "box-corner", "far")], ids=lambda kind: kind.name
)
def test_what_is_stronger_changes_more(kind: Kind) -> None:
    views = [patterned(seed) for seed in range(6)]

    def change(strength: float) -> float:
        disturbed = kind.apply(views, strength, 7)
        differences = [np.abs(one.image.astype(int) - view.image) for one, view in zip(disturbed, views, strict=True)]
        return float(np.mean([difference.mean() for difference in differences]))

    assert change(kind.strengths[-1]) > 1.15 * change(kind.strengths[0])


def test_strengths_read_as_a_person_would_say_them() -> None:
    texts = {kind.name: kind.strength_text(kind.strengths[0]) for kind in KINDS}
    assert texts["box"] == "5 %"
    assert texts["far"] == "24"


def offsets(view: View) -> np.ndarray:
    """Of place and size, across and down, as shares of a sign of 40 pixels whose middle is at 40, 36."""
    x, y, w, h = view.box_xywh_px
    return np.array([(x + w / 2 - 40) / 40, (y + h / 2 - 36) / 40, w / 40 - 1, h / 40 - 1])


def test_a_box_is_off_by_up_to_the_share_in_place_and_size() -> None:
    found = np.array([offsets(box_error(flat(90), 0.1, generator(seed))) for seed in range(200)])
    assert np.abs(found).max() <= 0.1 + 1e-6
    assert np.abs(found).mean(axis=0) == pytest.approx([0.05] * 4, abs=0.01)


def test_at_worst_a_box_is_off_by_the_whole_share_everywhere() -> None:
    found = np.array([offsets(box_corner(flat(90), 0.1, generator(seed))) for seed in range(40)])
    assert np.abs(found) == pytest.approx(np.full((40, 4), 0.1))
    assert len(np.unique(found > 0, axis=0)) > 8, "the signs are drawn, each by itself"


def test_far_gives_the_sign_so_many_pixels_and_enlarges_none() -> None:
    small = far(flat(90), 12, generator())
    assert small.side_px == pytest.approx(12, rel=0.05)
    assert small.image.shape == (22, 24, 3)
    assert far(small, 20, generator()) is small


def test_blurs_spread_a_point_over_their_share_of_the_sign_and_keep_the_light() -> None:
    point = flat(0)
    point.image[36, 40] = 255
    disc = defocus(point, 0.2, generator()).image[..., 0]
    assert (disc > 0).sum() == pytest.approx(np.pi * 4**2, rel=0.3)
    line = motion_blur(point, 0.2, generator()).image[..., 0]
    rows, columns = np.nonzero(line > 8)
    assert np.hypot(np.ptp(rows), np.ptp(columns)) == pytest.approx(8, abs=2)
    assert int(line.sum()) == pytest.approx(255, rel=0.1)
    assert defocus(flat(90), 0.2, generator()).image.mean() == pytest.approx(90)


def test_noise_is_as_strong_as_it_says_at_mid_grey_and_weaker_in_the_dark() -> None:
    assert noise(flat(128), 10, generator()).image.std() == pytest.approx(10, rel=0.05)
    assert noise(flat(24), 10, generator()).image.std() == pytest.approx(10 * np.sqrt(32 / 136), rel=0.05)


def test_coarse_colour_leaves_brightness_alone() -> None:
    before = patterned()
    after = chroma(before, 8, generator())
    weights = np.array([0.114, 0.587, 0.299])
    inside = (after.image > 0).all(axis=2) & (after.image < 255).all(axis=2)
    assert np.abs(after.image @ weights - before.image @ weights)[inside].max() < 3


def test_jpeg_keeps_the_size() -> None:
    assert jpeg(patterned(), 40, generator()).image.shape == (72, 80, 3)


def test_night_brings_the_mean_down_to_its_level_and_nothing_up() -> None:
    assert night(flat(100), 25, generator()).mean_level() == pytest.approx(25, abs=1)
    assert night(flat(10), 25, generator()).mean_level() == pytest.approx(10, abs=1)


def test_stray_light_lowers_contrast() -> None:
    def contrast(veil: float) -> float:
        inside = backlight(patterned(), veil, generator()).inside().astype(float)
        return float(inside.std() / inside.mean())

    assert contrast(3) < contrast(0.5) < contrast(0)


def test_drops_and_covers_take_about_their_share_of_the_sign() -> None:
    covered = [(cover(flat(200), 0.1, generator(seed)).inside() != 200).any(axis=2).mean() for seed in range(30)]
    assert max(covered) < 0.16
    assert np.mean(covered) == pytest.approx(0.09, abs=0.03), "a part of some lies beside the sign"
    wet = [(rain(patterned(), 0.2, generator(seed)).inside() != patterned().inside()).any(axis=2) for seed in range(10)]
    assert 0.15 < np.mean(wet) < 0.35


def test_a_cover_in_the_dark_is_no_lamp() -> None:
    dark = flat(20)
    assert max(cover(dark, 0.1, generator(seed)).image.max() for seed in range(20)) <= 30


def test_a_box_at_the_border_can_be_disturbed() -> None:
    corner = View(patterned().image, (70.0, 64.0, 20.0, 20.0))
    for kind in KINDS:
        (disturbed,) = kind.apply([corner], kind.strengths[-1], 1)
        assert disturbed.image.size
