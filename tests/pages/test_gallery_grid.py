"""A thousand runs in the grid: little of it is in the page, all of it can be reached."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from tests.conftest import TOKEN
from tests.pages.gallery_rig import archive_at, expect_total, researcher_at, tile, tiles
from tests.running_server import RunningServer

NUMBER = 1000
MOST_TILES = 120
LONG_MILLISECONDS = 50
WATCH_LONG_TASKS = """() => {
    window.longTasks = [];
    new PerformanceObserver(list => {
        for (const task of list.getEntries()) window.longTasks.push(task.duration);
    }).observe({type: 'longtask'});
}"""
SCROLL_THROUGH = """async () => {
    const frame = () => new Promise(requestAnimationFrame);
    let most = 0, frames = 0;
    scrollTo(0, 0);
    while (scrollY + innerHeight < document.documentElement.scrollHeight - 2) {
        scrollBy(0, 120);
        await frame();
        frames += 1;
        most = Math.max(most, document.querySelectorAll('#grid .tile').length);
    }
    return {most, frames};
}"""
ALL_SEEN_ARE_THERE = """() => {
    const seen = [...document.querySelectorAll('#grid .tile')].filter(one => {
        const box = one.getBoundingClientRect();
        return box.bottom > 0 && box.top < innerHeight;
    });
    return seen.length > 0 && seen.every(one => one.dataset.run);
}"""

Run = dict[str, Any]


@pytest.fixture(scope="module", name="archive")
def _archive(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[RunningServer, list[Run]]]:
    with archive_at(tmp_path_factory.mktemp("gallery"), NUMBER, seed=2) as archive:
        yield archive


@pytest.fixture(name="room")
def _room(browser: Browser, archive: tuple[RunningServer, list[Run]]) -> Iterator[Page]:
    server, runs = archive
    with researcher_at(browser, server.url) as page:
        # At the first start the index is still being made.
        expect(page.locator("#total")).not_to_be_empty()
        with page.expect_response("**/api/runs?*"):
            page.reload()
        expect_total(page, len(runs))
        yield page


def test_scrolling_through_keeps_the_page_small(
    room: Page,
    archive: tuple[RunningServer, list[Run]],
    record_property: Callable[[str, object], None],
) -> None:
    room.evaluate(WATCH_LONG_TASKS)
    passed = room.evaluate(SCROLL_THROUGH)
    room.wait_for_function(ALL_SEEN_ARE_THERE)
    expect(tile(room, archive[1][-1]["run_id"])).to_be_in_viewport()
    long = [task for task in room.evaluate("longTasks") if task > LONG_MILLISECONDS]
    record_property(
        "measured",
        f"{NUMBER} thumbnails scrolled in {passed['frames']} frames: {len(long)} tasks over"
        f" {LONG_MILLISECONDS} ms, the longest {max(long, default=0):.0f} ms;"
        f" {passed['most']} tiles in the page at most",
    )
    assert 0 < passed["most"] <= MOST_TILES


def test_jumping_fetches_what_is_seen_and_that_once(
    room: Page, archive: tuple[RunningServer, list[Run]]
) -> None:
    runs = archive[1]
    asked: list[str] = []
    room.on(
        "request",
        lambda request: asked.append(request.url) if "/api/runs?" in request.url else None,
    )
    for share in (0.5, 0.95, 0.2, 0.5, 1.0):
        room.evaluate("share => scrollTo(0, share * document.body.scrollHeight)", share)
        room.wait_for_function(ALL_SEEN_ARE_THERE)
        places = tiles(room).evaluate_all(
            "all => all.map(one => [Number(one.dataset.place), one.dataset.run])"
        )
        for place, run_id in places:
            assert runs[place]["run_id"] == run_id
    assert len(asked) < 15
    assert [url for url, times in Counter(asked).items() if times > 1] == []


def test_a_range_reaches_over_what_was_never_shown(
    room: Page, archive: tuple[RunningServer, list[Run]]
) -> None:
    runs = archive[1]
    tile(room, runs[0]["run_id"]).focus()
    room.keyboard.press("Space")
    room.keyboard.press("Control+End")
    expect(tile(room, runs[-1]["run_id"])).to_be_focused()
    room.keyboard.press("Shift+Space")
    expect(room.get_by_text("1.000 ausgewählt")).to_be_visible(timeout=30_000)
    room.evaluate("scrollTo(0, 0.5 * document.body.scrollHeight)")
    room.wait_for_function(ALL_SEEN_ARE_THERE)
    middle = tiles(room).first
    expect(middle).to_have_attribute("aria-selected", "true")
    room.get_by_role("button", name="Auswahl aufheben").click()
    expect(middle).to_have_attribute("aria-selected", "false")


def test_runs_that_come_meanwhile_show_nothing_twice(
    room: Page, archive: tuple[RunningServer, list[Run]]
) -> None:
    server = archive[0]
    # The next piece is asked for behind the last run that is known, not by counting.
    made = [
        server.post_text(input_text=f"Neu {n}", output_type="text", schema="passthrough").json()
        for n in range(3)
    ]
    for _ in range(12):
        room.keyboard.press("End")
        room.mouse.wheel(0, 400)
    room.wait_for_function(ALL_SEEN_ARE_THERE)
    ids = tiles(room).evaluate_all("all => all.map(one => one.dataset.run)")
    assert len(ids) == len(set(ids))
    for one in made:
        requests.delete(
            f"{server.url}/api/runs/{one['run_id']}",
            headers={"Authorization": f"Bearer {TOKEN}"},
            timeout=30,
        )


def test_tiles_of_another_size_keep_the_place(room: Page) -> None:
    room.evaluate("scrollTo(0, 0.5 * document.body.scrollHeight)")
    room.wait_for_function(ALL_SEEN_ARE_THERE)
    first_seen = """() => Number([...document.querySelectorAll('#grid .tile')].find(one =>
        one.getBoundingClientRect().bottom > 0).dataset.place)"""
    before = room.evaluate(first_seen)
    columns = int(room.locator("#grid").get_attribute("aria-colcount") or 0)
    room.evaluate("document.querySelector('[data-size=large]').click()")
    expect(room.locator("#grid")).not_to_have_attribute("aria-colcount", str(columns))
    room.wait_for_function(ALL_SEEN_ARE_THERE)
    assert abs(room.evaluate(first_seen) - before) <= 2 * columns
