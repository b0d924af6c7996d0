"""Safari up to iPadOS 14.4 has no `gap` in rows of flex: nothing touches its neighbour there, too.

Chromium has it, so here it is taken away, and css/no-flex-gap.css is told to be wanted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from devserver.config import PROJECT_FOLDER
from tests.conftest import TOKEN
from tests.pages.workshop_steps import BLOCKED, go, wait_for, write
from tests.running_server import RunningServer

SHEET = PROJECT_FOLDER / "devserver/public_dev/css/no-flex-gap.css"
ASKED = "@supports not (inset: 0)"
PHONE = {"width": 360, "height": 740}
TABLET = {"width": 820, "height": 1180}
DESK = {"width": 1440, "height": 900}

TOO_CLOSE = """() => {
    // The gap of each row of flex is remembered, and taken away.
    for (const row of document.querySelectorAll("body *")) {
        const style = getComputedStyle(row);
        if (!style.display.endsWith("flex") || row.style.gap) continue;
        row.gaps = [parseFloat(style.columnGap) || 0, parseFloat(style.rowGap) || 0];
        row.style.gap = "0px";
    }
    const places = (row) => [...row.childNodes].map((node) => {
        if (node.nodeType === Node.TEXT_NODE) {
            const range = document.createRange();
            range.selectNodeContents(node);
            return [node.textContent.trim(), range.getBoundingClientRect()];
        }
        const style = getComputedStyle(node);
        const isOut = style.position === "absolute" || style.position === "fixed";
        const name = `${node.tagName}.${node.className} ${node.textContent.trim().slice(0, 20)}`;
        return [isOut ? "" : name, node.getBoundingClientRect()];
    }).filter(([name, { width, height }]) => name && width > 1 && height > 1);
    const found = [];
    for (const row of document.querySelectorAll("body *")) {
        if (!row.gaps || !row.getClientRects().length) continue;
        const all = places(row);
        const isColumn = getComputedStyle(row).flexDirection === "column";
        for (let at = 1; at < all.length; at += 1) {
            const [[one, a], [other, b]] = [all[at - 1], all[at]];
            const isBelow = isColumn || b.left < a.right - 1;
            const distance = isBelow ? b.top - a.bottom : b.left - a.right;
            const wanted = row.gaps[isBelow ? 1 : 0];
            if (wanted && distance < 0.9 * wanted) {
                found.push(`${row.className || row.id}: ${one} | ${other}: ${distance}`);
            }
        }
    }
    return found;
}"""

Opened = Callable[[str, dict[str, int]], Page]


def too_close(page: Page) -> list[str]:
    """The neighbours in rows of flex that are nearer than their gap would have them."""
    found: list[str] = page.evaluate(TOO_CLOSE)
    return found


@pytest.fixture(name="old_browser")
def _old_browser(browser: Browser, server: RunningServer) -> Iterator[Opened]:
    """Opens a page with the stylesheet for browsers without gaps, somebody being logged in."""
    text = SHEET.read_text(encoding="utf-8")
    assert text.count(ASKED) == 1
    contexts = []

    def as_wanted(route: Route) -> None:
        route.fulfill(body=text.replace(ASKED, "@media all"), content_type="text/css")

    def open_(path: str, size: dict[str, int]) -> Page:
        context = browser.new_context(viewport=size, locale="de-DE")  # type: ignore[arg-type]
        contexts.append(context)
        context.route("**/no-flex-gap.css", as_wanted)
        assert context.request.post(f"{server.url}/api/login", data={"token": TOKEN}).ok
        page = context.new_page()
        page.goto(f"{server.url}{path}")
        return page

    yield open_
    for context in contexts:
        context.close()


@pytest.mark.parametrize("size", [PHONE, TABLET, DESK], ids=["phone", "tablet", "desk"])
def test_at_the_workshop_page(old_browser: Opened, size: dict[str, int]) -> None:
    page = old_browser("/", size)
    expect(page.get_by_role("radio", name="Dada")).to_be_visible()
    assert too_close(page) == []
    write(page, "Ein Esel unterm Apfelbaum")
    go(page)
    card = wait_for(page, "success")
    assert too_close(page) == []
    card.get_by_role("button", name="Anderer Stil").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert too_close(page) == []
    page.keyboard.press("Escape")
    page.locator("#new-idea").click()
    write(page, BLOCKED)
    go(page)
    wait_for(page, "blocked")
    assert too_close(page) == []


@pytest.mark.parametrize("size", [PHONE, TABLET, DESK], ids=["phone", "tablet", "desk"])
def test_in_the_gallery(old_browser: Opened, server: RunningServer, size: dict[str, int]) -> None:
    for text, media_type in (("Zwei Esel", "audio"), ("Drei Esel", "image"), ("Zwei Esel", "3d")):
        answer = server.post_text(input_text=text, output_type=media_type, user_id="K 1")
        assert answer.status_code == 200
    page = old_browser("/gallery#q=Esel&status=success&status=failed&level=youth,kids", size)
    tiles = page.locator("#grid [data-run]")
    tiles.first.wait_for()
    if page.locator("#panel-button").is_visible():
        page.locator("#panel-button").click()
        page.locator("#tools-button").click()
    tiles.first.focus()
    page.keyboard.press("Space")
    page.keyboard.press("Shift+ArrowRight")
    expect(page.get_by_text("2 ausgewählt")).to_be_visible()
    assert too_close(page) == []
    page.get_by_role("button", name="Exportieren").click()
    expect(page.get_by_label("Überschrift")).to_be_visible()
    assert too_close(page) == []
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Löschen", exact=True).click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert too_close(page) == []
    page.keyboard.press("Escape")
    tiles.first.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".related")).to_be_visible()
    assert too_close(page) == []


def test_it_would_be_found(browser: Browser, server: RunningServer) -> None:
    """Without the stylesheet, that is."""
    with browser.new_context(locale="de-DE") as context:
        page = context.new_page()
        page.goto(server.url)
        expect(page.get_by_role("radio", name="Dada")).to_be_visible()
        assert any("Los!" in one for one in too_close(page))
