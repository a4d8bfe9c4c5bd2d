from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="training needs TensorFlow")

from models import screen_training
from models.augmentation import centre
from models.errors import ModelError
from models.screen import SCREEN, load_screen
from models.screen_training import RECIPE, add_screen, build_screen, train_screen
from models.training import TrainingSet
from models.weights_record import WeightsRecord, digest_of, read_record

CLASSES = 3
RECORD = WeightsRecord("none", CLASSES, 32, 0.12, 1.0, 0, 0, "none")
RECIPE_OF_A_TEST = replace(RECIPE, epochs=6, batch=32, learning_rate=1e-2, warm_up_epochs=0.5)
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


def test_it_learns_what_is_a_sign_and_is_put_among_the_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = replace(screen_training.METHOD, disturb=lambda crops, labels, mirrors: (centre(crops), labels))
    monkeypatch.setattr(screen_training, "METHOD", plain)  # what the camera does takes longest, and others test it
    training, held_out = lessons(800, CLASSES + 1, 1), lessons(60, CLASSES, 2)
    model = train_screen(training, held_out, CLASSES, RECIPE_OF_A_TEST, tmp_path / "screen", quiet, quiet)
    record = add_screen(model, tmp_path, RECORD, training, held_out, RECIPE_OF_A_TEST, {"command": "this one"})
    assert read_record(tmp_path) == record
    assert record.files == {SCREEN: digest_of((tmp_path / SCREEN).read_bytes())}
    assert record.screen["command"] == "this one" and record.screen["recipe"]["epochs"] == 6
    assert record.screen["parameters"] > 1000 and record.screen["figures"]["held_out_lost"] <= 0.01
    screen = load_screen(tmp_path, record, 1)
    assert screen is not None
    others = lessons(80, CLASSES + 1, 3)
    passing = screen.passing(others.crops[:, 8:40, 8:40])
    assert passing[others.labels < CLASSES].all()
    assert passing[others.labels == CLASSES].mean() < 0.2


def test_one_that_leaves_out_signs_is_thrown_away(tmp_path: Path) -> None:
    signs = lessons(40, CLASSES, 1)
    model = build_screen(1)
    kernel, _ = model.get_layer("logits").get_weights()
    model.get_layer("logits").set_weights([0 * kernel, np.array([-9, 9], np.float32)])
    with pytest.raises(ModelError, match=r"leaves out 100\.0 % of held-out signs"):
        add_screen(model, tmp_path, RECORD, signs, signs, RECIPE, {})
    assert not list(tmp_path.iterdir())
