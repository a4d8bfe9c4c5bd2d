from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor

import numpy as np
import pytest

from detector.colour import MAPS
from detector.features import (
    CELLS,
    FINE_COUNT,
    GEOMETRY_COUNT,
    ROUGH_COUNT,
    integrate,
    measure_grid,
    measure_rings,
    mirror_grid,
)
from detector.regions import CUTS, Regions

SIZE = (80, 100)
BOX = (24.0, 20.0, 24.0, 24.0)
"""Its grid lines fall on whole pixels."""


@pytest.fixture(scope="module")
def executor() -> Iterator[Executor]:
    with ThreadPoolExecutor(2) as executor:
        yield executor


def maps() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (len(MAPS), *SIZE), np.uint8)


def regions(*boxes: tuple[float, float, float, float]) -> Regions:
    count = len(boxes)
    return Regions(
        np.array(boxes, np.float32).reshape(-1, 4), np.arange(count) % len(CUTS), np.full(count, 0.5, np.float32)
    )


def test_a_cell_holds_the_mean_of_its_pixels(executor: Executor) -> None:
    picture = maps()
    found = measure_grid(integrate(picture), regions(BOX), executor)[0, :-GEOMETRY_COUNT]
    cells = found.reshape(CELLS, CELLS, len(MAPS))
    inside = picture[:, 20:24, 28:32].mean(axis=(1, 2)) / 100
    assert cells[1, 2] == pytest.approx(inside, rel=1e-4), "second row, third column: 4 by 4 pixels"
    above = picture[:, 14:20, 18:24].mean(axis=(1, 2)) / 100
    assert cells[0, 0] == pytest.approx(above, rel=1e-4), "the corner of the ring of cells around"


def test_rings_do_not_overlap(executor: Executor) -> None:
    picture = np.zeros((len(MAPS), *SIZE), np.uint8)
    picture[:, 20:44, 24:48] = 100
    found = measure_rings(integrate(picture), regions(BOX), executor)[0, :-GEOMETRY_COUNT].reshape(-1, len(MAPS))
    assert found[:, 0].tolist() == pytest.approx([1.0, 1.0, 0.0])


def test_geometry_says_which_map_and_what_shape(executor: Executor) -> None:
    found = measure_rings(integrate(maps()), regions(BOX, (10, 10, 40, 10)), executor)[:, -GEOMETRY_COUNT:]
    assert found[:, : len(CUTS)].argmax(axis=1).tolist() == [0, 1]
    assert found[1, len(CUTS) :].tolist() == pytest.approx([0.5, np.log(4), np.log(20) - 2.5])


def test_a_mirrored_picture_has_mirrored_features(executor: Executor) -> None:
    picture, (x, y, w, h) = maps(), BOX
    here = measure_grid(integrate(picture), regions(BOX), executor)
    there = measure_grid(integrate(picture[:, :, ::-1].copy()), regions((SIZE[1] - x - w, y, w, h)), executor)
    assert mirror_grid(here) == pytest.approx(there, rel=1e-4)


def test_boxes_that_reach_out_of_the_picture_have_features(executor: Executor) -> None:
    out = regions((-10, -10, 30, 30), (90, 70, 40, 40), (0, 0, 1, 1))
    integral = integrate(maps())
    assert np.isfinite(measure_grid(integral, out, executor)).all()
    assert np.isfinite(measure_rings(integral, out, executor)).all()


def test_no_regions_have_no_features(executor: Executor) -> None:
    integral = integrate(maps())
    assert measure_grid(integral, regions(), executor).shape == (0, FINE_COUNT)
    assert measure_rings(integral, regions(), executor).shape == (0, ROUGH_COUNT)
