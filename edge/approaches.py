"""Drives made from stills: a real street frame, seen from farther away and then ever nearer.

Real sequences with known signs are scarce, real stills are not. A still shows what a camera saw at one moment; what it
saw some seconds before is nearly the same picture, smaller about the point that the car drives towards. So a drive is
the still shrunk to where its largest sign is some 14 px across, growing as a thing does that one drives towards at
constant speed, until the still has about its own size; in the last half second the camera turns away as well, and the
sign leaves at the edge. Real pixels, simulated motion:

- Nothing is enlarged by more than a tenth: a still holds no detail beyond its own. Shrinking averages over areas,
  and what that takes away of the lens's blur and of the sensor's noise is put back, so that a far sign isn't seen
  through a better camera than a near one.
- Around the shrunk still lies its own mirror image, out of focus: the street's colours and light, but nothing to be
  read that isn't in the street. (Left sharp, a warning sign upside down is a yield sign.)
- The camera shakes: a slow swing in pitch and yaw as on springs, and a tremble. What moves while the shutter is open is
  smeared. Every frame goes through JPEG.

What this can't show: depth (near things don't pass far ones), signs that turn, light that changes, what a video codec
does over time.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from detector.boxes import Boxes
from detector.track_scoring import Box
from models.disturbances import View, jpeg, smeared

Image = NDArray[np.uint8]
"""(height, width, 3) uint8 BGR"""

FPS = 30.0
START_SIDE_PX = (12.0, 16.0)
"""The largest sign's side in the first frame."""
MOST_ENLARGED = 1.1
"""Size of the still in the last frames."""
EMPTY_START = 0.5
"""Size in the first frame of a still that has no sign."""
SPEED_M_S = (14.0, 30.0)
"""50 to 108 km/h."""
FOCAL_SHARE = 2000 / 1360
"""Focal length by the picture's width: 24 px across a disc of 0.6 m at 50 m in a picture of 1360."""
SIGN_M = 0.6
EMPTY_DISTANCE_M = 25.0
"""How far away what matters in a still without signs is taken to be."""
LEAVING_FRAMES = 15
"""In which the camera turns away, at the end of a drive towards a sign."""
SURROUNDINGS_PX = 12
"""Side of the smallest detail in what lies around the still."""
LENS_BLUR_PX = 0.6
"""Standard deviation of what lens and colour filter blur."""
NOISE_LEVELS = 1.5
"""Standard deviation of the sensor's noise in grey levels, new in every frame."""
GRAIN_STEPS = 64
"""Places down and right at which the noise can lie over a frame."""
EDGE_PX = 3
SHUTTER_SHARE = (0.05, 0.3)
"""Of the time between two frames: 1/600 to 1/100 s."""
JPEG_QUALITY = (60.0, 90.0)
SWING_PX, SWING_HZ = 3.0, (1.0, 2.5)
"""Root mean square in a picture of 1360 in pitch, half of it in yaw: 0.09 degrees, as cars swing on their springs."""
TREMBLE_PX = 0.7
"""Standard deviation from frame to frame in a picture of 1360."""


@dataclass(frozen=True, slots=True)
class Still:
    """A street frame and the signs known in it."""

    image: Image
    boxes_xywh_px: Boxes
    """(n, 4)"""


@dataclass(frozen=True, slots=True)
class Path:
    """How the camera goes: where what is at p in the still is in each view, `centre + scale * (p - centre) + shift`."""

    centre_xy_px: tuple[float, float]
    """The point that the car drives towards."""
    scales: NDArray[np.float64]
    """(frames,) size of the still in the view."""
    shifts_xy_px: NDArray[np.float64]
    """(frames, 2) how the camera shakes and turns away."""
    shutter_share: float
    jpeg_quality: float

    def boxes(self, frame: int, boxes_xywh_px: Boxes) -> Boxes:
        """Where boxes (n, 4) of the still are in the view of a frame: (n, 4) in pixels, also outside of the picture."""
        scale, moved = self.scales[frame], self._moved(frame)
        places = boxes_xywh_px[:, :2] * scale + moved
        return np.concatenate([places, boxes_xywh_px[:, 2:] * scale], axis=1).astype(np.float32)

    def _moved(self, frame: int) -> NDArray[np.float64]:
        return np.asarray(np.array(self.centre_xy_px) * (1 - self.scales[frame]) + self.shifts_xy_px[frame])


@dataclass(frozen=True, slots=True)
class ViewOfRoad:
    """One frame of a drive."""

    image: Image
    """As large as the still."""
    time_s: float
    boxes_xywh_px: Boxes
    """(n, 4) of the still's signs in the still's order; also where they lie outside of the picture."""
    visible: NDArray[np.float64]
    """(n,) share of each box that lies in the picture, 0 to 1."""
    scale: float
    """Size of the still in the view."""
    known_xywh_px: Box | None
    """Where the still lies in the view: around it there are no signs, whatever they look like."""


def plan(still: Still, seed: int) -> Path:
    """A drive towards the largest sign of a still, or along one that has none; the same for the same seed."""
    generator = np.random.default_rng(seed)
    height, width = still.image.shape[:2]
    centre = (width * generator.uniform(0.45, 0.55), height * generator.uniform(0.42, 0.52))
    sides = np.sqrt(np.prod(still.boxes_xywh_px[:, 2:], axis=1))
    speed = generator.uniform(*SPEED_M_S)
    start_side = generator.uniform(*START_SIDE_PX)
    if len(sides):
        start = min(1.0, start_side / float(sides.max()))
        distance = FOCAL_SHARE * width * SIGN_M / (MOST_ENLARGED * float(sides.max()))
    else:
        start, distance = EMPTY_START, EMPTY_DISTANCE_M
    frames = max(2, math.ceil((MOST_ENLARGED / start - 1) * distance / speed * FPS))
    to_go = speed / FPS * np.arange(frames - 1, -1, -1)
    scales = MOST_ENLARGED * distance / (distance + to_go)
    shifts = _shake(len(scales), generator) * (width / 1360)
    path = Path(centre, scales, shifts, generator.uniform(*SHUTTER_SHARE), generator.uniform(*JPEG_QUALITY))
    if len(sides):
        leaving = min(LEAVING_FRAMES, frames)
        x, _, w, _ = path.boxes(len(scales) - 1, still.boxes_xywh_px)[int(sides.argmax())].tolist()
        way = width - x if x + w / 2 > width / 2 else -(x + w)
        shifts[-leaving:, 0] += way * (np.arange(1, leaving + 1) / leaving) ** 2
    return path


def drive(still: Still, path: Path, seed: int) -> Iterator[ViewOfRoad]:
    """The views along a path, in order; the same for the same seed."""
    generator = np.random.default_rng(seed)
    height, width = still.image.shape[:2]
    whole = _without_edge(still.image)
    # Made once and laid over every frame at another place: drawing it anew would take most of the time.
    grain = generator.normal(0.0, NOISE_LEVELS, (height + GRAIN_STEPS, width + GRAIN_STEPS, 3)).astype(np.float32)
    grain_levels = np.rint(grain).astype(np.int16)
    main = int(np.prod(still.boxes_xywh_px[:, 2:], axis=1).argmax()) if len(still.boxes_xywh_px) else None
    before: tuple[float, float] | None = None
    for frame in range(len(path.scales)):
        boxes = path.boxes(frame, still.boxes_xywh_px)
        image = _seen(whole, path, frame)
        x, y, w, h = boxes[main].tolist() if main is not None else (*path.shifts_xy_px[frame].tolist(), 0.0, 0.0)
        here = (x + w / 2, y + h / 2)
        moved = (here[0] - before[0], here[1] - before[1]) if before else (0.0, 0.0)
        before = here
        smear_px = path.shutter_share * math.hypot(*moved)
        if smear_px > 0.5:
            image = smeared(image, smear_px, math.atan2(moved[1], moved[0]))
        down, right = generator.integers(GRAIN_STEPS, size=2).tolist()
        image = _grained(image, grain_levels[down : down + height, right : right + width])
        image = jpeg(View(image, (0, 0, width, height)), path.jpeg_quality, generator).image
        left, top, across, down = path.boxes(frame, np.array([[0, 0, width, height]], np.float32))[0].tolist()
        visible = _visible(boxes, width, height)
        yield ViewOfRoad(image, frame / FPS, boxes, visible, float(path.scales[frame]), (left, top, across, down))


def _grained(image: Image, levels: NDArray[np.int16]) -> Image:
    return np.asarray(cv2.add(image, levels, dtype=cv2.CV_8U), np.uint8)


def _shake(frames: int, generator: np.random.Generator) -> NDArray[np.float64]:
    """(frames, 2) right and down in pixels of a picture 1360 wide."""
    times = np.arange(frames) / FPS
    shake = generator.normal(0.0, TREMBLE_PX, (frames, 2))
    for axis, share in ((0, 0.5), (1, 1.0)):
        for _ in range(2):
            phase = generator.uniform(0, 2 * math.pi)
            shake[:, axis] += share * SWING_PX * np.sin(2 * math.pi * generator.uniform(*SWING_HZ) * times + phase)
    return shake


def _without_edge(image: Image) -> Image:
    """The still with its outermost pixels, which demosaicing leaves too bright, replaced by their mirror image."""
    inner = image[EDGE_PX:-EDGE_PX, EDGE_PX:-EDGE_PX]
    return np.asarray(cv2.copyMakeBorder(inner, *(4 * (EDGE_PX,)), cv2.BORDER_REFLECT), np.uint8)


def _seen(image: Image, path: Path, frame: int) -> Image:
    """A still as it is seen in a frame of the path, and around it its mirror image out of focus."""
    height, width = image.shape[:2]
    scale = path.scales[frame]
    moved = path.boxes(frame, np.array([[0, 0, width, height]], np.float32))[0]
    left, top, across, down = moved.tolist()
    coarse = (max(1, round(across / SURROUNDINGS_PX)), max(1, round(down / SURROUNDINGS_PX)))
    around = np.asarray(cv2.resize(image, coarse, interpolation=cv2.INTER_AREA), np.uint8)
    view = _placed(around, moved, (width, height), cv2.INTER_LINEAR)
    inside, order = image, cv2.INTER_CUBIC
    if scale < 1:
        size = (max(1, round(across)), max(1, round(down)))
        inside, order = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8), cv2.INTER_LINEAR
    first_row, last_row = np.clip([math.ceil(top), math.floor(top + down)], 0, height).tolist()
    first_column, last_column = np.clip([math.ceil(left), math.floor(left + across)], 0, width).tolist()
    real = (last_column - first_column, last_row - first_row)
    if min(real) > 0:
        place = moved - np.array([first_column, first_row, 0, 0])
        view[first_row:last_row, first_column:last_column] = _placed(inside, place, real, order)
    if scale < 1:
        view = np.asarray(cv2.GaussianBlur(view, (0, 0), max(0.1, LENS_BLUR_PX * math.sqrt(1 - scale**2))), np.uint8)
    return view


def _placed(image: Image, box_xywh_px: NDArray[np.floating], size: tuple[int, int], interpolation: int) -> Image:
    """A picture of `size` (width, height) in which `image` fills the box, mirrored where there is more room."""
    left, top, across, down = box_xywh_px.tolist()
    x_step, y_step = across / image.shape[1], down / image.shape[0]
    # Pixel n covers n to n + 1, and OpenCV counts from its middle.
    place = np.array([[x_step, 0, left + x_step / 2 - 0.5], [0, y_step, top + y_step / 2 - 0.5]])
    placed = cv2.warpAffine(image, place, size, flags=interpolation, borderMode=cv2.BORDER_REFLECT)
    return np.asarray(placed, np.uint8)


def _visible(boxes_xywh_px: Boxes, width: int, height: int) -> NDArray[np.float64]:
    left_top = np.clip(boxes_xywh_px[:, :2], 0, (width, height))
    right_bottom = np.clip(boxes_xywh_px[:, :2] + boxes_xywh_px[:, 2:], 0, (width, height))
    return np.asarray(np.prod(right_bottom - left_top, axis=1) / np.prod(boxes_xywh_px[:, 2:], axis=1), np.float64)
