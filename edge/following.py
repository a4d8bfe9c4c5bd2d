"""Drives whose signs are known, read and tracked as on the road, and what a person needs to see of them."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from detector.crops import cut_crop
from detector.track_scoring import Box, DriveScore
from detector.tracker import Tracker
from edge.approaches import MOST_ENLARGED, Still, ViewOfRoad, drive, plan
from edge.frame_reader import FrameReader
from edge.learning import ANNOTATED_SIDE_PX
from edge.reader import FEEDING_CONFIDENCE, limits_of
from edge.sources.video import VideoSource
from edge.track_figures import LEGIBLE_PX
from models.archive import Archive
from models.errors import DataError
from models.gtsdb import StreetFrame, read_frame

THUMBNAIL_PX, THUMBNAIL_MARGIN = 64, 0.5


@dataclass(slots=True)
class Followed:
    """One drive and what came of it."""

    name: str
    held_out: bool
    """Whether it was made from a frame that taught nothing."""
    score: DriveScore
    sign_pictures: dict[int, list[NDArray[np.uint8]]] = field(default_factory=dict)
    """Of each true sign, how it was seen in every frame that showed it: (64, 64, 3) uint8 BGR."""
    track_pictures: dict[int, list[NDArray[np.uint8]]] = field(default_factory=dict)
    """Of each wrongly confirmed track, likewise until it was confirmed."""


def drivable(frames: Sequence[StreetFrame]) -> list[StreetFrame]:
    """Frames that can be made into drives: those in which a sign gets legible, and those without any sign."""
    chosen = []
    for frame in frames:
        sides = np.sqrt(np.prod(frame.boxes_xywh_px[:, 2:], axis=1))
        if not len(sides) or sides.max() * MOST_ENLARGED >= LEGIBLE_PX:
            chosen.append(frame)
    return chosen


def follow_frame(reader: FrameReader, archive: Archive, frame: StreetFrame, *, held_out: bool) -> Followed:
    """Drive towards what a street frame shows; the frame's number is the seed. `held_out`: it taught the reader
    nothing.
    """
    still = Still(read_frame(archive, frame), frame.boxes_xywh_px)
    views = drive(still, plan(still, frame.number), frame.number)
    return _follow(reader, f"{frame.number:05}", held_out, views, frame.class_ids, ANNOTATED_SIDE_PX)


def follow_clip(reader: FrameReader, path: Path) -> Followed:
    """A real recording; `NAME.boxes.csv` beside it has its signs (frame, class, x1, y1, x2, y2), else it has none.

    Raises DataError where the table is damaged, and SourceError where the recording is.
    """
    table = path.with_suffix(".boxes.csv")
    boxes = _read_boxes(table) if table.is_file() else {}
    class_ids = sorted(boxes)
    with VideoSource(path) as source:
        views = (
            _clip_view(frame.image, frame.media_s or 0.0, [boxes[class_id].get(frame.number) for class_id in class_ids])
            for frame in source.frames()
        )
        return _follow(reader, path.name, True, views, np.array(class_ids, np.int64), 0.0)


def _follow(
    reader: FrameReader,
    name: str,
    held_out: bool,
    views: Iterator[ViewOfRoad],
    class_ids: NDArray[np.int64],
    marked_px: float,
) -> Followed:
    limits = limits_of(reader.catalogue)
    tracker = Tracker(limits)
    followed = Followed(name, held_out, DriveScore(class_ids, limits))
    pictures: dict[int, list[NDArray[np.uint8]]] = {}
    for turn, view in enumerate(views):
        height, width = view.image.shape[:2]
        expected = tracker.expected(view.time_s, (width, height))
        reading = reader.read(view.image, FEEDING_CONFIDENCE, expected_xywh_px=expected, turn=turn)
        tracks = tracker.update(reading.detections, view.time_s, (width, height))
        followed.score.take(
            tracks, view.time_s, view.boxes_xywh_px, view.visible, marked_px * view.scale, view.known_xywh_px
        )
        for sign, (box, visible) in enumerate(zip(view.boxes_xywh_px.tolist(), view.visible.tolist(), strict=True)):
            if visible > 0:
                followed.sign_pictures.setdefault(sign, []).append(_thumbnail(view.image, box))
        for track in tracks:
            if track.measured:
                pictures.setdefault(track.number, []).append(_thumbnail(view.image, track.box_xywh_px))
        for confirmation in followed.score.confirmations:
            if not confirmation.right and confirmation.number not in followed.track_pictures:
                followed.track_pictures[confirmation.number] = list(pictures.get(confirmation.number, []))
    return followed


def _clip_view(image: NDArray[np.uint8], time_s: float, boxes: list[Box | None]) -> ViewOfRoad:
    """A frame of a recording; a sign that isn't in it has no box, and nothing of it is visible."""
    whole = np.array([box or (0.0, 0.0, 0.0, 0.0) for box in boxes], np.float32).reshape(-1, 4)
    visible = np.array([float(box is not None) for box in boxes])
    return ViewOfRoad(image, time_s, whole, visible, 1.0, None)


def _read_boxes(table: Path) -> dict[int, dict[int, Box]]:
    """Boxes by class and frame."""
    boxes: dict[int, dict[int, Box]] = {}
    with table.open(encoding="utf-8", newline="") as lines:
        for number, row in enumerate(csv.reader(lines), start=1):
            if number == 1:
                continue
            try:
                frame, class_id, x1, y1, x2, y2 = (int(cell) for cell in row)
            except ValueError as error:
                raise DataError(f"{table}, line {number}: {error}") from error
            boxes.setdefault(class_id, {})[frame] = (float(x1), float(y1), float(x2 - x1 + 1), float(y2 - y1 + 1))
    return boxes


def _thumbnail(image: NDArray[np.uint8], box: Sequence[float]) -> NDArray[np.uint8]:
    """A box with its surroundings; black where it lies outside of the picture."""
    x, y, w, h = box
    try:
        return cut_crop(image, (x, y, w, h), THUMBNAIL_MARGIN, THUMBNAIL_PX)
    except ValueError:
        return np.zeros((THUMBNAIL_PX, THUMBNAIL_PX, 3), np.uint8)
