"""The page in a real browser, against a real service."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.edge.scenes import KEEP_RIGHT, SPEED_LIMIT_50, STOP
from tests.edge.service.browser import DESKTOP, PHONE, chromium, keep_picture, page_errors, page_of
from tests.edge.service.pictures import stop_jpeg, street_jpeg
from tests.edge.service.serving import Served, served

if TYPE_CHECKING:
    from playwright.sync_api import Browser, FileChooser, Page

HUGE_BYTES = 40 * 2**20
TRANSFER = """
([base64, name, type]) => {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], name, { type }));
  return transfer;
}
"""


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def service(browser: "Browser") -> Iterator[Served]:
    with served() as service:
        yield service


@pytest.fixture
def page(browser: "Browser", service: Served) -> Iterator["Page"]:
    with page_of(browser, service.address) as page:
        yield page


@pytest.fixture
def pictures(tmp_path: Path) -> dict[str, Path]:
    files = {
        "stop.jpg": stop_jpeg(),
        "street.jpg": street_jpeg(SPEED_LIMIT_50, STOP, KEEP_RIGHT),
        "notes.txt": b"no picture",
        "broken.jpg": stop_jpeg()[:900],
        "huge.png": bytes(HUGE_BYTES),
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    return {name: tmp_path / name for name in files}


def choose(page: "Page", *files: Path) -> None:
    page.set_input_files("#file", list(files))
    page.locator(".result").nth(len(files) - 1).wait_for()
    while page.locator(".waiting").count():
        page.wait_for_timeout(50)


def transfer_of(page: "Page", data: bytes, name: str = "stop.jpg", kind: str = "image/jpeg") -> Any:
    import base64

    return page.evaluate_handle(TRANSFER, [base64.b64encode(data).decode(), name, kind])


def read_name(page: "Page") -> str:
    return page.locator(".found .name").first.inner_text()


@pytest.mark.parametrize(("size", "options"), [("desktop", DESKTOP), ("phone", PHONE)])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pictures_that_are_chosen_are_read(
    browser: "Browser", service: Served, pictures: dict[str, Path], size: str, options: dict[str, Any], scheme: str
) -> None:
    with page_of(browser, service.address, **options, color_scheme=scheme) as page:
        page.locator("#choose").wait_for()
        keep_picture(page, f"page-{size}-{scheme}")
        choose(page, pictures["stop.jpg"], pictures["street.jpg"])
        names = page.locator(".found .name").all_inner_texts()
        assert names[-1] == "Stop" and len(names) == 4
        assert page.locator(".picture rect").count() == 3
        drawn = "async image => { await image.decode(); return image.naturalWidth }"
        assert page.locator(".found img").first.evaluate(drawn) > 0
        keep_picture(page, f"pictures-{size}-{scheme}", whole=True)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing sticks out to the side"


def test_a_picture_that_is_dropped_is_read(page: "Page") -> None:
    page.locator("#choose").wait_for()
    transfer = transfer_of(page, stop_jpeg())
    page.dispatch_event("#drop", "dragenter", {"dataTransfer": transfer})
    assert "over" in (page.locator("#drop").get_attribute("class") or "")
    page.dispatch_event("#drop", "drop", {"dataTransfer": transfer})
    assert read_name(page) == "Stop"
    assert "over" not in (page.locator("#drop").get_attribute("class") or "")


def test_a_picture_that_is_pasted_is_read(page: "Page") -> None:
    page.locator("#choose").wait_for()
    transfer = transfer_of(page, stop_jpeg())
    page.evaluate(
        "transfer => document.body.dispatchEvent("
        "new ClipboardEvent('paste', { clipboardData: transfer, bubbles: true }))",
        transfer,
    )
    assert read_name(page) == "Stop"


def test_a_drawn_sign_can_be_tried_without_a_picture(page: "Page") -> None:
    page.locator("#sample").click()
    page.locator(".found").wait_for()
    code = page.locator(".reading header span").first.inner_text().removesuffix(".png")
    assert page.get_by_text(f"Sign {code}", exact=True).count() == 1, "it is read as what it is"


def test_files_that_are_no_pictures_or_too_large_are_said_to_be_and_not_sent(
    page: "Page", pictures: dict[str, Path]
) -> None:
    sent: list[str] = []
    page.locator("#choose").wait_for()
    page.on("request", lambda request: sent.append(request.url))
    choose(page, pictures["notes.txt"], pictures["huge.png"])
    assert page.locator(".failed").all_inner_texts()[0].count("40.0 MB, and 16.0 MB is the most") == 1
    assert "Not a picture" in page.locator(".failed").nth(1).inner_text()
    assert not [url for url in sent if "predict" in url]


def test_a_damaged_picture_is_said_to_be(page: "Page", pictures: dict[str, Path]) -> None:
    page.locator("#choose").wait_for()
    choose(page, pictures["broken.jpg"], pictures["stop.jpg"])
    assert "damaged or cut off" in page.locator(".failed").inner_text()
    assert read_name(page) == "Stop"
    (said,) = page_errors(page)  # the browser's own line about the answer
    assert "422" in said
    page_errors(page).clear()


def test_the_keyboard_is_enough(page: "Page", pictures: dict[str, Path]) -> None:
    choosers: list[FileChooser] = []
    page.on("filechooser", lambda chooser: choosers.append(chooser))
    page.locator("#choose").wait_for()
    reached = []
    for _ in range(8):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()"))
        if reached[-1] == "choose":
            break
    assert reached[0] == "Skip to content" and reached[-1] == "choose"
    page.keyboard.press("Enter")
    while not choosers:
        page.wait_for_timeout(50)
    choosers[0].set_files(pictures["street.jpg"])
    page.locator(".found").first.wait_for()
    page.locator(".found").first.focus()
    page.locator(".picture rect.lit").wait_for(state="attached")
    page.locator("#known summary").focus()
    page.keyboard.press("Enter")
    page.locator("#signs li").nth(42).wait_for()


def test_nothing_jumps_while_pictures_are_read(browser: "Browser", service: Served, pictures: dict[str, Path]) -> None:
    with page_of(browser, service.address) as page:
        page.evaluate(
            """() => {
              window.jumped = 0;
              new PerformanceObserver((list) => {
                for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.jumped += entry.value;
              }).observe({ type: "layout-shift", buffered: true });
            }"""
        )
        choose(page, pictures["stop.jpg"])
        page.wait_for_timeout(600)  # what comes within half a second of the choice counts as its effect
        choose(page, pictures["street.jpg"])
        assert page.evaluate("window.jumped") < 0.1, "good, as browsers' makers measure it"


def test_a_service_that_is_away_is_said_and_the_page_goes_on_when_it_is_back(
    browser: "Browser", pictures: dict[str, Path]
) -> None:
    with served() as first:
        port = first.port
        with page_of(browser, first.address) as page:
            page.locator("#choose").wait_for()
            first.process.terminate()
            first.process.wait()
            choose(page, pictures["stop.jpg"])
            assert "can't be reached" in page.locator(".failed").inner_text()
            with served("--port", str(port)):
                choose(page, pictures["stop.jpg"])
                assert read_name(page) == "Stop"
            page.wait_for_timeout(300)
            page_errors(page).clear()  # the browser's own lines about the connection, which come a little later


def test_a_key_is_asked_for_once(browser: "Browser", pictures: dict[str, Path], tmp_path: Path) -> None:
    from edge.service.api_keys import add_api_key

    key = add_api_key(tmp_path / "keys", "tester")
    with served("--api-keys", str(tmp_path / "keys")) as service, page_of(browser, service.address) as page:
        page.locator("#choose").wait_for()
        page.set_input_files("#file", pictures["stop.jpg"])
        page.locator("#key").fill(key)
        page.keyboard.press("Enter")
        assert read_name(page) == "Stop"
        page.wait_for_timeout(300)
        page_errors(page).clear()  # the browser's own line about the first answer, 401
        page.set_input_files("#file", pictures["street.jpg"])
        page.locator(".picture rect").first.wait_for()


def test_the_interface_is_described(browser: "Browser", service: Served) -> None:
    with page_of(browser, service.address + "docs") as page:
        page.locator(".operation").first.wait_for()
        paths = page.locator(".operation .path").all_inner_texts()
        assert "/predict_traffic_sign" in paths and "/v1/predict_batch" in paths and "/metrics" in paths
        page.locator("summary", has_text=re.compile("200, a stop sign")).click()
        assert page.locator("pre", has_text='"class_index": 14').first.is_visible()
        keep_picture(page, "docs-desktop-light")
