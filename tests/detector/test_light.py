from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest

from detector.candidates import CandidateFinder
from detector.light import GAMMA, THINNEST, _look_up, balanced, unveiled
from detector.ranker import load_ranker
from tests.edge.scenes import STOP, scene

THREADS = ThreadPoolExecutor(2)


def street(seed: int = 3) -> np.ndarray:
    """Coarse blots from black to white, 320x200."""
    blots = np.random.default_rng(seed).integers(0, 256, (20, 32, 3), np.uint8)
    return np.asarray(cv2.resize(blots, (320, 200), interpolation=cv2.INTER_NEAREST), np.uint8)


def veiled(image: np.ndarray, light: float) -> np.ndarray:
    """With so much more light everywhere, in shares of what makes a pixel white."""
    seen = (1 - light) * (image / 255.0) ** GAMMA + light
    return np.rint(255 * seen ** (1 / GAMMA)).astype(np.uint8)


def test_a_picture_with_something_black_in_it_is_left_as_it_is() -> None:
    image = street()
    assert unveiled(image, THREADS) is image


def test_a_veil_thinner_than_any_is_left() -> None:
    image = veiled(street(), 0.8 * THINNEST)
    assert unveiled(image, THREADS) is image


@pytest.mark.parametrize("light", [0.05, 0.2])
def test_most_of_a_veil_is_taken_off(light: float) -> None:
    before, after = veiled(street(), light), unveiled(veiled(street(), light), THREADS)
    wrong = [np.abs(image.astype(float) - street()).mean() for image in (before, after)]
    assert wrong[1] < 0.5 * wrong[0]


def test_a_bright_wall_is_no_thicker_veil() -> None:
    image = veiled(street(), 0.03)
    image[40:160, 120:300] = 200
    wall = unveiled(image, THREADS)[80:120, 180:240]
    assert 180 <= wall.min() <= wall.max() < 200


def test_a_sign_behind_a_veil_is_among_the_first() -> None:
    image = scene(48, STOP)
    image[300:, :] = 0
    behind = veiled(np.rint(0.35 * image).astype(np.uint8), 0.2)
    with_veil = CandidateFinder(load_ranker())
    try:
        x, y, w, h = with_veil.find(behind, 1).boxes_xywh_px[0]
    finally:
        with_veil.close()
    assert (x + w / 2, y + h / 2) == pytest.approx((80 + 24, 200 + 24), abs=8)


def test_gains_multiply_their_channel_and_stop_at_white() -> None:
    image = np.array([[[10, 100, 200]]], np.uint8)
    assert balanced(image, (2.0, 1.0, 1.5)).tolist() == [[[20, 100, 255]]]
    assert balanced(image, None) is image
    crops = np.zeros((0, 32, 32, 3), np.uint8)
    assert balanced(crops, (2.0, 1.0, 1.5)).shape == crops.shape
    assert balanced(np.ones((2, 3, 4, 3), np.uint8), (2.0, 1.0, 3.0)).sum(axis=(0, 1, 2)).tolist() == [48, 24, 72]


def test_compiled_and_plain_looking_up_agree() -> None:
    generator = np.random.default_rng(0)
    table = generator.integers(0, 256, (256, 256), np.uint8)
    veil, image = generator.integers(0, 256, (2, 9, 11, 3), np.uint8)
    fast, plain = np.empty_like(image), np.empty_like(image)
    _look_up(table, veil, image, fast)
    _look_up.py_func(table, veil, image, plain)  # type: ignore[attr-defined]
    assert np.array_equal(fast, plain)
