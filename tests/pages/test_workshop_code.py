"""The workshop page where a code is set, in a real browser."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.pages.conftest import tablet
from tests.running_server import RunningServer


@pytest.fixture(name="coded", scope="module")
def _coded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    server = RunningServer(
        tmp_path_factory.mktemp("coded"),
        DEVSERVER_WORKSHOP_CODES="rot-3=Klasse 3b, blau-7=Ferienkurs",
        DEVSERVER_POOL_PROCESSES="1",
    )
    server.start()
    yield server
    server.stop()


def test_a_class_types_its_code_in_once(page: Page, coded: RunningServer) -> None:
    page.goto(coded.url)
    idea = page.get_by_role("textbox", name="Deine Idee")
    expect(page.get_by_label("Der Code eures Workshops")).to_be_visible()
    expect(idea).to_be_hidden()
    page.get_by_label("Der Code eures Workshops").fill("Rot 3")
    page.get_by_role("button", name="Weiter").click()
    expect(page.get_by_text("Klasse 3b")).to_be_visible()
    expect(idea).to_be_focused()
    idea.fill("Eine Katze")
    page.get_by_role("button", name="Los!").click()
    expect(page.get_by_role("status")).to_contain_text("Fertig!", timeout=30_000)
    [folder] = coded.runs.iterdir()
    assert json.loads((folder / "metadata.json").read_text())["workshop"] == "Klasse 3b"
    page.reload()
    page.get_by_role("button", name="Neue Idee").press("Enter")
    expect(idea).to_be_visible()
    idea.fill("Ein Kater")
    page.get_by_role("button", name="Anderer Code").click()
    page.get_by_role("button", name="Zurück").click()
    expect(page.get_by_text("Klasse 3b")).to_be_visible()
    expect(page.locator("#code-form")).to_be_hidden()
    expect(idea).to_have_value("Ein Kater")
    expect(idea).to_be_focused()
    page.get_by_role("button", name="Anderer Code").click()
    page.get_by_label("Der Code eures Workshops").fill("blau-7")
    page.get_by_role("button", name="Weiter").click()
    expect(page.get_by_text("Ferienkurs")).to_be_visible()


def test_the_next_child_finds_the_code_that_holds(page: Page, coded: RunningServer) -> None:
    page.goto(coded.url)
    page.get_by_label("Der Code eures Workshops").fill("Rot 3")
    page.get_by_role("button", name="Weiter").click()
    page.get_by_role("textbox", name="Deine Idee").fill("Eine Kerze")
    page.get_by_role("button", name="Los!").click()
    expect(page.get_by_role("status")).to_contain_text("Fertig!", timeout=30_000)
    page.get_by_role("button", name="Anderer Code").click()
    page.get_by_label("Der Code eures Workshops").fill("halb geschrieben")
    page.get_by_role("button", name="Ich bin fertig").click()
    page.get_by_role("button", name="Ja, fertig").click()
    expect(page.get_by_text("Klasse 3b")).to_be_visible()
    expect(page.get_by_role("textbox", name="Deine Idee")).to_be_focused()
    expect(page.locator("#code-form")).to_be_hidden()
    expect(page.locator("#code")).to_have_value("")


def test_the_code_fits_a_phone(browser: Browser, coded: RunningServer) -> None:
    with tablet(browser, viewport={"width": 390, "height": 844}) as page:
        page.goto(coded.url)
        button = page.get_by_role("button", name="Weiter")
        expect(button).to_be_visible()
        room = button.evaluate("one => parseFloat(getComputedStyle(one).paddingLeft)")
        text = button.evaluate(
            """one => {
                const range = document.createRange();
                range.selectNodeContents(one);
                return range.getBoundingClientRect().left - one.getBoundingClientRect().left;
            }"""
        )
        assert text >= room
        expect(page.get_by_role("button", name="Zurück")).to_be_hidden()


def test_a_wrong_code_is_said_kindly(browser: Browser, coded: RunningServer) -> None:
    with tablet(browser, may_complain=True) as page:
        page.goto(coded.url)
        page.get_by_label("Der Code eures Workshops").fill("grün-1")
        page.get_by_role("button", name="Weiter").click()
        expect(page.get_by_role("alert")).to_have_text(
            "Dieser Code stimmt nicht. Schau noch einmal nach."
        )
        page.get_by_role("button", name="English").click()
        expect(page.get_by_role("alert")).to_have_text("This code is not right. Have another look.")
        expect(page.get_by_role("textbox", name="Deine Idee")).to_be_hidden()
