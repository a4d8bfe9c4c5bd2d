"""What is too far away to move: sky, clouds and wooded hills, painted once as a wide strip."""

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.sample_drive.camera import View
from edge.sample_drive.compositing import HAZE_BGR, Image
from edge.sample_drive.noise import fractal_noise, to_bytes

_WIDER = 1.7  # widths of the picture: room for the road's bends
_NOISE_SIDE = 512


def _sky(rng: np.random.Generator, width: int, height: int, scale: float) -> NDArray[np.float32]:
    up = (height - np.arange(height) - 0.5) / height
    zenith = np.array([196.0, 142.0, 92.0], np.float32)
    low = np.array([236.0, 219.0, 202.0], np.float32)
    mix = np.clip(up, 0.0, 1.0)[:, None] ** 0.75
    sky = np.repeat((low * (1 - mix) + zenith * mix)[:, None, :], width, axis=1)

    field = fractal_noise(rng, (_NOISE_SIDE, _NOISE_SIDE), 1.75)
    # Clouds lie in a plane overhead, so they crowd together towards the horizon.
    depth = 150.0 * scale / (np.arange(height)[::-1] + 22.0 * scale)
    columns = (np.arange(width) - width / 2.0) / (640.0 * scale)
    across = (columns[None] * depth[:, None] * 120.0 + 200.0).astype(np.float32)
    along = np.repeat((depth * 90.0)[:, None], width, axis=1).astype(np.float32)

    def sample(shift: float) -> NDArray[np.float32]:
        got = cv2.remap(field, across, along + np.float32(shift), cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
        return np.asarray(got, np.float32)

    cover = sample(0.0)
    thick = np.clip((cover - 0.30) / 1.1, 0.0, 1.0)
    thick = thick * thick * (3.0 - 2.0 * thick)
    lit = np.clip(0.5 + 0.55 * (cover - sample(9.0)), 0.0, 1.0)[..., None]
    bright = np.array([250.0, 248.0, 246.0], np.float32)
    dull = np.array([214.0, 204.0, 196.0], np.float32)
    fade = np.clip(up * 3.2, 0.25, 1.0)[:, None]
    opacity = (0.88 * thick * fade)[..., None]
    return np.asarray(sky * (1 - opacity) + (dull + (bright - dull) * lit) * opacity, np.float32)


def _ridge(rng: np.random.Generator, width: int, base: float, swing: float, rough: float) -> NDArray[np.float64]:
    smooth_line = fractal_noise(rng, (2, width), 1.9)[0]
    trees = np.asarray(cv2.GaussianBlur(fractal_noise(rng, (2, width), 0.35)[:1], (0, 0), 0.8))[0]
    return np.asarray(np.maximum(base + swing * smooth_line + rough * trees, 1.0), np.float64)


def paint_backdrop(rng: np.random.Generator, size_wh: tuple[int, int], horizon_px: int) -> Image:
    """Paint the strip, uint8 (horizon_px, about 1.7 widths, 3); its last row is the horizon."""
    width = int(size_wh[0] * _WIDER)
    scale = size_wh[0] / 1280.0
    strip = _sky(rng, width, horizon_px, scale)
    rows = np.arange(horizon_px)[:, None]
    haze = np.array(HAZE_BGR, np.float32)
    hills = (
        (56.0, 18.0, 0.0, (182.0, 168.0, 150.0), 0.02, 0.22),
        (36.0, 13.0, 1.0, (146.0, 144.0, 122.0), 0.05, 0.20),
        (17.0, 5.0, 2.2, (96.0, 118.0, 98.0), 0.13, 0.12),
    )
    for base, swing, rough, bgr, contrast, misty in hills:
        crest = _ridge(rng, width, base * scale, swing * scale, rough * scale)
        above = np.clip(crest[None] - (horizon_px - 1 - rows), 0.0, 1.0)[..., None]
        foliage = fractal_noise(rng, (horizon_px, width), 0.7)[..., None]
        depth = np.clip((horizon_px - 1 - rows) / np.maximum(crest[None], 1.0), 0.0, 1.0)
        mist = (misty + (1.0 - misty) * (1.0 - depth) ** 2 * 0.45)[..., None]
        colour = np.array(bgr, np.float32) * (1.0 + contrast * foliage)
        colour = colour * (1.0 - mist) + haze * mist
        strip = np.asarray(strip * (1.0 - above) + colour * above, np.float32)
    return to_bytes(strip)


def draw_backdrop(picture: Image, strip: Image, view: View) -> None:
    """Show the part of the strip that lies in the direction of travel, above the horizon."""
    width = view.size_wh[0]
    centre_x, horizon = view.centre_px
    turned_px = view.road.heading_rad(view.station_m) * view.focal_px
    # From picture pixels to strip pixels; the last strip row sits on the horizon.
    to_strip = np.array(
        [
            [1.0, 0.0, strip.shape[1] / 2.0 + turned_px - centre_x],
            [0.0, 1.0, strip.shape[0] - horizon],
        ]
    )
    rows = int(np.ceil(horizon)) + 1
    cv2.warpAffine(
        strip,
        to_strip,
        (width, rows),
        dst=picture[:rows],
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
