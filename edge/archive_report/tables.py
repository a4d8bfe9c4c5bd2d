"""The tables of an archive, as far as a report needs them, as columns of numbers."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from edge.archive.tables import (
    RECORDINGS,
    RECORDINGS_FILE,
    SCHEMA,
    SCHEMA_KEY,
    SIGNS,
    SIGNS_FILE,
)
from edge.errors import ReportError

DONE, BROKEN, UNLISTED = "done", "broken", "unlisted"
"""States of a recording; of one that isn't listed there are signs and no summary."""
NO_CLASS = -1
LONGEST_S, LAST_UNIX_S = 1e7, 2**32
"""No recording is longer, none later: what a file says beyond them is taken for unknown, or for 0."""

SIGN_COLUMNS = (
    "recording", "track", "class_id", "code", "name", "category", "value", "unit", "confidence", "last_s",
    "confirmed_s", "hits", "changes", "time_utc", "latitude", "longitude", "runner_up_class_id", "runner_up_confidence",
)  # fmt: skip
RECORDING_COLUMNS = ("recording", "state", "frames", "duration_s", "started_utc", "degraded", "error")
_AGAIN = "run `signwatch archive` with the same folder again"


class Kind(NamedTuple):
    """One kind of sign that was read."""

    class_id: int
    code: str
    name: str
    category: str
    value: float | None
    unit: str | None


@dataclass(frozen=True, slots=True)
class Recording:
    """One recording of the archive."""

    name: str
    state: str
    frames: int = 0
    duration_s: float = 0.0
    started_utc: datetime | None = None
    degraded: dict[str, int] = field(default_factory=dict)
    """Frames by what was wrong with them; a frame may have several."""
    error: str = ""

    def seconds(self, frames: int) -> float:
        """How long as many of its frames take."""
        return frames * self.duration_s / self.frames if self.frames else 0.0


@dataclass(frozen=True)
class Signs:
    """Confirmed signs as columns (n,), by recording and then by time."""

    recording: NDArray[np.int64]
    """Its number among the archive's recordings."""
    kind: NDArray[np.int64]
    """Its number among the archive's kinds."""
    track: NDArray[np.int64]
    confidence: NDArray[np.float64]
    confirmed_s: NDArray[np.float64]
    """Seconds of the recording when it was confirmed and, in `last_s`, seen last."""
    last_s: NDArray[np.float64]
    hits: NDArray[np.int64]
    """Frames that showed it."""
    changes: NDArray[np.int64]
    """How often the class that it was confirmed as changed."""
    unix_s: NDArray[np.float64]
    """UNIX time; NaN where it isn't known."""
    latitude: NDArray[np.float64]
    """Degrees, WGS 84, and so is `longitude`; NaN where they aren't known."""
    longitude: NDArray[np.float64]
    runner_up: NDArray[np.int64]
    """Class that is likeliest but for its own; `NO_CLASS` where there is none."""
    runner_up_confidence: NDArray[np.float64]
    """0 to 1"""

    def __len__(self) -> int:
        return len(self.track)

    @cached_property
    def placed(self) -> NDArray[np.bool_]:
        """(n,) whether its position is known."""
        return (np.abs(self.latitude) <= 90) & (np.abs(self.longitude) <= 180)


@dataclass(frozen=True, slots=True)
class Archive:
    """What was read of an archive."""

    folder: Path
    recordings: list[Recording]
    kinds: list[Kind]
    signs: Signs


def read_archive(folder: Path) -> Archive:
    """Read the tables of a folder.

    Raises ReportError where they aren't there, are cut off, or are of another version.
    """
    table = _read(folder / RECORDINGS_FILE, RECORDINGS, RECORDING_COLUMNS)
    try:
        recordings = [_recording(row) for row in table.to_pylist()]
    except (OverflowError, ValueError) as error:  # times that are none
        raise damaged(folder / RECORDINGS_FILE) from error
    place = {recording.name: number for number, recording in enumerate(recordings)}
    if len(place) < len(recordings):
        raise ReportError(f"{folder / RECORDINGS_FILE}: a recording stands in it twice; {_AGAIN}")
    kinds, signs = _signs(_read(folder / SIGNS_FILE, SIGNS, SIGN_COLUMNS), place)
    # A run that was killed may have written the signs of a recording and not yet its summary.
    recordings += [Recording(name, state=UNLISTED) for name in list(place)[len(recordings) :]]
    return Archive(folder, recordings, kinds, signs)


def open_table(path: Path, schema: Any, columns: tuple[str, ...]) -> Any:
    """A Parquet file that has these columns of a schema, opened. Raises ReportError where it hasn't, or isn't whole."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
    except FileNotFoundError as error:
        raise ReportError(f"{path}: isn't there; `signwatch archive … --out {path.parent}` writes it") from error
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise ReportError(f"{path}: is cut off or no Parquet file; {_AGAIN}") from error
    found = file.schema_arrow
    version = (found.metadata or {}).get(SCHEMA_KEY)
    if version != SCHEMA:
        said = "no version" if version is None else version.decode("utf-8", "replace")
        raise ReportError(f"{path}: has {said}, and this reads {SCHEMA.decode()}; {_AGAIN}")
    strange = [name for name in columns if name not in found.names or not found.field(name).equals(schema.field(name))]
    if strange:
        raise ReportError(f"{path}: lacks {', '.join(strange)} as {SCHEMA.decode()} has them; {_AGAIN}")
    return file


def damaged(path: Path) -> ReportError:
    """What to say of a table that begins well and can't be read to its end."""
    return ReportError(f"{path}: is damaged; {_AGAIN}")


def _read(path: Path, schema: Any, columns: tuple[str, ...]) -> Any:
    import pyarrow as pa

    with open_table(path, schema, columns) as file:
        try:
            table = file.read(columns=list(columns))
            table.validate(full=True)
        except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
            raise damaged(path) from error
    return table


def _recording(row: dict[str, Any]) -> Recording:
    return Recording(
        row["recording"],
        row["state"],
        row["frames"],
        row["duration_s"] if 0 <= row["duration_s"] < LONGEST_S else 0.0,
        row["started_utc"],
        {part["reason"]: part["frames"] for part in row["degraded"]},
        " ".join((row["error"] or "").split()),
    )


def _signs(table: Any, place: dict[str, int]) -> tuple[list[Kind], Signs]:
    """The kinds of sign, and the signs; `place` of each recording gets those that it lacks."""
    import pyarrow as pa
    import pyarrow.compute as pc

    def numbers(column: Any) -> NDArray[np.float64]:
        return np.asarray(pc.cast(column, pa.float64()).to_numpy(zero_copy_only=False), np.float64)

    def whole(column: Any) -> NDArray[np.int64]:
        return np.asarray(pc.cast(column, pa.int64()).to_numpy(zero_copy_only=False), np.int64)

    def seconds(column: Any, longest: float = LONGEST_S) -> NDArray[np.float64]:
        values = numbers(column)
        return np.where((values >= 0) & (values < longest), values, np.nan)

    for name in table["recording"].unique().to_pylist():
        place.setdefault(name, len(place))
    recording = whole(pc.index_in(table["recording"], value_set=pa.array(place, pa.string())))
    # Two catalogues may have another sign under the same number, so that it is the whole row that tells.
    kinds: dict[Kind, int] = {}
    rows = zip(*(table[name].to_pylist() for name in Kind._fields), strict=True)
    kind = np.fromiter((kinds.setdefault(Kind(*row), len(kinds)) for row in rows), np.int64, len(table))
    confirmed_s = np.nan_to_num(seconds(table["confirmed_s"]))
    order = np.lexsort((confirmed_s, recording))
    signs = Signs(
        recording=recording[order],
        kind=kind[order],
        track=whole(table["track"])[order],
        confidence=np.nan_to_num(numbers(table["confidence"]))[order],
        confirmed_s=confirmed_s[order],
        last_s=np.nan_to_num(seconds(table["last_s"]))[order],
        hits=whole(table["hits"])[order],
        changes=whole(table["changes"])[order],
        unix_s=seconds(table["time_utc"].cast(pa.int64()), LAST_UNIX_S * 1e6)[order] / 1e6,
        latitude=numbers(table["latitude"])[order],
        longitude=numbers(table["longitude"])[order],
        runner_up=whole(pc.fill_null(table["runner_up_class_id"], NO_CLASS))[order],
        runner_up_confidence=np.nan_to_num(numbers(table["runner_up_confidence"]))[order],
    )
    return list(kinds), signs
