"""A recording that is done: what the tables say of it."""

import msgspec

from edge.archive.sightings import Sighting

NS = 10**9


class Finished(msgspec.Struct, frozen=True):
    """All that was found in one recording, and how."""

    content_hash: str
    format: str
    frames: int
    fps: float | None
    duration_s: float
    size_px: tuple[int, int]
    """Width and height; 0 where no picture could be read."""
    started_ns: int | None
    """UNIX time of its beginning; None where it doesn't tell."""
    sightings: tuple[Sighting, ...]
    places: tuple[tuple[float, float] | None, ...]
    """Latitude and longitude of each, where a file beside the recording tells."""
    beside: tuple[str, int, int] | None
    """That file's name, bytes and time of change in ns."""
    degraded: dict[str, int]
    """Frames of each reason."""
    fault: str | None
    """Why it couldn't be read, or not to its end."""
    again: bool
    """Whether another run shall try once more, because its reader crashed."""
    pieces: int
    processing_s: float
    software: str
    settings_hash: str

    @property
    def times_s(self) -> tuple[float, ...] | None:
        """UNIX time of each sign's best view, in seconds; None where the recording doesn't tell when it began."""
        if self.started_ns is None:
            return None
        if self.format == "mcap":
            return tuple(sighting.best_captured_ns / NS for sighting in self.sightings)
        return tuple(self.started_ns / NS + sighting.best_view.time_s for sighting in self.sightings)


class Known(msgspec.Struct, frozen=True):
    """What is to be known of a finished recording without reading all of it."""

    path: str
    again: bool
    fault: str | None
    beside: tuple[str, int, int] | None
