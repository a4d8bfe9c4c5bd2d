"""Pictures as people send them, made from our own drawings."""

import io
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tests.edge.scenes import STOP, scene

GREY = 128


@cache
def drawn_sign(class_id: int = STOP, side: int = 64) -> Image.Image:
    """A sign on grey, as it fills its picture."""
    from edge.sample_drive import draw_sign

    sign = Image.fromarray(draw_sign(class_id, side))
    ground = Image.new("RGBA", (side + 8, side + 8), (GREY, GREY, GREY, 255))
    ground.alpha_composite(sign, (4, 4))
    return ground.convert("RGB")


def encoded(image: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    target = io.BytesIO()
    image.save(target, kind, **options)
    return target.getvalue()


def stop_jpeg() -> bytes:
    return encoded(drawn_sign(), quality=92)


def street_jpeg(*class_ids: int) -> bytes:
    """A plain scene with drawn signs in it."""
    bgr = scene(56, *class_ids)
    return encoded(Image.fromarray(np.ascontiguousarray(bgr[:, :, ::-1])), quality=92)


def noise(size_wh: tuple[int, int] = (48, 48)) -> NDArray[np.uint8]:
    return np.random.default_rng(3).integers(0, 256, (*size_wh[::-1], 3), dtype=np.uint8)
