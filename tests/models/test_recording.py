import numpy as np
import pytest

from models.recording import BITS_PER_PIXEL, recorded


def pictures(count: int) -> list[np.ndarray]:
    """Each of another size, and of another colour, with some detail."""
    generator = np.random.default_rng(0)
    images = []
    for number in range(count):
        height, width = 30 + 7 * (number % 5), 34 + 5 * (number % 7)
        detail = generator.integers(0, 60, (height // 2 + 1, width // 2 + 1, 3)).repeat(2, axis=0).repeat(2, axis=1)
        images.append((detail[:height, :width] + 40 + 30 * (number % 6)).astype(np.uint8))
    return images


def test_every_picture_comes_back_in_its_place_and_size() -> None:
    images = pictures(40)
    back = recorded(images, BITS_PER_PIXEL[0])
    assert [image.shape for image in back] == [image.shape for image in images]
    for before, after in zip(images, back, strict=True):
        assert after.mean() == pytest.approx(before.mean(), abs=6)


def test_fewer_bits_lose_more() -> None:
    images = pictures(40)

    def loss(bits_per_pixel: float) -> float:
        back = recorded(images, bits_per_pixel)
        return float(np.mean([np.abs(a.astype(int) - b).mean() for a, b in zip(images, back, strict=True)]))

    losses = [loss(rate) for rate in BITS_PER_PIXEL]
    assert losses == sorted(losses)
    assert losses[-1] > 1.5 * losses[0]


def test_a_picture_larger_than_the_video_is_refused() -> None:
    with pytest.raises(ValueError, match="1100x20 is larger"):
        recorded([np.zeros((20, 1100, 3), np.uint8)], 0.1)


def test_nothing_gives_nothing() -> None:
    assert recorded([], 0.1) == []
