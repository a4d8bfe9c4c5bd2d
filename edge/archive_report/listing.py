"""The signs and recordings that a page carries one by one, so that it can filter them, packed."""

import base64
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.archive_report.doubts import Doubts
from edge.archive_report.hours import Hours
from edge.archive_report.tables import Archive
from edge.archive_report.words import clipped

MOST_SIGNS = 100_000
MOST_RECORDINGS = 10_000
FULL_CONFIDENCE = 65_535
"""Stands for a confidence of 1."""
MICRODEGREES = 1e6


@dataclass(frozen=True, slots=True)
class Listing:
    """What of an archive is carried one by one."""

    rows: NDArray[np.int64]
    """(m,) rows of the signs."""
    recordings: NDArray[np.int64]
    """Numbers of the recordings: those that signs are of, then others."""
    signs_of_recording: NDArray[np.int64]
    """How many signs the archive has of each of `recordings`."""


def list_signs(archive: Archive, always: NDArray[np.int64]) -> Listing:
    """All signs and recordings, or as many as there is room for: the recordings with the most signs, and of those
    all signs or some, spread evenly. `always` are rows that are in it with their recordings, whatever else is."""
    counts = np.bincount(archive.signs.recording, minlength=len(archive.recordings))
    wanted = counts.astype(np.float64)
    wanted[archive.signs.recording[always]] = np.inf
    shown = np.sort(np.argsort(-wanted, kind="stable")[: max(MOST_RECORDINGS, int(np.isinf(wanted).sum()))])
    rows = np.flatnonzero(np.isin(archive.signs.recording, shown))
    if len(rows) > MOST_SIGNS:
        spread = np.linspace(0, len(rows) - 1, max(MOST_SIGNS - len(always), 0))
        rows = np.union1d(rows[spread.astype(np.int64)], always)
    return Listing(rows, shown, counts[shown])


def packed(archive: Archive, listing: Listing, hours: Hours, doubts: Doubts) -> dict[str, list[str]]:
    """Columns of the signs, each as its type (`u1`, `u2`, `u4`, `i4`, `f4`; little-endian) and its bytes in Base64.

    `latitude` and `longitude`, in millionths of a degree, are missing where no position is known, and `time`, in UNIX
    seconds, where no time is; in them what isn't known of one sign is the least number of the type.
    """
    signs, rows = archive.signs, listing.rows
    nearly = np.where(signs.confidence < 1, FULL_CONFIDENCE - 1, FULL_CONFIDENCE)
    columns: dict[str, tuple[str, NDArray[Any]]] = {
        "kind": ("u2", signs.kind),
        "recording": ("u2", np.searchsorted(listing.recordings, signs.recording)),
        "when": ("u1", hours.of_sign),
        "doubt": ("u1", doubts.reasons),
        "confidence": ("u2", np.minimum(np.round(np.clip(signs.confidence, 0, 1) * FULL_CONFIDENCE), nearly)),
        "hits": ("u2", np.clip(signs.hits, 0, 65_535)),
        "at": ("f4", signs.confirmed_s),
    }
    if np.isfinite(signs.unix_s[rows]).any():
        columns["time"] = ("u4", np.clip(np.nan_to_num(signs.unix_s), 0, 2**32 - 1))
    if signs.placed[rows].any():
        unknown = np.iinfo(np.int32).min
        for name, degrees in (("latitude", signs.latitude), ("longitude", signs.longitude)):
            columns[name] = ("i4", np.where(signs.placed, np.round(np.nan_to_num(degrees) * MICRODEGREES), unknown))
    return {
        name: [kind, base64.b64encode(values[rows].astype(f"<{kind}").tobytes()).decode("ascii")]
        for name, (kind, values) in columns.items()
    }


def recording_rows(archive: Archive, listing: Listing) -> list[list[Any]]:
    """Of each recording that is carried: name, state, start (UNIX s or None), seconds, signs, degraded share 0 to 1
    (of its worst reason)."""
    rows = []
    for number, signs in zip(listing.recordings.tolist(), listing.signs_of_recording.tolist(), strict=True):
        one = archive.recordings[number]
        worst = max(one.degraded.values(), default=0) / max(one.frames, 1)
        started = None if one.started_utc is None else int(one.started_utc.timestamp())
        rows.append([clipped(one.name), one.state, started, round(one.duration_s, 1), signs, round(worst, 4)])
    return rows
