import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="training needs TensorFlow")

import keras

from models.augmentation import CONTEXT_SIZE_PX, Strength, augment, centre, mirror_half
from models.errors import ModelError
from models.training import Recipe, TrainingSet, draw_rows, fit_temperature, train_network

CLASSES = 2
RECIPE = Recipe(epochs=2, batch=8, seed=3)


def crops(count: int, value: int) -> np.ndarray:
    image = np.full((count, CONTEXT_SIZE_PX, CONTEXT_SIZE_PX, 3), 60, np.uint8)
    image[:, 12:36, 12:36] = value
    return image


@pytest.fixture(scope="module")
def data() -> TrainingSet:
    """Dark signs, bright signs, and background."""
    labels = np.repeat([0, 1, 2], 8)
    return TrainingSet(np.concatenate([crops(8, 0), crops(8, 250), crops(8, 60)]), labels)


def train(data: TrainingSet, folder: Path, recipe: Recipe = RECIPE, stop_at_step: int | None = None) -> Any:
    def report_step(done: int, total: int) -> None:
        if done == stop_at_step:
            raise KeyboardInterrupt

    return train_network(data, data, [None] * CLASSES, recipe, folder, None, report_step, lambda result: None)


def test_an_interrupted_training_goes_on_from_its_last_whole_epoch(data: TrainingSet, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        train(data, tmp_path, stop_at_step=3)  # two steps an epoch: in the middle of the second
    model = train(data, tmp_path)
    assert model(np.zeros((1, 32, 32, 3), np.float32)).shape == (1, CLASSES + 1)
    history = [json.loads(line) for line in (tmp_path / "history.jsonl").read_text().splitlines()]
    assert [line["epoch"] for line in history] == [1, 2]
    assert int(keras.models.load_model(tmp_path / "checkpoint.keras").optimizer.iterations) == 4
    assert not list(tmp_path.glob("partial*"))


def test_a_run_of_another_recipe_is_not_mixed_in(data: TrainingSet, tmp_path: Path) -> None:
    train(data, tmp_path, Recipe(epochs=1, batch=8))
    with pytest.raises(ModelError, match="another recipe"):
        train(data, tmp_path, Recipe(epochs=1, batch=8, seed=9))


def test_weights_of_a_network_of_another_shape_are_no_beginning(data: TrainingSet, tmp_path: Path) -> None:
    other = tmp_path / "other.keras"
    keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Flatten(), keras.layers.Dense(2)]).save(other)
    with pytest.raises(ModelError, match=r"other\.keras: weights of a network of another shape"):
        train_network(data, data, [None] * CLASSES, RECIPE, tmp_path / "run", other, lambda *_: None, lambda _: None)


def test_a_share_of_what_it_began_from_is_kept(data: TrainingSet, tmp_path: Path) -> None:
    first = train(data, tmp_path / "first", Recipe(epochs=1, batch=8))
    begun, run = tmp_path / "begun.keras", tmp_path / "run"
    first.save(begun)
    recipe = Recipe(epochs=1, batch=8, seed=5, kept_share=0.75)
    blended = train_network(data, data, [None] * CLASSES, recipe, run, begun, lambda *_: None, lambda _: None)
    learnt = keras.models.load_model(run / "checkpoint.keras").get_weights()
    for old, new, found in zip(first.get_weights(), learnt, blended.get_weights(), strict=True):
        np.testing.assert_allclose(found, 0.75 * old + 0.25 * new, rtol=1e-5, atol=1e-6)


def test_rows_are_drawn_by_the_square_root_of_counts_and_background_has_its_share() -> None:
    labels = np.repeat([0, 1, 2], [6400, 1600, 4000])
    rows = draw_rows(labels, CLASSES, Recipe(background_share=0.25), epoch=0)
    assert len(rows) == 8000
    shares = np.bincount(labels[rows]) / len(rows)
    assert shares.tolist() == pytest.approx([0.5, 0.25, 0.25], abs=0.02)
    assert (draw_rows(labels, CLASSES, Recipe(), 1) == draw_rows(labels, CLASSES, Recipe(), 1)).all()
    assert (draw_rows(labels, CLASSES, Recipe(), 1) != draw_rows(labels, CLASSES, Recipe(), 2)).any()


def test_what_was_learnt_in_half_precision_computes_in_full(data: TrainingSet, tmp_path: Path) -> None:
    model = train(data, tmp_path, Recipe(epochs=1, batch=8, precision="mixed_bfloat16"))
    assert keras.models.load_model(tmp_path / "checkpoint.keras").layers[-4].compute_dtype == "bfloat16"
    assert {layer.compute_dtype for layer in model.layers} == {"float32"}
    assert keras.config.dtype_policy().name == "float32"


def test_half_of_the_signs_that_have_a_mirror_image_are_turned_into_it() -> None:
    crops = np.zeros((300, 4, 4, 3), np.uint8)
    crops[:, :, 0] = 255  # bright on the left
    labels = np.repeat([0, 1, 2], 100)  # 0 and 1 are twins, 2 has no mirror image
    views, classes = (part.numpy() for part in mirror_half(crops, labels, np.array([1, 0, -1])))
    turned = views[:, 0, 0, 0] == 0
    assert 60 < turned[:200].sum() < 140
    assert not turned[200:].any()
    assert (classes == np.where(turned, 1 - labels, labels)).all()
    assert (views[turned][:, :, -1] == 255).all()


def test_augmented_crops_stay_pictures() -> None:
    context = np.random.default_rng(0).integers(0, 256, (16, CONTEXT_SIZE_PX, CONTEXT_SIZE_PX, 3), np.uint8)
    found = augment(context, Strength()).numpy()
    assert found.shape == (16, 32, 32, 3)
    assert found.min() >= 0
    assert found.max() <= 255
    assert np.ptp(found.mean(axis=(1, 2, 3))) > 10, "each is disturbed in its own way"


def test_without_disturbance_a_crop_is_its_own_centre() -> None:
    context = crops(1, 250)
    still = Strength(*[0.0] * len(Strength.__slots__))
    np.testing.assert_allclose(augment(context, still).numpy(), centre(context).numpy(), atol=0.01)
    inside = centre(context).numpy()[0, :, :, 0]
    assert inside[16, 16] == pytest.approx(250)
    assert inside[0, 0] == pytest.approx(60)


def test_temperature_takes_overconfidence_back() -> None:
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 3, 4000)
    logits = np.full((4000, 3), 0.0, np.float32)
    said = np.where(generator.random(4000) < 0.8, labels, (labels + 1) % 3)
    logits[range(4000), said] = 10.0  # as good as certain, and right in four of five
    assert fit_temperature(logits, labels) == pytest.approx(10 / np.log(0.8 / 0.1), rel=0.15)
