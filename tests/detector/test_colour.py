from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from detector.colour import MAPS, colour_maps, encode

RED, BLUE, YELLOW, GREY = (40, 30, 190), (170, 80, 10), (10, 190, 240), (120, 120, 120)
"""BGR."""
THREADS = ThreadPoolExecutor(2)


def patch_on(ground: tuple[int, int, int], patch: tuple[int, int, int]) -> np.ndarray:
    image = np.empty((80, 80, 3), np.uint8)
    image[:] = ground
    image[35:45, 35:45] = patch
    return image


def value(image: np.ndarray, name: str, place: tuple[int, int] = (40, 40)) -> float:
    """What the named map says at a place, 0.0 where the colour is neutral."""
    zero = encode(name, 0.0)
    return float((colour_maps(image, THREADS)[(MAPS.index(name), *place)] - zero) / (encode(name, 1.0) - zero))


@pytest.mark.parametrize(("name", "colour"), [("red", RED), ("local_blue", BLUE), ("yellow", YELLOW)])
def test_a_map_is_high_on_its_own_colour_alone(name: str, colour: tuple[int, int, int]) -> None:
    image = patch_on(GREY, colour)
    assert value(image, name) > 0.2
    assert abs(value(image, name, (5, 5))) < 0.01
    for other in {RED, BLUE, YELLOW} - {colour}:
        assert value(patch_on(GREY, other), name) < 0.15


@pytest.mark.parametrize("exposure", [0.1, 0.4, 1.0])
def test_exposure_hardly_moves_the_colour_maps(exposure: float) -> None:
    image = patch_on(GREY, (60, 55, 120))
    dim = (image * exposure).astype(np.uint8)
    assert value(dim, "red") == pytest.approx(value(image, "red"), abs=0.06)


def test_a_rim_that_a_blue_dusk_has_tinted_still_stands_out_locally() -> None:
    dusk = np.array([1.6, 1.0, 0.55])
    image = np.clip(patch_on((60, 60, 60), (62, 50, 80)) * dusk, 0, 255).astype(np.uint8)
    assert value(image, "red") < 0.0, "seen by itself it is not red at all"
    assert value(image, "local_red") > 0.03


def test_brightness_is_measured_against_the_surroundings() -> None:
    image = patch_on((40, 40, 40), (90, 90, 90))
    mean = 41 + 50 * 100 / 225  # of the patch, 10 by 10, in 15 by 15
    assert value(image, "brightness") == pytest.approx(91 / mean, abs=0.02)
    assert value(image, "wide_brightness") > 1.8
    assert value(image, "brightness", (5, 5)) == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize("grey", [0, 255])
def test_black_and_white_have_no_colour(grey: int) -> None:
    maps = colour_maps(np.full((30, 40, 3), grey, np.uint8), THREADS)
    neutral = [encode(name, 1.0 if name.endswith("brightness") else 0.0) for name in MAPS]
    for plane, value_of_it in zip(maps, neutral, strict=True):
        assert plane == pytest.approx(np.full((30, 40), value_of_it), abs=0.5)


def test_compiled_and_plain_maps_agree() -> None:
    from detector import colour

    image = np.random.default_rng(0).integers(0, 256, (12, 15, 3), np.uint8)
    means = np.random.default_rng(1).uniform(0, 255, (12, 15, 3)).astype(np.float32)
    grey, close_by = image[..., 1].copy(), means[..., 1].copy()
    fast, plain = np.empty((6, 12, 15), np.uint8), np.empty((6, 12, 15), np.uint8)
    colour._fill_maps(image, means, grey, close_by, fast)
    colour._fill_maps.py_func(image, means, grey, close_by, plain)  # type: ignore[attr-defined]
    assert np.abs(fast.astype(int) - plain).max() <= 1
