"""Training of the screen, the small network before the classifier. Needs TensorFlow.

It learns from what the classifier learns from, but one thing: whether there is a sign. Half of what it sees is
background, and colours come as they are: contrast normalised as the classifier has it would take longer than all else.
"""

from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.backends.litert import litert_logits
from models.errors import ModelError
from models.export.litert import to_litert_int8
from models.export.representative import representative_rows, representative_views, undisturbed_views
from models.network import multiply_adds
from models.pictures import CROP_SIZE_PX
from models.screen import BACKGROUND, SCREEN, SIGN, Screen
from models.training import OURS, EpochResult, Recipe, TrainingSet, train_network
from models.weights_record import WeightsRecord, digest_of, write_record
from models.whole_files import written_whole

WIDTHS = ((16, 2), (24, 1), (32, 2), (48, 2))
"""Channels of each convolution, and by how much it shrinks the picture."""
RECIPE = Recipe(epochs=10, batch=256, label_smoothing=0.02, background_share=0.5)
MOST_LOST = 0.01
"""Share of held-out signs that a screen may leave out; ours leaves out one in a thousand."""


def build_screen(sign_classes: int) -> Any:  # keras.Model, whose package carries no types
    """An untrained Keras model: (n, 32, 32, 3) float32 0 to 255 BGR in, logits (n, 2) of sign and background out."""
    if sign_classes != 1:
        raise ValueError(f"a screen knows signs from background, not {sign_classes} classes of them")
    from keras import Input, Model, layers

    crops = Input((CROP_SIZE_PX, CROP_SIZE_PX, 3), name="crops")
    maps = layers.Rescaling(1 / 64.0, offset=-2.0, name="scale")(crops)
    for width, stride in WIDTHS:
        maps = layers.Conv2D(width, 3, stride, padding="same", use_bias=False, kernel_initializer="he_normal")(maps)
        maps = layers.ReLU()(layers.BatchNormalization(momentum=0.98)(maps))
    logits = layers.Dense(2, name="logits")(layers.GlobalAveragePooling2D()(maps))
    return Model(crops, logits, name="screen")


METHOD = replace(OURS, build=build_screen)


def train_screen(
    training: TrainingSet,
    validation: TrainingSet,
    sign_classes: int,
    recipe: Recipe,
    folder: Path,
    report_step: Callable[[int, int], None],
    report_epoch: Callable[[EpochResult], None],
) -> Any:
    """Train, or go on from the checkpoint in `folder`, and give the Keras model; labels are those of the classifier."""
    crops, held_out = (TrainingSet(one.crops, _kinds(one.labels, sign_classes)) for one in (training, validation))
    mirrors = [SIGN]  # what is a sign is one in a mirror
    return train_network(crops, held_out, mirrors, recipe, folder, None, report_step, report_epoch, METHOD)


def _kinds(labels: NDArray[np.int64], sign_classes: int) -> NDArray[np.int64]:
    return np.where(labels == sign_classes, BACKGROUND, SIGN).astype(np.int64)


def add_screen(
    model: Any,
    folder: Path,
    record: WeightsRecord,
    training: TrainingSet,
    validation: TrainingSet,
    recipe: Recipe,
    made: dict[str, Any],
) -> WeightsRecord:
    """Put a trained screen among the weights in a folder, in int8, and into their record, which is given back.

    `made` says by what command and of which data it is. Raises ModelError where it leaves out signs of `validation`.
    """
    sign_classes = record.sign_classes
    rows = representative_rows(training.labels, sign_classes, recipe.seed)
    content = to_litert_int8(model, representative_views(training.crops[rows], recipe.seed))
    passing = Screen(litert_logits(content, 2)[0]).passing(undisturbed_views(validation.crops))
    lost = float(1 - passing.mean())
    if lost > MOST_LOST:
        raise ModelError(f"{folder}: the screen leaves out {100 * lost:.1f} % of held-out signs; train it for longer")
    with written_whole(folder / SCREEN) as partial:
        partial.write_bytes(content)
    said = made | {
        "recipe": asdict(recipe),
        "parameters": int(model.count_params()),
        "multiply_adds": multiply_adds(model),
        "figures": {"held_out_lost": lost},
    }
    record = replace(record, screen=said, files=record.files | {SCREEN: digest_of(content)})
    write_record(folder, record)
    return record
