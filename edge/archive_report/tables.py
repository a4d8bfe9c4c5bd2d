"""The tables of an archive, as far as a report needs them, as columns of numbers."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from edge.errors import ReportError

if TYPE_CHECKING:
    import pyarrow as pa

SIGNS, THUMBNAILS, RECORDINGS = "signs.parquet", "thumbnails.parquet", "recordings.parquet"
DONE, BROKEN, UNLISTED = "done", "broken", "unlisted"
"""States of a recording; of one that isn't listed there are signs and no summary."""
NO_CLASS = -1

SIGN_COLUMNS = (
    "recording", "track", "class_id", "code", "name", "category", "value", "unit", "confidence", "first_s", "last_s",
    "confirmed_s", "hits", "changes", "time_utc", "latitude", "longitude", "runner_up_class_id", "runner_up_confidence",
)  # fmt: skip
RECORDING_COLUMNS = (
    "recording", "format", "frames", "duration_s", "width", "height", "started_utc", "degraded", "state", "error",
)  # fmt: skip
THUMBNAIL_COLUMNS = ("recording", "track", "jpeg")


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
    format: str = ""
    frames: int = 0
    duration_s: float = 0.0
    width: int = 0
    height: int = 0
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
    first_s: NDArray[np.float64]
    """Seconds of the recording in which it was seen first, was confirmed and was seen last."""
    confirmed_s: NDArray[np.float64]
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
        return np.isfinite(self.latitude) & np.isfinite(self.longitude)


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
    require_pyarrow()
    recordings = _understood(folder / RECORDINGS, RECORDING_COLUMNS, _recordings)
    place = {recording.name: number for number, recording in enumerate(recordings)}
    if len(place) < len(recordings):
        raise ReportError(f"{folder / RECORDINGS}: a recording stands in it twice; {_AGAIN}")
    kinds, signs = _understood(folder / SIGNS, SIGN_COLUMNS, lambda table: _signs(table, place))
    # A run that was killed may have written the signs of a recording and not yet its summary.
    recordings += [Recording(name, state=UNLISTED) for name in list(place)[len(recordings) :]]
    return Archive(folder, recordings, kinds, signs)


_AGAIN = "run `signwatch archive` with the same folder again"
_T = TypeVar("_T")


def require_pyarrow() -> None:
    """Raise ReportError, with the mend, where what reads the tables is missing."""
    try:
        import pyarrow.parquet  # noqa: F401  (only asked for; whoever uses it imports it)
    except ImportError as error:
        raise ReportError(
            f"an archive's tables need {error.name}, which is not installed: pip install 'signwatch[archive]'"
        ) from error


def open_table(path: Path, columns: tuple[str, ...]) -> Any:
    """A Parquet file that has these columns, opened. Raises ReportError where it hasn't, or is no whole one."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
    except FileNotFoundError as error:
        raise ReportError(f"{path}: isn't there; `signwatch archive … --out {path.parent}` writes it") from error
    except (pa.ArrowException, OSError) as error:
        raise ReportError(f"{path}: is cut off or no Parquet file; {_AGAIN}") from error
    missing = [name for name in columns if name not in file.schema_arrow.names]
    if missing:
        raise ReportError(f"{path}: is of another version, without {', '.join(missing)}; {_AGAIN}")
    return file


def _understood(path: Path, columns: tuple[str, ...], understand: Callable[["pa.Table"], _T]) -> _T:
    """What is in some columns of a table."""
    import pyarrow as pa

    with open_table(path, columns) as file:
        try:
            table = file.read(columns=list(columns))
        except (pa.ArrowException, OSError) as error:
            raise ReportError(f"{path}: is damaged; {_AGAIN}") from error
    try:
        return understand(table)
    except (pa.ArrowException, AttributeError, KeyError, TypeError, ValueError) as error:
        raise ReportError(f"{path}: has other values than this version knows; {_AGAIN}") from error


def _recordings(table: "pa.Table") -> list[Recording]:
    return [
        Recording(
            row["recording"],
            row["state"],
            row["format"] or "",
            row["frames"] or 0,
            row["duration_s"] or 0.0,
            row["width"] or 0,
            row["height"] or 0,
            row["started_utc"],
            {part["reason"]: part["frames"] for part in row["degraded"] or ()},
            " ".join((row["error"] or "").split()),
        )
        for row in table.to_pylist()
    ]


def _signs(table: "pa.Table", place: dict[str, int]) -> tuple[list[Kind], Signs]:
    """The kinds of sign, and the signs; `place` of each recording gets those that it lacks."""
    import pyarrow as pa
    import pyarrow.compute as pc

    def numbers(name: str) -> NDArray[np.float64]:
        return np.asarray(pc.cast(table[name], pa.float64()).to_numpy(zero_copy_only=False), np.float64)

    def whole(name: str, missing: int = 0) -> NDArray[np.int64]:
        filled = pc.fill_null(pc.cast(table[name], pa.int64()), missing)
        return np.asarray(filled.to_numpy(zero_copy_only=False), np.int64)

    names = pc.fill_null(table["recording"].cast(pa.string()), "")
    for name in names.unique().to_pylist():
        place.setdefault(name, len(place))
    recording = pc.index_in(names, value_set=pa.array(place, pa.string())).to_numpy(zero_copy_only=False)
    milliseconds = table["time_utc"].cast(pa.timestamp("ms"), safe=False).cast(pa.int64()).cast(pa.float64())
    # Two catalogues may have another sign under the same number, so that it is the whole row that tells.
    kinds: dict[Kind, int] = {}
    rows = zip(*(table[name].to_pylist() for name in Kind._fields), strict=True)
    kind = np.fromiter((kinds.setdefault(Kind(*row), len(kinds)) for row in rows), np.int64, len(table))
    confirmed_s = numbers("confirmed_s")
    order = np.lexsort((confirmed_s, recording))
    signs = Signs(
        recording=np.asarray(recording, np.int64)[order],
        kind=kind[order],
        track=whole("track")[order],
        confidence=numbers("confidence")[order],
        first_s=numbers("first_s")[order],
        confirmed_s=confirmed_s[order],
        last_s=numbers("last_s")[order],
        hits=whole("hits")[order],
        changes=whole("changes")[order],
        unix_s=np.asarray(milliseconds.to_numpy(zero_copy_only=False), np.float64)[order] / 1000,
        latitude=numbers("latitude")[order],
        longitude=numbers("longitude")[order],
        runner_up=whole("runner_up_class_id", NO_CLASS)[order],
        runner_up_confidence=np.nan_to_num(numbers("runner_up_confidence"))[order],
    )
    return list(kinds), signs
