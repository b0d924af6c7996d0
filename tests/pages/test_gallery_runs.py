"""A run in the gallery, two side by side, taking runs away, deleting and checking them."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, Page, Route, expect

from tests.conftest import TOKEN
from tests.pages.gallery_rig import (
    DESK,
    PHONE,
    WORKFLOW,
    archive_at,
    expect_accessible,
    expect_total,
    researcher_at,
    tile,
    tiles,
)
from tests.running_server import RunningServer

NUMBER = 40
PERSON = 'Kind, "das" <b>fett</b> heißt'
HOSTILE = '<img src=x onerror="document.title=\'taken\'"> </script>{{7*7}} \u202everkehrt & "so"'

Run = dict[str, Any]
Opened = Callable[..., Page]


@pytest.fixture(scope="module", name="server_with_runs")
def _server_with_runs(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningServer]:
    with archive_at(tmp_path_factory.mktemp("gallery"), NUMBER, seed=5) as (server, _):
        yield server


@pytest.fixture(name="made")
def _made(server_with_runs: RunningServer) -> Callable[..., str]:
    """Makes a real run and returns its id."""

    def make(text: str, **fields: Any) -> str:
        answer = server_with_runs.post_text(input_text=text, **fields)
        assert answer.status_code in (200, 403), answer.text
        run_id: str = answer.json()["run_id"]
        return run_id

    return make


def total(server: RunningServer, search: str = "") -> int:
    answer = requests.get(
        f"{server.url}/api/runs?limit=1&{search}",
        headers={"Authorization": f"Bearer {TOKEN}"},
        timeout=30,
    )
    found: int = answer.json()["total"]
    return found


@pytest.fixture(name="room")
def _room(browser: Browser, server_with_runs: RunningServer) -> Iterator[Opened]:
    """Opens the gallery at an address."""
    with_pages = []

    def open_(address: str = "", **more: Any) -> Page:
        opened = researcher_at(browser, server_with_runs.url, address=address, **more)
        page = opened.__enter__()
        with_pages.append(opened)
        return page

    yield open_
    for opened in with_pages:
        opened.__exit__(None, None, None)


def test_a_run_is_shown_with_its_whole_journey(
    room: Opened, made: Callable[..., str], server_with_runs: RunningServer
) -> None:
    first = made("Ein Hund am Meer", schema="theopposite", user_id="K7", seed=3)
    again = requests.post(f"{server_with_runs.url}/api/runs/{first}/rerun", timeout=60).json()
    page = room(f"#run={again['run_id']}")
    heading = page.get_by_role("heading", name="Ein Hund am Meer")
    expect(heading).to_be_focused()
    expect(page.get_by_role("img", name="Ergebnis zu: Ein Hund am Meer")).to_have_js_property(
        "naturalWidth", 1024
    )
    journey = page.locator(".timeline")
    assert journey.locator(".step").count() == len(again["stages"]) + 1
    expect(journey.locator("ins").first).to_be_visible()
    expect(journey.locator("del").first).to_be_visible()
    expect(page.locator(".facts")).to_contain_text("K7")
    expect(page.locator(".facts")).to_contain_text("3")
    related = page.locator(".related")
    expect(related.get_by_role("heading", name="Wiederholt diesen Lauf")).to_be_visible()
    expect(related.get_by_role("heading", name="Gleicher Text")).to_be_visible()
    expect(related.get_by_role("heading", name="Gleiche Person")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Ein Hund am Meer")).to_be_visible()
    related.get_by_role("heading", name="Gleicher Text").locator("..").get_by_role("link").click()
    expect_total(page, 2)
    expect(page.get_by_role("group", name="Gewählte Filter")).to_contain_text("Gleicher Text")


def test_a_run_speaks_the_language_of_the_page(room: Opened, made: Callable[..., str]) -> None:
    run_id = made("Ein Hund am Meer", schema="othereyes", language="de")
    page = room(f"#run={run_id}")
    head, media, facts = (page.locator(one) for one in ("#name", ".credit", ".facts"))
    detail = page.locator('[data-step="detail_1"]')
    said = page.locator(".step", has_text="Blick: ")
    expect(media).to_contain_text("Piktogramme: OpenMoji")
    expect(facts).to_contain_text("umgefärbt und ergänzt")
    expect(head).to_have_text("Token aus den Einstellungen")
    expect(facts).to_contain_text("Mit anderen Augen othereyes")
    expect(facts).to_contain_text("Atelier: Bild atelier_image")
    expect(facts).to_contain_text("Deutsch de")
    making = page.locator('[data-step="media"] [title="atelier_image"]')
    expect(making).to_have_text("Atelier: Bild")
    expect(said).to_contain_text("dieser Server · Technik: anderer Blick")
    expect(detail).to_contain_text("Einzelheit 1")
    page.get_by_role("button", name="English").click()
    expect(media).to_contain_text("Pictograms: OpenMoji")
    expect(head).to_have_text("token of the settings")
    expect(facts).to_contain_text("Atelier: picture atelier_image")
    expect(facts).to_contain_text("German de")
    expect(making).to_have_text("Atelier: picture")
    expect(page.locator(".timeline")).to_contain_text("this server · technique: another point")
    expect(detail).to_contain_text("Detail 1")


def test_a_step_that_nobody_knows_shows_its_id_as_code(
    room: Opened, made: Callable[..., str]
) -> None:
    run_id = made("Ein Hund am Meer", schema="passthrough", output_type="text")
    page = room()

    def renamed(route: Route) -> None:
        told = route.fetch().text()
        route.fulfill(body=told.replace('"unchanged"', '"folded_twice"'))

    page.route("**/journey", renamed)
    tile(page, run_id).click()
    expect(page.locator('[data-step="folded_twice"] strong code')).to_have_text("folded_twice")


def test_what_took_next_to_no_time_took_some(room: Opened, made: Callable[..., str]) -> None:
    run_id = made("Ein Hund am Meer", schema="passthrough", output_type="text")
    page = room()

    def quick(route: Route) -> None:
        told = route.fetch().json()
        for step in told["steps"]:
            step["duration_seconds"] = 0.0004
        route.fulfill(json=told)

    page.route("**/journey", quick)
    tile(page, run_id).click()
    expect(page.locator('[data-step="unchanged"] .step-facts')).to_contain_text("· < 0,01 s ·")


def test_the_files_of_a_run_can_be_saved(
    room: Opened, made: Callable[..., str], server_with_runs: RunningServer
) -> None:
    run_id = made("Ein Fuchs im Schnee")
    page = room(f"#run={run_id}")
    table = page.locator(".files")
    folder = server_with_runs.runs / run_id
    names = {path.name for path in folder.iterdir()}
    expect(table.get_by_role("link", name="output_image.png")).to_be_visible()
    assert set(table.locator("a:not(.marked)").all_text_contents()) == names
    with page.expect_download() as download:
        table.get_by_role("link", name="metadata.json", exact=True).click()
    assert Path(download.value.path()).read_bytes() == (folder / "metadata.json").read_bytes()
    with page.expect_download() as download:
        table.get_by_role("link", name="mit KI-Kennzeichnung").click()
    marked = Path(download.value.path()).read_bytes()
    assert b"algorithmicMedia" in marked
    assert marked != (folder / "output_image.png").read_bytes()


def test_hostile_texts_are_shown_as_texts(
    room: Opened, made: Callable[..., str], server_with_runs: RunningServer
) -> None:
    run_id = made(HOSTILE, schema="passthrough", user_id=PERSON, output_type="text")
    page = room()
    expect(tile(page, run_id)).to_be_visible()
    tile(page, run_id).click()
    expect(page.locator(".step-begin .words")).to_have_text(HOSTILE)
    expect(page.locator(".facts")).to_contain_text(PERSON)
    page.get_by_role("button", name="Alles dieser Person löschen").click()
    expect(page.get_by_label("Wessen Läufe?")).to_have_value(PERSON)
    expect(page.get_by_role("dialog")).to_contain_text(f"Schreibe {PERSON}, um sicherzugehen:")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert page.title() == f"{page.locator('.run-under').inner_text().partition(' ')[2]} – Galerie"
    assert page.locator("img[src=x]").count() == 0


def test_whatever_a_label_holds_its_runs_are_found(room: Opened, made: Callable[..., str]) -> None:
    label = 'Kind "drei", blau'
    more = {"schema": "passthrough", "user_id": label, "output_type": "text"}
    one, other = made("Ein Wal", **more), made("Ein Hund", **more)
    page = room(f"#run={one}")
    group = page.locator(".related > div", has=page.get_by_text("Gleiche Person", exact=True))
    group.get_by_role("link", name="In der Suche zeigen").click()
    expect_total(page, 2)
    for run_id in (one, other):
        expect(tile(page, run_id)).to_be_visible()
    chosen = page.locator('[data-facet="user"] label', has_text=label).get_by_role("checkbox")
    expect(chosen).to_be_checked()


def test_a_run_that_is_gone_is_said(room: Opened, made: Callable[..., str]) -> None:
    run_id = "0f0e0d0c-0b0a-4908-8706-050403020100"
    page = room(f"#run={run_id}", may_complain=True)
    expect(page.get_by_text("Diesen Lauf gibt es hier nicht (mehr).")).to_be_visible()
    page.get_by_role("button", name="Zurück zur Suche").click()
    expect(page.locator("#total")).to_be_visible()


def test_all_media_can_be_looked_at(room: Opened, made: Callable[..., str]) -> None:
    for media_type, seen in (("audio", "audio"), ("video", "video"), ("3d", ".stage-3d")):
        run_id = made("Eine Katze auf dem Dach", output_type=media_type)
        page = room(f"#run={run_id}", may_complain=media_type == "3d")  # WebGL may warn
        expect(page.locator(f".run-media {seen}").first).to_be_visible()
        expect(page.locator(".facts")).to_contain_text("atelier")


def test_the_window_says_what_it_shows(room: Opened, made: Callable[..., str]) -> None:
    run_id = made("Ein Name im Verlauf", schema="passthrough", output_type="text")
    page = room(f"#run={run_id}")
    expect(page).to_have_title(re.compile(r"^.+ · .*\d{4}.* – Galerie$"))
    assert "Name" not in page.title()  # a child's words would stay in the browser's history
    page.get_by_role("button", name="English").click()
    expect(page).to_have_title(re.compile(r" – Gallery$"))
    page.get_by_role("button", name="Back to the search").click()
    expect(page).to_have_title("Gallery")


def test_the_tools_menu_closes_behind_what_was_chosen(room: Opened) -> None:
    page = room(size=PHONE)
    button = page.get_by_role("button", name="Werkzeuge")
    menu = page.locator("#for-researchers")
    button.click()
    page.get_by_role("button", name="Pakete").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    expect(menu).to_be_hidden()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(button).to_be_focused()
    expect(button).to_have_attribute("aria-expanded", "false")
    button.click()
    page.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    button.click()
    expect(menu).to_be_visible()
    page.locator("#total").click()
    expect(menu).to_be_hidden()


TOO_SMALL = """() => [...document.querySelectorAll(
    "main a[href], main button, main select, main summary, main input:not([type=checkbox])"
)].filter((one) => {
    const { width, height } = one.getBoundingClientRect();
    const isSeen = width && height && getComputedStyle(one).opacity !== "0";
    return isSeen && !one.closest(".calendar") && (height < 43.5 || width < 30);
}).map((one) => `${one.tagName} ${one.className} ${one.textContent.trim().slice(0, 30)}`)"""


@pytest.mark.parametrize("width", [390, 1180])
def test_everything_is_large_enough_for_a_finger(
    browser: Browser, made: Callable[..., str], server_with_runs: RunningServer, width: int
) -> None:
    run_id = made("Ein Garten im Nebel", user_id="K3", schema="othereyes")
    other = made("Ein Garten im Nebel", user_id="K3", schema="passthrough")
    url = server_with_runs.url
    with browser.new_context(
        viewport={"width": width, "height": 820}, locale="de-DE", has_touch=True, is_mobile=True
    ) as context:
        assert context.request.post(f"{url}/api/login", data={"token": TOKEN}).ok
        page = context.new_page()
        page.goto(f"{url}/gallery#q=Garten&level=kids,youth,adult")
        tiles(page).first.wait_for()
        if page.locator("#panel-button").is_visible():
            page.locator("#panel-button").tap()
        for facet in page.locator("#panel details").all():
            facet.evaluate("one => { one.open = true; }")
        assert page.evaluate(TOO_SMALL) == []
        page.goto(f"{url}/gallery#run={run_id}")
        expect(page.locator(".related")).to_be_visible()
        assert page.evaluate(TOO_SMALL) == []
        page.goto(f"{url}/gallery#compare={run_id},{other}")
        expect(page.locator(".comparison")).to_be_visible()
        assert page.evaluate(TOO_SMALL) == []


def test_a_blocked_run_says_where_and_why(room: Opened, made: Callable[..., str]) -> None:
    run_id = made("Ich will eine Bombe bauen und alle töten")
    page = room(f"#run={run_id}")
    expect(page.locator(".run-under")).to_contain_text("angehalten")
    expect(page.locator(".step-blocked")).to_contain_text("Wortlisten")


def test_a_run_under_way_is_followed_to_its_end(
    room: Opened, server_with_runs: RunningServer
) -> None:
    begun = requests.post(
        f"{server_with_runs.url}/api/schema/pipeline/interception",
        json={"schema": "passthrough", "input_text": "Noch ein Wort", "output_type": "text"},
        timeout=60,
    ).json()
    page = room(f"#run={begun['run_id']}")
    expect(page.locator(".run-under")).to_contain_text("wird bearbeitet")
    answer = requests.post(
        f"{server_with_runs.url}{begun['continue_url']}", json={"text": "Ein Wort"}, timeout=60
    )
    assert answer.status_code == 200
    expect(page.locator(".run-under")).to_contain_text("gelungen", timeout=30_000)
    expect(page.locator(".step-edited del")).to_have_text("Noch ein")


def test_what_was_sent_to_a_backend_can_be_read(
    room: Opened, server_with_runs: RunningServer
) -> None:
    run_id = next(path.parent.name for path in server_with_runs.runs.glob("*/workflow.json"))
    page = room(f"#run={run_id}")
    sent = page.locator("details", has_text="workflow.json").last
    sent.locator("summary").click()
    expect(sent.locator("pre")).to_contain_text("KSampler")
    assert json.loads(sent.locator("pre").inner_text()) == WORKFLOW


def test_going_on_to_the_next_run(room: Opened, server_with_runs: RunningServer) -> None:
    page = room()
    expect_total(page, total(server_with_runs))
    first, second = tiles(page).evaluate_all("all => all.slice(0, 2).map(one => one.dataset.run)")
    tile(page, first).click()
    expect(page.get_by_role("button", name="Davor")).to_be_disabled()
    page.get_by_role("button", name="Danach").click()
    expect(page.locator(".facts")).to_contain_text(second)
    assert second in page.url
    page.get_by_role("button", name="Davor").click()
    expect(page.locator(".facts")).to_contain_text(first)


def test_two_runs_side_by_side(room: Opened, made: Callable[..., str]) -> None:
    one = made("Ein roter Drache fliegt", schema="passthrough", seed=1)
    other = made("Ein grüner Drache fliegt", schema="passthrough", seed=2)
    page = room("#q=Drache+fliegt")
    for run_id in (one, other):
        tile(page, run_id).hover()
        tile(page, run_id).locator(".tile-check").click()
    page.get_by_role("button", name="Vergleichen").click()
    expect(page.locator("#compare-page del").first).to_have_text("roter")
    expect(page.locator("#compare-page ins").first).to_have_text("grüner")
    differing = page.locator(".comparison .differs th")
    assert "Seed (verschieden)" in differing.all_text_contents()
    assert not any(text.startswith("Stil") for text in differing.all_text_contents())
    page.reload()
    expect(page.locator("#compare-page ins").first).to_have_text("grüner")
    page.go_back()
    expect(page.get_by_text("2 ausgewählt")).to_be_hidden()  # a reload forgets what was selected
    expect(tile(page, one)).to_be_visible()


def test_a_selection_becomes_a_package(
    room: Opened, made: Callable[..., str], server_with_runs: RunningServer
) -> None:
    chosen = [made(f"Paket Nummer {n}", user_id="DOE_J") for n in ("eins", "zwei", "drei")]
    left = chosen.pop(1)
    page = room("#q=Paket+Nummer")
    expect_total(page, 3)
    page.get_by_role("button", name="Alle auswählen").click()
    tile(page, left).focus()
    page.keyboard.press("Space")
    expect(page.get_by_text("2 ausgewählt")).to_be_visible()
    page.get_by_role("button", name="Exportieren").click()
    dialog = page.get_by_role("dialog", name="2 Läufe exportieren")
    dialog.get_by_label("Pseudonyme").check()
    dialog.get_by_label("Überschrift").fill("Für den Bericht")
    expect_accessible(page)
    dialog.get_by_role("button", name="Paket machen").click()
    save = dialog.get_by_role("link", name="Herunterladen")
    expect(save).to_be_visible(timeout=30_000)
    with page.expect_download() as download:
        save.click()
    with zipfile.ZipFile(download.value.path()) as package:
        assert package.testzip() is None
        folders = {name.partition("/")[0] for name in package.namelist() if "/" in name}
        assert folders == set(chosen)
        metadata = json.loads(package.read(f"{chosen[0]}/metadata.json"))
        assert metadata["user_id"].startswith("P-")
        original = (server_with_runs.runs / chosen[0] / "output_image.png").read_bytes()
        assert package.read(f"{chosen[0]}/output_image.png") == original
    dialog.get_by_role("button", name="Schließen").last.click()
    page.get_by_role("button", name="Pakete").click()
    kept = page.get_by_role("dialog", name="Pakete")
    expect(kept).to_contain_text("Für den Bericht 2 Läufe · ZIP: die Ordner · ")
    expect(kept).to_contain_text("aufgehoben bis")
    kept.get_by_role("button", name="Paket löschen").first.click()
    expect(kept).not_to_contain_text("Für den Bericht")


def test_a_package_without_a_heading_says_its_format_once(
    room: Opened, made: Callable[..., str]
) -> None:
    page = room(f"#run={made('Ohne Überschrift', output_type='text')}")
    page.get_by_role("button", name="Exportieren").click()
    page.get_by_role("button", name="Paket machen").click()
    expect(page.locator(".package p").first).to_contain_text("ZIP: die Ordner 1 Lauf · ")
    assert page.locator(".package p").first.inner_text().count("ZIP") == 1


def test_texts_are_looked_through_before_a_package(room: Opened, made: Callable[..., str]) -> None:
    telling = made("Ich heiße Lena Müller und male einen Nachthimmel", output_type="text")
    plain = made("Ein Baum und ein Nachthimmel", output_type="text")
    page = room("#q=Nachthimmel")
    expect_total(page, 2)
    page.get_by_role("button", name="Alle auswählen").click()
    page.get_by_role("button", name="Exportieren").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Erst nach persönlichen Daten sehen").click()
    expect(dialog.locator(".findings")).to_contain_text("Lena Müller")
    dialog.locator(".findings").get_by_role("checkbox").check()
    dialog.get_by_label("JSON Lines").check()
    dialog.get_by_role("button", name="Paket machen").click()
    save = dialog.get_by_role("link", name="Herunterladen")
    expect(save).to_be_visible(timeout=30_000)
    with page.expect_download() as download:
        save.click()
    text = Path(download.value.path()).read_text(encoding="utf-8")
    assert plain in text
    assert telling not in text


def test_a_review_shows_all_that_it_found_and_what_it_did_not_look_at(
    room: Opened, made: Callable[..., str]
) -> None:
    run_id = made("Ein Schloss im Abendrot", output_type="text")
    page = room("#q=Abendrot")
    expect_total(page, 1)
    finding = {"run_id": run_id, "field": "input_text", "kind": "email", "start": 0, "end": 1}
    body = {
        "runs": 1,
        "unread": ["5c1c2d5e-0000-4000-8000-000000000000"],
        "complete": False,
        "findings": [{**finding, "text": f"kind{number}@example.org"} for number in range(9)],
    }
    page.route("**/api/packages/review", lambda route: route.fulfill(json=body))
    page.get_by_role("button", name="Alle auswählen").click()
    page.get_by_role("button", name="Exportieren").click()
    dialog = page.get_by_role("dialog")
    look = dialog.get_by_role("button", name="Erst nach persönlichen Daten sehen")
    look.click()
    review = dialog.locator(".review")
    expect(review).to_contain_text("Die Suche ist unvollständig: Sie endete nach 2 von 1")
    expect(review).to_contain_text("1 Lauf ließ sich nicht durchsehen")
    expect(review).to_contain_text("5c1c2d5e")
    expect(review).to_contain_text("kind5@example.org")
    last = review.get_by_text("kind8@example.org")
    expect(last).to_be_hidden()
    review.get_by_text("und 3 weitere Stellen").click()
    expect(last).to_be_visible()
    expect(review.get_by_role("checkbox")).not_to_be_checked()
    expect_accessible(page)
    body.update(findings=body["findings"][:2], complete=True, unread=[])  # type: ignore[index]
    look.click()
    expect(review).not_to_contain_text("weitere")
    expect(review).not_to_contain_text("unvollständig")
    expect(review).not_to_contain_text("durchsehen,")


def test_deleting_names_what_goes_and_shows_what_went(
    room: Opened, made: Callable[..., str], server_with_runs: RunningServer
) -> None:
    going = made("Das hier soll verschwinden", output_type="image")
    staying = made("Das hier soll bleiben", output_type="image")
    page = room("#q=hier+soll")
    expect_total(page, 2)
    tile(page, going).focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Löschen", exact=True).click()
    dialog = page.get_by_role("dialog", name="1 Lauf löschen?")
    expect(dialog).to_contain_text("Das hier soll verschwinden")
    go = dialog.get_by_role("button", name="1 Lauf löschen")
    expect(go).to_be_disabled()
    expect_accessible(page)
    page.keyboard.press("Escape")  # not after all
    assert (server_with_runs.runs / going).is_dir()
    page.get_by_role("button", name="Löschen", exact=True).click()
    dialog.get_by_label("Ja, endgültig löschen").check()
    go.click()
    dialog = page.get_by_role("dialog", name="Gelöscht")
    expect(dialog).to_contain_text("1 Lauf ist gelöscht:")
    assert not (server_with_runs.runs / going).exists()
    dialog.get_by_role("button", name="Schließen").last.click()
    expect_total(page, 1)
    expect(tile(page, going)).to_have_count(0)
    expect(tile(page, staying)).to_be_focused()
    expect(page.locator("#selection")).to_be_hidden()


def test_what_was_deleted_behind_a_closed_dialog_is_not_shown_any_more(
    room: Opened, made: Callable[..., str]
) -> None:
    going = made("Xylofonkonzert im Iglu", output_type="text")
    page = room("#q=Xylofonkonzert", may_complain=True)
    expect_total(page, 1)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route(f"**/api/runs/{going}", hold)
    tile(page, going).focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Löschen", exact=True).click()
    page.get_by_label("Ja, endgültig löschen").check()
    with page.expect_request(f"**/api/runs/{going}"):
        page.get_by_role("button", name="1 Lauf löschen").click()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    held[0].continue_()
    expect_total(page, 0)
    expect(tile(page, going)).to_have_count(0)
    expect(page.locator("#selection")).to_be_hidden()


def test_who_was_erased_behind_a_closed_dialog_is_not_shown_any_more(
    room: Opened, made: Callable[..., str]
) -> None:
    made("Ein Fagott im Iglu", output_type="text", user_id="KIND_IGLU")
    page = room("#q=Fagott", may_complain=True)
    expect_total(page, 1)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.get_by_role("button", name="Person löschen", exact=True).click()
    dialog = page.get_by_role("dialog", name="Alles einer Person löschen")
    dialog.get_by_role("textbox").first.fill("KIND_IGLU")
    page.keyboard.press("Enter")
    dialog.get_by_label("KIND_IGLU").fill("KIND_IGLU")
    page.route("**/api/erasures", hold)
    with page.expect_request("**/api/erasures"):
        dialog.get_by_role("button", name="1 Lauf endgültig löschen").click()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    held[0].continue_()
    expect_total(page, 0)


def test_many_are_deleted_only_by_typing_how_many(
    room: Opened, server_with_runs: RunningServer
) -> None:
    # A picture of a run that is deleted just now may be asked for: the console tells the 404.
    page = room(
        "#status=success&schema=dada,bauhaus,haiku,cut_up,overdrive,opposites,renaissance",
        may_complain=True,
    )
    expect(page.locator("#total")).not_to_be_empty()
    page.get_by_role("button", name="Alle auswählen").click()
    page.get_by_role("button", name="Löschen", exact=True).click()
    dialog = page.get_by_role("dialog")
    go = dialog.get_by_role("button", name="Läufe löschen")
    field = dialog.get_by_label("Schreibe die Zahl")
    field.fill("1")
    expect(go).to_be_disabled()
    number = int(go.inner_text().split()[0])
    before = total(server_with_runs)
    field.fill(str(number))
    go.click()
    expect(dialog).to_contain_text(f"{number} Läufe sind gelöscht", timeout=60_000)
    assert total(server_with_runs) == before - number
    dialog.get_by_role("button", name="Schließen").last.click()
    expect_total(page, 0)


def test_all_of_a_person_is_deleted_with_a_receipt(
    room: Opened, made: Callable[..., str], server_with_runs: RunningServer
) -> None:
    theirs = [made("Von mir", user_id="Nino & Co", output_type="text") for _ in range(2)]
    page = room(f"#run={theirs[0]}")
    page.get_by_role("button", name="Alles dieser Person löschen").click()
    dialog = page.get_by_role("dialog", name="Alles einer Person löschen")
    expect(dialog).to_contain_text("2 Läufe")
    go = dialog.get_by_role("button", name="2 Läufe endgültig löschen")
    expect(go).to_be_disabled()
    expect_accessible(page)
    dialog.get_by_label("Schreibe Nino & Co").fill("Nino")
    expect(go).to_be_disabled()
    dialog.get_by_label("Schreibe Nino & Co").fill("Nino & Co")
    go.click()
    expect(dialog).to_contain_text("Gelöscht: 2 Läufe")
    assert not any((server_with_runs.runs / run_id).exists() for run_id in theirs)
    with page.expect_download() as download:
        dialog.get_by_role("link", name="Beleg speichern").click()
    receipt = json.loads(Path(download.value.path()).read_text(encoding="utf-8"))
    assert sorted(receipt["run_ids"]) == sorted(theirs)
    dialog.get_by_role("button", name="Schließen").last.click()
    expect(page.locator("#run-page")).to_be_hidden()
    page.get_by_role("button", name="Person löschen", exact=True).click()
    dialog.get_by_label("Wessen Läufe?").fill("Nino & Co")
    dialog.get_by_role("button", name="Nachsehen").click()
    expect(dialog).to_contain_text("Unter dieser Angabe gibt es keine Läufe.")


def test_what_nobody_can_say_whose_it_is_is_named(
    room: Opened, made: Callable[..., str], server_with_runs: RunningServer
) -> None:
    strange = "5c1d0c8e-0000-4000-8000-000000000001"
    folder = server_with_runs.runs / strange
    folder.mkdir()
    (folder / "metadata.json").write_text("{", encoding="utf-8")
    try:
        page = room()
        page.get_by_role("button", name="Person löschen", exact=True).click()
        dialog = page.get_by_role("dialog")
        said = dialog.locator(".nobodys")
        dialog.get_by_label("Wessen Läufe?").fill("Niemand")
        dialog.get_by_role("button", name="Nachsehen").click()
        expect(dialog).to_contain_text("Unter dieser Angabe gibt es keine Läufe.")
        expect(said).to_contain_text("Von 1 Ordner kann niemand sagen, wem er gehört")
        expect(said.locator("code")).to_have_text(strange)
        made("Von Toni", user_id="Toni", output_type="text")
        dialog.get_by_label("Wessen Läufe?").fill("Toni")
        dialog.get_by_role("button", name="Nachsehen").click()
        expect(dialog).to_contain_text("1 Lauf")
        expect(said.locator("code")).to_have_text(strange)
        expect_accessible(page)
        dialog.get_by_label("Schreibe Toni").fill("Toni")
        dialog.get_by_role("button", name="1 Lauf endgültig löschen").click()
        expect(dialog).to_contain_text("Gelöscht: 1 Lauf")
        expect(said.locator("code")).to_have_text(strange)
        expect(dialog).not_to_contain_text("Wiederhole das Löschen")
        expect(dialog.get_by_role("button", name="Schließen").last).to_be_focused()
    finally:
        (folder / "metadata.json").unlink()
        folder.rmdir()


def test_checking_finds_what_was_changed(
    room: Opened, made: Callable[..., str], server_with_runs: RunningServer
) -> None:
    run_id = made("Unversehrt bis heute", output_type="image")
    page = room(f"#run={run_id}", may_complain=True)  # no small picture of a damaged one
    page.get_by_role("button", name="Diesen Lauf prüfen").click()
    expect(page.get_by_text("Unversehrt: 1 Lauf geprüft")).to_be_visible()
    with (server_with_runs.runs / run_id / "output_image.png").open("r+b") as file:
        file.seek(200)
        file.write(b"\0\0\0\0")
    page.get_by_role("button", name="Diesen Lauf prüfen").click()
    expect(page.locator(".faults")).to_contain_text("output_image.png")
    page.get_by_role("button", name="Zurück zur Suche").click()
    page.get_by_role("button", name="Alles prüfen").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("nicht, wie", timeout=30_000)
    dialog.get_by_role("link", name=run_id[:8]).click()
    expect(page.get_by_role("heading", name="Unversehrt bis heute")).to_be_visible()
    requests.delete(
        f"{server_with_runs.url}/api/runs/{run_id}",
        headers={"Authorization": f"Bearer {TOKEN}"},
        timeout=30,
    )


def test_an_archived_run_can_be_brought_back(
    room: Opened, made: Callable[..., str], server_with_runs: RunningServer
) -> None:
    run_id = made("Aus dem Archiv", output_type="image")
    archived = requests.post(
        f"{server_with_runs.url}/api/runs/{run_id}/archive",
        headers={"Authorization": f"Bearer {TOKEN}"},
        timeout=30,
    )
    assert archived.status_code == 200
    page = room(f"#run={run_id}", may_complain=True)
    expect(page.get_by_text("Die Dateien dieses Laufs liegen im Archiv.")).to_be_visible()
    page.get_by_role("button", name="Aus dem Archiv holen").click()
    expect(page.get_by_role("img", name="Ergebnis zu: Aus dem Archiv")).to_be_visible()


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_axe_finds_nothing(
    room: Opened,
    made: Callable[..., str],
    server_with_runs: RunningServer,
    size: dict[str, int],
) -> None:
    run_id = made("Ein Garten im Regen", user_id="K3", schema="theopposite")
    page = room(size=size)
    expect_total(page, total(server_with_runs))
    expect_accessible(page)
    if size == PHONE:
        page.get_by_role("button", name="Filter", exact=True).click()
        page.get_by_role("button", name="Werkzeuge").click()
    page.locator('[data-facet="status"] label', has_text="gelungen").click()
    expect_total(page, total(server_with_runs, "status=success"))
    tile(page, run_id).focus()
    page.keyboard.press("Space")
    page.keyboard.press("Shift+ArrowRight")
    expect(page.get_by_text("2 ausgewählt")).to_be_visible()
    expect_accessible(page)
    page.get_by_role("button", name="Vergleichen").click()
    expect(page.locator(".comparison")).to_be_visible()
    expect_accessible(page)
    page.go_back()
    page.get_by_role("button", name="Prüfen", exact=True).click()
    expect(page.get_by_role("dialog")).to_contain_text("geprüft")
    expect_accessible(page)
    page.keyboard.press("Escape")
    tile(page, run_id).click()
    expect(page.locator(".related")).to_be_visible()
    for details in page.locator("#run-page details").all():
        details.evaluate("one => { one.open = true; }")
    expect_accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]


def test_axe_finds_nothing_at_the_login(browser: Browser, server_with_runs: RunningServer) -> None:
    with browser.new_context(locale="en-GB") as context:
        page = context.new_page()
        page.goto(f"{server_with_runs.url}/gallery")
        expect(page.get_by_label("Your token")).to_be_visible()
        expect_accessible(page)
