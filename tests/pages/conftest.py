"""A real browser for the tests of the pages; without one they are skipped, and say so."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--enable-unsafe-swiftshader",  # WebGL without a graphics card
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
TABLET = {"width": 820, "height": 1180}
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
RUN_AXE = """async () => (await axe.run()).violations.map(
    ({ id, nodes }) => [id, ...nodes.map((one) => one.target + " " + one.failureSummary)].join("; ")
)"""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium here: on Debian, apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def tablet(browser: Browser, *, may_complain: bool = False, **options: Any) -> Iterator[Page]:
    """A page of a tablet; fails when its console shows an error, unless it may complain.

    What is refused or not to be reached is an error to a console, so where that is tested it may.
    """
    options = {"viewport": TABLET, "locale": "de-DE", **options}
    context = browser.new_context(**options)
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))

    def hear(message: ConsoleMessage) -> None:
        # The picture of a work in the making is gone as soon as that is done.
        is_late = message.location["url"].partition("?")[0].endswith("/preview")
        if message.type == "error" and not is_late:
            complaints.append(f"{message.text} {message.location['url']}")

    if not may_complain:
        page.on("console", hear)
    yield page
    context.close()
    assert complaints == []


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of a tablet; the test fails when its console shows an error."""
    with tablet(browser) as page:
        yield page


@pytest.fixture
def barriers(browser: Browser) -> Callable[[Page], list[str]]:
    """What axe-core finds on a page as it stands, in both themes."""

    def found(page: Page) -> list[str]:
        page.evaluate(AXE)  # not hindered by the page's policy, as a script in the page would be
        # Colours are measured where they stand still.
        page.emulate_media(reduced_motion="reduce")
        before = page.evaluate("document.documentElement.dataset.theme")
        faults: list[str] = []
        for theme in ("light", "dark"):
            page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
            faults += [f"{theme}: {one}" for one in page.evaluate(RUN_AXE)]
        page.evaluate("theme => { document.documentElement.dataset.theme = theme }", before)
        return faults

    return found
