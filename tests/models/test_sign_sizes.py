"""Sizes of signs: those of the regulations, by class and road, and none invented."""

from dataclasses import replace

import pytest

from models.catalogue import load_catalogue
from models.sign_sizes import SHARES, Road, sizes_of

CATALOGUE = load_catalogue()


@pytest.mark.parametrize(
    ("code", "widths_m", "height"),
    [
        ("274-50", (0.42, 0.6, 0.75), 1.0),  # VwV-StVO zu §§ 39 bis 43, III. 3
        ("101", (0.63, 0.9, 1.26), 0.88),
        ("205", (0.63, 0.9, 1.26), 0.88),
        ("306", (0.594, 0.849, 1.188), 1.0),  # squares of 420, 600, 840 mm on their corners
        ("206", (0.9, 0.9, 1.05), 1.0),
    ],
)
def test_a_sign_has_the_sizes_of_the_regulations(code: str, widths_m: tuple[float, ...], height: float) -> None:
    sign = next(sign for sign in CATALOGUE if sign.code == code)
    sizes = sizes_of(sign)
    assert [size.width_m for size in sizes] == pytest.approx(widths_m)
    assert [size.height_m for size in sizes] == pytest.approx([width * height for width in widths_m])


@pytest.mark.parametrize("road", SHARES)
def test_the_shares_of_every_class_add_up_to_one(road: Road) -> None:
    for sign in CATALOGUE:
        sizes = sizes_of(sign, road)
        assert sum(size.share for size in sizes) == pytest.approx(1)
        assert all(size.share > 0 for size in sizes)


def test_signs_are_larger_where_one_drives_faster() -> None:
    means = {road: sum(size.width_m * size.share for size in sizes_of(CATALOGUE[2], road)) for road in SHARES}
    assert means["town"] < means["country"] < means["motorway"]


def test_a_catalogue_without_sizes_has_none() -> None:
    assert sizes_of(replace(CATALOGUE[2], widths_mm=())) == ()
    assert sizes_of(replace(CATALOGUE[2], shape="rectangle")) == (), "its width says nothing of its height"


def test_other_numbers_of_sizes_are_equally_likely() -> None:
    sizes = sizes_of(replace(CATALOGUE[2], widths_mm=(450.0, 600.0)), "motorway")
    assert [size.share for size in sizes] == [0.5, 0.5]
