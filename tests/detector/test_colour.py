import numpy as np
import pytest

from detector.colour import colour_maps

RED, BLUE, YELLOW, GREY = (40, 30, 190), (170, 80, 10), (10, 190, 240), (120, 120, 120)
"""BGR."""


def patch_on(ground: tuple[int, int, int], patch: tuple[int, int, int]) -> np.ndarray:
    image = np.empty((80, 80, 3), np.uint8)
    image[:] = ground
    image[35:45, 35:45] = patch
    return image


@pytest.mark.parametrize(("name", "colour"), [("red", RED), ("blue", BLUE), ("yellow", YELLOW)])
def test_a_map_is_high_on_its_own_colour_alone(name: str, colour: tuple[int, int, int]) -> None:
    found = getattr(colour_maps(patch_on(GREY, colour)), name)
    assert found[40, 40] > 0.2
    assert abs(found[5, 5]) < 0.01
    for other in {RED, BLUE, YELLOW} - {colour}:
        assert getattr(colour_maps(patch_on(GREY, other)), name)[40, 40] < 0.15


@pytest.mark.parametrize("exposure", [0.1, 0.4, 1.0])
def test_exposure_hardly_moves_the_colour_maps(exposure: float) -> None:
    image = patch_on(GREY, RED)
    dim = (image * exposure).astype(np.uint8)
    assert colour_maps(dim).red[40, 40] == pytest.approx(colour_maps(image).red[40, 40], abs=0.06)


def test_a_rim_that_a_blue_dusk_has_tinted_still_stands_out_locally() -> None:
    dusk = np.array([1.6, 1.0, 0.55])
    image = np.clip(patch_on((60, 60, 60), (62, 50, 80)) * dusk, 0, 255).astype(np.uint8)
    maps = colour_maps(image)
    assert maps.red[40, 40] < 0.0, "seen by itself it is not red at all"
    assert maps.local_red[40, 40] > 0.03


def test_brightness_is_measured_against_the_surroundings() -> None:
    maps = colour_maps(patch_on((40, 40, 40), (90, 90, 90)))
    assert maps.brightness[40, 40] > 1.8
    assert maps.brightness[5, 5] == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize("value", [0, 255])
def test_black_and_white_pictures_give_finite_maps(value: int) -> None:
    assert np.isfinite(colour_maps(np.full((30, 40, 3), value, np.uint8)).stacked()).all()
