"""Boxes as arrays: x, y, width, height in pixels, x to the right, y down, corners as floats."""

import numpy as np
from numpy.typing import NDArray

from detector.compiled import compiled

Boxes = NDArray[np.float32]
"""Shape (n, 4): x, y, width, height in pixels."""


def grow(boxes_xywh_px: Boxes, factor: float | NDArray[np.float32]) -> Boxes:
    """Boxes about the same centres, `factor` times as wide and high; one factor, or one a box (n, 1)."""
    sizes = boxes_xywh_px[:, 2:]
    centres = boxes_xywh_px[:, :2] + sizes / 2
    return np.concatenate([centres - sizes * (factor / 2), sizes * factor], axis=1).astype(np.float32)


def overlaps(first_xywh_px: Boxes, second_xywh_px: Boxes) -> NDArray[np.float32]:
    """Intersection over union of every box of the first (n, 4) with every box of the second (m, 4): (n, m), 0 to 1."""
    shared, first, second = _areas(first_xywh_px, second_xywh_px)
    return np.asarray(shared / np.maximum(first + second - shared, 1e-6), np.float32)


def contained(first_xywh_px: Boxes, second_xywh_px: Boxes) -> NDArray[np.float32]:
    """What every box of the first (n, 4) shares with every box of the second (m, 4), by the smaller one: 0 to 1."""
    shared, first, second = _areas(first_xywh_px, second_xywh_px)
    return np.asarray(shared / np.maximum(np.minimum(first, second), 1e-6), np.float32)


def _areas(
    first_xywh_px: Boxes, second_xywh_px: Boxes
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """What the boxes share (n, m), and the areas of the first (n, 1) and of the second (1, m)."""
    first, second = first_xywh_px[:, None, :], second_xywh_px[None, :, :]
    left_top = np.maximum(first[..., :2], second[..., :2])
    right_bottom = np.minimum(first[..., :2] + first[..., 2:], second[..., :2] + second[..., 2:])
    shared = np.prod(np.clip(right_bottom - left_top, 0, None), axis=-1)
    return shared, np.prod(first[..., 2:], axis=-1), np.prod(second[..., 2:], axis=-1)


def suppress(
    boxes_xywh_px: Boxes, scores: NDArray[np.float32], max_overlap: float, limit: int | None = None
) -> NDArray[np.intp]:
    """Rows to keep, best score first: each that overlaps no better kept one by more than `max_overlap`.

    Greedy non-maximum suppression; at most `limit` rows.
    """
    order = np.argsort(-scores, kind="stable")
    most = len(order) if limit is None else min(limit, len(order))
    kept = _keep_apart(np.ascontiguousarray(boxes_xywh_px[order]), max_overlap, most)
    return np.asarray(order[kept], np.intp)


@compiled
def _keep_apart(boxes_xywh_px: Boxes, max_overlap: float, most: int) -> NDArray[np.intp]:
    """Places of the kept among boxes that come best first."""
    kept = np.empty(most, np.intp)
    count = 0
    for place in range(len(boxes_xywh_px)):
        if count == most:
            break
        x, y, w, h = boxes_xywh_px[place]
        free = True
        for number in range(count):
            left, top, wide, high = boxes_xywh_px[kept[number]]
            across = min(x + w, left + wide) - max(x, left)
            down = min(y + h, top + high) - max(y, top)
            if across > 0 and down > 0:
                shared = across * down
                if shared > max_overlap * max(w * h + wide * high - shared, 1e-6):
                    free = False
                    break
        if free:
            kept[count] = place
            count += 1
    return kept[:count]
