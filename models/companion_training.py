"""Training of a classifier's companions, the small networks that tell signs from background. Needs TensorFlow.

Colours come as they are: contrast normalised as the classifier has it would take longer than all else.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.augmentation import Strength
from models.backends.batches import in_batches
from models.backends.litert import litert_logits
from models.companions import (
    BACKGROUND,
    SCREEN,
    SIGN,
    SURROUNDINGS,
    SURROUNDINGS_SIZE_PX,
    WORTH_A_LOOK,
    add_companion,
)
from models.errors import ModelError
from models.export.litert import to_litert_int8
from models.export.representative import representative_rows, representative_views, undisturbed_views
from models.network import multiply_adds
from models.pictures import CROP_SIZE_PX
from models.training import OURS, EpochResult, Recipe, TrainingSet, disturbing, train_network
from models.weights_record import WeightsRecord, write_record


@dataclass(frozen=True, slots=True)
class Companion:
    """What decides what a training makes of one, besides the data and the recipe."""

    name: str
    side_px: int
    """Of its crops."""
    widths: tuple[tuple[int, int], ...]
    """Channels of each 3x3 convolution, and by how much it shrinks the picture."""
    by_place: bool
    """Whether it matters where in the crop something is: the sign is in the middle."""
    dropout: float
    threshold: float
    """Log odds from which on something is a sign."""
    least_passing: float
    """Of the signs that are held out of a training; with less it has failed."""
    strength: Strength
    """How crops are disturbed."""
    recipe: Recipe
    """Unless said otherwise."""


VALIDATED = 4000
"""Of what is held out, that many at most tell after each epoch how it goes."""
OF_NAME = {
    companion.name: companion
    for companion in (
        Companion(
            SCREEN,
            CROP_SIZE_PX,
            ((16, 2), (24, 1), (32, 2), (48, 2)),
            False,
            0.0,
            WORTH_A_LOOK,
            0.99,
            Strength(),
            Recipe(epochs=10, batch=256, label_smoothing=0.02, background_share=0.5),
        ),
        Companion(
            SURROUNDINGS,
            SURROUNDINGS_SIZE_PX,
            ((16, 2), (32, 1), (48, 2), (64, 1), (64, 2), (96, 1)),
            True,
            0.4,
            0.0,
            0.5,
            # What is around a sign stays recognisable in all that is done to the sign itself, and is learnt from less.
            Strength(perspective=0.0, shear=0.0, coarse=0.25, motion=0.15, compressed=0.0, shaded=0.0, covered=0.0),
            Recipe(epochs=60, batch=128, label_smoothing=0.02, background_share=0.75, weight_decay=0.03),
        ),
    )
}


def build_companion(companion: Companion) -> Any:  # keras.Model, whose package carries no types
    """An untrained Keras model: (n, side, side, 3) float32 BGR in, 0 to 255; logits (n, 2) out, sign and background."""
    from keras import Input, Model, layers

    crops = Input((companion.side_px, companion.side_px, 3), name="crops")
    maps = layers.Rescaling(1 / 64.0, offset=-2.0, name="scale")(crops)
    for width, stride in companion.widths:
        maps = layers.Conv2D(width, 3, stride, padding="same", use_bias=False, kernel_initializer="he_normal")(maps)
        maps = layers.ReLU()(layers.BatchNormalization(momentum=0.98)(maps))
    ending = layers.Flatten() if companion.by_place else layers.GlobalAveragePooling2D()
    features = layers.Dropout(companion.dropout)(ending(maps))
    return Model(crops, layers.Dense(2, name="logits")(features), name=companion.name)


def train_companion(
    companion: Companion,
    training: TrainingSet,
    validation: TrainingSet,
    sign_classes: int,
    recipe: Recipe,
    folder: Path,
    report_step: Callable[[int, int], None],
    report_epoch: Callable[[EpochResult], None],
) -> Any:
    """Train, or go on from the checkpoint in `folder`, and give the Keras model.

    Crops are 1.5 times as large as the network takes them, with as much more around; labels are the classifier's.
    """
    every = -(-len(validation.labels) // VALIDATED)
    some = TrainingSet(validation.crops[::every], validation.labels[::every])
    crops, held_out = (TrainingSet(one.crops, _kinds(one.labels, sign_classes)) for one in (training, some))
    mirrors = [SIGN]  # what is a sign is one in a mirror
    method = replace(OURS, build=lambda _: build_companion(companion), disturb=disturbing(companion.strength))
    return train_network(crops, held_out, mirrors, recipe, folder, None, report_step, report_epoch, method)


def export_companion(
    companion: Companion,
    model: Any,
    folder: Path,
    record: WeightsRecord,
    training: TrainingSet,
    validation: TrainingSet,
    recipe: Recipe,
    made: dict[str, Any],
) -> WeightsRecord:
    """Put a trained one among the weights in a folder, in int8, and into their record, which is given back.

    `made` says by what command and of which data it is. Raises ModelError where too many signs of `validation` are none
    to it.
    """
    rows = representative_rows(training.labels, record.sign_classes, recipe.seed)
    content = to_litert_int8(model, representative_views(training.crops[rows], recipe.seed))
    answers = in_batches(litert_logits(content, 2)[0], undisturbed_views(validation.crops), 2)
    passing = answers[:, SIGN] - answers[:, BACKGROUND] >= companion.threshold
    signs = validation.labels < record.sign_classes
    figures = {"held_out_signs_passing": float(passing[signs].mean())}
    if not signs.all():
        figures |= {"held_out_background_passing": float(passing[~signs].mean())}
    if figures["held_out_signs_passing"] < companion.least_passing:
        raise ModelError(
            f"{folder}: to the {companion.name} only {figures['held_out_signs_passing']:.1%} of held-out signs are "
            "signs; train it for longer"
        )
    size = {"parameters": int(model.count_params()), "multiply_adds": multiply_adds(model)}
    said = made | {"recipe": asdict(recipe)} | size | {"figures": figures}
    record = add_companion(companion.name, folder, record, content, said)
    write_record(folder, record)
    return record


def _kinds(labels: NDArray[np.int64], sign_classes: int) -> NDArray[np.int64]:
    return np.where(labels == sign_classes, BACKGROUND, SIGN).astype(np.int64)
