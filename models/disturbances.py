"""What a windscreen camera does to its picture of a sign, by kind and measured strength.

Everything here changes the picture or the box before the crop is cut, as on the road, where optics, sensor, recorder
and candidate stage come before the network. Needs numpy and OpenCV only, so it can be measured with the run-time that
drives along. `augmentation` does what is alike to training crops; it is written apart on purpose, so that a network is
not measured with the very functions that it was trained with.

A function here takes one `View`, a strength and a random generator, and gives a new `View`; nothing is changed in
place. `KINDS` lists them with the strengths that are measured: the weakest hardly shows, and at the strongest a person
still reads nearly every sign that can be read undisturbed.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from models.recording import BITS_PER_PIXEL, recorded

Image = NDArray[np.uint8]
Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class View:
    """What a camera saw of one sign."""

    image: Image
    """(height, width, 3) uint8 BGR"""
    box_xywh_px: Box
    """The sign inside it."""

    @property
    def side_px(self) -> float:
        """Mean of the sign's width and height."""
        return (self.box_xywh_px[2] + self.box_xywh_px[3]) / 2

    def inside(self) -> Image:
        """What lies in the box, one pixel at least."""
        x, y, w, h = (round(value) for value in self.box_xywh_px)
        height, width = self.image.shape[:2]
        left, top = min(max(0, x), width - 1), min(max(0, y), height - 1)
        return self.image[top : max(top + 1, y + h), left : max(left + 1, x + w)]

    def mean_level(self) -> float:
        """Mean grey level in the box, 0 to 255."""
        return float(self.inside().mean())


Disturb = Callable[[View, float, np.random.Generator], View]


def box_error(view: View, share: float, generator: np.random.Generator) -> View:
    """A box that is off in place and in size, across and down, each by up to `share` of the sign's width and height."""
    return _off(view, generator.uniform(-share, share, 4).tolist())


def box_corner(view: View, share: float, generator: np.random.Generator) -> View:
    """The worst of the same: off by the whole `share` in all four, each with its sign at random."""
    return _off(view, generator.choice([-share, share], 4).tolist())


def _off(view: View, shares: list[float]) -> View:
    x, y, w, h = view.box_xywh_px
    right, down, wider, higher = shares
    width, height = w * (1 + wider), h * (1 + higher)
    left, top = x + w * (0.5 + right) - width / 2, y + h * (0.5 + down) - height / 2
    return View(view.image, (left, top, width, height))


def motion_blur(view: View, share: float, generator: np.random.Generator) -> View:
    """Smeared in one direction, by `share` of the sign's size (a sign of 60 cm seen moving by `share` times 60 cm)."""
    return View(smeared(view.image, share * view.side_px, generator.uniform(0.0, math.pi)), view.box_xywh_px)


def smeared(image: Image, length_px: float, angle_rad: float) -> Image:
    """A picture (height, width, 3) uint8 that moved by `length_px` along `angle_rad` while the shutter was open."""
    x, y = _kernel_grid(length_px)
    along = math.cos(angle_rad) * x + math.sin(angle_rad) * y
    across = math.cos(angle_rad) * y - math.sin(angle_rad) * x
    return _filtered(image, np.maximum(0.0, 1.0 - np.abs(across)) * np.clip(length_px / 2 + 0.5 - np.abs(along), 0, 1))


def defocus(view: View, share: float, generator: np.random.Generator) -> View:
    """Out of focus: every point a disc, `share` of the sign's size across."""
    diameter = share * view.side_px
    x, y = _kernel_grid(diameter)
    disc = np.clip(diameter / 2 + 0.5 - np.hypot(x, y), 0.0, 1.0)
    return View(_filtered(view.image, disc), view.box_xywh_px)


def _kernel_grid(reach_px: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Places of an odd kernel that holds what is `reach_px` across: x (1, n) and y (n, 1) in pixels from its middle."""
    half = math.ceil(reach_px / 2) + 1
    steps = np.arange(-half, half + 1, dtype=np.float64)
    return steps[None, :], steps[:, None]


def _filtered(image: Image, kernel: NDArray[np.float64]) -> Image:
    return np.asarray(cv2.filter2D(image, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REPLICATE), np.uint8)


def noise(view: View, levels: float, generator: np.random.Generator) -> View:
    """Sensor noise of `levels` grey levels' standard deviation at mid-grey; it goes with the root of the light."""
    image = view.image.astype(np.float32)
    deviation = levels * np.sqrt((image + 8.0) / 136.0)
    return _as_picture(image + deviation * generator.standard_normal(image.shape, np.float32), view)


def jpeg(view: View, quality: float, generator: np.random.Generator) -> View:
    """Through JPEG at `quality`, 1 to 100, with 4:2:0 chroma, and back."""
    data = cv2.imencode(".jpg", view.image, [cv2.IMWRITE_JPEG_QUALITY, round(quality)])[1]
    return View(np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8), view.box_xywh_px)


def chroma(view: View, side_px: float, generator: np.random.Generator) -> View:
    """One sample of colour for each square of `side_px` pixels: 2 is 4:2:0, as most cameras give it."""
    planes = cv2.cvtColor(view.image, cv2.COLOR_BGR2YCrCb)
    height, width = planes.shape[:2]
    size = (max(1, math.ceil(width / side_px)), max(1, math.ceil(height / side_px)))
    coarse = cv2.resize(planes[..., 1:], size, interpolation=cv2.INTER_AREA)
    planes[..., 1:] = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
    return View(np.asarray(cv2.cvtColor(planes, cv2.COLOR_YCrCb2BGR), np.uint8), view.box_xywh_px)


def far(view: View, side_px: float, generator: np.random.Generator) -> View:
    """From so far away that the sign is `side_px` pixels large; one that already is smaller stays as it is."""
    factor = side_px / view.side_px
    if factor >= 1.0:
        return view
    height, width = view.image.shape[:2]
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    small = np.asarray(cv2.resize(view.image, size, interpolation=cv2.INTER_AREA), np.uint8)
    x, y, w, h = view.box_xywh_px
    across, down = size[0] / width, size[1] / height
    return View(small, (x * across, y * down, w * across, h * down))


BACKLIT_STOPS = 1.0
"""How much less light a sign's face gets in its own shadow."""
GAMMA = 2.2
"""Of the camera's tone curve: light goes with the grey level to this power."""


def backlight(view: View, veil: float, generator: np.random.Generator) -> View:
    """The sun behind the sign: half the light on its face, and stray light over it, `veil` times what is left of that.

    The stray light falls off to half across the picture, in a direction at random.
    """
    height, width = view.image.shape[:2]
    angle = generator.uniform(0.0, 2 * math.pi)
    across = math.cos(angle) * np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    down = math.sin(angle) * np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    light = (view.image.astype(np.float32) / 255.0) ** GAMMA / 2.0**BACKLIT_STOPS
    of_face = (view.mean_level() / 255.0) ** GAMMA / 2.0**BACKLIT_STOPS
    stray = veil * of_face * (0.75 + 0.25 * np.clip(across + down, -1, 1))[..., None]
    return _as_picture(255.0 * np.clip(light + stray, 0.0, 1.0) ** (1 / GAMMA), view)


NIGHT_NOISE = 2.0
"""Grey levels: what a sensor adds at high gain, whatever the light."""


def night(view: View, level: float, generator: np.random.Generator) -> View:
    """So little light that the sign's mean grey level is `level`, with a sensor's noise; a darker one stays as dark."""
    darker = view.image.astype(np.float32) * min(1.0, level / max(view.mean_level(), 1.0))
    return _as_picture(darker + NIGHT_NOISE * generator.standard_normal(darker.shape, np.float32), view)


def rain(view: View, share: float, generator: np.random.Generator) -> View:
    """Drops on the windscreen over `share` of the sign's area, each a tenth to a quarter of the sign wide.

    A drop is a small wide lens, far out of focus: it shows its surroundings upside down, blurred.
    """
    x, y, w, h = view.box_xywh_px
    height, width = view.image.shape[:2]
    columns, rows = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    sign = (columns >= x) & (columns < x + w) & (rows >= y) & (rows < y + h)
    blurred = cv2.GaussianBlur(view.image, (0, 0), max(0.5, 0.05 * view.side_px))
    image, wet = view.image.astype(np.float32), np.zeros((height, width), bool)
    while sign.any() and wet[sign].mean() < share:
        left, top = x + w * generator.uniform(0, 1), y + h * generator.uniform(0, 1)
        radius = view.side_px * generator.uniform(1 / 20, 1 / 8)
        distance = np.hypot(columns - left, rows - top)
        lens = cv2.remap(
            blurred, 2.5 * left - 1.5 * columns, 2.5 * top - 1.5 * rows, cv2.INTER_LINEAR, None, cv2.BORDER_REFLECT
        )
        edge = np.clip((radius - distance) / max(1.0, 0.3 * radius) + 0.5, 0.0, 1.0)[..., None]
        image = image * (1 - edge) + lens.astype(np.float32) * edge
        wet |= distance < max(radius, 0.5)
    return _as_picture(image, view)


COVERS_BGR = ((40, 75, 50), (45, 60, 75), (235, 230, 225))
"""Leaf, bark, snow."""


def cover(view: View, share: float, generator: np.random.Generator) -> View:
    """Something before the sign, an ellipse of `share` of its area with its middle on the sign: leaf, bark or snow."""
    x, y, w, h = view.box_xywh_px
    height, width = view.image.shape[:2]
    angle, slender = generator.uniform(0, math.pi), generator.uniform(0.4, 1.0)
    long = math.sqrt(share * w * h / (math.pi * slender))
    from_left = np.arange(width, dtype=np.float32)[None, :] - (x + w * generator.uniform(0.1, 0.9))
    from_top = np.arange(height, dtype=np.float32)[:, None] - (y + h * generator.uniform(0.1, 0.9))
    along = math.cos(angle) * from_left + math.sin(angle) * from_top
    beside = math.cos(angle) * from_top - math.sin(angle) * from_left
    inside = np.clip((1 - np.hypot(along / long, beside / (slender * long))) * slender * long + 0.5, 0, 1)[..., None]
    colour = np.array(COVERS_BGR[generator.integers(len(COVERS_BGR))], np.float32)
    # As bright as the light on the sign allows, which its brightest parts show: white in a dark picture is a lamp.
    light = float(np.percentile(view.inside(), 95)) / 255.0
    texture = light * (colour + 10.0 * generator.standard_normal((height, width, 1), np.float32))
    return _as_picture(view.image * (1 - inside) + texture * inside, view)


def _as_picture(levels: NDArray[np.floating], view: View) -> View:
    return View(np.clip(np.rint(levels), 0, 255).astype(np.uint8), view.box_xywh_px)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of disturbance and the strengths it is measured at, weakest first."""

    name: str
    """In JSON."""
    title: str
    unit: str
    """What a strength is counted in, to be read after the number."""
    strengths: tuple[float, ...]
    disturb: Disturb | None
    """None for what is done to many pictures together."""
    about: str
    """For a report, in a sentence."""
    percent: bool = False
    """Strengths are shares, shown as per cent."""

    def strength_text(self, strength: float) -> str:
        """The strength for a person, without its unit's words: `10 %`, `25`."""
        return f"{100 * strength:g} %" if self.percent else f"{strength:g}"

    def apply(self, views: Sequence[View], strength: float, seed: int) -> list[View]:
        """Every view disturbed. The same for the same seed and views; each in its own way."""
        if self.disturb is None:
            images = recorded([view.image for view in views], strength)
            return [View(image, view.box_xywh_px) for image, view in zip(images, views, strict=True)]
        generator = np.random.default_rng([seed, round(1000 * strength)])
        return [self.disturb(view, strength, generator) for view in views]


KINDS = (
    Kind(
        "box",
        "Box off",
        "of the sign's size",
        (0.05, 0.1, 0.15),
        box_error,
        "The box is off by up to that share in place and in size, across and down.",
        percent=True,
    ),
    Kind(
        "box-corner",
        "Box off, at worst",
        "of the sign's size",
        (0.05, 0.1, 0.15),
        box_corner,
        "The box is off by the whole share in place and in size, across and down, each with its sign at random.",
        percent=True,
    ),
    Kind("far", "Far away", "px across the sign", (24, 20, 16, 12), far, "Smaller signs stay as small as they are."),
    Kind(
        "motion",
        "Motion blur",
        "of the sign's size",
        (0.05, 0.1, 0.15),
        motion_blur,
        "Smeared in one direction, each sign in another.",
        percent=True,
    ),
    Kind(
        "defocus",
        "Defocus",
        "of the sign's size",
        (0.05, 0.1, 0.15),
        defocus,
        "Every point becomes a disc, so many per cent of the sign across.",
        percent=True,
    ),
    Kind("noise", "Noise", "grey levels at mid-grey", (4, 8, 14, 20), noise, "It goes with the root of the light."),
    Kind("jpeg", "JPEG", "quality", (90, 75, 60, 45), jpeg, "With colour at half the resolution."),
    Kind(
        "video",
        "Video compression",
        "bits a pixel (MPEG-4)",
        BITS_PER_PIXEL,
        None,
        "Recorded as MPEG-4 part 2 while the picture moves, and read back; H.264 loses less at the same rate.",
    ),
    Kind("chroma", "Coarse colour", "px a side of a colour sample", (2, 4, 8), chroma, "2 px is 4:2:0."),
    Kind(
        "backlight",
        "Backlight",
        "times its own light as stray light",
        (0.5, 1, 2, 3),
        backlight,
        "Half the light on the sign's face, and stray light over it, more from one side.",
    ),
    Kind(
        "night", "Night", "mean grey level", (60, 40, 25, 15), night, "With a sensor's noise; what is darker stays so."
    ),
    Kind(
        "rain",
        "Rain drops",
        "of the sign's area",
        (0.05, 0.1, 0.15),
        rain,
        "Each drop shows its surroundings upside down and blurred.",
        percent=True,
    ),
    Kind(
        "cover",
        "Partly covered",
        "of the sign's area",
        (0.02, 0.04, 0.08),
        cover,
        "A leaf, a piece of bark or snow before some place of the sign.",
        percent=True,
    ),
)
