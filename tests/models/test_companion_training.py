from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="training needs TensorFlow")

from models import companion_training
from models.augmentation import centre
from models.companion_training import OF_NAME, Companion, build_companion, export_companion, train_companion
from models.companions import SCREEN, SURROUNDINGS, file_of, load_companion
from models.errors import ModelError
from models.training import Recipe, TrainingSet
from models.weights_record import WeightsRecord, digest_of, read_record

CLASSES = 3
RECORD = WeightsRecord("none", CLASSES, 32, 0.12, 1.0, 0, 0, "none")
DISC_PX = 15


def picture(kind: int, generator: np.random.Generator) -> np.ndarray:
    """A red, blue or white disc before something grey, or nothing but that."""
    image = generator.integers(60, 140, (48, 48, 1)) + generator.integers(-9, 9, (48, 48, 3))
    if kind < CLASSES:
        down, across = np.mgrid[:48, :48] - 23.5
        image[np.hypot(down, across) < DISC_PX] = ((30, 30, 200), (200, 60, 20), (250, 250, 250))[kind]
    return image.astype(np.uint8)


def lessons(count: int, kinds: int, seed: int) -> TrainingSet:
    generator = np.random.default_rng(seed)
    labels = np.arange(count) % kinds
    return TrainingSet(np.stack([picture(int(kind), generator) for kind in labels]), labels)


def quiet(*_: Any) -> None:
    """Says nothing of the progress."""


def recipe_of(companion: Companion) -> Recipe:
    return replace(companion.recipe, epochs=6, batch=32, learning_rate=1e-2, warm_up_epochs=0.5)


@pytest.mark.parametrize("name", [SCREEN, SURROUNDINGS])
def test_it_learns_what_is_a_sign_and_is_put_among_the_weights(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What the camera does takes longest, and others test it.
    monkeypatch.setattr(
        companion_training, "disturbing", lambda _: lambda crops, labels, mirrors: (centre(crops), labels)
    )
    companion = replace(OF_NAME[name], side_px=32)
    recipe = recipe_of(companion)
    training, held_out = lessons(800, CLASSES + 1, 1), lessons(60, CLASSES + 1, 2)
    model = train_companion(companion, training, held_out, CLASSES, recipe, tmp_path / name, quiet, quiet)
    record = export_companion(companion, model, tmp_path, RECORD, training, held_out, recipe, {"command": "this one"})
    assert read_record(tmp_path) == record
    assert record.files == {file_of(name): digest_of((tmp_path / file_of(name)).read_bytes())}
    said = record.beside[name]
    assert said["command"] == "this one" and said["recipe"]["epochs"] == 6 and said["parameters"] > 1000
    assert said["figures"]["held_out_signs_passing"] >= 0.99 and said["figures"]["held_out_background_passing"] < 0.3
    log_odds = load_companion(name, tmp_path, record, 1)
    assert log_odds is not None
    others = lessons(80, CLASSES + 1, 3)
    passing = log_odds(others.crops[:, 8:40, 8:40]) >= companion.threshold
    assert passing[others.labels < CLASSES].all()
    assert passing[others.labels == CLASSES].mean() < 0.3


def test_one_to_which_signs_are_none_is_thrown_away(tmp_path: Path) -> None:
    signs = lessons(40, CLASSES, 1)
    companion = OF_NAME[SCREEN]
    model = build_companion(companion)
    kernel, _ = model.get_layer("logits").get_weights()
    model.get_layer("logits").set_weights([0 * kernel, np.array([-9, 9], np.float32)])
    with pytest.raises(ModelError, match=r"only 0\.0% of held-out signs are signs"):
        export_companion(companion, model, tmp_path, RECORD, signs, signs, companion.recipe, {})
    assert not list(tmp_path.iterdir())
