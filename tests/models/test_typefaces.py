import numpy as np
import pytest

from models.catalogue import load_catalogue
from models.typefaces import draw_limits

CATALOGUE = load_catalogue()
BACKDROPS = np.full((3, 48, 48, 3), 128, np.uint8)
LABELS = np.repeat([2, 7, 14], [100, 50, 100])


def test_only_limits_are_drawn_as_many_as_their_share() -> None:
    crops, classes = draw_limits(LABELS, CATALOGUE, BACKDROPS, 0.3, 0.12, seed=1)
    assert np.bincount(classes, minlength=43)[[2, 7, 14]].tolist() == [12, 6, 0]
    assert crops.shape == (18, 48, 48, 3)


def test_a_drawn_limit_has_a_red_ring_a_dark_number_and_real_surroundings() -> None:
    crops, _ = draw_limits(LABELS, CATALOGUE, BACKDROPS, 0.3, 0.12, seed=1)
    for crop in crops.astype(int):
        blue, green, red = crop[24, 24 - 14]
        assert red > max(blue, green) + 15, "the ring"
        inside = crop[15:33, 15:33].mean(axis=2)
        assert inside.min() < 0.75 * inside.max(), "the number"
        assert (crop[:2] == 128).all(), "the surroundings"


def test_the_same_seed_draws_the_same() -> None:
    first, second = (draw_limits(LABELS, CATALOGUE, BACKDROPS, 0.3, 0.12, seed=5)[0] for _ in range(2))
    assert (first == second).all()
    assert (draw_limits(LABELS, CATALOGUE, BACKDROPS, 0.3, 0.12, seed=6)[0] != first).any()


@pytest.mark.parametrize("labels", [[], [14, 14]])
def test_without_limits_nothing_is_drawn(labels: list[int]) -> None:
    crops, classes = draw_limits(np.array(labels, np.int64), CATALOGUE, BACKDROPS, 0.3, 0.12, seed=1)
    assert crops.shape == (0, 48, 48, 3)
    assert classes.shape == (0,)
