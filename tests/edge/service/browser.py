"""A real browser for tests of the page: Debian's Chromium."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import pytest

from tests.edge.service.serving import PROJECT

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
DESKTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 860}}
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "is_mobile": True, "has_touch": True,
}  # fmt: skip
ARTEFACTS = Path(os.environ.get("SIGNWATCH_ARTEFACTS", PROJECT / "out" / "screenshots"))
PATIENCE_MS = 60_000
_errors: "WeakKeyDictionary[Page, list[str]]" = WeakKeyDictionary()


@contextmanager
def chromium() -> Iterator["Browser"]:
    """Skips where there is none."""
    executable = shutil.which("chromium")
    if executable is None:
        pytest.skip("no browser: chromium isn't installed (.ci/run does)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        yield browser
        browser.close()


@contextmanager
def page_of(browser: "Browser", address: str, **options: Any) -> Iterator["Page"]:
    """A page whose every error fails the test, unless it is taken out of `page_errors` first."""
    context = browser.new_context(**(options or DESKTOP))
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    errors: list[str] = []
    page.on("console", lambda said: errors.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    _errors[page] = errors
    page.goto(address, wait_until="domcontentloaded")
    yield page
    context.close()
    assert errors == [], errors


def page_errors(page: "Page") -> list[str]:
    """What the browser's console said; clear it where that was meant to be."""
    return _errors[page]


def keep_picture(page: "Page", name: str, *, whole: bool = False) -> None:
    """Keep a screenshot for people to look at."""
    ARTEFACTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=ARTEFACTS / f"{name}.png", full_page=whole)
