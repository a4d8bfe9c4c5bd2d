"""Pictures of a road with signs on it, as tests of several modules look at them."""

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.sample_drive import draw_sign

SPEED_LIMIT_50, STOP, KEEP_RIGHT = 2, 14, 38


def scene(side: int, *class_ids: int, size_wh: tuple[int, int] = (640, 480)) -> NDArray[np.uint8]:
    """Drawn signs of so many px in a row before a plain, slightly noisy background."""
    width, height = size_wh
    image = np.random.default_rng(0).normal((150, 140, 130), 6, (height, width, 3)).clip(0, 255).astype(np.uint8)
    for place, class_id in enumerate(class_ids):
        sign = draw_sign(class_id, side)
        x, y = width // 8 + 150 * place, height * 5 // 12
        alpha = sign[..., 3:] / 255
        patch = image[y : y + side, x : x + side]
        patch[:] = (alpha * sign[..., 2::-1] + (1 - alpha) * patch).astype(np.uint8)
    return image


def road(*class_ids: int, size_wh: tuple[int, int] = (320, 240), count: int = 8) -> list[bytes]:
    """JPEGs of signs that a camera slowly draws near to."""
    return [
        cv2.imencode(".jpg", scene(48 + number, *class_ids, size_wh=size_wh))[1].tobytes() for number in range(count)
    ]
