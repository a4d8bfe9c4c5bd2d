"""The live view in a real browser, beside a real run with a real network camera."""

import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from edge.stream_server import StreamServer
from tests.edge.cli.live_run import LiveRun, live_run
from tests.edge.scenes import SPEED_LIMIT_50, STOP, road
from tests.edge.service.browser import DESKTOP, PHONE, chromium, keep_picture, page_errors, page_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

FPS = 10
ROAD = road(SPEED_LIMIT_50, STOP, size_wh=(640, 480), count=24)


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    with chromium() as browser:
        yield browser


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def console_of(run: LiveRun) -> str:
    run.address  # noqa: B018  (waits until it publishes)
    (line,) = [line for line in run.said if line.startswith("console on ")]
    return line.split()[-1]


@pytest.fixture(scope="module")
def console(browser: "Browser") -> Iterator[str]:
    with StreamServer(ROAD, FPS) as camera, live_run(camera.address, "--name", "front", "--console", "0") as run:
        yield console_of(run)


def state(page: "Page", words: str) -> None:
    page.locator("#state-chip", has_text=words).wait_for()


@pytest.mark.parametrize(("size", "options"), [("desktop", DESKTOP), ("phone", PHONE)])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_running_drive_is_seen_with_its_signs(
    browser: "Browser", console: str, size: str, options: dict[str, Any], scheme: str
) -> None:
    with page_of(browser, console, **options, color_scheme=scheme) as page:
        state(page, "Live")
        page.locator("#events .what", has_text="Stop").first.wait_for()
        page.locator("#events .what", has_text="Speed limit (50km/h)").first.wait_for()
        page.locator("#ahead", has_text="Stop").wait_for()
        assert "Speed limit" in page.locator("#force").inner_text()
        assert page.locator("#stage-note").is_hidden()
        page.locator("#rate", has_text=re.compile("[1-9]")).wait_for()  # page and policy allow no text as code
        assert page.locator("#frame").evaluate("canvas => [canvas.width, canvas.height]") == [640, 480]
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        keep_picture(page, f"live-{size}-{scheme}", whole=True)


def test_pause_holds_the_picture_and_goes_on(browser: "Browser", console: str) -> None:
    with page_of(browser, console) as page:
        state(page, "Live")
        page.locator("#stage-note").wait_for(state="hidden")
        page.keyboard.press("Space")
        page.locator("#paused").wait_for()
        page.wait_for_timeout(400)  # for the frame under way
        held = page.locator("#frame").evaluate("canvas => canvas.toDataURL()")
        page.wait_for_timeout(600)
        assert page.locator("#frame").evaluate("canvas => canvas.toDataURL()") == held
        assert page.locator("#pause").get_attribute("aria-pressed") == "true"
        page.locator("#pause").click()
        page.wait_for_timeout(600)
        assert page.locator("#frame").evaluate("canvas => canvas.toDataURL()") != held


def test_a_snapshot_is_the_picture_that_is_seen(browser: "Browser", console: str, tmp_path: Path) -> None:
    with page_of(browser, console) as page:
        state(page, "Live")
        page.locator("#stage-note").wait_for(state="hidden")
        downloads: list[Any] = []
        page.on("download", lambda download: downloads.append(download))
        page.keyboard.press("s")
        while not downloads:
            page.wait_for_timeout(50)
        assert downloads[0].suggested_filename.startswith("signwatch-front-")
        downloads[0].save_as(tmp_path / "seen.png")
        with Image.open(tmp_path / "seen.png") as seen:
            assert seen.size == (640, 480)


def test_the_threshold_hides_what_is_less_sure(browser: "Browser", console: str) -> None:
    with page_of(browser, console) as page:
        page.locator("#events .what", has_text="Stop").first.wait_for()
        page.locator("#threshold").focus()
        page.keyboard.press("End")
        assert page.locator("#threshold-value").inner_text() == "99 %"
        page.keyboard.press("Home")
        assert page.locator("#threshold-value").inner_text() == "0 %"
        assert page.locator("#events .what", has_text="Stop").count() >= 1


def test_a_camera_that_dies_and_comes_back_is_told(browser: "Browser") -> None:
    port = free_port()
    with StreamServer(ROAD, FPS, port) as camera:
        run_of = live_run(camera.address, "--name", "front", "--console", "0")
        run = run_of.__enter__()
        page_at = page_of(browser, console_of(run))
        page = page_at.__enter__()
        try:
            state(page, "Live")
        except BaseException:
            run_of.__exit__(None, None, None)
            raise
    try:
        state(page, "Fault")
        assert "front" in page.locator("#state-text").inner_text()
        with StreamServer(ROAD, FPS, port):
            state(page, "Live")
        page_at.__exit__(None, None, None)
    finally:
        run_of.__exit__(None, None, None)


def test_a_run_that_ends_is_said_and_the_next_one_is_seen(browser: "Browser") -> None:
    port = str(free_port())
    with StreamServer(ROAD, FPS) as camera:
        with live_run(camera.address, "--name", "front", "--console", port) as first:
            page_at = page_of(browser, console_of(first))
            page = page_at.__enter__()
            page.locator("#events .what", has_text="Stop").first.wait_for()
        state(page, "Connection lost")
        assert "Connection lost" in page.locator("#banner").inner_text()
        with live_run(camera.address, "--name", "front", "--console", port) as second:
            console_of(second)
            state(page, "Live")
            page.locator("#events .what", has_text="Stop").first.wait_for()
            page.locator("#timeline .mark").first.wait_for()
            assert page.locator("#banner").is_hidden()
            page.wait_for_timeout(300)
            page_errors(page).clear()  # the browser's own lines about the connection
            page_at.__exit__(None, None, None)


def test_the_console_reaches_other_machines_only_with_keys() -> None:
    with live_run("pattern:", "--console", "0.0.0.0:0") as run:
        assert run.end() == 1
        assert any("--api-keys" in line for line in run.said)
