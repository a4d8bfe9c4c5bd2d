"""Seamless noise, the raw material of grass, asphalt, clouds and plaster."""

import numpy as np
from numpy.typing import NDArray


def fractal_noise(rng: np.random.Generator, shape: tuple[int, int], falloff: float) -> NDArray[np.float32]:
    """Make noise (rows, columns) that tiles, of mean 0 and deviation 1.

    Its amplitude falls with frequency to the power `falloff`: 0 is white, 1 is mottled, 2 cloudy.
    """
    rows, columns = shape
    frequency = np.hypot(np.fft.fftfreq(rows)[:, None] * max(shape), np.fft.rfftfreq(columns)[None] * max(shape))
    frequency[0, 0] = 1.0
    spectrum = np.fft.rfft2(rng.standard_normal(shape)) / frequency**falloff
    spectrum[0, 0] = 0.0
    field = np.fft.irfft2(spectrum, s=shape)
    return np.asarray(field / field.std(), np.float32)


def mottled(bgr: tuple[float, float, float], field: NDArray[np.float32], contrast: float) -> NDArray[np.float32]:
    """Colour a noise field: float32 (rows, columns, 3), brightness varied by `contrast` a sigma."""
    return np.asarray(np.array(bgr, np.float32) * (1.0 + contrast * field)[..., None], np.float32)


def to_bytes(picture: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Round and clip a float picture to uint8."""
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8)
