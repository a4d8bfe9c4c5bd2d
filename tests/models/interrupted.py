"""A training that kills itself, as a program: `python -m tests.models.interrupted FOLDER epoch|checkpoint`."""

import os
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from models.augmentation import CONTEXT_SIZE_PX, centre
from models.pictures import CROP_SIZE_PX
from models.training import OURS, Recipe, TrainingSet, train_network

CLASSES = 2
RECIPE = Recipe(epochs=3, batch=8, seed=3)
STEPS = 2
"""In an epoch."""


def tiny_set() -> TrainingSet:
    """Dark signs, bright signs, and background."""
    crops = np.full((24, CONTEXT_SIZE_PX, CONTEXT_SIZE_PX, 3), 60, np.uint8)
    crops[:8, 12:36, 12:36], crops[8:16, 12:36, 12:36] = 0, 250
    return TrainingSet(crops, np.repeat([0, 1, 2], 8))


def small_network(sign_classes: int) -> Any:
    """In place of the real one, which takes long to build: what is kept and gone on with is the same."""
    from keras import Input, Model, layers

    crops = Input((CROP_SIZE_PX, CROP_SIZE_PX, 3))
    maps = layers.Flatten()(layers.AveragePooling2D(4)(layers.Rescaling(1 / 255)(crops)))
    return Model(crops, layers.Dense(sign_classes + 1)(maps))


METHOD = replace(OURS, build=small_network, disturb=lambda crops, labels, mirrors: (centre(crops), labels))


def main(folder: Path, moment: str) -> None:
    """Train, and die at the second epoch's first step, or when half of its checkpoint is written."""
    import keras

    saved = (folder / "checkpoint.keras").exists()
    save = keras.Model.save

    def save_and_die_the_second_time(model: Any, path: Path) -> None:
        nonlocal saved
        save(model, path)
        if saved:
            os.truncate(path, path.stat().st_size // 2)
            die()
        saved = True

    def report_step(done: int, total: int) -> None:
        if moment == "epoch" and done == STEPS + 1:
            die()

    if moment == "checkpoint":
        keras.Model.save = save_and_die_the_second_time
    data = tiny_set()
    train_network(data, data, [None] * CLASSES, RECIPE, folder, None, report_step, lambda _: None, METHOD)


def die() -> None:
    """As from `kill -9`."""
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
