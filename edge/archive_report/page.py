"""The page: one HTML file with all that it shows inside. It fetches nothing and runs no script but its own."""

import base64
import hashlib
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib import metadata, resources
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from edge.archive_report.doubts import REASONS, Doubts, find_doubts
from edge.archive_report.hours import Hours, by_hour
from edge.archive_report.listing import Listing, list_signs, packed, recording_rows
from edge.archive_report.pictures import Thumbnail, choose, exists, read_thumbnails
from edge.archive_report.places import areas
from edge.archive_report.tables import BROKEN, Archive, Kind
from edge.archive_report.words import clipped, duration, moment, plural, position
from edge.errors import ReportError
from edge.page_template import render
from models.catalogue import load_catalogue

MOST_DOUBTS = 150
"""Cards of doubtful signs; the others are in the table of signs, by reason."""
MOST_BROKEN = 200
MOST_KINDS = 1000
"""A catalogue has some hundreds."""
DRAWN_PX = 96
STYLES = ("service/static/page.css", "archive_report/static/archive.css")
SCRIPTS = (
    "service/static/elements.js", "archive_report/static/signs.js", "archive_report/static/filter.js",
    "archive_report/static/facets.js", "archive_report/static/tables.js", "archive_report/static/view.js",
    "archive_report/static/markers.js", "archive_report/static/map.js", "archive_report/static/page.js",
)  # fmt: skip
"""In this order one module: each imports only from those before it."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page and what it says, for programs."""

    html: str
    facts: dict[str, Any]


def make_page(archive: Archive, zone: ZoneInfo, made: datetime) -> Page:
    """Make the page of an archive.

    Args:
        archive: What was read of it; its thumbnails are read now.
        zone: For hours of the day.
        made: When, as the page says.

    Raises:
        ReportError: Jinja2 is missing, the thumbnails can't be read, or no catalogue has as many kinds of sign.
    """
    if len(archive.kinds) > MOST_KINDS:
        raise ReportError(f"{archive.folder}: has {len(archive.kinds):,} kinds of sign, and a page {MOST_KINDS:,}")
    doubts, hours = find_doubts(archive), by_hour(archive.signs, zone)
    worst = doubts.worst_first()[:MOST_DOUBTS]
    examples = choose(archive, worst)
    with_pictures = exists(archive.folder)
    thumbnails = read_thumbnails(archive, np.concatenate([worst, examples])) if with_pictures else {}
    listing = list_signs(archive, np.union1d(worst, examples))
    facts = _facts(archive, doubts, hours)
    script = _script()
    markup = {
        "style": "\n".join(_read(name) for name in STYLES),
        "script": script,
        "script_hash": base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii"),
        "icon": _icon(),
    }
    html = render(
        "archive.html",
        name=clipped(archive.folder.resolve().name or str(archive.folder)),
        made=made.astimezone(zone).strftime("%Y-%m-%d %H:%M"),
        zone=str(zone),
        version=metadata.version("signwatch"),
        facts=facts,
        tiles=_tiles(facts),
        kinds=_kinds(archive),
        hours=hours,
        bars=_shares(hours.counts),
        reasons=[(bit, reason, count) for bit, (reason, count) in enumerate(zip(REASONS, doubts.counts, strict=True))],
        doubts=[_doubt(archive, doubts, listing, thumbnails, row) for row in worst.tolist()],
        gallery=_gallery(archive, listing, thumbnails, examples),
        broken=[one for one in archive.recordings if one.state == BROKEN][:MOST_BROKEN],
        clipped=clipped,
        plural=plural,
        degraded=_degraded(archive),
        areas=[(position(*_middle(area)), area) for area in areas(archive.signs)],
        listed=len(listing.rows),
        recordings_listed=len(listing.recordings),
        with_pictures=with_pictures,
        data=_data(archive, listing, hours, doubts, zone),
        markup=markup,
    )
    return Page(html, facts | {"listed": len(listing.rows), "bytes": len(html.encode())})


def _facts(archive: Archive, doubts: Doubts, hours: Hours) -> dict[str, Any]:
    signs, recordings = archive.signs, archive.recordings
    of_kind = np.bincount(signs.kind, minlength=len(archive.kinds)).tolist()
    degraded: Counter[str] = Counter()
    for one in recordings:
        for reason, frames in one.degraded.items():
            degraded[reason] += round(one.seconds(frames), 1)  # type: ignore[assignment]
    return {
        "signs": len(signs),
        "kinds": len(archive.kinds),
        "recordings": len(recordings),
        "broken": sum(one.state == BROKEN for one in recordings),
        "seconds": round(sum(one.duration_s for one in recordings), 1),
        "placed": int(signs.placed.sum()),
        "timed": int(np.isfinite(signs.unix_s).sum()),
        "doubtful": int((doubts.reasons > 0).sum()),
        "reasons": {reason.word: count for reason, count in zip(REASONS, doubts.counts, strict=True)},
        "degraded_seconds": dict(degraded),
        "signs_by_class": {
            kind.name: count for kind, count in sorted(zip(archive.kinds, of_kind, strict=True), key=lambda x: -x[1])
        },
        "signs_by_hour": dict(zip(hours.labels, hours.counts, strict=True)) if hours.by_day else None,
    }


def _tiles(facts: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Figures to see first: value, what it is, and the section that says more."""
    reason, seconds = max(facts["degraded_seconds"].items(), key=lambda pair: pair[1], default=("", 0.0))
    return [
        (f"{facts['signs']:,}", f"{plural(facts['signs'], 'sign')} of {facts['kinds']} kinds", "kinds"),
        (
            duration(facts["seconds"]),
            f"in {facts['recordings']:,} {plural(facts['recordings'], 'recording')}",
            "recordings",
        ),
        (f"{facts['doubtful']:,}", f"{plural(facts['doubtful'], 'reading')} to check", "check"),
        (duration(seconds), f"degraded, {clipped(reason, 30)} above all" if reason else "degraded", "trouble"),
        (f"{facts['broken']:,}", f"broken {plural(facts['broken'], 'recording')}", "trouble"),
    ]


def _shares(counts: Sequence[int]) -> list[tuple[int, float]]:
    """Counts with what each is of the largest, in per cent."""
    largest = max(counts, default=0)
    return [(count, round(100 * count / largest, 2) if largest else 0.0) for count in counts]


def _kinds(archive: Archive) -> list[dict[str, Any]]:
    """The kinds, those read most first, with their drawings."""
    counts = np.bincount(archive.signs.kind, minlength=len(archive.kinds)).tolist()
    return sorted(
        (
            {"number": number, "kind": kind, "count": count, "share": share, "drawing": _drawing(kind)}
            for number, (kind, (count, share)) in enumerate(zip(archive.kinds, _shares(counts), strict=True))
        ),
        key=lambda one: -one["count"],
    )


def _drawing(kind: Kind) -> str | None:
    """A sign's drawing as a data URI: there are those of the package's catalogue."""
    from PIL import Image

    from edge.sample_drive.drawings import draw_sign

    catalogue = load_catalogue()
    known = 0 <= kind.class_id < len(catalogue) and catalogue[kind.class_id].name == kind.name
    if not known or catalogue[kind.class_id].code != kind.code:
        return None
    target = io.BytesIO()
    Image.fromarray(draw_sign(kind.class_id, DRAWN_PX)).save(target, "WEBP", quality=85)
    return "data:image/webp;base64," + base64.b64encode(target.getvalue()).decode("ascii")


def _doubt(
    archive: Archive, doubts: Doubts, listing: Listing, thumbnails: dict[int, Thumbnail], row: int
) -> dict[str, Any]:
    signs = archive.signs
    why = []
    for bit, reason in enumerate(REASONS):
        if doubts.reasons[row] >> bit & 1:
            why.append((reason.title, _why(archive, doubts, row, reason.word)))
    return _example(archive, listing, thumbnails, row) | {
        "kind": int(signs.kind[row]),
        "name": archive.kinds[signs.kind[row]].name,
        "recording": clipped(archive.recordings[signs.recording[row]].name),
        "at": moment(float(signs.confirmed_s[row])),
        "why": why,
    }


def _why(archive: Archive, doubts: Doubts, row: int, word: str) -> str:
    signs = archive.signs
    if word == "contradicted":
        other = doubts.contradictions[row]
        others = "another recording" if other.recordings == 1 else f"{other.recordings} other recordings"
        return f"{others} read “{archive.kinds[other.kind].name}” here"
    if word == "changed":
        return "once" if signs.changes[row] == 1 else f"{signs.changes[row]} times"
    if word == "runner-up":
        runner_up = int(signs.runner_up[row])
        name = next((kind.name for kind in archive.kinds if kind.class_id == runner_up), f"class {runner_up}")
        return f"“{name}” has {100 * signs.runner_up_confidence[row]:.2f} %"
    if word == "unsure":
        return f"{100 * signs.confidence[row]:.2f} %"
    return f"{signs.hits[row]} frames, {max(signs.last_s[row] - signs.confirmed_s[row], 0):.1f} s after confirmation"


def _example(archive: Archive, listing: Listing, thumbnails: dict[int, Thumbnail], row: int) -> dict[str, Any]:
    """A picture with the sign's number in the page."""
    place = int(np.searchsorted(listing.rows, row))
    return {"place": place, "thumbnail": thumbnails.get(row), "confidence": float(archive.signs.confidence[row])}


def _gallery(
    archive: Archive, listing: Listing, thumbnails: dict[int, Thumbnail], rows: NDArray[np.int64]
) -> list[tuple[int, str, list[dict[str, Any]]]]:
    """Examples by kind, in the order of `rows`: the kind's number and name, and its pictures."""
    shown: dict[int, list[dict[str, Any]]] = {}
    for row in rows.tolist():
        if row in thumbnails:
            recording = clipped(archive.recordings[archive.signs.recording[row]].name)
            title = f"{recording}, {moment(float(archive.signs.confirmed_s[row]))}"
            example = _example(archive, listing, thumbnails, row) | {"title": title}
            shown.setdefault(int(archive.signs.kind[row]), []).append(example)
    return [(kind, archive.kinds[kind].name, examples) for kind, examples in shown.items()]


def _degraded(archive: Archive) -> list[dict[str, Any]]:
    """What was wrong, the longest first: for how long, in how many recordings, and in which one most."""
    total = sum(one.duration_s for one in archive.recordings)
    rows = []
    for reason in sorted({reason for one in archive.recordings for reason in one.degraded}):
        having = [(one.seconds(one.degraded[reason]), one) for one in archive.recordings if reason in one.degraded]
        seconds, (most, worst) = sum(one for one, _ in having), max(having, key=lambda pair: pair[0])
        rows.append(
            {
                "reason": clipped(reason, 60),
                "seconds": seconds,
                "duration": duration(seconds),
                "share": 100 * seconds / total if total else 0.0,
                "recordings": len(having),
                "worst": clipped(worst.name),
                "most": duration(most),
            }
        )
    return sorted(rows, key=lambda row: -row["seconds"])


def _middle(area: Any) -> tuple[float, float]:
    return (area.south + area.north) / 2, (area.west + area.east) / 2


def _data(archive: Archive, listing: Listing, hours: Hours, doubts: Doubts, zone: ZoneInfo) -> dict[str, Any]:
    """What the script works on."""
    return {
        "signs": len(archive.signs),
        "zone": str(zone),
        "kinds": [[kind.name, kind.code] for kind in archive.kinds],
        "reasons": [reason.title for reason in REASONS],
        "recordings": recording_rows(archive, listing),
        "columns": packed(archive, listing, hours, doubts),
    }


def _script() -> str:
    """The page's modules as one: what they import from one another is there already."""
    text = "\n".join(_read(name) for name in SCRIPTS)
    text = re.sub(r"^import .* from .*;\n", "", text, flags=re.MULTILINE)
    return re.sub(r"^export ", "", text, flags=re.MULTILINE)


def _icon() -> str:
    return "data:image/svg+xml;base64," + base64.b64encode(_read("service/static/icon.svg").encode()).decode("ascii")


def _read(name: str) -> str:
    return resources.files("edge").joinpath(name).read_text(encoding="utf-8")
