"""What a report promises: one file that needs nothing else, whatever is written into it."""

import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.errors import ReportError
from edge.report import BAD, INK, SERIES, Picture, Plot, Report, data_uri, percent, write_png


def draw(axes: Any) -> None:
    axes.plot([0, 1], [0, 1], color=SERIES[0], label="a < b & c")
    axes.axvline(0.5, color=BAD)
    axes.imshow(np.eye(4), extent=(0, 1, 0, 1))
    axes.legend()


def full_report() -> Report:
    report = Report("Title <b>", "below & between")
    section = report.section("Section", "with <i>text</i>")
    section.tiles([("99 %", "right")])
    section.lines(["one <script>alert(1)</script>"])
    section.table(["Sign", "errors", "recall"], [["Stop", "3", "99.10 %"], ["Yield", "1,204", "-"]], "All", marked=[1])
    section.plots([Plot(draw), Plot(draw, "again")])
    section.pictures([Picture(np.full((8, 8, 3), 90, np.uint8), '"quoted"', "caption")])
    section.sheet(np.full((8, 30, 3), 90, np.uint8), "a sheet")
    report.section("Empty").table(["none"], [])
    return report


@pytest.fixture(scope="module")
def html() -> str:
    return full_report().html()


def test_a_report_fetches_nothing(html: str) -> None:
    fetched = re.findall(r'(?:src|href|url)\s*[=(]\s*["\']?([^"\'\s)>]+)', html)
    assert fetched
    assert all(address.startswith(("data:", "#")) for address in fetched), fetched
    assert "<script" not in html and "@import" not in html
    assert "<metadata" not in html


def test_what_is_written_into_it_is_text_and_never_markup(html: str) -> None:
    assert "Title &lt;b&gt;" in html and "with &lt;i&gt;" in html and "&lt;script&gt;" in html
    assert 'alt="&#34;quoted&#34;"' in html
    assert "a &lt; b &amp; c" in html, "words in plots stay words"


def test_plots_take_the_colours_of_the_page_so_that_they_follow_light_and_dark(html: str) -> None:
    assert "prefers-color-scheme: dark" in html
    drawing = html[html.index("<svg") : html.rindex("</svg>")]
    assert "var(--series1)" in drawing and "var(--bad)" in drawing and "var(--ink)" in drawing
    assert INK not in drawing and SERIES[0] not in drawing
    assert not re.search(r"<svg[^>]*\swidth=", drawing), "the page decides how wide it is"


def test_columns_of_numbers_are_set_as_numbers(html: str) -> None:
    heads = re.findall(r'<th scope="col"( class="number")?>(\w+)', html)
    assert [(name, bool(numeric)) for numeric, name in heads[:3]] == [
        ("Sign", False),
        ("errors", True),
        ("recall", True),
    ]
    assert html.count('<tr class="marked">') == 1


def test_a_report_appears_whole_and_is_the_same_file_each_time(tmp_path: Path, html: str) -> None:
    full_report().write(tmp_path / "report.html")
    assert [file.name for file in tmp_path.iterdir()] == ["report.html"]
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == html
    assert html.endswith("</html>")


def test_missing_packages_are_said_with_the_mend(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(ReportError, match=r"jinja2, which is not installed: pip install 'signwatch\[report\]'"):
        Report("Title", "")


def test_plots_can_be_one_png(tmp_path: Path) -> None:
    write_png(tmp_path / "plots.png", [draw, draw, draw], 2, "Three")
    assert (tmp_path / "plots.png").read_bytes().startswith(b"\x89PNG")


def test_shares_and_pictures_are_written_for_a_page() -> None:
    assert percent(0.99123) == "99.12 %"
    assert percent(0.5, 0) == "50 %"
    assert percent(None) == "-"
    assert data_uri(np.zeros((4, 4, 3), np.uint8)).startswith("data:image/webp;base64,")
