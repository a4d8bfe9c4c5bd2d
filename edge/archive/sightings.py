"""The confirmed signs of a recording, each with all that its frames said of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from detector.tracker import Track
from edge.frame import Frame
from edge.messages import Sign

PLAUSIBLE = 0.01
"""Probability from which on another class is worth telling."""
THUMBNAIL_PX = 96
"""Longer side of a thumbnail at most."""
THUMBNAIL_MARGIN = 0.15
"""Around the sign on each side, as a share of it."""
THUMBNAIL_QUALITY = 85
"""Of JPEG, 0 to 100."""
EDGE_PX = 2.0
"""A box that comes so near to the picture's edge may be cut off by it."""

BoxXywh = tuple[float, float, float, float]


class View(msgspec.Struct, frozen=True):
    """A frame in which a sign was seen."""

    frame: int
    time_s: float
    box_xywh_px: BoxXywh


class Sighting(msgspec.Struct, frozen=True):
    """One confirmed sign. `sign` is its last message in which it was seen, `best` that of its largest view."""

    sign: Sign
    best: Sign
    views: tuple[View, ...]
    best_view: View
    best_captured_ns: int
    """UNIX time at which the best view was captured, or read if recordings don't tell."""
    confirmed_s: float
    changes: int
    """How often its confirmed class changed."""
    runner_up: tuple[int, float] | None
    """Class and probability of the next likely class when it was last seen."""
    thumbnail: bytes
    """JPEG of the best view."""


@dataclass(slots=True)
class _Followed:
    views: list[View] = field(default_factory=list)
    sign: Sign | None = None
    best: Sign | None = None
    best_view: View | None = None
    best_captured_ns: int = 0
    best_rank: tuple[bool, float] = (False, 0.0)
    crop: NDArray[np.uint8] | None = None
    confirmed_s: float | None = None
    confirmed_class: int | None = None
    changes: int = 0
    runner_up: tuple[int, float] | None = None


class Sightings:
    """Follows the signs of one recording, frame by frame."""

    def __init__(self) -> None:
        self._followed: dict[int, _Followed] = {}

    def take(self, frame: Frame, signs: Sequence[Sign], tracks: Sequence[Track]) -> Iterator[Sighting]:
        """Take in a frame's signs with their tracks, in the same order; gives those that have ended before."""
        alive = {sign.track for sign in signs}
        for gone in [number for number in self._followed if number not in alive]:
            yield from _told(self._followed.pop(gone))
        for sign, track in zip(signs, tracks, strict=True):
            _see(self._followed.setdefault(sign.track, _Followed()), frame, sign, track)

    def end(self) -> Iterator[Sighting]:
        """Those that are still there at the end."""
        for followed in self._followed.values():
            yield from _told(followed)
        self._followed.clear()


def _see(followed: _Followed, frame: Frame, sign: Sign, track: Track) -> None:
    if sign.state == "confirmed":
        if followed.confirmed_s is None:
            followed.confirmed_s = frame.time_s
        elif followed.confirmed_class != sign.class_id:
            followed.changes += 1
        followed.confirmed_class = sign.class_id
    if not sign.measured:
        return
    view = View(frame.number, frame.time_s, sign.box)
    followed.views.append(view)
    followed.sign = sign
    followed.runner_up = _runner_up(track)
    height, width = frame.image.shape[:2]
    x, y, w, h = sign.box
    rank = (min(x, y, width - x - w, height - y - h) >= EDGE_PX, w * h)
    if followed.best_view is None or rank > followed.best_rank:
        followed.best, followed.best_view, followed.best_rank = sign, view, rank
        followed.best_captured_ns = frame.captured_ns
        followed.crop = _crop(frame.image, sign.box)


def _told(followed: _Followed) -> Iterator[Sighting]:
    """The sign, if it was ever confirmed; what began and was never sure is none."""
    if followed.confirmed_s is None:
        return
    assert followed.sign is not None and followed.best is not None and followed.best_view is not None
    assert followed.crop is not None
    yield Sighting(
        sign=followed.sign,
        best=followed.best,
        views=tuple(followed.views),
        best_view=followed.best_view,
        best_captured_ns=followed.best_captured_ns,
        confirmed_s=followed.confirmed_s,
        changes=followed.changes,
        runner_up=followed.runner_up,
        thumbnail=_thumbnail(followed.crop),
    )


def _runner_up(track: Track) -> tuple[int, float] | None:
    others = track.posterior.copy()
    others[track.class_id] = 0.0
    best = int(others.argmax())
    return (best, float(others[best])) if others[best] >= PLAUSIBLE else None


def _crop(image: NDArray[np.uint8], box: BoxXywh) -> NDArray[np.uint8]:
    """A copy of the sign with its margin, as far as the picture goes; 1 pixel at least."""
    x, y, w, h = box
    margin = THUMBNAIL_MARGIN * max(w, h)
    height, width = image.shape[:2]
    left, top = (min(max(int(start - margin), 0), size - 1) for start, size in ((x, width), (y, height)))
    right, bottom = max(int(x + w + margin) + 1, left + 1), max(int(y + h + margin) + 1, top + 1)
    return image[top:bottom, left:right].copy()


def _thumbnail(crop: NDArray[np.uint8]) -> bytes:
    height, width = crop.shape[:2]
    scale = min(1.0, THUMBNAIL_PX / max(height, width))
    if scale < 1:
        size = max(1, round(width * scale)), max(1, round(height * scale))
        crop = np.asarray(cv2.resize(crop, size, interpolation=cv2.INTER_AREA), np.uint8)
    _, coded = cv2.imencode(".jpg", crop, [cv2.IMWRITE_JPEG_QUALITY, THUMBNAIL_QUALITY])
    return coded.tobytes()
