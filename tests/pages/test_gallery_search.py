"""Finding runs in the gallery: words, filters, the calendar, the address, the keyboard."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.conftest import TOKEN
from tests.pages.gallery_rig import PHONE, archive_at, expect_total, researcher_at, tile, tiles
from tests.running_server import RunningServer

NUMBER = 90

Run = dict[str, Any]


@pytest.fixture(scope="module", name="archive")
def _archive(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[RunningServer, list[Run]]]:
    with archive_at(tmp_path_factory.mktemp("gallery"), NUMBER) as archive:
        yield archive


@pytest.fixture(name="runs")
def _runs(archive: tuple[RunningServer, list[Run]]) -> list[Run]:
    return archive[1]


@pytest.fixture(name="url")
def _url(archive: tuple[RunningServer, list[Run]]) -> str:
    return archive[0].url


@pytest.fixture(name="room")
def _room(browser: Browser, url: str) -> Iterator[Page]:
    with researcher_at(browser, url) as page:
        expect_total(page, NUMBER)
        yield page


def ids_shown(page: Page) -> list[str]:
    found: list[str] = tiles(page).evaluate_all("all => all.map(one => one.dataset.run)")
    return found


def with_word(runs: list[Run], word: str) -> list[Run]:
    def words(run: Run) -> set[str]:
        text = f"{run['input_text']} {run['transformed_text'] or ''}"
        return {one.strip(".!").lower() for one in text.split()}

    return [run for run in runs if word in words(run)]


def test_it_shows_the_newest_runs_with_their_pictures(room: Page, runs: list[Run]) -> None:
    shown = ids_shown(room)
    assert shown == [run["run_id"] for run in runs][: len(shown)]
    pictured = next(run for run in runs if run["outputs"])
    image = tile(room, pictured["run_id"]).locator("img")
    # Without its address yet, a picture calls itself complete.
    expect(image).not_to_have_js_property("naturalWidth", 0, timeout=60_000)
    wordy = next(run for run in runs if not run["outputs"])
    expect(tile(room, wordy["run_id"]).locator(".tile-words")).to_contain_text(
        wordy["input_text"].split()[0]
    )


def test_searching_as_one_types_shows_the_last_word_only(room: Page, runs: list[Run]) -> None:
    word = "Drache"
    expected = with_word(runs, "drache")
    assert 0 < len(expected) < NUMBER
    asked: list[str] = []
    room.on("request", lambda request: asked.append(request.url))
    room.get_by_role("searchbox", name="In den Texten suchen").press_sequentially(word)
    expect_total(room, len(expected))
    expect(tiles(room)).to_have_count(len(expected))
    assert ids_shown(room) == [run["run_id"] for run in expected]
    assert room.url.endswith("#q=Drache")
    assert not any("gallery#" in url for url in asked)
    room.go_back()  # all that was typed in one go is one step
    expect_total(room, NUMBER)
    expect(room.get_by_role("searchbox", name="In den Texten suchen")).to_have_value("")
    room.get_by_role("searchbox", name="In den Texten suchen").press_sequentially("flower")
    expect_total(room, len(with_word(runs, "flower")))
    room.go_back()  # what is typed after that is a step of its own
    expect_total(room, NUMBER)


def test_an_answer_that_is_overtaken_is_not_shown(browser: Browser, url: str) -> None:
    with researcher_at(browser, url) as page:
        expect_total(page, NUMBER)
        held: list[Any] = []

        def hold(route: Any) -> None:
            held.append(route)

        page.route("**/api/runs?q=drache&*", hold)
        field = page.get_by_role("searchbox", name="In den Texten suchen")
        with page.expect_request("**/api/runs?q=drache&*"):
            field.fill("drache")
        field.fill("gibtesnicht")
        expect_total(page, 0)
        expect(page.get_by_text("Kein Lauf passt zu dieser Suche.")).to_be_visible()
        assert held
        expect(tiles(page)).to_have_count(0)


def test_filters_count_what_they_would_find(room: Page, runs: list[Run]) -> None:
    counts = Counter(run["schema"] for run in runs)
    often = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    schema, number = often[0]
    group = room.locator('[data-facet="schema"]')
    row = group.locator("label").first
    expect(row.locator(".value-runs")).to_have_text(str(number))
    expect(row).to_be_visible()
    row.get_by_role("checkbox").check()
    expect_total(room, number)
    status = Counter(run["status"] for run in runs if run["schema"] == schema)
    expect(
        room.locator('[data-facet="status"] label', has_text="gelungen").locator(".value-runs")
    ).to_have_text(str(status["success"]))
    # Its own numbers stay those of all styles, so that another one can be added.
    other, more = often[1]
    group.locator("label").nth(1).get_by_role("checkbox").check()
    expect_total(room, number + more)
    assert room.url.endswith(f"#schema={schema}&schema={other}")
    chips = room.get_by_role("group", name="Gewählte Filter")
    chips.get_by_role("button").first.click()
    expect_total(room, more)
    room.reload()
    expect_total(room, more)
    room.go_back()
    room.go_back()
    expect_total(room, number)


def test_a_mailed_link_shows_the_same(browser: Browser, url: str, runs: list[Run]) -> None:
    expected = [run for run in runs if run["status"] == "success" and run["user_id"] is None]
    address = "#status=success&user=-&sort=oldest"
    with researcher_at(browser, url, address=address) as page:
        expect_total(page, len(expected))
        expect(tiles(page)).to_have_count(len(expected))
        assert ids_shown(page) == [run["run_id"] for run in expected[::-1]]
        expect(page.get_by_label("Reihenfolge")).to_have_value("oldest")


def test_what_an_address_can_not_mean_is_left_out(browser: Browser, url: str) -> None:
    address = "#run=../../etc&compare=x,y&colour=red&__proto__=1"
    with researcher_at(browser, url, address=address) as page:
        expect_total(page, NUMBER)
    with researcher_at(
        browser, url, address="#status=nonsense&from=gestern", may_complain=True
    ) as page:
        expect(page.get_by_text("Diese Suche versteht der Server nicht.")).to_be_visible()
        page.get_by_role("button", name="Alle herausnehmen").click()
        expect_total(page, NUMBER)


def test_the_calendar_counts_days_and_chooses_them(room: Page, runs: list[Run]) -> None:
    days = Counter(run["timestamp"][:10] for run in runs)
    calendar = room.locator("#calendar")
    for day, number in days.items():
        if day[:7] == max(days)[:7]:
            expect(calendar.locator(f'[data-day="{day}"] .day-runs')).to_have_text(str(number))
    first, second = sorted(days)[-2:]
    calendar.locator(f'[data-day="{second}"]').click()
    expect_total(room, days[second])
    assert room.url.endswith(f"#from={second}&to={second}")
    expect(calendar.locator(f'[data-day="{first}"] .day-runs')).to_have_text(str(days[first]))
    # A stretch of days, by keyboard alone.
    calendar.get_by_role("button", name="Zeitraum").focus()
    room.keyboard.press("Enter")
    calendar.locator(f'[data-day="{second}"]').focus()
    room.keyboard.press("Enter")
    back = int(second[8:]) - int(first[8:])
    for _ in range(back):
        room.keyboard.press("ArrowLeft")
    room.keyboard.press("Enter")
    expect_total(room, days[first] + days[second])
    assert room.url.endswith(f"#from={first}&to={second}")
    calendar.get_by_role("button", name="Alle Tage").click()
    expect_total(room, NUMBER)


def test_the_keyboard_goes_through_the_grid(room: Page, runs: list[Run]) -> None:
    ids = [run["run_id"] for run in runs]
    columns = int(room.locator("#grid").get_attribute("aria-colcount") or 0)
    assert columns > 3
    tile(room, ids[0]).focus()
    for key, place in (
        ("ArrowRight", 1),
        ("ArrowDown", 1 + columns),
        ("Home", columns),
        ("End", 2 * columns - 1),
        ("ArrowUp", columns - 1),
        ("ArrowUp", columns - 1),
        ("Control+End", NUMBER - 1),
        ("ArrowRight", NUMBER - 1),
        ("Control+Home", 0),
        ("ArrowLeft", 0),
        ("ArrowRight", 1),
    ):
        room.keyboard.press(key)
        expect(tile(room, ids[place])).to_be_focused()
        expect(tile(room, ids[place])).to_be_in_viewport()
    assert room.locator('#grid [tabindex="0"]').count() == 1
    room.keyboard.press("Space")
    room.keyboard.press("Shift+ArrowRight")
    room.keyboard.press("Shift+ArrowRight")
    expect(room.get_by_text("3 ausgewählt")).to_be_visible()
    expect(tile(room, ids[3])).to_have_attribute("aria-selected", "true")
    room.keyboard.press("Enter")
    expect(room.locator("#run-page h2")).to_be_focused()
    assert ids[3] in room.url
    room.keyboard.press("Escape")
    expect(tile(room, ids[3])).to_be_focused()
    expect(room.get_by_text("3 ausgewählt")).to_be_visible()


def test_the_keyboard_is_never_left_on_nothing(browser: Browser, url: str) -> None:
    with researcher_at(browser, url, address="#status=success&mode=eco&level=kids") as page:
        chips = page.locator("#chips .chip")
        expect(chips).to_have_count(3)
        page.locator("#total").wait_for()
        chips.nth(0).press("Enter")
        expect(chips.nth(0)).to_be_focused()
        chips.nth(1).press("Enter")
        expect(chips.nth(0)).to_be_focused()
        chips.nth(0).press("Enter")
        expect(page.locator("#total")).to_be_focused()
        expect_total(page, NUMBER)
        tiles(page).nth(2).focus()
        page.keyboard.press("Space")
        page.get_by_role("button", name="Auswahl aufheben").press("Enter")
        expect(tiles(page).nth(2)).to_be_focused()


def test_coming_back_from_a_run_is_coming_back_to_its_place(room: Page, runs: list[Run]) -> None:
    last = tile(room, runs[-1]["run_id"])
    room.evaluate("scrollTo(0, document.body.scrollHeight)")
    expect(last).to_be_in_viewport()
    last.click()
    expect(room.locator("#run-page h2")).to_be_visible()
    assert room.evaluate("scrollY") == 0
    room.go_back()
    expect(last).to_be_in_viewport()
    expect(last).to_be_focused()


def test_on_a_phone_filters_unfold(browser: Browser, url: str, runs: list[Run]) -> None:
    with researcher_at(browser, url, size=PHONE) as page:
        expect_total(page, NUMBER)
        button = page.get_by_role("button", name="Filter", exact=True)
        expect(page.locator("#calendar")).to_be_hidden()
        button.click()
        expect(button).to_have_attribute("aria-expanded", "true")
        page.locator('[data-facet="status"] label', has_text="angehalten").click()
        expect_total(page, sum(run["status"] == "blocked" for run in runs))
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


@pytest.mark.parametrize("width", [768, 1024, 1280, 1440])
def test_the_head_is_one_row_on_tablets_and_desks(browser: Browser, url: str, width: int) -> None:
    with researcher_at(browser, url, size={"width": width, "height": 768}) as page:
        expect_total(page, NUMBER)
        title, frame = page.locator(".head h1"), page.locator("#frame")
        middles = [one.evaluate(MIDDLE) for one in (title, frame)]
        assert abs(middles[0] - middles[1]) < 8
        menu = page.get_by_role("button", name="Werkzeuge")
        if menu.is_visible():
            menu.click()
        expect(page.locator("#who")).to_be_visible()


def test_no_name_below_a_tile_is_cut(room: Page) -> None:
    names = room.locator("#grid .tile-facts > *")
    expect(names.first).to_be_visible()
    cut = names.evaluate_all(
        "all => all.filter(one => one.scrollWidth > one.clientWidth).map(one => one.textContent)"
    )
    assert cut == []
    ends = tiles(room).evaluate_all(
        """all => all.map(one => one.getBoundingClientRect().bottom
            - one.querySelector(".tile-facts").getBoundingClientRect().bottom)"""
    )
    assert min(ends) >= 0


@pytest.mark.parametrize("width", [360, 820])
def test_texts_of_twice_the_size_fit(
    browser: Browser, url: str, runs: list[Run], width: int
) -> None:
    pictured = [run["run_id"] for run in runs if run["outputs"]][:2]
    size = {"width": width, "height": 900}
    for view, seen in (
        ("", "#grid [data-run]"),
        (f"#run={pictured[0]}", ".related"),
        (f"#compare={','.join(pictured)}", ".comparison"),
    ):
        with researcher_at(browser, url, size=size, address=view) as page:
            page.evaluate("document.documentElement.style.setProperty('font-size', '200%')")
            expect(page.locator(seen).first).to_be_visible()
            assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_all_that_is_found_can_be_checked(room: Page, runs: list[Run]) -> None:
    room.get_by_role("button", name="Alle auswählen").click()
    tile(room, runs[0]["run_id"]).focus()
    room.keyboard.press("Space")
    room.get_by_role("button", name="Prüfen", exact=True).click()
    dialog = room.get_by_role("dialog", name=f"{NUMBER - 1} Läufe prüfen")
    expect(dialog).to_contain_text(f"Unversehrt: {NUMBER - 1} Läufe geprüft", timeout=30_000)
    dialog.get_by_role("button", name="Schließen").last.click()
    tile(room, runs[0]["run_id"]).focus()
    room.keyboard.press("Space")
    room.get_by_role("button", name="Prüfen", exact=True).click()
    expect(room.get_by_role("dialog")).to_contain_text(
        f"Unversehrt: {NUMBER} Läufe geprüft", timeout=30_000
    )


def test_the_language_changes_everything_and_is_remembered(browser: Browser, url: str) -> None:
    with researcher_at(browser, url) as page:
        expect_total(page, NUMBER)
        page.get_by_role("button", name="English").click()
        expect(page.locator("#total")).to_have_text(f"{NUMBER} runs")
        expect(page.get_by_role("heading", name="Gallery")).to_be_visible()
        expect(page.locator('[data-facet="status"]')).to_contain_text("succeeded")
        page.reload()
        expect(page.locator("#total")).to_have_text(f"{NUMBER} runs")
        assert page.locator("html").get_attribute("lang") == "en"


def test_output_configs_have_names_and_keep_their_ids(browser: Browser, url: str) -> None:
    with researcher_at(browser, url, address="#config=atelier_image") as page:
        facet = page.locator('[data-facet="config"]')
        config = facet.get_by_title("atelier_image", exact=True)
        expect(config).to_contain_text("Atelier: Bild")
        expect(config.locator("code")).to_have_text("atelier_image")
        chip = page.locator(".chip")
        expect(chip).to_contain_text("Ausgabe: Atelier: Bild")
        expect(chip).to_have_attribute("title", "atelier_image")
        style = page.locator('[data-facet="schema"]').get_by_title("overdrive", exact=True)
        expect(style).to_contain_text("Übertreibung")
        page.get_by_role("button", name="English").click()
        expect(config).to_contain_text("Atelier: picture")
        expect(chip).to_contain_text("Atelier: picture")


MIDDLE = """one => {
    const { top, bottom } = one.getBoundingClientRect();
    return (top + bottom) / 2;
}"""
MANY_STYLES = """async () => {
    const { Filters } = await import("/static/js/gallery/filters.js");
    const { schemas } = await (await fetch("/api/schema/info")).json();
    const box = document.createElement("div");
    box.id = "many";
    document.getElementById("main").prepend(box);
    new Filters(box, () => {}).count({ schema: schemas.map(({ id }) => ({ value: id, runs: 1 })) });
}"""


def test_lists_are_searched_for_names_and_for_ids(room: Page) -> None:
    expect(room.locator('[data-facet="schema"]')).to_contain_text("Übertreibung")
    room.evaluate(MANY_STYLES)  # more than this archive has
    facet = room.locator('#many [data-facet="schema"]')
    seek = facet.get_by_role("searchbox")
    for sought in ("übertr", "overdr"):
        seek.fill(sought)
        expect(facet.locator("label.value")).to_have_count(1)
        expect(facet.locator("label.value")).to_have_text(re.compile("Übertreibung"))


def test_nobody_is_shown_anything_without_a_login(browser: Browser, url: str) -> None:
    context = browser.new_context(locale="de-DE")
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{url}/gallery#q=drache")
    expect(page.get_by_label("Dein Token")).to_be_visible()
    expect(page.locator("#inside")).to_be_hidden()
    assert not any("/api/runs" in one for one in asked)
    page.get_by_label("Dein Token").fill(TOKEN)
    page.get_by_role("button", name="Anmelden").click()
    expect(page.get_by_role("searchbox", name="In den Texten suchen")).to_have_value("drache")
    context.close()


def test_a_login_that_ends_takes_everything_off_the_page(browser: Browser, url: str) -> None:
    with researcher_at(browser, url, may_complain=True) as page:
        expect_total(page, NUMBER)
        tiles(page).first.focus()
        page.keyboard.press("Space")
        page.get_by_role("button", name="Löschen", exact=True).click()
        expect(page.locator(".named")).to_be_visible()
        page.context.clear_cookies()
        page.get_by_label("Ja, endgültig löschen").check()
        page.get_by_role("button", name="1 Lauf löschen").click()
        expect(page.get_by_label("Dein Token")).to_be_focused()
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(page.locator("#inside")).to_be_hidden()
        expect(tiles(page)).to_have_count(0)
