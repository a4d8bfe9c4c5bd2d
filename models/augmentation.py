"""What a windscreen camera does to a sign, done to training crops, a batch at a time. Needs TensorFlow.

Crops come with more context than the network sees (`CONTEXT_MARGIN` around the sign), so a shifted or turned view shows
real surroundings instead of invented ones.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import tensorflow as tf

from models.pictures import CROP_MARGIN, CROP_SIZE_PX

CONTEXT_MARGIN = 0.3
CONTEXT_SIZE_PX = 48
"""Of crops for the classifier. Crops may be larger and show more of the road: a view is two thirds as large."""


@dataclass(frozen=True, slots=True)
class Strength:
    """How far each disturbance goes; uniform up to the value given unless said otherwise."""

    shift: float = 0.10
    """Of the sign's size, each way: the candidate stage's error of place."""
    scale: float = 0.15
    """Logarithm of size, each axis together."""
    stretch: float = 0.10
    """Logarithm of width over height."""
    turn_deg: float = 9.0
    shear: float = 0.10
    perspective: float = 0.10
    brightness: float = 0.6
    """Standard deviation of the logarithm of exposure, base 2."""
    contrast: float = 0.35
    gamma: float = 0.4
    """Logarithm of the tone curve's exponent: a sign before a bright sky, or a dark one in a bright frame."""
    tint: float = 0.08
    """Standard deviation of the logarithm of each channel's gain."""
    noise: float = 8.0
    """Largest standard deviation of sensor noise, in grey levels, where the crop is mid-grey."""
    coarse: float = 0.3
    """Share of crops that are seen from far: shrunk and enlarged again."""
    motion: float = 0.24
    """Share of crops with motion blur."""
    compressed: float = 0.2
    """Share of crops that have been through JPEG."""
    shaded: float = 0.2
    """Share of crops that the edge of a shadow crosses."""
    covered: float = 0.15
    """Share of crops with something before the sign: a branch, a pole, snow."""


def with_context(margin: float, size_px: int) -> tuple[float, int]:
    """Margin and size of the crops from which views of such a margin and size are taken."""
    whole = (1 + 2 * margin) * (1 + 2 * CONTEXT_MARGIN) / (1 + 2 * CROP_MARGIN)
    return (whole - 1) / 2, size_px * CONTEXT_SIZE_PX // CROP_SIZE_PX


def augment(crops: tf.Tensor, strength: Strength) -> tf.Tensor:
    """Crops (n, 48, 48, 3) uint8 with context to (n, 32, 32, 3) float32, 0 to 255, each disturbed in its own way.

    Of other crops likewise, such as (n, 72, 72, 3) to (n, 48, 48, 3).
    """
    images = _warp(tf.cast(crops, tf.float32), strength)
    # Parts of every batch rather than whole batches: batch normalisation has to see at each step what it averages over.
    images = _change_part(images, 0.0, strength.coarse, _from_far)
    images = _change_part(images, strength.coarse * 2 / 3, strength.motion, _motion_blur)
    images = _cover(_shade(images, strength.shaded), strength.covered)
    return _change_part(_expose(images, strength), 0.5, strength.compressed, _compress)


def mirror_half(crops: tf.Tensor, labels: tf.Tensor, mirror_of: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Turn half of the crops left to right, where `mirror_of` (classes,) has a class for that; -1 where it hasn't."""
    mirrored = tf.gather(mirror_of, labels)
    turned = (mirrored >= 0) & (tf.random.uniform(tf.shape(labels)) < 0.5)
    return (
        tf.where(turned[:, None, None, None], tf.reverse(crops, [2]), crops),
        tf.where(turned, mirrored, labels),
    )


def centre(crops: tf.Tensor) -> tf.Tensor:
    """The undisturbed view: (n, 48, 48, 3) uint8 to (n, 32, 32, 3) float32, as `augment` with no strength at all."""
    count = tf.shape(crops)[0]
    return _transform(tf.cast(crops, tf.float32), _view(tf.ones([count]), tf.ones([count])))


def _view(scale_x: tf.Tensor, scale_y: tf.Tensor) -> tf.Tensor:
    """Matrices (n, 3, 3) from unit coordinates of the crop, -1 to 1, to those of the context."""
    ratio = (1 + 2 * CROP_MARGIN) / (1 + 2 * CONTEXT_MARGIN)
    zeros = tf.zeros_like(scale_x)
    rows = [ratio * scale_x, zeros, zeros, zeros, ratio * scale_y, zeros, zeros, zeros, tf.ones_like(scale_x)]
    return tf.reshape(tf.stack(rows, axis=1), [-1, 3, 3])


def _transform(images: tf.Tensor, matrices: tf.Tensor) -> tf.Tensor:
    """Resample by matrices (n, 3, 3) in unit coordinates; what lies outside repeats the border's mirror image."""
    side_in = images.shape[1]
    side_out = side_in * CROP_SIZE_PX // CONTEXT_SIZE_PX
    half_out, half_in = (side_out - 1) / 2, (side_in - 1) / 2
    to_unit = tf.constant(
        [
            [2 / side_out, 0, -half_out * 2 / side_out],
            [0, 2 / side_out, -half_out * 2 / side_out],
            [0, 0, 1],
        ]
    )
    from_unit = tf.constant([[side_in / 2, 0, half_in], [0, side_in / 2, half_in], [0, 0, 1]])
    whole = from_unit[None] @ matrices @ to_unit[None]
    whole = tf.reshape(whole / whole[:, 2:3, 2:3], [-1, 9])[:, :8]
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=images,
        transforms=whole,
        output_shape=[side_out, side_out],
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="REFLECT",
    )


def _warp(images: tf.Tensor, strength: Strength) -> tf.Tensor:
    count = tf.shape(images)[0]

    def uniform(limit: float) -> tf.Tensor:
        return tf.random.uniform([count], -limit, limit)

    size, stretch = uniform(strength.scale), uniform(strength.stretch) / 2
    angle, shear = uniform(math.radians(strength.turn_deg)), uniform(strength.shear)
    cos, sin = tf.cos(angle), tf.sin(angle)
    # A sign's size is 1 / (1 + 2 margin) of the crop, which spans 2 units.
    unit = 2 / (1 + 2 * CROP_MARGIN)
    rows = [
        cos, -sin + shear, uniform(strength.shift * unit),
        sin, cos, uniform(strength.shift * unit),
        uniform(strength.perspective), uniform(strength.perspective), tf.ones([count]),
    ]  # fmt: skip
    moved = tf.reshape(tf.stack(rows, axis=1), [-1, 3, 3])
    return _transform(images, _view(tf.exp(size + stretch), tf.exp(size - stretch)) @ moved)


def _change_part(images: tf.Tensor, start: float, share: float, change: Callable[[tf.Tensor], tf.Tensor]) -> tf.Tensor:
    """Change `share` of the batch from `start` on, each half of it in another way. Batches come shuffled."""
    if not share:
        return images
    count = tf.cast(tf.shape(images)[0], tf.float32)
    first, middle, end = (tf.cast(count * edge, tf.int32) for edge in (start, start + share / 2, start + share))

    def changed(part: tf.Tensor) -> tf.Tensor:
        # Of an epoch's last batch there may be too little for a share of it.
        return tf.cond(tf.shape(part)[0] > 0, lambda: change(part), lambda: part)

    halves = [changed(images[first:middle]), changed(images[middle:end])]
    return tf.concat([images[:first], *halves, images[end:]], axis=0)


def _from_far(images: tf.Tensor) -> tf.Tensor:
    """To 3/8 to 9/10 of the size, as if the sign had been 10 to 23 of 32 pixels large: averaged down, then enlarged."""
    whole = images.shape[1]
    side = tf.random.uniform([], whole * 3 // 8, whole * 29 // 32, tf.int32)
    small = tf.image.resize(images, [side, side], method="area")
    return tf.image.resize(small, [whole, whole], method="bilinear")


def _motion_blur(images: tf.Tensor) -> tf.Tensor:
    """Along one direction, 2 to 6 pixels long."""
    angle, length = tf.random.uniform([], 0, math.pi), tf.random.uniform([], 2.0, 6.0)
    steps = tf.range(-3.0, 4.0)
    along = tf.cos(angle) * steps[None, :] + tf.sin(angle) * steps[:, None]
    across = -tf.sin(angle) * steps[None, :] + tf.cos(angle) * steps[:, None]
    kernel = tf.maximum(0.0, 1.0 - tf.abs(across)) * tf.clip_by_value(length / 2 + 0.5 - tf.abs(along), 0.0, 1.0)
    kernel = tf.tile((kernel / tf.reduce_sum(kernel))[:, :, None, None], [1, 1, 3, 1])
    padded = tf.pad(images, [[0, 0], [3, 3], [3, 3], [0, 0]], mode="REFLECT")
    return tf.nn.depthwise_conv2d(padded, kernel, [1, 1, 1, 1], "VALID")


def _shade(images: tf.Tensor, share: float) -> tf.Tensor:
    """Darken what lies beyond a straight edge, sharp or soft, to between a quarter and four fifths of its light."""
    if not share:
        return images
    count = tf.shape(images)[0]
    across, down = _grid(images)
    angle = tf.random.uniform([count, 1, 1, 1], -math.pi, math.pi)
    beyond = tf.cos(angle) * across + tf.sin(angle) * down - tf.random.uniform([count, 1, 1, 1], -0.6, 0.6)
    shadow = tf.sigmoid(beyond / tf.random.uniform([count, 1, 1, 1], 0.02, 0.2))
    loss = tf.random.uniform([count, 1, 1, 1], 0.2, 0.75) * _chosen(count, share)
    return images * (1 - shadow * loss)


def _cover(images: tf.Tensor, share: float) -> tf.Tensor:
    """Lay an ellipse of one colour, a sixth to a half of the crop long, over some place of it."""
    if not share:
        return images
    count = tf.shape(images)[0]
    across, down = _grid(images)
    angle = tf.random.uniform([count, 1, 1, 1], -math.pi, math.pi)
    from_left, from_top = (place - tf.random.uniform([count, 1, 1, 1], -0.9, 0.9) for place in (across, down))
    along = tf.cos(angle) * from_left + tf.sin(angle) * from_top
    beside = tf.cos(angle) * from_top - tf.sin(angle) * from_left
    length = tf.random.uniform([count, 1, 1, 1], 0.16, 0.5)
    width = length * tf.random.uniform([count, 1, 1, 1], 0.25, 1.0)
    inside = tf.sigmoid((1 - tf.sqrt((along / length) ** 2 + (beside / width) ** 2)) * 12) * _chosen(count, share)
    grey = tf.random.uniform([count, 1, 1, 1], 0.0, 255.0)
    colour = tf.clip_by_value(grey + tf.random.normal([count, 1, 1, 3], 0.0, 20.0), 0.0, 255.0)
    return images * (1 - inside) + colour * inside


def _grid(images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Place of each pixel of images (n, side, side, 3), -1 to 1: across (1, 1, side, 1) and down (1, side, 1, 1)."""
    places = tf.linspace(-1.0, 1.0, images.shape[1])
    return tf.reshape(places, [1, 1, -1, 1]), tf.reshape(places, [1, -1, 1, 1])


def _chosen(count: tf.Tensor, share: float) -> tf.Tensor:
    """1 for about `share` of the batch, 0 for the rest: (count, 1, 1, 1) float32."""
    return tf.cast(tf.random.uniform([count, 1, 1, 1]) < share, tf.float32)


def _compress(images: tf.Tensor) -> tf.Tensor:
    """Through JPEG and back, with colour at half the resolution, as recorders do it."""

    def through_jpeg(image: tf.Tensor) -> tf.Tensor:
        quality = tf.random.uniform([], 25, 90, tf.int32)
        return tf.image.adjust_jpeg_quality(image / 255.0, quality) * 255.0

    spec = tf.TensorSpec(images.shape[1:], tf.float32)  # also where a small batch has none to compress
    return tf.map_fn(through_jpeg, images, fn_output_signature=spec)


def _expose(images: tf.Tensor, strength: Strength) -> tf.Tensor:
    """Contrast, tone curve, exposure, tint and noise."""
    count = tf.shape(images)[0]
    shape = [count, 1, 1, 1]
    mean = tf.reduce_mean(images, axis=[1, 2, 3], keepdims=True)
    contrast = tf.pow(2.0, tf.random.uniform(shape, -2 * strength.contrast, strength.contrast))
    images = (images - mean) * contrast + mean
    gamma = tf.exp(tf.random.uniform(shape, -strength.gamma, strength.gamma))
    images = 255.0 * tf.pow(tf.clip_by_value(images / 255.0, 0.0, 1.0), gamma)
    mean = tf.reduce_mean(images, axis=[1, 2, 3], keepdims=True)
    exposure = tf.pow(2.0, tf.random.normal(shape, 0.0, strength.brightness))
    # Towards mid-grey, so that bright crops are not all driven into white nor dark ones all into black. What is darker
    # than that as it comes may stay so: every ninth picture of the benchmark is.
    exposure = tf.clip_by_value(exposure, tf.minimum(0.7, 28.0 / (mean + 1.0)), 215.0 / (mean + 1.0))
    tint = tf.exp(tf.random.normal([count, 1, 1, 3], 0.0, strength.tint))
    # What photons make of noise goes with the root of the light.
    deviation = tf.random.uniform(shape, 0.0, strength.noise) * tf.sqrt(mean * exposure / 128.0)
    noise = tf.random.normal(tf.shape(images)) * deviation
    return tf.clip_by_value(images * exposure * tint + noise, 0.0, 255.0)
