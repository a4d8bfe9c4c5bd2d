"""Boxes beside a box, for whoever can tell which of them fits best.

The candidate stage's boxes are learnt from colours; what is nearly black, or as bright as the sky behind it, gets a box
that holds half of the sign or twice as much, and keeps it from frame to frame. A network that knows signs says more of
a box the better it fits, so where it is in doubt, it is asked about the neighbours as well.
"""

import numpy as np

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
NEIGHBOURS = len(STEPS) + 2


def neighbours(boxes_xywh_px: Boxes) -> Boxes:
    """Of boxes (n, 4) those that are a step away, and the upper and the lower of two signs on a pole that one may hold,
    which of a box no higher than wide are itself: (n, NEIGHBOURS, 4) in pixels.
    """
    steps = [apply_offsets(boxes_xywh_px, np.broadcast_to(step, boxes_xywh_px.shape)) for step in STEPS]
    left, top, width, height = boxes_xywh_px.T
    side = np.minimum(width, height)
    upper = np.stack([left, top, width, side], axis=1)
    lower = np.stack([left, top + height - side, width, side], axis=1)
    return np.stack([*steps, upper, lower], axis=1)
