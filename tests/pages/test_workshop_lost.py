"""What a workshop does to a page: reloads, quick taps, lost Wi-Fi, a server that starts again."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from devserver.my_app.wiring import SCHEMAS_FOLDER
from tests.fake_comfyui import FakeComfyUI
from tests.honest_folders import check_folder
from tests.pages.conftest import tablet
from tests.pages.workshop_steps import (
    LONGEST,
    ask_to_edit,
    begin,
    cards,
    go,
    make,
    stored_runs,
    wait_for,
    write,
)
from tests.running_server import RunningServer

CHECKPOINT = "sd3.5_large_fp8_scaled.safetensors"
START = "**/api/schema/pipeline/execute"


@pytest.fixture(name="comfy", scope="module")
def _comfy() -> Iterator[FakeComfyUI]:
    with FakeComfyUI(checkpoints=[CHECKPOINT]) as comfy:
        yield comfy


@pytest.fixture(name="painting", scope="module")
def _painting(
    tmp_path_factory: pytest.TempPathFactory, comfy: FakeComfyUI
) -> Iterator[RunningServer]:
    """A server that has its pictures made by a ComfyUI, which knows older nodes only."""
    folder = tmp_path_factory.mktemp("painting")
    configs = shutil.copytree(SCHEMAS_FOLDER / "output", folder / "configs")
    workflow = configs / "sd35_large.workflow.json"
    text = workflow.read_text("utf-8").replace("EmptySD3LatentImage", "EmptyLatentImage")
    workflow.write_text(text, "utf-8")
    server = RunningServer(
        folder,
        COMFYUI_URLS=comfy.url,
        DEVSERVER_OUTPUT_CONFIGS_DIR=str(configs),
        DEVSERVER_POOL_PROCESSES="1",
    )
    server.start()
    yield server
    server.stop()


@pytest.fixture(name="held")
def _held(comfy: FakeComfyUI) -> Iterator[threading.Event]:
    """ComfyUI begins each prompt, and goes on when this is set."""
    release = threading.Event()
    comfy.behaviour.hold = release
    yield release
    release.set()
    comfy.behaviour.hold = None


@pytest.fixture(name="shaken")
def _shaken(browser: Browser) -> Iterator[Page]:
    """A page of a tablet whose server is out of reach at times, which its console says."""
    with tablet(browser, may_complain=True) as page:
        yield page


def test_two_quick_taps_make_one_run(page: Page, server: RunningServer) -> None:
    page.goto(server.url)
    write(page, "Zwei Zebras")
    page.evaluate("() => { const go = document.querySelector('#go'); go.click(); go.click() }")
    wait_for(page, "success")
    page.get_by_role("button", name="Neue Idee").press("Enter")
    write(page, "Zwei Ziegen")
    page.locator("#go").dblclick(no_wait_after=True)
    wait_for(page, "success", 2)
    assert len(stored_runs(server, "Zwei Zebras")) == 1
    assert len(stored_runs(server, "Zwei Ziegen")) == 1


def test_an_answer_that_got_lost_makes_no_second_run(shaken: Page, server: RunningServer) -> None:
    idea = "Ein Brief ohne Antwort"

    def lose_the_answer(route: Route) -> None:
        route.fetch()  # the server has it …
        route.abort()  # … and the page never hears of it

    shaken.goto(server.url)
    write(shaken, idea)
    shaken.route(START, lose_the_answer, times=1)
    go(shaken)
    wait_for(shaken, "success")
    expect(shaken.locator("#lost")).to_be_hidden()
    assert len(stored_runs(server, idea)) == 1


def test_a_page_that_is_reloaded_before_the_answer_makes_no_second_run(
    shaken: Page, server: RunningServer
) -> None:
    idea = "Ein ungeduldiges Kind"
    answers: list[Route] = []

    def hold_back(route: Route) -> None:
        route.fetch()
        answers.append(route)

    shaken.goto(server.url)
    write(shaken, idea)
    shaken.route(START, hold_back, times=1)
    with shaken.expect_request(START):
        go(shaken)
    expect(cards(shaken, "sending")).to_have_count(1)
    shaken.reload()
    wait_for(shaken, "success")
    assert len(stored_runs(server, idea)) == 1


def test_a_reload_in_the_middle_finds_the_run_again(
    page: Page, painting: RunningServer, held: threading.Event
) -> None:
    idea = "Ein Wal in der Wanne"
    begin(page, painting.url, idea)
    expect(cards(page).locator(".stages .now")).to_have_text("Machen: gerade dran")
    page.reload()
    expect(cards(page, "running").locator(".new")).to_be_visible(timeout=LONGEST)
    expect(page.get_by_role("heading", name=idea)).to_be_visible()
    held.set()
    card = wait_for(page, "success")
    expect(card.locator(".media img")).to_be_visible()
    page.reload()
    expect(wait_for(page, "success").locator(".media img")).to_be_visible()
    assert len(stored_runs(painting, idea)) == 1


def test_the_picture_is_seen_while_it_is_painted(
    page: Page,
    painting: RunningServer,
    comfy: FakeComfyUI,
    barriers: Callable[[Page], list[str]],
) -> None:
    comfy.behaviour.step_seconds = 0.2
    try:
        page.goto(painting.url)
        write(page, "Ein Vulkan am Meer")
        go(page)
        preview = page.get_by_role("img", name="So sieht dein Werk gerade aus")
        expect(preview).to_be_visible(timeout=LONGEST)
        expect(page.locator(".state")).to_contain_text("Schritt")
        expect(page.get_by_role("progressbar")).to_have_attribute("max", "28")
        comfy.behaviour.step_seconds = 0.0
        wait_for(page, "success")
        expect(preview).to_be_hidden()
    finally:
        comfy.behaviour.step_seconds = 0.0


def test_a_child_sees_its_place_in_line(
    page: Page,
    painting: RunningServer,
    held: threading.Event,
    barriers: Callable[[Page], list[str]],
) -> None:
    page.goto(painting.url)
    for number in range(6):
        write(page, f"Idee {number}")
        go(page)
        expect(cards(page)).to_have_count(number + 1)
        page.get_by_role("button", name="Neue Idee").press("Enter")
    page.get_by_role("button", name="Zu deinen Werken").click()
    expect(cards(page).first.get_by_role("heading", level=4)).to_be_focused()
    expect(page.get_by_text("in der Reihe").first).to_be_visible(timeout=LONGEST)
    assert barriers(page) == []
    waiting = page.locator("article", has_text="in der Reihe").first
    waiting.get_by_role("button", name="Abbrechen").click()
    cancelled = wait_for(page, "cancelled")
    expect(cancelled.get_by_role("heading", level=4)).to_be_focused()
    held.set()
    wait_for(page, "success", 5)
    runs = [check_folder(path) for path in painting.runs.iterdir()]
    assert [run.status for run in runs].count("cancelled") == 1


def test_trying_again_makes_it_of_the_text_it_went_on_with(
    page: Page, painting: RunningServer, held: threading.Event
) -> None:
    card, field = ask_to_edit(page, painting.url, "Ein Ballon")
    field.fill("Ein Ballon über Bonn")
    card.get_by_role("button", name="So weitermachen").click()
    expect(cards(page, "running").locator(".stages .now")).to_have_text("Machen: gerade dran")
    cards(page).get_by_role("button", name="Abbrechen").click()
    wait_for(page, "cancelled").get_by_role("button", name="Noch einmal versuchen").click()
    held.set()
    wait_for(page, "success")
    runs = [check_folder(folder) for folder in stored_runs(painting, "Ein Ballon")]
    assert [run.transformed_text for run in runs] == ["Ein Ballon über Bonn"] * 2


def test_who_is_finished_leaves_no_work_in_the_making(
    shaken: Page, painting: RunningServer, held: threading.Event
) -> None:
    shaken.goto(painting.url)
    done = make(shaken, "Ein fertiges Lied", medium="Klang")
    expect(done).to_have_count(1)
    shaken.get_by_role("button", name="Neue Idee").press("Enter")
    write(shaken, "Ein halbes Bild", medium="Bild")
    go(shaken)
    expect(cards(shaken, "running").locator(".new")).to_be_visible(timeout=LONGEST)
    shaken.get_by_role("button", name="Ich bin fertig").click()
    expect(shaken.get_by_role("dialog")).to_contain_text("Ein Werk ist noch nicht fertig")
    with shaken.expect_response("**/cancel"):
        shaken.get_by_role("button", name="Ja, fertig").click()
    [half] = stored_runs(painting, "Ein halbes Bild")
    [whole] = stored_runs(painting, "Ein fertiges Lied")
    assert check_folder(half).status == "cancelled"
    assert check_folder(whole).status == "success"


def test_a_server_that_starts_again_in_the_middle(
    shaken: Page, painting: RunningServer, held: threading.Event
) -> None:
    idea = "Ein Haus, in dem das Licht ausgeht"
    begin(shaken, painting.url, idea)
    painting.kill()
    expect(shaken.locator("#lost")).to_be_visible(timeout=LONGEST)
    painting.start()
    expect(shaken.locator("#lost")).to_be_hidden(timeout=LONGEST)
    held.set()
    wait_for(shaken, "success")
    assert len(stored_runs(painting, idea)) == 1


def test_offline_and_back(
    shaken: Page,
    painting: RunningServer,
    held: threading.Event,
    barriers: Callable[[Page], list[str]],
) -> None:
    first, second = "Ein Kabel im Wasser", "Ein Funkloch"
    begin(shaken, painting.url, first)
    shaken.context.set_offline(True)
    shaken.get_by_role("button", name="Neue Idee").press("Enter")
    write(shaken, second)
    go(shaken)
    expect(shaken.locator("#lost")).to_be_visible(timeout=LONGEST)
    expect(cards(shaken, "sending").locator(".state")).to_contain_text("Das WLAN ist gerade weg")
    shaken.wait_for_function(
        """() => document.activeElement.getBoundingClientRect().top
            >= document.querySelector("#lost").getBoundingClientRect().bottom"""
    )
    shaken.evaluate("scrollTo(0, document.body.scrollHeight)")
    expect(shaken.locator("#lost")).to_be_in_viewport(ratio=1)
    assert shaken.locator("#lost").evaluate(
        "one => document.elementFromPoint(innerWidth / 2, one.getBoundingClientRect().top + 9)"
        " === one"
    )
    assert barriers(shaken) == []
    held.set()  # the first is finished while nobody can look
    shaken.context.set_offline(False)
    wait_for(shaken, "success", 2)
    expect(shaken.locator("#lost")).to_be_hidden()
    assert len(stored_runs(painting, first)) == len(stored_runs(painting, second)) == 1


def test_who_is_finished_without_a_network_leaves_an_empty_page(
    shaken: Page, server: RunningServer
) -> None:
    shaken.goto(server.url)
    make(shaken, "Mein letztes Werk")
    shaken.context.set_offline(True)
    shaken.get_by_role("button", name="Neue Idee").press("Enter")
    write(shaken, "Mein Geheimnis")
    go(shaken)
    expect(cards(shaken, "sending")).to_have_count(1)
    shaken.get_by_role("button", name="Ich bin fertig").click()
    shaken.get_by_role("button", name="Ja, fertig").click()
    expect(shaken.locator("#idea")).to_be_focused()
    expect(shaken.locator("#idea")).to_have_value("")
    expect(cards(shaken)).to_have_count(0)
    expect(shaken.locator("#lost")).to_be_hidden()
    assert "Geheimnis" not in shaken.content()
    assert "Geheimnis" not in str(shaken.evaluate("Object.entries(localStorage)"))
    shaken.context.set_offline(False)
    make(shaken, "Das nächste Kind")
    assert stored_runs(server, "Mein Geheimnis") == []


def test_what_was_not_sent_yet_is_called_off_at_once(shaken: Page, server: RunningServer) -> None:
    shaken.goto(server.url)
    make(shaken, "Ein altes Werk")
    shaken.context.set_offline(True)
    for idea in ("Ein neues Werk", "Noch eines"):
        shaken.get_by_role("button", name="Neue Idee").press("Enter")
        write(shaken, idea)
        go(shaken)
    cards(shaken, "sending").last.get_by_role("button", name="Abbrechen").press("Enter")
    expect(cards(shaken, "sending")).to_have_count(1)
    expect(cards(shaken).first.get_by_role("heading", level=4)).to_be_focused()
    shaken.context.set_offline(False)
    wait_for(shaken, "success", 2)


def test_no_work_is_dropped_before_the_server_has_it(page: Page, server: RunningServer) -> None:
    page.goto(server.url)
    expect(page.locator("#idea")).to_be_visible(timeout=LONGEST)  # so that it shows none of these
    kept = page.evaluate(
        """async () => {
            const { keepWork, works } = await import("/static/js/workshop/tablet.js");
            keepWork({ key: "unsent", idea: "Ein Brief" });
            for (let number = 0; number < 320; number += 1) {
                keepWork({ key: `sent-${number}`, idea: "Ein Brief", runId: "there" });
            }
            return works().map(work => work.key);
        }"""
    )
    assert len(kept) == 300
    assert (kept[0], kept[1], kept[-1]) == ("unsent", "sent-21", "sent-319")


@pytest.mark.parametrize("is_next_child", [False, True])
def test_a_page_from_the_browsers_cache_shows_its_own_child_only(
    page: Page, server: RunningServer, *, is_next_child: bool
) -> None:
    page.goto(server.url)
    make(page, "Ein Fenster zum Hof")
    if is_next_child:  # who worked in another window
        page.evaluate("localStorage.setItem('page.child', '\"another\"')")
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    expect(cards(page)).to_have_count(0 if is_next_child else 1)
    expect(page.locator("#idea-form")).to_be_visible(visible=is_next_child)


def test_a_language_that_cannot_be_had_just_now_is_said(
    shaken: Page, server: RunningServer
) -> None:
    shaken.goto(server.url)
    expect(shaken.locator("#idea")).to_be_visible()
    shaken.context.set_offline(True)
    shaken.get_by_role("button", name="English").click()
    said = shaken.get_by_role("alert").filter(has_text="Der Server ist nicht zu erreichen")
    expect(said).to_be_visible()
    shaken.context.set_offline(False)
    shaken.get_by_role("button", name="English").click()
    expect(said).to_have_count(0)
    expect(shaken.locator("html")).to_have_attribute("lang", "en")


def test_a_full_queue_is_said_and_waited_for(shaken: Page, server: RunningServer) -> None:
    refusal = {"status": "error", "error": "Full.", "code": "queue_full", "run_id": None}
    shaken.goto(server.url)
    write(shaken, "Viele Kinder")
    headers = {"Retry-After": "1", "Content-Type": "application/json"}
    shaken.route(
        START,
        lambda route: route.fulfill(status=503, body=json.dumps(refusal), headers=headers),
        times=1,
    )
    with shaken.expect_response(START):
        go(shaken)
    expect(shaken.locator(".state")).to_contain_text("Es sind gerade sehr viele dran")
    wait_for(shaken, "success")
    assert len(stored_runs(server, "Viele Kinder")) == 1


def test_why_a_work_waits_to_be_sent_is_said_in_the_language_of_the_page(
    shaken: Page, server: RunningServer
) -> None:
    refusal = {"status": "error", "error": "Full.", "code": "queue_full", "run_id": None}
    shaken.goto(server.url)
    write(shaken, "Noch mehr Kinder")
    headers = {"Retry-After": "600", "Content-Type": "application/json"}
    shaken.route(
        START, lambda route: route.fulfill(status=503, body=json.dumps(refusal), headers=headers)
    )
    go(shaken)
    expect(shaken.locator(".state")).to_contain_text("Es sind gerade sehr viele dran")
    shaken.get_by_role("button", name="English").click()
    expect(shaken.locator(".state")).to_contain_text("Very many are waiting just now.")
    expect(shaken.locator(".state")).to_contain_text("I'll try again in 600 seconds.")
    shaken.get_by_role("button", name="Cancel").click()
    expect(cards(shaken)).to_have_count(0)


def test_where_the_usual_way_is_missing_another_is_taken(
    shaken: Page, painting: RunningServer
) -> None:
    """This ComfyUI has no model for sound, which the style would like to have it made by."""
    shaken.goto(painting.url)
    card = make(shaken, "Eine Grille zirpt", medium="Klang")
    expect(card.locator("audio")).to_be_visible()
    expect(card).to_contain_text("ohne KI-Modell")


def test_what_is_refused_for_good_is_said_and_the_text_stays(
    shaken: Page, server: RunningServer
) -> None:
    refusal = {"status": "error", "error": "No.", "code": "invalid_request", "run_id": None}
    shaken.goto(server.url)
    write(shaken, "Ein zu langer Satz")
    shaken.route(START, lambda route: route.fulfill(status=400, body=json.dumps(refusal)), times=1)
    go(shaken)
    said = shaken.locator("#form-news")
    expect(said).to_have_text("Da ist etwas schiefgegangen. Versuche es noch einmal.")
    shaken.get_by_role("button", name="English").click()
    expect(said).to_have_text("Something went wrong. Try again.")
    shaken.get_by_role("button", name="Deutsch").click()
    expect(shaken.locator("#idea")).to_have_value("Ein zu langer Satz")
    expect(cards(shaken)).to_have_count(0)


def test_an_edit_that_is_refused_is_said_and_can_be_mended(
    shaken: Page, server: RunningServer
) -> None:
    card, field = ask_to_edit(shaken, server.url, "Ein leeres Blatt")
    field.fill("   ")
    card.get_by_role("button", name="So weitermachen").click()
    expect(card.get_by_role("alert")).to_contain_text("Da ist etwas schiefgegangen")
    field.fill("Ein volles Blatt")
    card.get_by_role("button", name="So weitermachen").press("Enter")
    wait_for(shaken, "success")
    [folder] = stored_runs(server, "Ein leeres Blatt")
    assert check_folder(folder).transformed_text == "Ein volles Blatt"


def test_without_streams_it_polls(
    page: Page, painting: RunningServer, held: threading.Event
) -> None:
    page.add_init_script("delete window.EventSource")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    begin(page, painting.url, "Ein Fernrohr")
    held.set()
    wait_for(page, "success")
    assert any("after=" in url and "wait=" in url for url in asked)
    assert not any("/events" in url for url in asked)


def test_a_stream_that_is_refused_is_polled_instead(shaken: Page, server: RunningServer) -> None:
    shaken.route("**/events", lambda route: route.fulfill(status=503))
    shaken.goto(server.url)
    make(shaken, "Ein voller Wartesaal")


def test_a_run_that_was_deleted_leaves_the_page(
    shaken: Page, server: RunningServer, researcher: dict[str, str]
) -> None:
    import requests

    shaken.goto(server.url)
    make(shaken, "Ein Irrtum")
    [folder] = stored_runs(server, "Ein Irrtum")
    url = f"{server.url}/api/runs/{folder.name}"
    assert requests.delete(url, headers=researcher, timeout=30).ok
    shaken.reload()
    expect(shaken.locator("#idea")).to_be_visible()
    expect(cards(shaken)).to_have_count(0)
    assert folder.name not in str(shaken.evaluate("Object.entries(localStorage)"))


def test_it_works_where_nothing_may_be_remembered(browser: Browser, server: RunningServer) -> None:
    with tablet(browser) as page:
        page.add_init_script(
            "for (const name of ['localStorage', 'sessionStorage']) Object.defineProperty("
            "window, name, { get() { throw new DOMException('no', 'SecurityError') } })"
        )
        page.goto(server.url)
        make(page, "Ein Goldfisch")


def test_it_works_on_plain_http_under_another_name(browser: Browser, tmp_path: Path) -> None:
    """As on a workshop's Wi-Fi: no secure context, so less is there than on localhost."""
    server = RunningServer(
        tmp_path, DEVSERVER_ALLOWED_HOSTS="workshop.test", DEVSERVER_POOL_PROCESSES="1"
    )
    server.start()
    try:
        with tablet(browser, proxy={"server": server.url}) as page:
            page.goto("http://workshop.test/")
            assert page.evaluate("isSecureContext") is False
            assert page.evaluate("crypto.randomUUID === undefined")
            make(page, "Ein Leuchtkäfer")
    finally:
        server.stop()
