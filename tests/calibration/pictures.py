"""Pictures of a camera in trouble, made of real ones, as tests of several modules look at them."""

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]

_LIGHT = (np.arange(256) / 255) ** 2.2


def exposed(image: Image, stops: float) -> Image:
    """With so many stops more light."""
    table = np.rint(255 * np.clip(_LIGHT * 2.0**stops, 0, 1) ** (1 / 2.2)).astype(np.uint8)
    return np.asarray(cv2.LUT(image, table), np.uint8)


def by_night(image: Image) -> Image:
    """Six stops darker, with lamps along the road."""
    dark = exposed(image, -6)
    height, width = dark.shape[:2]
    lamps = np.zeros((height, width), np.float32)
    for place in np.linspace(0.1, 0.9, 7):
        cv2.circle(lamps, (round(place * width), round((0.3 + 0.2 * place) * height)), max(2, width // 120), 1.0, -1)
    lamps = cv2.GaussianBlur(lamps, (0, 0), width / 400) + 0.1 * cv2.GaussianBlur(lamps, (0, 0), width / 40)
    return np.asarray(np.clip(dark + 300 * lamps[..., None], 0, 255).astype(np.uint8), np.uint8)


def out_of_focus(image: Image, deviation_px: float = 7.0) -> Image:
    """Blurred by so much in a picture of 1360x800."""
    return np.asarray(cv2.GaussianBlur(image, (0, 0), deviation_px * image.shape[1] / 1360), np.uint8)


def smeared(image: Image, across_px: int) -> Image:
    """As when the vehicle turns."""
    return np.asarray(cv2.blur(image, (across_px, 1)), np.uint8)


def behind_a_cloth(image: Image) -> Image:
    """Something light and close to the lens, with a little of its own shading and noise."""
    height, width = image.shape[:2]
    shading = np.linspace(90, 140, width)[None, :, None] + np.linspace(0, 20, height)[:, None, None]
    noise = np.random.default_rng(0).normal(0, 2, (height, width, 3))
    return np.clip(shading + noise, 0, 255).astype(np.uint8)


def dirt(size_wh: tuple[int, int], cover: float, seed: int = 5) -> NDArray[np.float32]:
    """(height, width, 1) how much of the light is lost to soft blots that cover this share of the picture."""
    width, height = size_wh
    generator = np.random.default_rng(seed)
    lost = np.zeros((height, width), np.float32)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    while (lost > 0.4).mean() < cover:
        radius = generator.uniform(0.015, 0.05) * width
        left, top = generator.uniform(0, width), generator.uniform(0, 0.9 * height)
        away = np.hypot(x - left, y - top) / radius
        lost = np.maximum(lost, generator.uniform(0.55, 0.95) * np.clip(1.5 - away / 0.5 + 0.5, 0, 1))
    return lost[..., None]


def behind_dirt(image: Image, lost: NDArray[np.float32]) -> Image:
    """Seen through it."""
    return (image * (1 - lost) + lost * np.array([40, 55, 65], np.float32)).astype(np.uint8)


def tinted(image: Image, stops_bgr: tuple[float, float, float]) -> Image:
    """With so many stops more light in each channel."""
    return np.stack([exposed(image[..., channel], stops) for channel, stops in enumerate(stops_bgr)], axis=-1)
