"""How good tracks are, against signs whose place is known in every frame."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from detector.boxes import Boxes, overlaps
from detector.tracker import Track

Box = tuple[float, float, float, float]
"""x, y, width, height in pixels."""

COVERING_OVERLAP = 0.3
"""A track follows the sign that its box overlaps most, and by as much as this."""
WHOLLY_VISIBLE = 0.99
LEFT_BELOW = 0.5
"""A sign of which less lies in the picture has left."""


@dataclass(slots=True)
class SignLife:
    """What became of one true sign over a drive."""

    class_id: int
    largest_px: float = 0.0
    """Root of width times height, at its largest while it lay wholly in the picture."""
    confirmed_s: float | None = None
    """When a track of the right class was confirmed on it, before it left."""
    confirmed_px: float | None = None
    """How large it was then."""
    numbers: list[int] = field(default_factory=list)
    """Confirmed tracks that were seen on it, each once, in order."""

    @property
    def switches(self) -> int:
        """How often a subscriber got another number for it."""
        return max(0, len(self.numbers) - 1)


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A track that was confirmed, or confirmed as something else than before."""

    frame: int
    number: int
    class_id: int
    sign: int | None
    """Which true sign it was on; None for something that is no known sign."""
    right: bool
    judged: bool
    """False where it is on no known sign but may be on one that nobody marked: so small, or in the part of the picture
    of which nobody knows."""
    higher_limit: bool
    """Whether it took a speed limit for a higher one."""
    confidence: float
    box_xywh_px: tuple[float, float, float, float]


class DriveScore:
    """Takes the frames of one drive in order.

    Args:
        class_ids: (n,) class of each true sign.
        limits: Speed of each class that is a speed limit.
    """

    def __init__(self, class_ids: NDArray[np.int64], limits: Mapping[int, float]) -> None:
        self.signs = [SignLife(int(class_id)) for class_id in class_ids]
        self.confirmations: list[Confirmation] = []
        self.frames = 0
        self.tracks = 0
        """Tracks that there were, confirmed or not."""
        self._limits = limits
        self._confirmed_as: dict[int, int] = {}

    def take(
        self,
        tracks: Sequence[Track],
        time_s: float,
        truth_xywh_px: Boxes,
        visible: NDArray[np.float64],
        marked_px: float = 0.0,
        known_xywh_px: Box | None = None,
    ) -> None:
        """A frame.

        Args:
            tracks: Those that are alive.
            time_s: When it was taken.
            truth_xywh_px: (n, 4) where each true sign is, also outside of the picture.
            visible: (n,) the share of each that the picture shows, 0 to 1.
            marked_px: Side from which on every sign in the picture is among the true ones.
            known_xywh_px: Part of the picture of which that holds; None for the whole.
        """
        sides = np.sqrt(np.prod(truth_xywh_px[:, 2:], axis=1)).tolist()
        for sign, side, share in zip(self.signs, sides, visible.tolist(), strict=True):
            if share >= WHOLLY_VISIBLE:
                sign.largest_px = max(sign.largest_px, side)
        confirmed = [track for track in tracks if track.confirmed_class is not None]
        boxes = np.array([track.box_xywh_px for track in confirmed], np.float32).reshape(-1, 4)
        shared = overlaps(boxes, truth_xywh_px)
        for track, of_track in zip(confirmed, shared, strict=True):
            covered = int(of_track.argmax()) if len(of_track) and of_track.max() >= COVERING_OVERLAP else None
            if self._confirmed_as.get(track.number) != track.class_id:
                self._confirmed_as[track.number] = track.class_id
                known = known_xywh_px is None or track.motion.lies_in(known_xywh_px)
                self._confirm(track, covered, known and track.motion.side_px >= marked_px)
            # A box that is only predicted says where a sign may be, and claims none.
            if covered is None or visible[covered] < LEFT_BELOW or not track.measured:
                continue
            sign = self.signs[covered]
            if track.number not in sign.numbers:
                sign.numbers.append(track.number)
            if sign.confirmed_s is None and track.class_id == sign.class_id:
                sign.confirmed_s, sign.confirmed_px = time_s, sides[covered]
        self.tracks = max([self.tracks, *(track.number for track in tracks)])
        self.frames += 1

    def _confirm(self, track: Track, covered: int | None, known: bool) -> None:
        true = self.signs[covered].class_id if covered is not None else None
        higher = true is not None and self._limits.get(track.class_id, 0.0) > self._limits.get(true, np.inf)
        self.confirmations.append(
            Confirmation(
                self.frames,
                track.number,
                track.class_id,
                covered,
                track.class_id == true,
                covered is not None or known,
                higher,
                track.confidence,
                track.box_xywh_px,
            )
        )
