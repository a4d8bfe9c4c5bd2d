"""What the camera adds to the scene: exposure, a soft shoulder, darker corners, and noise."""

import cv2
import numpy as np

from edge.sample_drive.compositing import Image

_NOISE = 2.0
_SPARE_PX = 48
_FALLOFF = 0.11
_SHOULDER_FROM, _SHOULDER_WIDTH = 0.80, 0.26


class Sensor:
    """Turns rendered light into the picture that the camera delivers."""

    def __init__(self, rng: np.random.Generator, size_wh: tuple[int, int]) -> None:
        width, height = size_wh
        self._rng = rng
        y, x = np.mgrid[-1.0 : 1.0 : height * 1j, -1.0 : 1.0 : width * 1j]
        falloff = 255.0 * (1.0 - _FALLOFF * (x**2 + 0.6 * y**2) ** 1.2)
        self._falloff = np.repeat(np.clip(falloff, 0, 255).astype(np.uint8)[..., None], 3, axis=2)
        # Demosaicing leaves noise slightly soft; a little blur, then back to its strength.
        shape = (height + _SPARE_PX, width + _SPARE_PX, 3)
        grain = cv2.GaussianBlur(rng.standard_normal(shape, np.float32), (0, 0), 0.55)
        self._grain = np.rint(grain * (_NOISE / float(grain.std()))).astype(np.int16)

    def expose(self, picture: Image, gain: float) -> Image:
        """Give the picture under this gain, uint8, same shape."""
        light = np.arange(256) / 255.0 * gain
        over = (light - _SHOULDER_FROM) / _SHOULDER_WIDTH
        rolled = _SHOULDER_FROM + (1.0 - _SHOULDER_FROM) * np.tanh(np.maximum(over, 0.0))
        curve = np.where(over < 0.0, light, rolled)
        exposed = cv2.LUT(picture, np.rint(curve * 255.0).astype(np.uint8))
        exposed = cv2.multiply(exposed, self._falloff, scale=1.0 / 255.0)
        height, width = picture.shape[:2]
        row, column = self._rng.integers(0, _SPARE_PX, 2)
        grain = self._grain[row : row + height, column : column + width]
        return np.asarray(cv2.add(exposed, grain, dtype=cv2.CV_8U), np.uint8)
