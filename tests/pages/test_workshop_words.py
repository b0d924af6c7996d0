"""No word of a child gets lost at the workshop page, whatever happens to what it was sent with."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.honest_folders import check_folder
from tests.pages.conftest import tablet
from tests.pages.workshop_steps import (
    LONGEST,
    ask_to_edit,
    cards,
    go,
    stored_runs,
    wait_for,
    write,
)
from tests.running_server import RunningServer

START = "**/api/schema/pipeline/execute"


@pytest.fixture(name="shaken")
def _shaken(browser: Browser) -> Iterator[Page]:
    """A page of a tablet whose server is out of reach at times, which its console says."""
    with tablet(browser, may_complain=True) as page:
        yield page


def refuse(route: Route, code: str, status: int) -> None:
    body = {"status": "error", "error": "No.", "code": code, "run_id": None}
    route.fulfill(status=status, body=json.dumps(body))


def send_later(page: Page, *ideas: str) -> None:
    """Write ideas down and send them while the Wi-Fi is away."""
    expect(page.locator("#idea")).to_be_visible(timeout=LONGEST)
    page.context.set_offline(True)
    for idea in ideas:
        if page.locator("#idea").is_hidden():
            page.get_by_role("button", name="Neue Idee").press("Enter")
        write(page, idea)
        go(page)
    expect(cards(page, "sending")).to_have_count(len(ideas))


def test_trying_again_makes_it_of_the_text_as_it_was_changed(
    shaken: Page, server: RunningServer
) -> None:
    idea, changed = "Ein Pinsel", "Ein Pinsel voller Farbe"
    card, field = ask_to_edit(shaken, server.url, idea)
    field.fill(changed)
    card.get_by_role("button", name="Abbrechen").click()
    cancelled = wait_for(shaken, "cancelled")
    cancelled.get_by_role("button", name="Noch einmal versuchen").click()
    card = wait_for(shaken, "awaiting_edit")
    expect(card.get_by_label("Ändere den neuen Text")).to_have_value(changed)
    card.get_by_role("button", name="So weitermachen").click()
    wait_for(shaken, "success")
    runs = [check_folder(folder) for folder in stored_runs(server, idea)]
    assert [run.transformed_text for run in runs if run.status == "success"] == [changed]


def test_a_text_under_way_is_not_typed_on(shaken: Page, server: RunningServer) -> None:
    """What was typed behind it would neither be sent nor be kept."""
    card, field = ask_to_edit(shaken, server.url, "Ein Tunnel")
    shaken.route("**/continue", lambda route: refuse(route, "invalid_request", 400), times=1)
    card.get_by_role("button", name="So weitermachen").click()
    expect(card.get_by_role("alert")).not_to_be_empty()
    field.fill("Ein langer Tunnel")
    shaken.context.set_offline(True)
    card.get_by_role("button", name="So weitermachen").click()
    expect(field).not_to_be_editable()
    shaken.context.set_offline(False)
    wait_for(shaken, "success")


def test_an_idea_that_is_called_off_unsent_is_in_the_form_again(
    shaken: Page, server: RunningServer
) -> None:
    shaken.goto(server.url)
    send_later(shaken, "Eine lange Idee")
    cards(shaken).get_by_role("button", name="Abbrechen").click()
    expect(shaken.locator("#idea")).to_have_value("Eine lange Idee")
    expect(shaken.locator("#idea")).to_be_focused()
    expect(cards(shaken)).to_have_count(0)
    shaken.context.set_offline(False)
    shaken.reload()
    expect(shaken.locator("#idea")).to_have_value("Eine lange Idee")


def test_a_proxy_without_its_server_is_waited_for(shaken: Page, server: RunningServer) -> None:
    shaken.goto(server.url)
    write(shaken, "Ein Türsteher")
    shaken.route(START, lambda route: route.fulfill(status=502, body="Bad Gateway"), times=1)
    with shaken.expect_response(START):
        go(shaken)
    wait_for(shaken, "success")
    assert len(stored_runs(server, "Ein Türsteher")) == 1


def test_what_needs_a_code_is_sent_when_it_is_there(browser: Browser, tmp_path: Path) -> None:
    server = RunningServer(
        tmp_path, DEVSERVER_WORKSHOP_CODES="rot-3=Klasse 3b", DEVSERVER_POOL_PROCESSES="1"
    )
    server.start()
    ideas = ("Ein Schloss", "Ein Schlüssel", "Ein Riegel")
    try:
        with tablet(browser, may_complain=True) as page:
            page.goto(server.url)
            page.get_by_label("Der Code eures Workshops").fill("rot-3")
            page.get_by_role("button", name="Weiter").click()
            send_later(page, *ideas)
            page.context.clear_cookies()
            page.context.set_offline(False)
            expect(page.get_by_label("Der Code eures Workshops")).to_be_visible(timeout=LONGEST)
            last = cards(page).filter(has_text="Code").first
            expect(cards(page).filter(has_text="Code")).to_have_count(3, timeout=LONGEST)
            page.get_by_role("button", name="English").click()
            expect(cards(page).filter(has_text="code of your workshop")).to_have_count(3)
            page.get_by_role("button", name="Deutsch").click()
            last.get_by_role("button", name="Abbrechen").click()
            expect(cards(page)).to_have_count(2)
            page.get_by_label("Der Code eures Workshops").fill("rot-3")
            page.get_by_role("button", name="Weiter").click()
            wait_for(page, "success", 2)
        assert [len(stored_runs(server, idea)) for idea in ideas] == [1, 1, 0]
    finally:
        server.stop()


def test_a_refused_idea_stays_beside_the_one_that_is_begun(
    shaken: Page, server: RunningServer
) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    shaken.goto(server.url)
    write(shaken, "Die erste Idee")
    shaken.route(START, hold, times=1)
    with shaken.expect_request(START):
        go(shaken)
    shaken.get_by_role("button", name="Neue Idee").press("Enter")
    write(shaken, "Die zweite Idee")
    refuse(held[0], "invalid_request", 400)
    shaken.get_by_role("button", name="Meine Idee behalten").click()
    expect(shaken.locator("#idea")).to_have_value("Die zweite Idee")
    shaken.get_by_role("button", name="Zu deinen Werken").click()
    refused = wait_for(shaken, "refused")
    expect(refused).to_contain_text("Da ist etwas schiefgegangen")
    shaken.get_by_role("button", name="English").click()
    expect(refused).to_contain_text("Something went wrong")
    refused.get_by_role("button", name="Try again").click()
    wait_for(shaken, "success")
    assert len(stored_runs(server, "Die erste Idee")) == 1


def test_the_focus_stays_on_a_card_that_changes(page: Page, server: RunningServer) -> None:
    """Whoever stands on "Abbrechen" with the keyboard is not thrown back to the top of the page."""
    card, _field = ask_to_edit(page, server.url, "Ein Seil")
    card.get_by_role("button", name="Abbrechen").focus()
    page.evaluate(
        """async () => {
            const [work] = JSON.parse(localStorage.getItem("page.works"));
            await fetch(`/api/runs/${work.runId}/continue`, {
                method: "POST",
                headers: { "Content-Type": "application/json", Prefer: "respond-async" },
                body: JSON.stringify({ text: "Ein langes Seil" }),
            });
        }"""
    )
    card = wait_for(page, "success")
    expect(card.get_by_role("heading", level=4)).to_be_focused()


def test_it_is_said_when_a_repeated_edit_is_refused(shaken: Page, server: RunningServer) -> None:
    card, field = ask_to_edit(shaken, server.url, "Ein Echo")
    field.fill("Ein Echo im Wald")
    card.get_by_role("button", name="So weitermachen").click()
    wait_for(shaken, "success")
    shaken.route("**/continue", lambda route: refuse(route, "invalid_request", 400), times=1)
    shaken.get_by_role("button", name="Noch einmal, anders").click()
    card = wait_for(shaken, "awaiting_edit")
    expect(card.get_by_label("Ändere den neuen Text")).to_have_value("Ein Echo im Wald")
    expect(card.get_by_role("alert")).to_contain_text("Da ist etwas schiefgegangen")


def test_a_repeated_edit_that_waits_for_the_wifi_says_so_after_a_reload(
    shaken: Page, server: RunningServer
) -> None:
    card, field = ask_to_edit(shaken, server.url, "Ein Zug")
    field.fill("Ein Zug im Schnee")
    card.get_by_role("button", name="So weitermachen").click()
    wait_for(shaken, "success")
    shaken.route("**/continue", lambda route: route.abort())
    with shaken.expect_request("**/continue"):
        shaken.get_by_role("button", name="Noch einmal, anders").click()
    with shaken.expect_request("**/continue"):
        shaken.reload()
    waiting = wait_for(shaken, "sending")
    expect(waiting.locator(".state")).not_to_be_empty()
    shaken.get_by_role("button", name="English").click()
    expect(waiting.get_by_role("button", name="Cancel")).to_be_visible()
    shaken.unroute("**/continue")
    expect(wait_for(shaken, "success", 2).last).to_contain_text("im Schnee")


def test_rules_that_stand_in_the_form_are_there_after_a_reload(
    page: Page, server: RunningServer
) -> None:
    page.goto(server.url)
    page.locator("#more-styles").click()
    write(page, "Ein Zaun", style="Meine Regeln")
    page.locator("#rules").fill("Alles wird blau")
    go(page)
    wait_for(page, "success")
    for _ in range(2):
        page.get_by_role("button", name="Neue Idee").press("Enter")
        expect(page.locator("#rules")).to_have_value("Alles wird blau")
        expect(page.locator("#idea")).to_have_value("")
        page.reload()
