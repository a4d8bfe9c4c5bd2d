"""Where the signs are: distance, bearing and time to contact of each, from its box, its track and its real size.

`calibration` knows rays and filters, `models` the sizes of signs, `detector` how its boxes lie about a sign; here they
meet.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from calibration.approach import Approach, correct, first_seen, predict
from calibration.camera import Camera
from calibration.errors import CalibrationError
from calibration.mounting import MountedCamera
from calibration.mounting_watch import MountingWatch
from calibration.sighting import BoxXywh, Sighting, focal_std, sights
from calibration.sign_field import sign_field
from detector.candidates import BOX_MARGIN_PX, working_grain
from detector.limits import Limits
from detector.tracker import Track
from models.catalogue import Catalogue
from models.sign_sizes import RealSize, Road, sizes_of

SIZE_ERROR, SIZE_ERROR_PX = 0.045, 0.7
"""Standard deviation of a box's side in one frame: a share of it, and px of the working picture."""
LASTING_ERROR = 0.035
"""Of a track's boxes on the whole, which more frames don't lessen: a share of the side."""
CENTRE_ERROR, CENTRE_ERROR_PX = 0.04, 0.5
"""Of a box's middle, a share of its side, and px of the working picture."""
EDGE_PX = 2.0
"""A box that comes so near to the picture's edge may go on beyond it, and then its size says nothing."""
MOST_TTC_S = 60.0
OTHER_SHAPE = "calibration"
"""In `degraded`: the picture has another shape than the camera's file is for."""
MOVED = "mounting"
"""In `degraded`: the camera looks elsewhere than its mounting says."""
UNMOUNTED_DEG = 1.0
"""Standard deviation of a bearing that a camera's unknown pitch and roll bring with them."""


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a sign is, each as the message has it; None where it can't be told."""

    bearing_deg: float | None = None
    bearing_std_deg: float | None = None
    distance_m: float | None = None
    distance_std_m: float | None = None
    ttc_s: float | None = None
    place_m: tuple[float, float, float] | None = None


NOWHERE = Placed()


@dataclass(frozen=True, slots=True)
class View:
    """How the camera looked at one picture."""

    camera: Camera | None
    """Scaled to the picture's size; None where it is not for that."""
    mounted: bool
    """Whether it looked where its mounting says, as far as there is one."""
    limits: Limits | None
    """Where signs can be; None where that isn't known."""

    @property
    def degraded(self) -> tuple[str, ...]:
        """What is not as the camera's file says, a word each."""
        if self.camera is None:
            return (OTHER_SHAPE,)
        return () if self.mounted else (MOVED,)


class Placing:
    """Places the signs of one source. Reads no clock: a frame's time is handed to it.

    Args:
        calibrated: The camera, and its mounting where that is known.
        catalogue: The signs, with their sizes.
        road: On what kind of road it is, which says how large signs are.
    """

    def __init__(self, calibrated: MountedCamera, catalogue: Catalogue, road: Road = "any") -> None:
        self._calibrated = calibrated
        self._sizes = {sign.class_id: sizes_of(sign, road) for sign in catalogue}
        self._approaches: dict[int, Approach] = {}
        self._camera: Camera | None = None
        """Scaled to the pictures' size; None before the first, and where it is not for those."""
        self._fitted = False
        mounting = calibrated.mounting
        self._watch = None if mounting is None else MountingWatch(mounting)
        self._limits: Limits | None = None
        if mounting is not None:
            field = sign_field(calibrated.camera, mounting)
            self._limits = Limits(field.smallest, field.largest)

    def look(self, image: NDArray[np.uint8], time_s: float | None) -> View:
        """Take in a picture (height, width, 3) uint8 BGR before its signs are looked for.

        Another thread may meanwhile place the signs of the picture before.

        Args:
            image: The picture.
            time_s: Its time; None for one that has nothing to do with the others.

        Raises:
            CalibrationError: Where the first picture is of another shape than the calibration's: it is another
                camera's. A later one of another shape is `degraded`.
        """
        size_px = image.shape[1], image.shape[0]
        if self._camera is None or self._camera.size_px != size_px:
            try:
                self._camera = self._calibrated.camera.scaled_to(size_px)
            except ValueError as error:
                if not self._fitted:
                    raise CalibrationError(str(error)) from error
                self._camera = None
                return self.view
            self._fitted = True
        if self._watch is not None and time_s is not None:
            self._watch.look(self._camera, image, time_s)
        return self.view

    @property
    def view(self) -> View:
        """How the camera looked at the newest picture."""
        mounted = self._watch is None or not self._watch.moved
        return View(self._camera, mounted, self._limits if self._camera is not None and mounted else None)

    def forget(self) -> None:
        """The tracks from now on are others."""
        self._approaches.clear()

    def place_tracks(
        self, tracks: Sequence[Track], time_s: float, view: View | None = None, *, coarse: float = 1.0
    ) -> dict[int, Placed]:
        """Where the signs of tracks are, by their numbers; to be called with every frame's.

        Args:
            tracks: Those alive.
            time_s: The frame's time, as the tracker was told it.
            view: Of its picture; of the newest one if not given.
            coarse: How many times larger than usual a pixel of the working picture was.
        """
        view = view or self.view
        camera = view.camera
        if camera is None:
            self.forget()
            return {}
        grain = working_grain(camera.size_px) * coarse
        inner = {
            track.number: box
            for track in tracks
            if track.measured and (box := _outline(track.detected_xywh_px, camera.size_px, grain)) is not None
        }
        boxes = [*inner.values(), *(track.box_xywh_px for track in tracks)]
        found = sights(camera, self._calibrated.mounting, boxes)
        measured = {
            number: _measured(sighting, box, grain)
            for (number, box), sighting in zip(inner.items(), found, strict=False)
            if sighting is not None
        }
        approaches = {
            track.number: _approach(self._approaches.get(track.number), measured.get(track.number), time_s)
            for track in tracks
        }
        self._approaches = {number: approach for number, approach in approaches.items() if approach is not None}
        return {
            track.number: self._placed(
                camera, view.mounted, sighting, track.box_xywh_px, track.class_id, approaches[track.number], grain
            )
            for track, sighting in zip(tracks, found[len(inner) :], strict=True)
        }

    def place_still(self, box_xywh_px: BoxXywh, class_id: int, view: View | None = None) -> Placed:
        """Where a sign is that stands alone in its picture; `view` as of `place_tracks`."""
        view = view or self.view
        camera = view.camera
        if camera is None:
            return NOWHERE
        grain = working_grain(camera.size_px)
        outline = _outline(box_xywh_px, camera.size_px, grain)
        whole, inner = sights(camera, self._calibrated.mounting, [box_xywh_px, outline or box_xywh_px])
        approach = None
        if outline is not None and inner is not None:
            approach = first_seen(*_measured(inner, outline, grain), 0.0)
        return replace(self._placed(camera, view.mounted, whole, box_xywh_px, class_id, approach, grain), ttc_s=None)

    def _placed(
        self,
        camera: Camera,
        mounted: bool,
        sighting: Sighting | None,
        box: BoxXywh,
        class_id: int,
        approach: Approach | None,
        grain: float,
    ) -> Placed:
        mounting = self._calibrated.mounting
        if sighting is None:
            return NOWHERE
        placed = Placed(round(sighting.bearing_deg, 2), round(self._bearing_std_deg(camera, mounted, box, grain), 2))
        if approach is None:
            return placed
        ttc_s = approach.ttc_s
        if ttc_s is not None and ttc_s <= MOST_TTC_S:
            placed = replace(placed, ttc_s=round(ttc_s, 2))
        sizes = self._sizes[class_id]
        if not sizes:
            return placed
        ahead, std = _ahead_m(approach, sizes, focal_std(camera))
        distance = ahead * sighting.lengthening
        if mounting is not None and mounted:
            x, y, z = (distance * sighting.direction).tolist()
            placed = replace(placed, place_m=(round(x, 1), round(y, 1), round(z + mounting.height_m, 1)))
        return replace(placed, distance_m=round(distance, 2), distance_std_m=round(std * sighting.lengthening, 2))

    def _bearing_std_deg(self, camera: Camera, mounted: bool, box: BoxXywh, grain: float) -> float:
        side = math.sqrt(box[2] * box[3])
        error_px = math.hypot(CENTRE_ERROR * side, CENTRE_ERROR_PX * grain)
        if camera.accuracy is not None:
            error_px = math.hypot(error_px, camera.accuracy.matrix_std_px[2])
        std = math.degrees(error_px / float(camera.matrix[0, 0]))
        return std if self._calibrated.mounting is not None and mounted else math.hypot(std, UNMOUNTED_DEG)


def _outline(box: BoxXywh, size_px: tuple[int, int], grain: float) -> BoxXywh | None:
    """The box of the sign's outline in one that the detector gave; None where the picture's edge may cut it."""
    x, y, width, height = box
    if min(x, y, size_px[0] - x - width, size_px[1] - y - height) < EDGE_PX:
        return None
    margin = min(BOX_MARGIN_PX * grain, 0.5 * min(width, height))
    return x + margin / 2, y + margin / 2, width - margin, height - margin


def _measured(sighting: Sighting, outline: BoxXywh, grain: float) -> tuple[float, float]:
    """The tangent under which a sign is seen, and its relative standard deviation."""
    side = math.sqrt(outline[2] * outline[3])
    return sighting.tangent, math.hypot(SIZE_ERROR, SIZE_ERROR_PX * grain / side)


def _approach(before: Approach | None, measured: tuple[float, float] | None, time_s: float) -> Approach | None:
    if before is None:
        return None if measured is None else first_seen(*measured, time_s)
    now = predict(before, time_s)
    return now if measured is None else correct(now, *measured)


def _ahead_m(approach: Approach, sizes: Sequence[RealSize], focal: float) -> tuple[float, float]:
    """Distance ahead in metres for the likeliest size, and the standard deviation that all of them leave."""
    sides = np.sqrt([size.width_m * size.height_m for size in sizes])
    shares = np.array([size.share for size in sizes])
    side = float(sides[shares.argmax()])
    ahead = approach.reach * side
    variance = approach.reach_variance * side**2 + ahead**2 * (LASTING_ERROR**2 + focal**2)
    variance += float((shares * (sides - side) ** 2).sum()) * approach.reach**2
    return ahead, math.sqrt(variance)
