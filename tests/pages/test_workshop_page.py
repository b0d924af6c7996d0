from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.honest_folders import check_folder
from tests.running_server import RunningServer


def test_a_child_writes_an_idea_and_sees_its_picture(page: Page, server: RunningServer) -> None:
    page.goto(server.url)
    page.get_by_role("textbox", name="Deine Idee").fill("Eine <b>Katze</b> auf dem Mond")
    page.get_by_role("radio", name="Dada").check()
    page.get_by_role("button", name="Los!").click()
    expect(page.get_by_role("status")).to_have_text("Fertig!", timeout=30_000)
    picture = page.get_by_role("img", name="Bild zu: Eine <b>Katze</b> auf dem Mond")
    expect(picture).to_have_js_property("naturalWidth", 1024)
    expect(page.get_by_text("OpenMoji")).to_be_visible()
    run_id = str(picture.get_attribute("src")).split("/")[4]
    run = check_folder(server.runs / run_id)
    assert run.input_text == "Eine <b>Katze</b> auf dem Mond"
    expect(page.locator("#transformed")).to_have_text(str(run.transformed_text).replace("\n", " "))


def test_a_reloaded_page_finds_its_run_again(page: Page, server: RunningServer) -> None:
    page.goto(server.url)
    page.get_by_role("textbox", name="Deine Idee").fill("Ein Baum")
    page.get_by_role("button", name="Los!").click()
    expect(page.get_by_role("status")).to_have_text("Fertig!", timeout=30_000)
    page.reload()
    expect(page.get_by_role("img", name="Bild zu: Ein Baum")).to_be_visible(timeout=30_000)


def test_a_style_with_rules_of_ones_own_asks_for_them(page: Page, server: RunningServer) -> None:
    page.goto(server.url)
    rules = page.get_by_role("textbox", name="Deine Regeln")
    expect(rules).to_be_hidden()
    page.get_by_role("radio", name="Meine Regeln").check()
    page.get_by_role("textbox", name="Deine Idee").fill("Ein Hund")
    rules.fill("Ersetze Hund durch Katze")
    page.get_by_role("button", name="Los!").click()
    expect(page.get_by_role("status")).to_have_text("Fertig!", timeout=30_000)
    expect(page.locator("#transformed")).to_contain_text("Katze")
    page.get_by_role("radio", name="Dada").check()
    expect(rules).to_be_hidden()


def test_the_api_page_reads_well(page: Page, server: RunningServer) -> None:
    page.goto(f"{server.url}/api/docs")
    expect(page.get_by_role("heading", level=1)).to_contain_text("API")
    page.get_by_role("link", name="NewRunRequest").first.click()
    expect(page.locator("#NewRunRequest")).to_be_in_viewport()
