import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.catalogue import load_catalogue
from models.classifier import Classifier, load_classifier
from models.companions import (
    MOST_ODDS,
    SCREEN,
    SURROUNDINGS_SHARE,
    WORTH_A_LOOK,
    copy_companions,
    file_of,
    reconsidered,
)
from models.errors import ModelError
from models.stand_ins import stand_in_crops
from models.weights_record import BUILT_IN, LITERT_INT8, read_record, write_record

FILE = file_of(SCREEN)
NOWHERE = np.zeros(200, np.bool_)


@pytest.fixture(scope="module")
def shipped() -> Classifier:
    return load_classifier(load_catalogue())


@pytest.fixture
def copy(tmp_path: Path) -> Iterator[Path]:
    for name in ("classifier.json", LITERT_INT8, FILE):
        shutil.copy(BUILT_IN / name, tmp_path)
    record = read_record(tmp_path)
    kept = {name: record.files[name] for name in (LITERT_INT8, FILE)}
    write_record(tmp_path, replace(record, files=kept, beside={SCREEN: record.beside[SCREEN]}))
    yield tmp_path


@pytest.fixture(scope="module")
def crops() -> np.ndarray:
    return stand_in_crops(load_catalogue(), 200, seed=4)


def test_what_is_worth_a_look_is_named_as_without_a_screen_and_the_rest_is_background(
    shipped: Classifier, crops: np.ndarray
) -> None:
    assert shipped.screen is not None
    passing = shipped.screen(crops) >= WORTH_A_LOOK
    looked_at = shipped.probabilities(crops)
    judged = shipped.judge(crops, NOWHERE)
    np.testing.assert_allclose(judged[passing], looked_at[passing], atol=0.02)
    assert (judged[~passing, -1] == 1).all() and (judged[~passing, :-1] == 0).all()
    signs = looked_at[:, -1] < 0.1
    assert signs.sum() > 60 and passing[signs].mean() > 0.98, "signs pass"
    assert (~passing).sum() > 20, "and of noise, which is none and like no street either, a part doesn't"


def test_what_is_certain_is_looked_at_all_the_same(shipped: Classifier, crops: np.ndarray) -> None:
    asked: list[int] = []

    def logits(batch: np.ndarray) -> np.ndarray:
        asked.append(len(batch))
        return shipped.logits(batch)

    counting = replace(shipped, logits=logits)
    flat = np.full((8, 32, 32, 3), 90, np.uint8)
    assert (counting.judge(flat, np.zeros(8, np.bool_))[:, -1] == 1).all() and not asked
    certain = np.arange(8) < 3
    judged = counting.judge(flat, certain)
    assert asked == [3]
    np.testing.assert_allclose(judged[certain], shipped.probabilities(flat[:3]), atol=1e-6)


def test_without_a_screen_every_crop_gets_a_look(shipped: Classifier, crops: np.ndarray) -> None:
    bare = replace(shipped, screen=None)
    np.testing.assert_array_equal(bare.judge(crops, NOWHERE), bare.probabilities(crops))
    assert bare.judge(crops[:0], NOWHERE[:0]).shape == (0, 44)


def test_weights_whose_record_knows_of_none_have_none_even_if_a_file_lies_there(copy: Path) -> None:
    record = read_record(copy)
    write_record(copy, replace(record, files={LITERT_INT8: record.files[LITERT_INT8]}, beside={}))
    assert load_classifier(load_catalogue(), copy).screen is None


@pytest.mark.parametrize("harm", ["damaged", "missing", "another network"])
def test_a_screen_that_is_not_what_the_record_says_is_refused(copy: Path, harm: str) -> None:
    if harm == "damaged":
        (copy / FILE).write_bytes((copy / FILE).read_bytes()[:-1])
    elif harm == "missing":
        (copy / FILE).unlink()
    else:
        record = read_record(copy)
        shutil.copy(copy / LITERT_INT8, copy / FILE)
        write_record(copy, replace(record, files=record.files | {FILE: record.files[LITERT_INT8]}))
    with pytest.raises(ModelError, match=rf"{FILE}: (can't be loaded|gives 44 outputs)"):
        load_classifier(load_catalogue(), copy)


def test_it_goes_with_the_weights_that_it_belongs_to(copy: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    bare = replace(read_record(copy), files={}, beside={})
    record = copy_companions(copy, elsewhere, bare)
    assert record.beside == read_record(copy).beside and record.files.keys() == {FILE}
    assert (elsewhere / FILE).read_bytes() == (copy / FILE).read_bytes()
    write_record(copy, bare)
    assert copy_companions(copy, elsewhere, bare) == bare


def test_surroundings_change_whether_it_is_a_sign_but_not_which() -> None:
    said = np.array([[0.6, 0.2, 0.2], [0.6, 0.2, 0.2], [0.6, 0.2, 0.2], [0, 0, 1]], np.float32)
    found = reconsidered(said, np.array([0.0, 2.0, -1e6, 5.0], np.float32))
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_allclose(found[0], said[0], rtol=1e-6)
    odds = found[:3, :2].sum(axis=1) / found[:3, 2]
    np.testing.assert_allclose(odds, 4 * np.exp(SURROUNDINGS_SHARE * np.array([0, 2, -MOST_ODDS])), rtol=1e-3)
    np.testing.assert_allclose(found[:3, 0], 3 * found[:3, 1], rtol=1e-5)
    np.testing.assert_array_equal(found[3], said[3])
