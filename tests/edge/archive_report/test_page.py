"""What an archive's page holds, whatever is in the tables."""

import base64
import hashlib
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import cv2
import numpy as np
import pytest

from edge.archive_report import listing
from edge.archive_report.page import Page, make_page
from edge.archive_report.places import areas
from edge.archive_report.tables import read_archive
from tests.edge.archive_report.tables import CITIES, recording, sign, thumbnail, write_fleet, write_tables

HOSTILE = 'x"><script>alert(1)</script></title>&amp;\u202egpj.\x07'
NOW = datetime(2026, 11, 26, 2, 0, tzinfo=UTC)


def page_of(folder: Path, zone: str = "UTC") -> Page:
    return make_page(read_archive(folder), ZoneInfo(zone), NOW)


def data_of(page: Page) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page.html, re.DOTALL)
    assert found
    data = json.loads(found[1])
    assert isinstance(data, dict)
    return data


def column(data: dict[str, Any], name: str) -> list[int]:
    kind, packed = data["columns"][name]
    return [int(value) for value in np.frombuffer(base64.b64decode(packed), f"<{kind}")]


def jpeg(side: int) -> bytes:
    return cv2.imencode(".jpg", np.full((side, side, 3), 120, np.uint8))[1].tobytes()


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_fleet(tmp_path_factory.mktemp("fleet"), signs=600, recordings=20)


def test_a_page_fetches_nothing_and_runs_its_own_script_alone(fleet: Path) -> None:
    html = page_of(fleet).html
    fetched = re.findall(r'(?:\ssrc|\shref|url)\s*[=(]\s*["\']?([^"\'\s)>]+)', html)
    assert fetched
    assert all(address.startswith(("data:", "#")) for address in fetched), set(fetched)
    (script,) = re.findall(r'<script type="module">(.*?)</script>', html, re.DOTALL)
    assert "import " not in script and "export " not in script
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{digest}'" in html


def test_what_comes_from_the_tables_is_text_and_never_markup(tmp_path: Path) -> None:
    signs = [sign(HOSTILE, 1, 14, name=HOSTILE, code=HOSTILE, confidence=0.99)]
    broken = recording("b.mp4", state="broken", error=HOSTILE, degraded=[{"reason": HOSTILE, "frames": 9}])
    page = page_of(write_tables(tmp_path, signs, [recording(HOSTILE), broken]))
    assert "<script>alert" not in page.html and HOSTILE not in page.html
    assert page.html.count("&lt;script&gt;alert(1)") > 3
    assert data_of(page)["recordings"][0][0] == HOSTILE


def test_hours_are_those_of_the_zone_and_of_the_recording_where_no_time_is_known(tmp_path: Path) -> None:
    at_noon = datetime(2026, 7, 1, 12, 30, tzinfo=UTC)
    rows = [sign("a.mp4", 1, 14, time_utc=at_noon), sign("a.mp4", 2, 14), sign("a.mp4", 3, 14, time_utc=at_noon)]
    page = page_of(write_tables(tmp_path / "timed", rows, [recording("a.mp4")]), "Europe/Berlin")
    by_hour = page.facts["signs_by_hour"]
    assert by_hour["14"] == 2 and sum(by_hour.values()) == 2
    assert "Europe/Berlin" in page.html and "1 sign without a known time" in page.html
    late = [sign("a.mp4", 1, 14, at=5.0), sign("a.mp4", 2, 14, at=3725.0)]
    data = data_of(page_of(write_tables(tmp_path / "untimed", late, [recording("a.mp4")])))
    assert "time" not in data["columns"] and "latitude" not in data["columns"]
    assert column(data, "when") == [0, 12], "bars of five minutes"


def test_areas_are_what_nothing_lies_between(fleet: Path) -> None:
    found = areas(read_archive(fleet).signs)
    assert sum(area.signs for area in found) == 600
    middles = sorted((round((area.south + area.north) / 2), round((area.west + area.east) / 2)) for area in found)
    assert middles == [(round(north), round(east)) for north, east in CITIES]


def test_a_page_is_bounded_and_says_what_it_leaves_out(fleet: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = page_of(fleet)
    assert len(column(data_of(whole), "kind")) == whole.facts["listed"] == 600
    monkeypatch.setattr(listing, "MOST_SIGNS", 400)
    page = page_of(fleet)
    assert page.facts["signs"] == 600 and 300 < page.facts["listed"] <= 400
    assert f"{page.facts['listed']} of the 600 signs" in page.html
    assert page.html.count('data-sign="') == whole.html.count('data-sign="') > 100, "what has a card stays"


def test_what_is_left_out_is_what_there_is_most_of_or_least_in(fleet: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = read_archive(fleet)
    monkeypatch.setattr(listing, "MOST_SIGNS", 60)
    monkeypatch.setattr(listing, "MOST_RECORDINGS", 5)
    counts = np.bincount(archive.signs.recording)
    fewest = int(np.where(counts > 0, counts, counts.max()).argmin())
    always = np.flatnonzero(archive.signs.recording == fewest)[:1]
    listed = listing.list_signs(archive, always)
    assert set(listed.recordings.tolist()) == {fewest, *np.argsort(-counts, kind="stable")[:4].tolist()}
    assert 58 <= len(listed.rows) <= 60 and always[0] in listed.rows
    assert set(archive.signs.recording[listed.rows].tolist()) == set(listed.recordings.tolist())


def test_pictures_are_those_that_are_pictures(tmp_path: Path) -> None:
    rows = [sign("a.mp4", track, 14) for track in (1, 2, 3)]
    pictures = [thumbnail("a.mp4", 1, jpeg(64)), thumbnail("a.mp4", 2, b"no picture"), thumbnail("a.mp4", 9, jpeg(8))]
    page = page_of(write_tables(tmp_path, rows, [recording("a.mp4")], pictures))
    assert page.html.count("data:image/jpeg;base64,") == 1
    (tmp_path / "thumbnails.parquet").unlink()
    assert "no thumbnails.parquet" in page_of(tmp_path).html


@pytest.mark.parametrize(
    "recordings", [[], [recording("a.mp4")], [recording("a.mp4", state="broken", error="cut off")]]
)
def test_an_archive_without_signs_has_an_honest_page(tmp_path: Path, recordings: list[dict[str, Any]]) -> None:
    page = page_of(write_tables(tmp_path, [], recordings))
    assert "No signs were read" in page.html
    assert ("cut off" in page.html) is any(row["error"] for row in recordings)
    assert page.facts["signs"] == page.facts["doubtful"] == 0


def test_signs_of_a_recording_that_is_not_listed_yet_are_shown(tmp_path: Path) -> None:
    data = data_of(page_of(write_tables(tmp_path, [sign("b.mp4", 1, 14)], [recording("a.mp4")])))
    assert [row[:2] for row in data["recordings"]] == [["a.mp4", "done"], ["b.mp4", "unlisted"]]
