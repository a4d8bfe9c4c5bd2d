"""The small pictures that a page has room for: those of doubtful signs, and some of each kind."""

import base64
import io
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from edge.archive.tables import THUMBNAILS, THUMBNAILS_FILE
from edge.archive_report.tables import Archive, damaged, open_table

COLUMNS = ("recording", "track", "jpeg")
BATCH_ROWS = 4096
OF_A_KIND = 4
MOST_PICTURES = 600
MOST_BYTES, MOST_PX = 16 * 1024, 256
"""Of one picture and of its sides; what is larger is no thumbnail of ours."""
TRACKS = 2**40
"""More than a recording has, so that recording and track make one number."""


class Thumbnail(NamedTuple):
    """A picture of a sign."""

    uri: str
    width: int
    height: int


def choose(archive: Archive, doubtful: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rows of signs to be shown as examples of each kind, spread over the archive, but for those shown as doubtful."""
    others = np.setdiff1d(np.arange(len(archive.signs)), doubtful)
    room = MOST_PICTURES - len(doubtful)
    chosen: list[int] = []
    kinds = archive.signs.kind[others]
    counts = np.bincount(kinds, minlength=len(archive.kinds))
    for kind in np.argsort(-counts, kind="stable")[: max(room // OF_A_KIND, 0)]:
        rows = others[kinds == kind]
        chosen += rows[np.linspace(0, len(rows) - 1, min(OF_A_KIND, len(rows))).astype(np.int64)].tolist()
    return np.array(chosen, np.int64)


def read_thumbnails(archive: Archive, rows: NDArray[np.int64]) -> dict[int, Thumbnail]:
    """The pictures of some signs, by row, as far as there are such; reads one part of the table after the other.

    Raises ReportError where the table isn't there, is cut off, or is of another version.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    names = pa.array([recording.name for recording in archive.recordings], pa.string())
    keys = archive.signs.recording[rows] * TRACKS + archive.signs.track[rows]
    row_of_key = dict(zip(keys.tolist(), rows.tolist(), strict=True))
    found: dict[int, Thumbnail] = {}
    path = archive.folder / THUMBNAILS_FILE
    with open_table(path, THUMBNAILS, COLUMNS) as file:
        try:
            for batch in file.iter_batches(batch_size=BATCH_ROWS, columns=list(COLUMNS)):
                recording = pc.fill_null(pc.index_in(batch["recording"], value_set=names), -1).to_numpy()
                of_batch = recording.astype(np.int64) * TRACKS + batch["track"].to_numpy()
                for place in np.flatnonzero(np.isin(of_batch, keys)).tolist():
                    thumbnail = _thumbnail(batch["jpeg"][place].as_py())
                    if thumbnail is not None:
                        found[row_of_key[int(of_batch[place])]] = thumbnail
        except (pa.ArrowException, OSError) as error:
            raise damaged(path) from error
    return found


def _thumbnail(jpeg: bytes) -> Thumbnail | None:
    """None for what is no picture, or no small one: a page shows nothing rather than a broken one."""
    if len(jpeg) > MOST_BYTES:
        return None
    try:
        with Image.open(io.BytesIO(jpeg), formats=["JPEG"]) as image:
            if max(image.size) > MOST_PX:
                return None
            image.load()
            width, height = image.size
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):  # all of which Pillow raises
        return None
    return Thumbnail("data:image/jpeg;base64," + base64.b64encode(jpeg).decode("ascii"), width, height)


def exists(folder: Path) -> bool:
    """Whether an archive has pictures at all."""
    return (folder / THUMBNAILS_FILE).exists()
