"""Signs of GTSDB's frames that are GTSRB's training pictures too: both were cut from the same drives.

A network that learnt from GTSRB has seen these very pixels, so what it makes of them says nothing of new signs. Nothing
in either benchmark tells which they are; they are found by looking alike.
"""

from collections.abc import Callable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from models.archive import Archive
from models.gtsdb import StreetFrame, read_frame
from models.gtsrb import list_pictures, read_picture
from models.pictures import Cut

SAME_CORRELATION = 0.988
"""Of grey levels, from which two pictures are of one moment. In GTSDB's training part it finds 78 of 851 signs; .99
finds 71, .985 finds 88."""
SAME_SIDE_PX = 2
"""By how much the two boxes of one sign may differ in width and height."""
COMPARED_PX = 24

Box = tuple[float, float, float, float]


def shared_signs(
    streets: Archive,
    frames: Sequence[StreetFrame],
    signs: Archive,
    cut: Cut,
    report: Callable[[int, int], None] = lambda done, total: None,
) -> list[NDArray[np.bool_]]:
    """For each frame, which of its signs (n,) is among GTSRB's training pictures.

    Args:
        streets: GTSDB's archive, with `frames`.
        frames: What is asked about.
        signs: GTSRB's archive.
        cut: The function that cuts a box out of a picture.
        report: Called with the number of pictures compared and of all.
    """
    looks: list[NDArray[np.float32]] = []
    for frame in frames:
        image = read_frame(streets, frame) if len(frame.class_ids) else np.zeros((1, 1, 3), np.uint8)
        looks += [_look(image, _box(row), cut) for row in frame.boxes_xywh_px]
    boxes = np.concatenate([frame.boxes_xywh_px for frame in frames])
    class_ids = np.concatenate([frame.class_ids for frame in frames])
    shared = np.zeros(len(boxes), bool)
    pictures = list_pictures(signs, "train")
    for done, picture in enumerate(pictures, start=1):
        alike = np.abs(boxes[:, 2:] - picture.roi_xywh_px[2:]).max(axis=1, initial=0) <= SAME_SIDE_PX
        rows = np.flatnonzero(alike & (class_ids == picture.class_id) & ~shared).tolist()
        if rows:  # most pictures needn't be decoded
            look = _look(read_picture(signs, picture), picture.roi_xywh_px, cut)
            for row in rows:
                shared[row] = float(look @ looks[row]) >= SAME_CORRELATION
        report(done, len(pictures))
    ends = np.cumsum([len(frame.class_ids) for frame in frames])
    return np.split(shared, ends[:-1])


def _look(image: NDArray[np.uint8], box_xywh_px: Box, cut: Cut) -> NDArray[np.float32]:
    """(COMPARED_PX²,) grey levels of a box: of two, the product is their correlation."""
    grey = cv2.cvtColor(cut(image, box_xywh_px, 0.0, COMPARED_PX), cv2.COLOR_BGR2GRAY).astype(np.float32).ravel()
    grey -= grey.mean()
    return np.asarray(grey / max(float(np.linalg.norm(grey)), 1e-6), np.float32)


def _box(row: NDArray[np.float32]) -> Box:
    x, y, w, h = row.tolist()
    return x, y, w, h
