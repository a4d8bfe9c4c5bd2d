"""The way of a frame, from picture to message:

    frame -> candidates -> crops -> network -> detections -> tracks -> message

The first half, up to detections, is `edge.frame_reader`'s.
"""

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass

from detector.boxes import Boxes
from detector.candidates import Candidates
from detector.detections import Detections
from detector.tracker import FIRST_CONFIDENCE, State, Track, Tracker
from edge.budget import LEVELS, Effort
from edge.frame import Frame
from edge.frame_reader import FrameReader, FrameReading
from edge.messages import FrameMessage, Latency, Sign
from edge.placing import NOWHERE, Placed, Placing, View
from edge.seeing import Light, Seeing
from models.catalogue import Catalogue

MIN_CONFIDENCE = FIRST_CONFIDENCE
"""Of a single frame's reading that may begin a track, which then has to be confirmed."""
FEEDING_CONFIDENCE = 0.3
"""Of one that may go on with a track: doubt about what is followed is evidence too."""
STILL_CONFIDENCE = 0.99
"""Of a reading in an unrelated picture, where nothing later can confirm it."""

FORGET_AFTER_S = 2.0
"""After a gap this long, as when a camera was away, the tracks before it say nothing of the signs after it."""


def limits_of(catalogue: Catalogue) -> dict[int, float]:
    """Speed of each class that is a speed limit."""
    return {sign.class_id: float(sign.value or 0) for sign in catalogue.speed_limits}


@dataclass(frozen=True, slots=True)
class Insight:
    """How the newest message came about, for whoever wants to see why."""

    reading: FrameReading
    tracks: Sequence[Track]
    """Those alive, for as long as no other frame is read; none of stills."""
    tracks_before: int
    """What a track's number in messages is more than its own."""
    catalogue: Catalogue


@dataclass(frozen=True, slots=True)
class Found:
    """A frame in which was found what could be a sign, before anything is named."""

    frame: Frame
    effort: Effort
    degraded: tuple[str, ...]
    light: Light
    view: View | None
    """How the camera was known to look when it was taken; None where nothing is placed."""
    candidates: tuple[Candidates, float]
    """And the milliseconds that they took."""


class SignReader:
    """Turns the frames of one source into messages.

    Args:
        reader: What reads single frames.
        source: What messages call it.
        stills: Its pictures have nothing to do with one another.
        placing: Says where its signs are; without it they have neither distance nor bearing.
        seeing: Has looked at its pictures so far; if None, there were none.
    """

    def __init__(
        self,
        reader: FrameReader,
        source: str,
        *,
        stills: bool = False,
        placing: Placing | None = None,
        seeing: Seeing | None = None,
    ) -> None:
        self._reader = reader
        self._source = source
        self._stills = stills
        self._placing = placing
        self._seeing = seeing or Seeing(stills=stills)
        self._limits = limits_of(reader.catalogue)
        self._tracker = Tracker(self._limits)
        self._tracks_before = 0
        """Tracks of earlier trackers: numbers go on, since they are never used again."""
        self._seen: tuple[float, tuple[int, int]] | None = None
        """When the newest frame was taken, and its width and height."""
        self.session = secrets.token_hex(8)
        self._sequence = 0
        self._still_numbers = 0
        self.insight: Insight | None = None
        """None before the first frame."""

    @property
    def candidate_count(self) -> int:
        """Regions of the newest frame that the network looked at."""
        return len(self.insight.reading.candidates) if self.insight else 0

    @property
    def tracks_begun(self) -> int:
        """Tracks that have begun so far, whether or not they ever came to be in a message: the newest one's number."""
        return self._tracks_before + self._tracker.begun

    def read(
        self, frame: Frame, *, dropped: int = 0, degraded: Sequence[str] = (), effort: Effort = LEVELS[0]
    ) -> FrameMessage:
        """The message of a frame: every frame gives one. What `effort` leaves undone, and what is wrong with the
        picture, is said in it.
        """
        return self.name(self.find(frame, degraded=degraded, effort=effort), dropped=dropped)

    def find(self, frame: Frame, *, degraded: Sequence[str] = (), effort: Effort = LEVELS[0]) -> Found:
        """The first half of `read`, which knows nothing of tracks; every frame in order."""
        light = self._seeing.look(frame.image, frame.time_s)
        view = None
        if self._placing is not None:
            view = self._placing.look(frame.image, None if self._stills else frame.time_s)
            degraded = (*degraded, *view.degraded)
        turn = None if self._stills else frame.number
        candidates = self._reader.find(frame.image, effort, light.gains, view.limits if view else None, turn)
        return Found(frame, effort, tuple(degraded), light, view, candidates)

    def name(self, found: Found, *, dropped: int = 0) -> FrameMessage:
        """The second half: every frame in order, while another thread may be at the first half of the next one."""
        frame, light = found.frame, found.light
        confidence = STILL_CONFIDENCE if self._stills else FEEDING_CONFIDENCE
        expected = None if self._stills else self._expected(frame)
        reading = self._reader.name(frame.image, found.candidates, confidence, expected, light.gains)
        tracks = self._tracker.update(reading.detections, *self._seen) if self._seen else []
        signs = self._still_signs(reading.detections, found.view) if self._stills else self._signs_of(tracks, found)
        self.insight = Insight(reading, tracks, self._tracks_before, self._reader.catalogue)
        height, width = frame.image.shape[:2]
        monotonic_ns = time.monotonic_ns()
        message = FrameMessage(
            source=self._source,
            session=self.session,
            seq=self._sequence,
            frame=frame.number,
            file=frame.file,
            captured_ns=frame.captured_ns,
            published_ns=time.time_ns(),
            media_s=frame.media_s,
            size=(width, height),
            dropped=dropped,
            degraded=(*found.degraded, *found.effort.said, *light.wrong, *reading.degraded),
            latency_ms=Latency(
                candidates=round(reading.candidates_ms, 2),
                classify=round(reading.classify_ms, 2),
                total=round((monotonic_ns - frame.captured_monotonic_ns) / 1e6, 2),
            ),
            signs=tuple(signs),
            monotonic_ns=monotonic_ns,
        )
        self._sequence += 1
        return message

    def _expected(self, frame: Frame) -> Boxes:
        """Where the tracks should be in a frame; begins anew where they say nothing of it."""
        height, width = frame.image.shape[:2]
        time_s = frame.time_s
        if self._seen is not None:
            last_s, size = self._seen
            # In a picture of another size the same place is another one.
            if size != (width, height) or time_s - last_s > FORGET_AFTER_S:
                self._tracks_before = self.tracks_begun
                self._tracker = Tracker(self._limits)
                if self._placing is not None:
                    self._placing.forget()
        self._seen = (time_s, (width, height))
        return self._tracker.expected(*self._seen)

    def _signs_of(self, tracks: Sequence[Track], found: Found) -> list[Sign]:
        places: dict[int, Placed] = {}
        if self._placing is not None and found.view is not None:
            coarse = 2.0 if found.effort.half_size else 1.0
            places = self._placing.place_tracks(tracks, found.frame.time_s, found.view, coarse=coarse)
        return [self._sign_of_track(track, places.get(track.number, NOWHERE)) for track in tracks]

    def _sign_of_track(self, track: Track, placed: Placed) -> Sign:
        return self._sign(
            self._tracks_before + track.number,
            track.state,
            track.class_id,
            track.confidence,
            track.box_xywh_px,
            hits=track.hits,
            age=track.age,
            measured=track.measured,
            placed=placed,
        )

    def _still_signs(self, detections: Detections, view: View | None) -> list[Sign]:
        """A picture stands alone: what passes the higher threshold is all the confirmation there will be."""
        signs = []
        for box, class_id, confidence in zip(
            detections.boxes_xywh_px.tolist(),
            detections.class_ids.tolist(),
            detections.confidence.tolist(),
            strict=True,
        ):
            self._still_numbers += 1
            x, y, w, h = box
            placed = NOWHERE
            if self._placing is not None and view is not None:
                placed = self._placing.place_still((x, y, w, h), class_id, view)
            signs.append(
                self._sign(
                    self._still_numbers,
                    "confirmed",
                    class_id,
                    confidence,
                    (x, y, w, h),
                    hits=1,
                    age=1,
                    measured=True,
                    placed=placed,
                )
            )
        return signs

    def _sign(
        self,
        track: int,
        state: State,
        class_id: int,
        confidence: float,
        box_xywh_px: tuple[float, float, float, float],
        *,
        hits: int,
        age: int,
        measured: bool,
        placed: Placed,
    ) -> Sign:
        kind = self._reader.catalogue[class_id]
        x, y, w, h = (round(value, 1) for value in box_xywh_px)
        return Sign(
            track=track,
            state=state,
            class_id=class_id,
            code=kind.code,
            name=kind.name,
            category=kind.category,
            value=kind.value,
            unit=kind.unit,
            confidence=round(confidence, 4),
            box=(x, y, w, h),
            hits=hits,
            age=age,
            measured=measured,
            bearing_deg=placed.bearing_deg,
            distance_m=placed.distance_m,
            rules=kind.rules,
            bearing_std_deg=placed.bearing_std_deg,
            distance_std_m=placed.distance_std_m,
            ttc_s=placed.ttc_s,
            place_m=placed.place_m,
        )
