"""What a child does at the workshop page, as steps for tests."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.honest_folders import check_folder
from tests.running_server import RunningServer

BLOCKED = "Der Mörder im Wald"
LONGEST = 60_000  # milliseconds: a busy machine is no fault of the page


def write(page: Page, idea: str, *, style: str = "Dada", medium: str | None = None) -> None:
    """Fill in the form in the language it is in."""
    page.locator("#idea").fill(idea)
    page.get_by_role("radio", name=style, exact=True).check(force=True)
    if medium:
        page.get_by_role("radio", name=medium, exact=True).check(force=True)


def go(page: Page) -> None:
    page.locator("#go").click()


def cards(page: Page, status: str | None = None) -> Locator:
    """The works on the page."""
    return page.locator(f"article.run[data-status='{status}']" if status else "article.run")


def wait_for(page: Page, status: str, count: int = 1) -> Locator:
    """The works with this status, when there are so many of them."""
    found = cards(page, status)
    expect(found).to_have_count(count, timeout=LONGEST)
    return found


def begin(page: Page, url: str, idea: str) -> None:
    """Go to the page, send an idea, and wait until it is worked on and its new text is there."""
    page.goto(url)
    write(page, idea)
    go(page)
    expect(cards(page, "running").locator(".new")).to_be_visible(timeout=LONGEST)


def ask_to_edit(page: Page, url: str, idea: str) -> tuple[Locator, Locator]:
    """Go to the page, send an idea, and wait until its new text can be changed.

    Returns its card, and the field of the text.
    """
    page.goto(url)
    write(page, idea)
    page.get_by_label("Erst den neuen Text ansehen").check()
    go(page)
    card = wait_for(page, "awaiting_edit")
    return card, card.get_by_label("Ändere den neuen Text")


def make(page: Page, idea: str, *, style: str = "Dada", medium: str | None = None) -> Locator:
    """Write, go, and wait until it is done."""
    write(page, idea, style=style, medium=medium)
    go(page)
    return wait_for(page, "success")


def stored_runs(server: RunningServer, idea: str) -> list[Path]:
    """The folders of all runs with this idea; each has to be whole."""
    texts = server.runs.glob("*/input_text.txt")
    found = [path.parent for path in texts if path.read_text(encoding="utf-8") == idea]
    for path in found:
        assert check_folder(path).input_text == idea
    return found
