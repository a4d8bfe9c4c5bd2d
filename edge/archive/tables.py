"""The tables of an archive, in Parquet (parquet.apache.org), which any tool opens. `docs/archive.md` tells the columns.

They are written anew from the memory after each run, each whole or not at all.
"""

from collections.abc import Iterable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from edge.archive.sightings import Sighting
from edge.archive.summary import NS, Finished
from edge.errors import ReportError
from models.whole_files import written_whole

try:
    import pyarrow as pa
    import pyarrow.parquet as pq
except ImportError as error:
    raise ReportError("an archive's tables need PyArrow: pip install 'signwatch[archive]'") from error

SCHEMA_KEY, SCHEMA = b"signwatch.schema", b"signwatch.archive-1"
"""In each table's metadata."""
SIGNS_FILE, THUMBNAILS_FILE, RECORDINGS_FILE = "signs.parquet", "thumbnails.parquet", "recordings.parquet"
GROUP_ROWS = 10_000
"""At least in a row group, but for the last."""

_BOX = [pa.field(name, pa.float32(), nullable=False) for name in ("x", "y", "w", "h")]
_VIEW = [pa.field("frame", pa.int64(), nullable=False), pa.field("media_s", pa.float64(), nullable=False), *_BOX]
_TIME = pa.timestamp("us", tz="UTC")
_METADATA = {SCHEMA_KEY: SCHEMA}


def _required(*columns: tuple[str, Any]) -> list[Any]:
    return [pa.field(name, kind, nullable=False) for name, kind in columns]


SIGNS = pa.schema(
    [
        *_required(
            ("recording", pa.string()), ("track", pa.int64()), ("class_id", pa.int16()), ("code", pa.string()),
            ("name", pa.string()), ("category", pa.string()),
        ),
        pa.field("value", pa.float64()),
        pa.field("unit", pa.string()),
        *_required(
            ("confidence", pa.float32()), ("first_s", pa.float64()), ("last_s", pa.float64()),
            ("confirmed_s", pa.float64()), ("best_s", pa.float64()), ("first_frame", pa.int64()),
            ("last_frame", pa.int64()), ("hits", pa.int32()), ("boxes", pa.list_(pa.struct(_VIEW))),
            ("best_box", pa.struct(_BOX)),
        ),
        pa.field("bearing_deg", pa.float32()),
        pa.field("distance_m", pa.float32()),
        pa.field("distance_std_m", pa.float32()),
        pa.field("time_utc", _TIME),
        pa.field("latitude", pa.float64()),
        pa.field("longitude", pa.float64()),
        pa.field("runner_up_class_id", pa.int16()),
        pa.field("runner_up_confidence", pa.float32()),
        *_required(("changes", pa.int32())),
    ],
    _METADATA,
)  # fmt: skip
THUMBNAILS = pa.schema(_required(("recording", pa.string()), ("track", pa.int64()), ("jpeg", pa.binary())), _METADATA)
RECORDINGS = pa.schema(
    [
        *_required(
            ("recording", pa.string()), ("content_hash", pa.string()), ("format", pa.string()), ("frames", pa.int64())
        ),
        pa.field("fps", pa.float64()),
        *_required(("duration_s", pa.float64()), ("width", pa.int32()), ("height", pa.int32())),
        pa.field("started_utc", _TIME),
        *_required(
            ("signs", pa.int32()),
            ("degraded", pa.list_(pa.struct(_required(("reason", pa.string()), ("frames", pa.int64()))))),
            ("state", pa.string()),
        ),
        pa.field("error", pa.string()),
        *_required(
            ("pieces", pa.int32()), ("processing_s", pa.float64()), ("software", pa.string()),
            ("settings_hash", pa.string()),
        ),
    ],
    _METADATA,
)  # fmt: skip

Rows = list[dict[str, Any]]


def write_tables(folder: Path, recordings: Iterable[tuple[str, Finished]]) -> int:
    """Write the three tables; gives the number of signs.

    Args:
        folder: For them.
        recordings: Each with its name, in the order in which tables shall have them.

    Raises:
        ModelError: Where they can't be written, as on a full disk; earlier tables then stay as they were.
    """
    signs = 0
    with ExitStack() as whole:
        tables = [
            _Table(whole, folder / name, schema)
            for name, schema in ((SIGNS_FILE, SIGNS), (THUMBNAILS_FILE, THUMBNAILS), (RECORDINGS_FILE, RECORDINGS))
        ]
        for name, finished in recordings:
            tables[0].add(sign_rows(name, finished))
            tables[1].add(_thumbnail_rows(name, finished))
            tables[2].add([recording_row(name, finished)])
            signs += len(finished.sightings)
        for table in tables:
            table.close()
    return signs


class _Table:
    """One file, written in row groups."""

    def __init__(self, whole: ExitStack, file: Path, schema: Any) -> None:
        partial = whole.enter_context(written_whole(file))
        self._schema = schema
        self._rows: Rows = []
        self._writer = pq.ParquetWriter(partial, schema, compression="zstd")
        whole.callback(self._writer.close)

    def add(self, rows: Rows) -> None:
        self._rows += rows
        if len(self._rows) >= GROUP_ROWS:
            self._flush()

    def close(self) -> None:
        self._flush()
        self._writer.close()

    def _flush(self) -> None:
        self._writer.write_table(pa.Table.from_pylist(self._rows, self._schema))
        self._rows = []


def sign_rows(name: str, finished: Finished) -> Rows:
    """A recording's rows of the table of signs, by track."""
    times_s = finished.times_s or (None,) * len(finished.sightings)
    rows = [
        _sign_row(name, sighting, time_s, place)
        for sighting, time_s, place in zip(finished.sightings, times_s, finished.places, strict=True)
    ]
    return sorted(rows, key=lambda row: int(row["track"]))


def _sign_row(name: str, seen: Sighting, time_s: float | None, place: tuple[float, float] | None) -> dict[str, Any]:
    sign, views, best = seen.sign, seen.views, seen.best_view
    runner_up = seen.runner_up or (None, None)
    return {
        "recording": name,
        "track": sign.track,
        "class_id": sign.class_id,
        "code": sign.code,
        "name": sign.name,
        "category": sign.category,
        "value": sign.value,
        "unit": sign.unit,
        "confidence": sign.confidence,
        "first_s": views[0].time_s,
        "last_s": views[-1].time_s,
        "confirmed_s": seen.confirmed_s,
        "best_s": best.time_s,
        "first_frame": views[0].frame,
        "last_frame": views[-1].frame,
        "hits": sign.hits,
        "boxes": [{"frame": one.frame, "media_s": one.time_s, **_box(one.box_xywh_px)} for one in views],
        "best_box": _box(best.box_xywh_px),
        "bearing_deg": seen.best.bearing_deg,
        "distance_m": seen.best.distance_m,
        "distance_std_m": seen.best.distance_std_m,
        "time_utc": _utc(time_s),
        "latitude": place and place[0],
        "longitude": place and place[1],
        "runner_up_class_id": runner_up[0],
        "runner_up_confidence": runner_up[1],
        "changes": seen.changes,
    }


def _thumbnail_rows(name: str, finished: Finished) -> Rows:
    rows = [
        {"recording": name, "track": sighting.sign.track, "jpeg": sighting.thumbnail} for sighting in finished.sightings
    ]
    return sorted(rows, key=lambda row: int(row["track"]))


def recording_row(name: str, finished: Finished) -> dict[str, Any]:
    """A recording's row of the table of recordings."""
    return {
        "recording": name,
        "content_hash": finished.content_hash,
        "format": finished.format,
        "frames": finished.frames,
        "fps": finished.fps,
        "duration_s": finished.duration_s,
        "width": finished.size_px[0],
        "height": finished.size_px[1],
        "started_utc": _utc(None if finished.started_ns is None else finished.started_ns / NS),
        "signs": len(finished.sightings),
        "degraded": [{"reason": reason, "frames": frames} for reason, frames in sorted(finished.degraded.items())],
        "state": "done" if finished.fault is None else "broken",
        "error": finished.fault,
        "pieces": finished.pieces,
        "processing_s": finished.processing_s,
        "software": finished.software,
        "settings_hash": finished.settings_hash,
    }


def _box(box_xywh_px: tuple[float, float, float, float]) -> dict[str, float]:
    return dict(zip("xywh", box_xywh_px, strict=True))


def _utc(time_s: float | None) -> datetime | None:
    return None if time_s is None else datetime.fromtimestamp(0, UTC) + timedelta(seconds=time_s)
