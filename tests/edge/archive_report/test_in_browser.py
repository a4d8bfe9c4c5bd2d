"""The page in a real browser: it fetches nothing, its figures are those of the tables, and its map is to scale."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pyarrow.parquet as pq
import pytest

from edge.archive_report.page import make_page
from edge.archive_report.tables import read_archive
from tests.edge.archive_report.tables import recording, sign, write_fleet, write_tables
from tests.edge.service.browser import DESKTOP, PHONE, chromium, keep_picture, page_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

KM_NORTH_DEG = 1 / 111.195
STOP, YIELD, CAUTION = 14, 13, 18


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_fleet(tmp_path_factory.mktemp("fleet"), signs=1200, recordings=20)


@pytest.fixture(scope="module")
def address(fleet: Path) -> str:
    return written(fleet)


def written(folder: Path) -> str:
    html = make_page(read_archive(folder), ZoneInfo("Europe/Berlin"), datetime(2026, 11, 26, 2, 0, tzinfo=UTC)).html
    (folder / "report.html").write_text(html, encoding="utf-8")
    return (folder / "report.html").as_uri()


def shown(page: "Page") -> str:
    return page.locator("#shown").inner_text()


@pytest.mark.parametrize(
    ("size", "scheme", "options"), [("desktop", "light", DESKTOP), ("phone", "dark", PHONE)], ids=["desktop", "phone"]
)
def test_it_stands_alone_and_fits_every_screen(
    browser: "Browser", address: str, size: str, scheme: str, options: dict[str, object]
) -> None:
    with page_of(browser, "about:blank", **options, color_scheme=scheme) as page:
        requested: list[str] = []
        page.on("request", lambda request: requested.append(request.url))
        page.goto(address)
        page.locator("#map-marks .marker").first.wait_for()
        assert [url for url in requested if not url.startswith(("file:", "data:"))] == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        keep_picture(page, f"archive-{size}-{scheme}")
        page.locator("#map").scroll_into_view_if_needed()
        keep_picture(page, f"archive-map-{size}-{scheme}")


def test_filters_show_what_the_tables_have(browser: "Browser", fleet: Path, address: str) -> None:
    signs = pq.read_table(fleet / "signs.parquet", columns=["name", "recording"]).to_pylist()
    of_kind = Counter(row["name"] for row in signs)
    kind, most = of_kind.most_common(1)[0]
    inside = [row for row in signs if row["name"] == kind and row["recording"].startswith("vehicle-2/")]
    with page_of(browser, address) as page:
        assert shown(page) == "1,200 signs"
        page.locator(".kinds button", has_text=kind).press("Enter")
        assert shown(page) == f"{most:,} of 1,200 signs"
        page.fill("#by-recording", "Vehicle-2/")
        page.locator("#shown", has_text=f"{len(inside)} of 1,200 signs").wait_for()
        assert page.locator("#all-shown").inner_text() == f"{len(inside)} signs"
        rows = page.locator("#signs-table tbody tr")
        assert rows.count() == min(len(inside), 25)
        assert {row.split("\n")[0] for row in rows.all_inner_texts()} == {kind}
        assert sum(int(much) for much in page.locator(".hours .much").all_inner_texts()) == len(inside)
        cards = page.locator(".doubts li:visible b")
        assert set(cards.all_inner_texts()) <= {kind}
        page.click("#clear")
        assert shown(page) == "1,200 signs" and page.input_value("#by-recording") == ""
        counts = dict(
            zip(
                page.locator(".kinds .what").all_inner_texts(),
                page.locator(".kinds .much").all_inner_texts(),
                strict=True,
            )
        )
        assert counts == {name: str(count) for name, count in of_kind.items()}
        page.locator("#signs-table [data-sort=confidence] button").click()
        page.locator("#signs-table [data-sort=confidence] button").click()
        confidence = [
            float(text.rstrip(" %")) for text in page.locator("#signs-table td:nth-child(5)").all_inner_texts()
        ]
        assert confidence == sorted(confidence) and confidence[0] < 99.9


def test_the_map_is_to_scale_with_north_up_and_goes_by_keys(browser: "Browser", tmp_path: Path) -> None:
    north = KM_NORTH_DEG
    rows = [
        sign("a.mp4", 1, STOP, latitude=60.0, longitude=8.0),
        sign("a.mp4", 2, YIELD, latitude=60.0 + north, longitude=8.0),
        sign("a.mp4", 3, CAUTION, latitude=60.0, longitude=8.0 + 2 * north),
    ]
    with page_of(browser, written(write_tables(tmp_path, rows, [recording("a.mp4")]))) as page:
        page.locator("#map-marks .marker").nth(2).wait_for()
        places = {}
        for marker in page.locator("#map-marks .marker").all():
            box = marker.locator("use").bounding_box()
            assert box is not None
            places[marker.locator("title").text_content()] = (box["x"], box["y"])
        stop, give_way, caution = (places[f"{name}\na.mp4, 0:{at}.0"] for name, at in
                                   (("Stop", 11), ("Yield", 12), ("General caution", 13)))  # fmt: skip
        scale = page.locator("#map-scale-text").inner_text()
        metres = float(scale.split()[0]) * (1000 if scale.endswith("km") else 1)
        bar = page.locator("#map-scale-bar").bounding_box()
        assert bar is not None
        km_px = bar["width"] * 1000 / metres
        assert stop[1] - give_way[1] == pytest.approx(km_px, rel=0.01) and stop[0] == pytest.approx(
            give_way[0], abs=0.5
        )
        # At 60 degrees a degree of longitude is half as long as one of latitude.
        assert caution[0] - stop[0] == pytest.approx(km_px, rel=0.01) and stop[1] == pytest.approx(caution[1], abs=0.5)
        page.focus("#map-view")
        page.keyboard.press("Enter")
        assert page.locator("#map-card").is_visible() and "1 sign here" in page.locator("#map-card").inner_text()
        page.keyboard.press("Escape")
        assert page.locator("#map-card").is_hidden()
        before = page.locator("#map-marks .marker use").last.bounding_box()
        view = page.locator("#map-view").bounding_box()
        assert before is not None and view is not None
        page.mouse.move(view["x"] + 300, view["y"] + 40)
        page.mouse.down()
        page.mouse.move(view["x"] + 340, view["y"] + 70, steps=4)
        page.mouse.up()
        page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")  # it is drawn then
        after = page.locator("#map-marks .marker use").last.bounding_box()
        assert after is not None
        assert (after["x"] - before["x"], after["y"] - before["y"]) == pytest.approx((40, 30), abs=1)
        page.mouse.click(after["x"] + after["width"] / 2, after["y"] + after["height"] / 2)
        assert page.locator("#map-card").is_visible()
        page.keyboard.press("Escape")
        page.focus("#map-view")
        page.keyboard.press("+")
        page.locator("#map-scale-text").filter(has_not_text=scale).wait_for()
        page.keyboard.press("-")
        page.locator("#map-scale-text").filter(has_text=scale).wait_for()
