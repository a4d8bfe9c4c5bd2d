"""Other road users: cars from behind, from the front and from the side, and a lorry's rear.

A car is three flat layers: the side, the cabin, and the lower body in front of the cabin.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.sample_drive.compositing import Texture, make_texture, opaque
from edge.sample_drive.noise import to_bytes

_PX_PER_M = 96.0

PAINT_BGR = (
    (58.0, 52.0, 50.0),
    (186.0, 188.0, 188.0),
    (40.0, 34.0, 132.0),
    (120.0, 70.0, 36.0),
    (146.0, 142.0, 138.0),
    (212.0, 214.0, 214.0),
)

Picture = NDArray[np.float32]
Bgr = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class VehicleSkin:
    """The layers of a vehicle: its `body` and `cabin` across the road, its `side` along it.

    `lean_m` is how far the side's upper edge leans inwards.
    """

    body: Texture
    cabin: Texture | None
    side: Texture
    width_m: float
    body_height_m: float
    height_m: float
    length_m: float
    cabin_setback_m: float
    lean_m: float


def _fill(picture: Picture, corners: list[tuple[float, float]], bgr: Bgr) -> None:
    path = np.array([[x * _PX_PER_M * 16, y * _PX_PER_M * 16] for x, y in corners])
    cv2.fillPoly(picture, [path.astype(np.int32)], (*bgr, 255.0), cv2.LINE_AA, shift=4)


def _block(picture: Picture, left: float, top: float, right: float, bottom: float, bgr: Bgr) -> None:
    _fill(picture, [(left, top), (right, top), (right, bottom), (left, bottom)], bgr)


def _blank(width_m: float, height_m: float, bgr: Bgr) -> Picture:
    picture = np.zeros((int(height_m * _PX_PER_M), int(width_m * _PX_PER_M), 4), np.float32)
    picture[..., :3] = bgr
    return picture


def _shaded(picture: Picture, top: float, bottom: float) -> Texture:
    rows = np.linspace(top, bottom, picture.shape[0], dtype=np.float32)[:, None, None]
    columns = 1.0 - 0.22 * np.abs(np.linspace(-1, 1, picture.shape[1], dtype=np.float32)) ** 3
    picture[..., :3] *= rows * columns[None, :, None]
    return make_texture(np.clip(picture, 0, 255).astype(np.uint8))


def _darker(bgr: Bgr, factor: float) -> Bgr:
    return bgr[0] * factor, bgr[1] * factor, bgr[2] * factor


def _body(bgr: Bgr, rear: bool, braking: bool) -> Texture:
    picture = _blank(1.8, 0.98, bgr)
    for x in (0.06, 1.50):
        _block(picture, x, 0.62, x + 0.24, 0.98, (24.0, 24.0, 26.0))
    shell = [(0.10, 0.02), (1.70, 0.02), (1.77, 0.14), (1.79, 0.50), (1.74, 0.80), (0.06, 0.80),
             (0.01, 0.50), (0.03, 0.14)]  # fmt: skip
    _fill(picture, shell, bgr)
    _fill(picture, [(0.03, 0.50), (1.77, 0.50), (1.74, 0.80), (0.06, 0.80)], _darker(bgr, 0.72))
    _fill(picture, [(0.22, 0.70), (1.58, 0.70), (1.54, 0.84), (0.26, 0.84)], (34.0, 34.0, 36.0))
    if rear:
        glow: Bgr = (70.0, 60.0, 250.0) if braking else (34.0, 26.0, 176.0)
        for left, right in ((0.03, 0.30), (1.50, 1.77)):
            _block(picture, left, 0.16, right, 0.40, (20.0, 16.0, 90.0))
            _block(picture, left + 0.03, 0.19, right - 0.03, 0.34, glow)
            _block(picture, left + 0.05, 0.35, right - 0.05, 0.385, (120.0, 160.0, 214.0))
        plate_y = 0.42
        _fill(picture, [(0.40, 0.12), (1.40, 0.12), (1.36, 0.15), (0.44, 0.15)], _darker(bgr, 0.8))
    else:
        for left, right in ((0.06, 0.42), (1.38, 1.74)):
            _block(picture, left, 0.20, right, 0.38, (196.0, 200.0, 204.0))
            _block(picture, left + 0.06, 0.22, right - 0.10, 0.36, (250.0, 252.0, 255.0))
        _fill(picture, [(0.50, 0.22), (1.30, 0.22), (1.24, 0.42), (0.56, 0.42)], (30.0, 30.0, 32.0))
        plate_y = 0.54
    _block(picture, 0.63, plate_y, 1.17, plate_y + 0.12, (226.0, 228.0, 228.0))
    for x in np.arange(0.70, 1.10, 0.065):
        _block(picture, x, plate_y + 0.025, x + 0.04, plate_y + 0.095, (40.0, 40.0, 42.0))
    return _shaded(picture, 1.08, 0.82)


def _cabin(bgr: Bgr) -> Texture:
    picture = _blank(1.8, 0.60, bgr)
    _fill(
        picture,
        [(0.40, 0.02), (1.40, 0.02), (1.48, 0.06), (1.69, 0.60), (0.11, 0.60), (0.32, 0.06)],
        bgr,
    )
    _fill(picture, [(0.42, 0.09), (1.38, 0.09), (1.57, 0.55), (0.23, 0.55)], (52.0, 46.0, 42.0))
    _fill(picture, [(0.42, 0.09), (1.38, 0.09), (1.44, 0.24), (0.36, 0.24)], (118.0, 104.0, 92.0))
    for x in (0.56, 1.04):
        _block(picture, x, 0.30, x + 0.20, 0.55, (28.0, 28.0, 30.0))
    return _shaded(picture, 1.1, 0.95)


def _side(bgr: Bgr) -> Texture:
    """Draw the side, nose to the left."""
    picture = _blank(4.2, 1.5, bgr)
    _fill(picture, [(0.0, 0.80), (0.9, 0.62), (1.5, 0.08), (3.0, 0.04), (3.9, 0.60), (4.2, 0.68),
                    (4.18, 1.26), (0.02, 1.26)], bgr)  # fmt: skip
    _fill(picture, [(1.20, 0.60), (1.62, 0.16), (2.95, 0.13), (3.6, 0.58)], (48.0, 44.0, 42.0))
    _block(picture, 2.25, 0.12, 2.36, 0.62, bgr)
    _fill(picture, [(1.20, 0.60), (1.62, 0.16), (2.0, 0.145), (1.7, 0.60)], (96.0, 88.0, 80.0))
    for x in (1.25, 2.30, 3.15):
        _block(picture, x, 0.62, x + 0.015, 1.05, _darker(bgr, 0.6))
    for x in (2.02, 3.0):
        _block(picture, x, 0.70, x + 0.18, 0.73, _darker(bgr, 0.55))
    _fill(picture, [(0.0, 1.02), (4.2, 1.02), (4.18, 1.28), (0.02, 1.28)], _darker(bgr, 0.62))
    for x in (0.82, 3.38):
        centre = (int(x * _PX_PER_M), int(1.18 * _PX_PER_M))
        cv2.circle(picture, centre, int(0.31 * _PX_PER_M), (22.0, 22.0, 24.0, 255.0), -1, cv2.LINE_AA)
        cv2.circle(picture, centre, int(0.19 * _PX_PER_M), (132.0, 134.0, 136.0, 255.0), -1, cv2.LINE_AA)
    return _shaded(picture, 1.0, 0.8)


def draw_car(bgr: Bgr, rear: bool, braking: bool = False) -> VehicleSkin:
    """Draw a car as seen from behind (`rear`) or from ahead, its brake lamps lit or not."""
    return VehicleSkin(
        _body(bgr, rear, braking),
        _cabin(bgr),
        _side(bgr),
        1.8,
        0.98,
        1.50,
        4.2,
        0.5 if rear else 1.3,
        0.3,
    )


def draw_lorry() -> VehicleSkin:
    """Draw a box lorry from behind: white doors, red lamps, a blue tarpaulin along the side."""
    doors = _blank(2.5, 3.7, (200.0, 202.0, 202.0))
    _block(doors, 0.0, 0.0, 2.5, 2.95, (196.0, 200.0, 202.0))
    _block(doors, 0.0, 0.0, 2.5, 0.10, (120.0, 122.0, 124.0))
    for x in (0.0, 1.22, 2.44):
        _block(doors, x, 0.0, x + 0.06, 2.95, (138.0, 140.0, 142.0))
    for x in (0.55, 0.95, 1.50, 1.90):
        _block(doors, x, 0.2, x + 0.03, 2.8, (150.0, 152.0, 154.0))
    _block(doors, 0.0, 2.95, 2.5, 3.25, (46.0, 46.0, 48.0))
    for x in (0.06, 2.04):
        _block(doors, x, 3.0, x + 0.40, 3.16, (36.0, 28.0, 190.0))
        _block(doors, x + 0.14, 3.02, x + 0.25, 3.14, (70.0, 150.0, 230.0))
    for x in (0.08, 1.82):
        _block(doors, x, 3.25, x + 0.60, 3.7, (22.0, 22.0, 24.0))
    side = np.zeros((300, 640, 3), np.float32)
    side[:] = (152.0, 96.0, 40.0)
    side *= (1.0 + 0.05 * np.sin(np.arange(640) / 9.0)).astype(np.float32)[None, :, None]
    cv2.rectangle(side, (150, 90), (480, 140), (220.0, 222.0, 222.0), -1)
    side[238:] = (40.0, 40.0, 42.0)
    tarpaulin = make_texture(opaque(to_bytes(side)))
    back = _shaded(doors, 1.0, 0.9)
    return VehicleSkin(back, None, tarpaulin, 2.5, 3.7, 3.7, 8.0, 0.0, 0.0)
