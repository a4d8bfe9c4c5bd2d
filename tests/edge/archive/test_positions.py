from pathlib import Path

import msgspec
import pytest

from edge.archive.finding import Recording
from edge.archive.positions import Positions, file_beside, read_positions
from edge.errors import SourceError

GPX = """<?xml version="1.0"?><gpx xmlns="http://www.topografix.com/GPX/1/1" version="1.1"><trk><trkseg>
<trkpt lat="48.0" lon="11.0"><ele>500</ele><time>2026-05-01T10:00:00Z</time></trkpt>
<trkpt lat="48.2" lon="11.4"><time>2026-05-01T10:00:20Z</time></trkpt>
<trkpt lat="49" lon="12"><time>2026-05-01T11:00:00+00:00</time></trkpt></trkseg></trk></gpx>"""
TEN_S = 1777629600.0
"""UNIX time of ten o'clock on that day."""


def test_a_gpx_track_tells_where_it_was_at_a_time(tmp_path: Path) -> None:
    file = tmp_path / "drive.gpx"
    file.write_text(GPX)
    positions = read_positions(file)
    assert positions.clock == "utc"
    assert positions.at(TEN_S + 5) == pytest.approx((48.05, 11.1))
    assert positions.at(TEN_S) == (48.0, 11.0)
    assert positions.at(TEN_S - 10) == (48.0, 11.0) and positions.at(TEN_S - 60) is None
    assert positions.at(TEN_S + 1800) is None, "no point is near"


def test_the_way_over_the_date_line_is_the_short_one() -> None:
    positions = Positions((0.0, 10.0), (0.0, 0.0), (179.9, -179.9), "media")
    assert positions.at(7.5) == pytest.approx((0, -179.95))


def test_a_csv_counts_from_the_recordings_beginning_or_has_times_of_day(tmp_path: Path) -> None:
    file = tmp_path / "drive.csv"
    file.write_text("speed,media_s,longitude,latitude\n9,10,11.2,48.2\n8,0,11,48\n")
    assert read_positions(file).at(5) == pytest.approx((48.1, 11.1))
    file.write_text("time_utc,latitude,longitude\n2026-05-01 10:00:00,48,11\n")
    assert read_positions(file).at(TEN_S) == (48, 11)


BOMB = '<!DOCTYPE gpx [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><gpx>&b;</gpx>'


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.gpx", BOMB),
        ("a.gpx", GPX[:300]),
        ("a.gpx", "\0\1"),
        ("a.gpx", GPX.replace("48.0", "148")),
        ("a.gpx", GPX.replace("2026", "soon")),
        ("a.gpx", "<gpx/>"),
        ("a.csv", "time,lat,lon\n1,2,3\n"),
        ("a.csv", "media_s,latitude,longitude\nnan,48,11\n"),
        ("a.csv", "media_s,latitude,longitude\n1,48\n"),
        ("a.csv", "media_s,latitude,longitude\n1,inf,11\n"),
    ],
)
def test_what_is_no_such_file_is_one_line(name: str, content: str, tmp_path: Path) -> None:
    file = tmp_path / name
    file.write_text(content)
    with pytest.raises(SourceError, match=r"a\.(gpx|csv) holds no position") as raised:
        read_positions(file)
    assert "\n" not in str(raised.value)


def test_a_file_lies_beside_its_recording(tmp_path: Path) -> None:
    drive = Recording(str(tmp_path / "drive.mp4"), "drive.mp4", "video")
    assert file_beside(drive) is None
    (tmp_path / "drive.csv").touch()
    assert file_beside(drive) == tmp_path / "drive.csv"
    (tmp_path / "drive.gpx").touch()
    assert file_beside(drive) == tmp_path / "drive.gpx"
    folder = msgspec.structs.replace(drive, path=str(tmp_path / "2026.05"), format="pictures")
    (tmp_path / "2026.05.gpx").touch()
    assert file_beside(folder) == tmp_path / "2026.05.gpx"
