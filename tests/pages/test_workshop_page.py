"""A child's whole way at the workshop page, in a real browser on the real server."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Browser, Locator, Page, Route, expect

from devserver.config import PROJECT_FOLDER
from tests.honest_folders import check_folder
from tests.pages.conftest import tablet
from tests.pages.workshop_steps import (
    BLOCKED,
    LONGEST,
    ask_to_edit,
    cards,
    go,
    make,
    stored_runs,
    wait_for,
    write,
)
from tests.running_server import RunningServer

Barriers = Callable[[Page], list[str]]
WORDS = {
    language: json.loads(
        (PROJECT_FOLDER / f"devserver/public_dev/locales/{language}.json").read_text("utf-8")
    )
    for language in ("de", "en")
}


@pytest.mark.parametrize(
    ("locale", "language"), [("de-AT", "de"), ("en-GB", "en"), ("fr-FR", "de")]
)
def test_a_childs_whole_way(
    browser: Browser, server: RunningServer, locale: str, language: str
) -> None:
    words = WORDS[language]
    idea = f"Eine <b>Katze</b> auf dem Mond, {locale}"
    with tablet(browser, locale=locale) as page:
        page.goto(server.url)
        expect(page.locator("html")).to_have_attribute("lang", language)
        expect(page).to_have_title(words["workshop.title"])
        card = make(page, idea)
        expect(card.locator(".state")).to_have_text(words["workshop.state.success"])
        expect(page.get_by_role("status")).to_have_text(f"Dada: {words['workshop.state.success']}")
        picture = page.get_by_role(
            "img", name=words["workshop.shows.image"].format(idea=idea), exact=True
        )
        expect(picture).to_have_js_property("naturalWidth", 1024)
        expect(card.locator(".credit")).to_have_text(words["common.credit.pictograms"])
        expect(card.locator(".stages li")).to_have_class(["done"] * 4)
        [folder] = stored_runs(server, idea)
        run = check_folder(folder)
        shown = card.locator(".new .changes").text_content()
        assert shown == run.transformed_text
        assert card.locator(".own .changes").text_content() == idea
        assert run.request.language == language
        with page.expect_download() as download:
            card.get_by_text(words["workshop.download"]).click()
        stored = (folder / run.outputs[0].filename).read_bytes()
        assert Path(download.value.path()).read_bytes() == stored


@pytest.mark.parametrize(
    ("medium", "shown"),
    [
        ("Klang", "audio"),
        ("Film", "video"),
        ("3D", ".stage-3d[data-ready] canvas"),
        ("Nur Text", ".new .changes"),
    ],
)
def test_other_media(page: Page, server: RunningServer, medium: str, shown: str) -> None:
    page.goto(server.url)
    card = make(page, f"Ein Frosch als {medium}", medium=medium)
    expect(card.locator(shown)).to_be_visible(timeout=LONGEST)
    if medium == "Klang":
        expect(card.locator(".waveform[data-drawn]")).to_be_visible(timeout=LONGEST)
    if medium in ("Klang", "Film"):
        player = card.locator(shown)
        expect(player).to_have_js_property("error", None)
        player.evaluate(
            "one => one.readyState ? 0 : new Promise(done => { one.onloadedmetadata = done })"
        )
        assert player.evaluate("one => one.duration") > 1
    if medium == "Nur Text":
        with page.expect_download() as download:
            card.get_by_role("button", name="Speichern").click()
        text = card.locator(".new .changes").text_content()
        assert Path(download.value.path()).read_text("utf-8") == text
        expect(card.locator(".stages li")).to_have_count(3)


def test_a_thing_in_3d_turns_by_keys_and_by_finger(page: Page, server: RunningServer) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.goto(server.url)
    card = make(page, "Ein Turm", medium="3D")
    stage = card.locator(".stage-3d[data-ready]")
    expect(stage).to_have_attribute("data-angle", re.compile(r"\d"), timeout=LONGEST)
    still = stage.get_attribute("data-angle")
    canvas = stage.locator("canvas")
    canvas.focus()
    page.keyboard.press("ArrowLeft")
    expect(stage).not_to_have_attribute("data-angle", str(still), timeout=LONGEST)
    turned = stage.get_attribute("data-angle")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box
    page.mouse.move(box["x"] + 50, box["y"] + 50)
    page.mouse.down()
    page.mouse.move(box["x"] + 150, box["y"] + 50, steps=4)
    page.mouse.up()
    expect(stage).not_to_have_attribute("data-angle", str(turned), timeout=LONGEST)


def test_a_thing_in_3d_turns_by_itself(page: Page, server: RunningServer) -> None:
    page.goto(server.url)
    stage = make(page, "Ein Schiff", medium="3D").locator(".stage-3d[data-ready]")
    expect(stage).to_have_attribute("data-angle", re.compile(r"\d"), timeout=LONGEST)
    at_first = str(stage.get_attribute("data-angle"))
    expect(stage).not_to_have_attribute("data-angle", at_first, timeout=LONGEST)


def test_without_webgl_there_is_a_picture_and_a_download(
    browser: Browser, server: RunningServer
) -> None:
    with tablet(browser, may_complain=True) as page:
        page.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")
        page.goto(server.url)
        card = make(page, "Ein Leuchtturm", medium="3D")
        expect(card.get_by_role("link", name="Herunterladen")).to_be_visible(timeout=LONGEST)
        expect(card.locator(".stage-3d img")).to_have_js_property("complete", True, timeout=LONGEST)
        assert card.locator(".stage-3d img").evaluate("one => one.naturalWidth") > 0


def test_the_new_text_can_be_changed_first(
    page: Page, server: RunningServer, barriers: Barriers
) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    card, field = ask_to_edit(page, server.url, "Ein Hund im Park")
    places = [one.bounding_box() for one in (card, card.get_by_text("Abbrechen"), field)]
    whole, cancel, text = places
    assert whole and cancel and text
    assert cancel["y"] > text["y"], "beside an empty half of the card"
    assert text["width"] > whole["width"] * 0.9
    assert barriers(page) == []
    page.reload()  # a tablet that was put away
    expect(field).to_be_visible()
    field.fill("Ein Hund fliegt über den Park")
    page.reload()
    expect(field).to_have_value("Ein Hund fliegt über den Park")
    page.get_by_role("button", name="English").click()
    english = card.get_by_label("Change the new text")
    expect(english).to_have_value("Ein Hund fliegt über den Park")
    page.get_by_role("button", name="Deutsch").click()
    card.get_by_role("button", name="So weitermachen").click()
    expect(cards(page).get_by_role("heading", level=4)).to_be_focused()
    card = wait_for(page, "success")
    assert "edited" not in str(page.evaluate("localStorage.getItem('page.works')"))
    expect(card.locator(".new .changes")).to_have_text("Ein Hund fliegt über den Park")
    expect(card.locator(".new ins")).to_have_text(["fliegt über den"])
    [folder] = stored_runs(server, "Ein Hund im Park")
    run = check_folder(folder)
    assert run.transformed_text == "Ein Hund fliegt über den Park"
    assert "edited" in [stage.status for stage in run.stages]

    card.get_by_role("button", name="Noch einmal, anders").click()
    wait_for(page, "success", 2)
    expect(cards(page).last.locator(".new .changes")).to_have_text("Ein Hund fliegt über den Park")
    both = [check_folder(folder) for folder in stored_runs(server, "Ein Hund im Park")]
    assert [run.transformed_text for run in both] == ["Ein Hund fliegt über den Park"] * 2
    assert both[0].request.seed != both[1].request.seed


def a_block(page: Page, server: RunningServer) -> tuple[Locator, Path]:
    """The card of a run that was stopped, and its folder."""
    before = stored_runs(server, BLOCKED)
    page.goto(server.url)
    write(page, BLOCKED)
    go(page)
    card = wait_for(page, "blocked")
    [folder] = set(stored_runs(server, BLOCKED)) - set(before)
    return card, folder


def test_a_block_is_explained_kindly(page: Page, server: RunningServer, barriers: Barriers) -> None:
    card, folder = a_block(page, server)
    run = check_folder(folder)
    assert run.error
    expect(card).to_contain_text(run.error.message)
    expect(card).to_contain_text("Das kannst du tun")
    expect(card.locator(".stages .stopped")).to_have_count(1)
    assert barriers(page) == []
    expect(card.get_by_role("button")).to_have_text(["Idee ändern"])  # a style would change nothing
    card.get_by_role("button", name="Idee ändern").click()
    expect(page.locator("#idea")).to_have_value(BLOCKED)
    expect(page.locator("#idea")).to_be_focused()
    expect(page.get_by_role("radio", name="Dada")).to_be_checked()


def test_what_a_block_says_is_in_the_language_of_the_page(
    page: Page, server: RunningServer
) -> None:
    card, folder = a_block(page, server)
    written = (folder / "metadata.json").read_bytes()
    run = check_folder(folder)
    assert run.error
    expect(card).to_contain_text(run.error.message)
    page.get_by_role("button", name="English").click()
    expect(card).to_contain_text("In your text somebody gets killed.")
    expect(card).not_to_contain_text(run.error.message)
    page.reload()
    expect(card).to_contain_text("In your text somebody gets killed.")
    page.get_by_role("button", name="Deutsch").click()
    expect(card).to_contain_text(run.error.message)
    assert (folder / "metadata.json").read_bytes() == written  # the record is what was said then


def test_a_new_idea_is_not_replaced_unasked(
    page: Page, server: RunningServer, barriers: Barriers
) -> None:
    page.goto(server.url)
    write(page, BLOCKED)
    go(page)
    change = wait_for(page, "blocked").get_by_role("button", name="Idee ändern")
    page.get_by_role("button", name="Neue Idee").press("Enter")
    write(page, "Ein Bär im Wald", style="Übertreibung")
    page.get_by_role("button", name="Zu deinen Werken").press("Enter")
    change.click()
    dialog = page.get_by_role("dialog", name="Du schreibst schon an einer Idee")
    expect(dialog).to_contain_text("„Ein Bär im Wald“")
    assert barriers(page) == []
    dialog.get_by_role("button", name="Meine Idee behalten").click()
    expect(change).to_be_focused()
    expect(page.locator("#idea")).to_have_value("Ein Bär im Wald")
    change.click()
    dialog.get_by_role("button", name="Die andere ändern").click()
    expect(page.locator("#idea")).to_have_value(BLOCKED)
    page.reload()
    page.get_by_role("button", name="Neue Idee").press("Enter")
    expect(page.locator("#idea")).to_have_value(BLOCKED)


def test_again_and_in_another_style_side_by_side(
    page: Page, server: RunningServer, barriers: Barriers
) -> None:
    idea = "Ein Apfel und eine Birne"
    page.goto(server.url)
    card = make(page, idea)
    card.get_by_role("button", name="Noch einmal, anders").dblclick()
    wait_for(page, "success", 2)
    cards(page).last.get_by_role("button", name="Anderer Stil").click()
    dialog = page.get_by_role("dialog", name="Anderer Stil, gleiche Idee")
    expect(dialog).to_be_visible()
    assert barriers(page) == []
    dialog.get_by_role("button", name="Übertreibung").click()
    expect(dialog).to_be_hidden()
    wait_for(page, "success", 3)
    group = page.locator(".idea-group")
    expect(group).to_have_count(1)
    boxes = [card.bounding_box() for card in cards(page).all()]
    assert boxes[0] and boxes[1]
    assert boxes[0]["y"] == boxes[1]["y"] and boxes[0]["x"] < boxes[1]["x"]
    runs = [check_folder(folder) for folder in stored_runs(server, idea)]
    assert sorted(run.schema_id or "" for run in runs) == ["dada", "dada", "overdrive"]
    assert len({run.request.seed for run in runs}) == 3
    assert barriers(page) == []


def test_a_style_with_rules_of_ones_own_asks_for_them(page: Page, server: RunningServer) -> None:
    page.goto(server.url)
    rules = page.get_by_role("textbox", name="Deine Regeln")
    expect(rules).to_be_hidden()
    page.get_by_role("button", name="Alle 21 Stile zeigen").click()
    page.get_by_role("radio", name="Meine Regeln").check(force=True)
    page.locator("#idea").fill("Ein Hund")
    rules.fill("Ersetze Hund durch Katze")
    go(page)
    card = wait_for(page, "success")
    expect(card.locator(".new .changes")).to_contain_text("Katze")
    page.get_by_role("button", name="Neue Idee").press("Enter")
    page.get_by_role("radio", name="Dada").check(force=True)
    expect(rules).to_be_hidden()


def test_a_server_for_this_machine_alone_shows_phones_no_code(
    page: Page, server: RunningServer, barriers: Barriers
) -> None:
    page.goto(server.url)
    make(page, "Eine Insel").get_by_role("button", name="Aufs Handy").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("status")).to_contain_text("nur an diesem Gerät")
    expect(dialog.get_by_role("img")).to_have_count(0)
    expect(dialog).not_to_contain_text("Kamera")
    assert barriers(page) == []


def test_a_work_comes_to_ones_phone(
    page: Page, browser: Browser, server: RunningServer, barriers: Barriers
) -> None:
    def as_on_a_network(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, json={**answer.json(), "reach": "network"})

    page.route("**/links", as_on_a_network)
    page.goto(server.url)
    card = make(page, "Ein Schneemann in der Sonne")
    button = card.get_by_role("button", name="Aufs Handy")
    button.click()
    dialog = page.get_by_role("dialog")
    code = dialog.get_by_role("img", name="QR-Code")
    expect(code).to_have_js_property("complete", True, timeout=LONGEST)
    assert code.evaluate("one => one.naturalWidth") > 0
    assert barriers(page) == []
    address = dialog.locator(".address").inner_text()
    expect(dialog.get_by_role("link")).to_have_count(0)  # nobody needs it in a window of the tablet
    with tablet(browser, viewport={"width": 390, "height": 844}) as phone:
        phone.goto(address)
        expect(phone.get_by_text("Ein Schneemann in der Sonne").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(button).to_be_focused()
    button.click()
    expect(dialog.locator(".address")).to_have_text(address)  # not another one


@pytest.mark.parametrize(
    ("text", "reached", "medium", "sentence"),
    [
        (None, [], "video", "Dein Text wird gelesen …"),
        (None, [1], "video", "Dein Text wird verwandelt …"),
        ("Neu", [1, 2], "video", "Der neue Text wird noch einmal gelesen …"),
        ("Neu", [1, 2, 3], "video", "Dein Film wird gemacht …"),
        ("Neu", [1, 2, 3], "text", "Der neue Text wird noch einmal gelesen …"),
    ],
)
def test_the_sentence_says_what_the_stages_show(
    page: Page,
    server: RunningServer,
    *,
    text: str | None,
    reached: list[int],
    medium: str,
    sentence: str,
) -> None:
    page.goto(server.url)
    expect(page.locator("label.medium").first).to_be_visible()
    state = {
        "status": "running",
        "transformed_text": text,
        "place_in_queue": None,
        "stages": [{"stage": number} for number in reached],
        "progress": None,
        "error": None,
    }
    said, stages = page.evaluate(
        """async ([state, medium]) => {
            const { stagesOf, standing } = await import("/static/js/workshop/standing.js");
            return [standing(state, medium), stagesOf(state, medium)];
        }""",
        [state, medium],
    )
    assert said == sentence
    assert [stage["state"] for stage in stages].count("now") == 1


def test_who_is_finished_leaves_nothing_on_the_tablet(
    page: Page, server: RunningServer, barriers: Barriers
) -> None:
    idea = "Mein Geheimnis vom Teich"
    page.goto(f"{server.url}/api/docs")
    page.goto(server.url)
    make(page, idea)
    page.get_by_role("button", name="Neue Idee").press("Enter")
    page.locator("#idea").fill("Noch ein Geheimnis")
    page.get_by_role("button", name="English").click()
    page.get_by_role("button", name="I'm finished").click()
    assert barriers(page) == []
    page.get_by_role("dialog").get_by_role("button", name="No, go on").click()
    expect(page.locator("#idea")).to_have_value("Noch ein Geheimnis")
    page.get_by_role("button", name="I'm finished").click()
    page.get_by_role("dialog").get_by_role("button", name="Yes, finished").click()
    expect(page.locator("#idea")).to_be_focused()

    def nothing_is_left() -> None:
        expect(page.locator("#idea")).to_have_value("")
        expect(cards(page)).to_have_count(0)
        assert "Geheimnis" not in page.content()
        kept = page.evaluate("[Object.entries(localStorage), Object.entries(sessionStorage)]")
        assert "Geheimnis" not in str(kept)
        assert stored_runs(server, idea)[0].name not in str(kept)

    nothing_is_left()
    page.go_back()
    assert page.url.endswith("/api/docs")
    page.go_forward()
    expect(page.locator("#idea")).to_be_visible()
    nothing_is_left()
    expect(page.get_by_role("button", name="English")).to_have_attribute("aria-pressed", "true")


def test_who_is_finished_in_one_window_is_so_in_all(page: Page, server: RunningServer) -> None:
    page.goto(server.url)
    make(page, "Ein Haus mit zwei Türen")
    other = page.context.new_page()
    other.goto(server.url)
    wait_for(other, "success")
    other.get_by_role("button", name="Neue Idee").press("Enter")
    write(other, "Noch ein Geheimnis")
    other.get_by_role("button", name="Zu deinen Werken").press("Enter")
    cards(other).get_by_role("button", name="Anderer Stil").click()
    page.get_by_role("button", name="Ich bin fertig").click()
    page.get_by_role("button", name="Ja, fertig").click()
    expect(cards(other)).to_have_count(0)
    expect(other.get_by_role("dialog")).to_have_count(0)
    expect(other.locator("#idea")).to_have_value("")
    write(other, "Das nächste Kind")  # goes on in the other window
    expect(page.locator("#idea")).to_have_value("")
    for each in (page, other):
        each.reload()
        expect(each.locator("#idea")).to_have_value("Das nächste Kind")
        expect(cards(each)).to_have_count(0)


def test_language_and_look_are_remembered_and_lose_nothing(
    page: Page, server: RunningServer
) -> None:
    page.goto(server.url)
    card = make(page, "Ein Stern")
    page.get_by_role("button", name="Neue Idee").press("Enter")
    write(page, "Ein Komet", style="Übertreibung")
    page.get_by_role("button", name="English").click()
    expect(page.locator("#idea")).to_have_value("Ein Komet")
    expect(page.locator(".idea-group > h3")).to_have_text("“Ein Stern”")
    expect(page.get_by_role("radio", name="Overdrive")).to_be_checked()
    page.get_by_role("button", name="Dark").click()
    page.reload()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(card.locator(".state")).to_have_text("Done!")
    page.get_by_role("button", name="New idea").click()
    expect(page.locator("#idea")).to_have_value("Ein Komet")


BAR_IS_LOW = """() => {
    const bar = document.querySelector(".go");
    const sticks = getComputedStyle(bar).position === "sticky";
    return sticks ? bar.offsetHeight < innerHeight / 3 : bar.offsetHeight > innerHeight / 4;
}"""


def test_on_a_tablet_that_lies_the_first_styles_can_be_read(
    browser: Browser, server: RunningServer
) -> None:
    with tablet(browser, viewport={"width": 1024, "height": 768}) as page:
        page.goto(server.url)
        name = page.locator(".style .says .name").first
        expect(name).to_be_visible()
        named, bar = name.bounding_box(), page.locator("#go-bar").bounding_box()
        assert named and bar
        assert named["y"] + named["height"] < bar["y"]


@pytest.mark.parametrize("width", [360, 390, 820, 1440, 1920])
def test_every_width_and_large_letters_fit(
    browser: Browser, server: RunningServer, width: int
) -> None:
    with tablet(browser, viewport={"width": width, "height": 900}) as page:
        page.goto(server.url)
        expect(page.get_by_role("radio", name="Dada")).to_be_visible()
        for large in (False, True):
            if large:
                page.evaluate("document.documentElement.style.fontSize = '200%'")
            fits = "document.documentElement.scrollWidth <= innerWidth"
            page.wait_for_function(fits)
            says = page.locator(".style .says").evaluate_all(
                "all => all.map("
                "one => one.clientWidth / parseFloat(getComputedStyle(one).fontSize))"
            )
            assert min(says) > 7, "the words on a card have no room"
            page.wait_for_function(BAR_IS_LOW)
            small = page.locator("button:visible, label.style, label.medium").evaluate_all(
                "all => all.filter(one => one.getBoundingClientRect().height < 44"
                " || one.getBoundingClientRect().width < 44).map(one => one.outerHTML)"
            )
            assert small == []


@pytest.mark.parametrize(
    "size", [(360, 640), (390, 844), (820, 1180), (1440, 900)], ids="{0[0]}x{0[1]}".format
)
def test_all_media_are_seen_before_a_child_goes(
    browser: Browser, server: RunningServer, size: tuple[int, int]
) -> None:
    with tablet(browser, viewport={"width": size[0], "height": size[1]}) as page:
        page.goto(server.url)
        expect(page.get_by_role("radio", name="Dada")).to_be_visible()
        expect(page.locator("label.medium")).to_have_count(5)
        bar = page.locator("#go-bar").bounding_box()
        boxes = [medium.bounding_box() for medium in page.locator("label.medium").all()]
        assert bar and all(box and box["y"] + box["height"] <= bar["y"] for box in boxes)
        assert len({box["y"] for box in boxes if box}) == 1, "not in one row"


def test_a_style_chosen_by_keys_is_not_behind_the_bar(
    browser: Browser, server: RunningServer
) -> None:
    with tablet(browser, viewport={"width": 1440, "height": 900}) as page:
        page.goto(server.url)
        page.get_by_role("button", name="Alle 21 Stile zeigen").click()
        page.get_by_role("radio", name="Dada").focus()
        for _ in range(21):
            page.keyboard.press("ArrowDown")
            card = page.locator("label.style", has=page.locator(":focus")).bounding_box()
            bar = page.locator("#go-bar").bounding_box()
            assert card and bar
            assert card["y"] >= 0
            assert card["y"] + card["height"] <= bar["y"]


def test_the_page_as_it_opens_has_no_barriers(
    page: Page, server: RunningServer, barriers: Barriers
) -> None:
    page.goto(server.url)
    expect(page.get_by_role("radio", name="Dada")).to_be_visible()
    assert barriers(page) == []
    page.get_by_role("button", name="Alle 21 Stile zeigen").click()
    assert barriers(page) == []
    for medium in ("Klang", "Film", "3D"):
        make(page, f"Ein Esel als {medium}", medium=medium)
        assert barriers(page) == []
        page.evaluate("localStorage.clear()")
        page.reload()


def test_everything_can_be_done_by_keyboard(page: Page, server: RunningServer) -> None:
    page.goto(server.url)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Zum Inhalt")).to_be_focused()
    expect(page.locator("#idea")).to_be_visible(timeout=LONGEST)
    page.locator("#idea").focus()
    page.keyboard.type("Ein Igel")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("radio", name="Klang")).to_be_checked()
    page.keyboard.press("Tab")
    expect(page.locator("input[name=schema]:checked")).to_be_focused()
    page.keyboard.press("ArrowDown")
    style = page.locator("input[name=schema]:checked").get_attribute("value")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Alle 21 Stile zeigen")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    card = wait_for(page, "success")
    expect(card.get_by_role("heading", level=4)).to_be_focused()
    [folder] = stored_runs(server, "Ein Igel")
    assert check_folder(folder).schema_id == style
    card.get_by_role("button", name="Anderer Stil").focus()
    page.keyboard.press("Enter")
    for _ in range(25):  # more often than there are cards: it goes round inside
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.closest('.dialog') !== null")
    page.keyboard.press("Escape")
    expect(card.get_by_role("button", name="Anderer Stil")).to_be_focused()


def test_the_first_load_is_small(
    page: Page, server: RunningServer, record_property: Callable[[str, object], None]
) -> None:
    """Everything that comes over the line before a child types, as the browser counts it."""
    page.goto(server.url, wait_until="networkidle")
    expect(page.get_by_role("radio", name="Dada")).to_be_visible()
    parts = page.evaluate(
        """() => ["navigation", "resource"]
            .flatMap(type => performance.getEntriesByType(type))
            .map(one => [one.name, one.transferSize])"""
    )
    total = sum(size for _, size in parts)
    record_property("measured", f"First load: {total / 1000:.1f} kB in {len(parts)} requests")
    assert len(parts) > 20
    assert all(size > 0 for name, size in parts), parts
    assert total < 150_000
    assert not any("vendor" in name for name, _ in parts)


def test_no_page_or_script_comes_from_elsewhere(page: Page, server: RunningServer) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(server.url)
    make(page, "Ein Krokodil", medium="3D")
    expect(page.locator(".stage-3d[data-ready]")).to_be_visible(timeout=LONGEST)
    assert [url for url in asked if not url.startswith((server.url, f"blob:{server.url}"))] == []
    policy = requests.get(server.url, timeout=10).headers["Content-Security-Policy"]
    assert "unsafe" not in policy


def test_the_api_page_reads_well(page: Page, server: RunningServer) -> None:
    page.goto(f"{server.url}/api/docs")
    expect(page.get_by_role("heading", level=1)).to_contain_text("API")
    page.get_by_role("link", name="NewRunRequest").first.click()
    expect(page.locator("#NewRunRequest")).to_be_in_viewport()
