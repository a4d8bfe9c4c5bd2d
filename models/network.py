"""The network: 32x32 BGR crops in, one logit a class of the catalogue plus one for background. Needs TensorFlow.

Each channel is seen twice: as it is, and with its contrast normalised locally, so that digits on a sign that stands
dark before a bright sky are as plain as any (what contrast normalisation brings on this benchmark: Ciresan et al.,
Neural Networks 32, 2012). Then plain 3x3 convolutions with batch normalisation, three halvings and a global average:
0.68 M weights and 43 M multiply-adds for 43 classes.
"""

from typing import Any

from models.pictures import CROP_SIZE_PX

SURROUNDINGS_PX = 9
"""Side of the square over which contrast is normalised: some three strokes of a digit."""
LEAST_DEVIATION = 0.08
"""Five grey levels, in the network's own scale: what varies by less is noise, and is not blown up."""
WIDTHS = ((24, 32), (64, 64), (128, 128), (152, 152))
"""Channels of the convolutions, at 32, 16, 8 and 4 pixels; two see every pixel before any is thrown away."""


def build_network(sign_classes: int) -> Any:  # keras.Model, whose package carries no types
    """An untrained Keras model: (n, 32, 32, 3) float32 0 to 255 BGR in, logits (n, sign_classes + 1) out.

    The last logit is the background's: nothing of the catalogue. Where Keras's precision is mixed, the first layers and
    the last compute in float32 all the same: half precision has fewer steps than a dark sign has grey levels.
    """
    from keras import Input, Model, layers

    crops = Input((CROP_SIZE_PX, CROP_SIZE_PX, 3), name="crops")
    maps = layers.Rescaling(1 / 64.0, offset=-2.0, dtype="float32", name="scale")(crops)
    maps = layers.Concatenate(dtype="float32")([maps, _normalise_contrast(maps)])
    for stage, widths in enumerate(WIDTHS):
        if stage:
            maps = layers.MaxPooling2D()(maps)
        for width in widths:
            maps = _convolution(maps, width)
    pooled = layers.GlobalAveragePooling2D()(maps)
    pooled = layers.Dropout(0.25)(pooled)
    logits = layers.Dense(sign_classes + 1, dtype="float32", name="logits")(pooled)
    return Model(crops, logits, name="signwatch")


def _normalise_contrast(maps: Any) -> Any:
    """Each value less the mean around it, over the deviation around it; flat surroundings stay near 0."""
    from keras import ops

    deviation = maps - _mean_around(maps)
    variance = _mean_around(deviation * deviation)
    return deviation * ops.rsqrt(variance + LEAST_DEVIATION**2)


def _mean_around(maps: Any) -> Any:
    """Mean over the surroundings, as far as they lie inside: first along rows, then along columns."""
    from keras import layers

    along_rows = layers.AveragePooling2D((1, SURROUNDINGS_PX), 1, "same", dtype="float32")(maps)
    return layers.AveragePooling2D((SURROUNDINGS_PX, 1), 1, "same", dtype="float32")(along_rows)


def _convolution(maps: Any, width: int) -> Any:
    from keras import layers

    convolution = layers.Conv2D(width, 3, padding="same", use_bias=False, kernel_initializer="he_normal")
    return layers.ReLU()(layers.BatchNormalization(momentum=0.98)(convolution(maps)))


def multiply_adds(model: Any) -> int:
    """Multiplications in one forward pass of one crop, over convolutions and dense layers."""
    total = 0
    for layer in model.layers:
        kernel = getattr(layer, "kernel", None)
        if kernel is not None:
            positions = layer.output.shape[1] * layer.output.shape[2] if len(layer.output.shape) == 4 else 1
            total += positions * int(kernel.shape.num_elements())
    return total
