"""Boxes beside a box, for whoever can tell which of them fits best.

The candidate stage's boxes are learnt from colours; what is nearly black, or as bright as the sky behind it, gets a box
that holds half of the sign or twice as much, and keeps it from frame to frame. A network that knows signs says more of
a box the better it fits, so where it is in doubt, it is asked about the neighbours as well.
"""

import numpy as np
from numpy.typing import NDArray

from detector.boxes import Boxes
from detector.ranker import apply_offsets

STEPS = np.array(
    [
        [0, 0, -0.25, -0.25],
        [0, 0, 0.25, 0.25],
        [-0.2, 0, 0, 0],
        [0.2, 0, 0, 0],
        [0, -0.2, 0, 0],
        [0, 0.2, 0, 0],
    ],
    np.float32,
)
"""As `detector.ranker.apply_offsets` takes them: smaller and larger by a quarter, and a fifth of the size each way."""


def neighbours(boxes_xywh_px: Boxes) -> tuple[Boxes, NDArray[np.intp]]:
    """Of boxes (n, 4) those that are a step away, and the upper and the lower of two signs on a pole that one may hold
    if it is higher than wide: (m, 4) in pixels, and beside which row each is, (m,).
    """
    rows = np.arange(len(boxes_xywh_px))
    steps = [apply_offsets(boxes_xywh_px, np.broadcast_to(step, boxes_xywh_px.shape)) for step in STEPS]
    high = np.flatnonzero(boxes_xywh_px[:, 3] > boxes_xywh_px[:, 2])
    left, top, width, height = boxes_xywh_px[high].T
    upper = np.stack([left, top, width, width], axis=1)
    lower = np.stack([left, top + height - width, width, width], axis=1)
    return np.concatenate([*steps, upper, lower]), np.concatenate([*[rows] * len(STEPS), high, high])
