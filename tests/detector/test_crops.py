import numpy as np
import pytest

from detector.crops import cut_crop, cut_crops


def test_a_crop_of_its_own_size_is_the_pixels_themselves() -> None:
    image = np.random.default_rng(0).integers(0, 256, (60, 80, 3), np.uint8)
    assert (cut_crop(image, (10, 20, 32, 32), 0.0, 32) == image[20:52, 10:42]).all()


def test_the_margin_brings_surroundings_in() -> None:
    image = np.zeros((100, 100, 3), np.uint8)
    image[30:70, 30:70] = 255
    assert cut_crop(image, (30, 30, 40, 40), 0.0, 32).min() == 255
    crop = cut_crop(image, (30, 30, 40, 40), 0.25, 32)
    assert crop[:4].max() == 0
    assert crop[16, 16, 0] == 255


def test_outside_the_picture_the_border_is_repeated() -> None:
    image = np.full((20, 20, 3), 90, np.uint8)
    assert (cut_crop(image, (-10, -10, 20, 20), 0.0, 32) == 90).all()
    with pytest.raises(ValueError, match="outside the picture"):
        cut_crop(image, (50, 50, 10, 10), 0.0, 32)


def test_shrinking_averages() -> None:
    image = np.zeros((320, 320, 3), np.uint8)
    image[::2] = 200
    crop = cut_crop(image, (0, 0, 320, 320), 0.0, 32)
    assert (abs(crop.astype(int) - 100) <= 1).all()


def test_many_boxes_give_as_many_crops() -> None:
    image = np.zeros((50, 50, 3), np.uint8)
    assert cut_crops(image, np.array([[1, 1, 5, 5], [20, 20, 9, 4]], np.float32), 0.1, 32).shape == (2, 32, 32, 3)
    assert cut_crops(image, np.empty((0, 4), np.float32), 0.1, 32).shape == (0, 32, 32, 3)
