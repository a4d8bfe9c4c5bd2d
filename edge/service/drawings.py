"""Drawings of the signs for the page: our own, those of the sample drive."""

import io
from functools import lru_cache

from models.catalogue import Catalogue, load_catalogue

DRAWN_PX = 160
"""Shown at up to 80 px, on screens with two pixels for one."""


def drawing_path(class_id: int) -> str:
    """Where a sign's drawing is served."""
    return f"/signs/{class_id}.png"


def has_drawings(catalogue: Catalogue) -> bool:
    """Whether there are any: they are of the signs of the package's catalogue."""
    return catalogue.digest == load_catalogue().digest


@lru_cache(maxsize=64)
def drawing_png(class_id: int) -> bytes:
    """One of the 43 signs as PNG, transparent off the plate. Raises ValueError for another class."""
    from PIL import Image

    from edge.sample_drive.drawings import draw_sign

    target = io.BytesIO()
    Image.fromarray(draw_sign(class_id, DRAWN_PX)).save(target, "PNG", optimize=True)
    return target.getvalue()
