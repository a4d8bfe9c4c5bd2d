"""Where a recording was made, from a file beside it: `drive.gpx` or `drive.csv` beside `drive.mp4`.

GPX 1.0 and 1.1 (topografix.com): the points of its tracks, with their times; so the recording has to tell when it
began. A CSV has the columns `latitude` and `longitude` in degrees and either `media_s`, seconds from the recording's
beginning, or `time_utc`, in ISO 8601. Between two points a place is interpolated, where they are near in time.
"""

import csv
import math
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal
from xml.parsers import expat

from edge.archive.finding import Recording
from edge.archive.summary import Finished
from edge.errors import SourceError

MAX_FILE_BYTES = 64 * 2**20
MAX_TEXT = 64
"""Characters of a time."""
MOST_APART_S = 30.0
"""Between two points, and beyond the first or last one, farther away in time no place is told."""
BLOCK_BYTES = 2**16
DATE_LINE_DEG = 180.0


@dataclass(frozen=True, slots=True)
class Positions:
    """A way through the world. `clock`: whether times are UNIX times in UTC or count from the recording's beginning."""

    times_s: tuple[float, ...]
    """In order."""
    latitudes_deg: tuple[float, ...]
    longitudes_deg: tuple[float, ...]
    clock: Literal["utc", "media"]

    def at(self, time_s: float) -> tuple[float, float] | None:
        """Latitude and longitude in degrees at a time; None where no point is near in time."""
        after = bisect_left(self.times_s, time_s)
        near = [row for row in (after - 1, after) if 0 <= row < len(self.times_s)]
        if after < len(self.times_s) and self.times_s[after] == time_s:
            near = [after]
        if len(near) == 1:
            (row,) = near
            return self._point(row) if abs(self.times_s[row] - time_s) <= MOST_APART_S else None
        before, after = near
        apart_s = self.times_s[after] - self.times_s[before]
        if apart_s > MOST_APART_S:
            return None
        share = (time_s - self.times_s[before]) / apart_s
        (latitude, longitude), (later, longer) = self._point(before), self._point(after)
        east = (longer - longitude + DATE_LINE_DEG) % (2 * DATE_LINE_DEG) - DATE_LINE_DEG
        longitude = (longitude + share * east + DATE_LINE_DEG) % (2 * DATE_LINE_DEG) - DATE_LINE_DEG
        return latitude + share * (later - latitude), longitude

    def _point(self, row: int) -> tuple[float, float]:
        return self.latitudes_deg[row], self.longitudes_deg[row]


def file_beside(recording: Recording) -> Path | None:
    """The GPX or CSV file with a recording's name, beside it; GPX where there are both."""
    path = Path(recording.path)
    for suffix in (".gpx", ".csv"):
        beside = path.with_suffix(suffix) if recording.format != "pictures" else path.with_name(path.name + suffix)
        if beside.is_file():
            return beside
    return None


def stamp_beside(recording: Recording) -> tuple[str, int, int] | None:
    """Name, bytes and time of change in ns of that file, to notice a new one; None where there is none."""
    file = file_beside(recording)
    if file is None:
        return None
    stat = file.stat()
    return file.name, stat.st_size, stat.st_mtime_ns


def places_of(recording: Recording, finished: Finished) -> tuple[tuple[float, float] | None, ...]:
    """Latitude and longitude of where each sign was seen best; None where nothing tells.

    Raises SourceError where the file beside the recording can't be read, or the recording lacks the time it asks for.
    """
    file = file_beside(recording)
    if file is None:
        return (None,) * len(finished.sightings)
    positions = read_positions(file)
    if positions.clock == "media":
        return tuple(positions.at(sighting.best_view.time_s) for sighting in finished.sightings)
    times_s = finished.times_s
    if times_s is None:
        raise SourceError(f"{file} has times of day, and {recording.name} doesn't tell when it began; no places")
    return tuple(map(positions.at, times_s))


def read_positions(file: Path) -> Positions:
    """Read a GPX or CSV file. Raises SourceError where it is none, holds no positions or can't be read."""
    try:
        if file.stat().st_size > MAX_FILE_BYTES:
            raise SourceError(f"{file} is larger than {MAX_FILE_BYTES // 2**20} MiB")
        points, clock = _gpx(file) if file.suffix == ".gpx" else _csv(file)
    except (OSError, ValueError, csv.Error, expat.ExpatError) as error:
        raise SourceError(f"{file} holds no positions that can be read ({error})") from error
    points.sort()
    if not points:
        raise SourceError(f"{file} holds no position with a time")
    times, latitudes, longitudes = zip(*points, strict=True)
    return Positions(times, latitudes, longitudes, clock)


def _gpx(file: Path) -> tuple[list[tuple[float, float, float]], Literal["utc"]]:
    reader = _GpxReader()
    with file.open("rb") as content:
        while block := content.read(BLOCK_BYTES):
            reader.parser.Parse(block, False)
    reader.parser.Parse(b"", True)
    return reader.points, "utc"


class _GpxReader:
    """Takes the points with a time out of a GPX file; entities and document types are refused."""

    def __init__(self) -> None:
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.StartElementHandler = self._begin
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.StartDoctypeDeclHandler = _refuse
        self.points: list[tuple[float, float, float]] = []
        self._place: tuple[float, float] | None = None
        self._time: list[str] | None = None

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition(" ")[2]
        if local == "trkpt":
            self._place = _place(attributes.get("lat", ""), attributes.get("lon", ""))
        elif local == "time" and self._place is not None:
            self._time = []

    def _text(self, text: str) -> None:
        if self._time is not None and len(self._time) < MAX_TEXT:
            self._time.append(text)

    def _end(self, name: str) -> None:
        local = name.rpartition(" ")[2]
        if local == "time" and self._time is not None and self._place is not None:
            self.points.append((_unix_s("".join(self._time)), *self._place))
            self._time = None
        elif local == "trkpt":
            self._place = None


def _refuse(name: str, *rest: object) -> None:
    raise ValueError("it has a document type, which GPX files don't")


def _csv(file: Path) -> tuple[list[tuple[float, float, float]], Literal["utc", "media"]]:
    with file.open(encoding="utf-8-sig", newline="") as content:
        rows = csv.DictReader(content)
        columns = set(rows.fieldnames or ())
        clock: Literal["utc", "media"] = "media" if "media_s" in columns else "utc"
        column = "media_s" if clock == "media" else "time_utc"
        lacking = sorted({column, "latitude", "longitude"} - columns)
        if lacking:
            raise ValueError(f"it lacks the columns {', '.join(lacking)}")
        return list(_rows(rows, column)), clock


def _rows(rows: "csv.DictReader[str]", column: str) -> Iterator[tuple[float, float, float]]:
    for row in rows:
        told = row[column] or ""
        time_s = float(told) if column == "media_s" else _unix_s(told)
        if not math.isfinite(time_s):
            raise ValueError(f"{told} is no time")
        yield (time_s, *_place(row["latitude"] or "", row["longitude"] or ""))


def _place(latitude: str, longitude: str) -> tuple[float, float]:
    place = float(latitude), float(longitude)
    if not (abs(place[0]) <= 90 and abs(place[1]) <= DATE_LINE_DEG):
        raise ValueError(f"{latitude}, {longitude} is no place on earth")
    return place


def _unix_s(text: str) -> float:
    """Seconds of a time in ISO 8601; without an offset it is UTC."""
    told = datetime.fromisoformat(text.strip())
    return (told if told.tzinfo else told.replace(tzinfo=UTC)).timestamp()
