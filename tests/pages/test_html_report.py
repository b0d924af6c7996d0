"""HTML reports in a real browser, opened as files: no server, no network, no scripts but theirs."""

from __future__ import annotations

import re
import shutil
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from devserver.config import Settings
from devserver.my_app.services.exports.formats.html import HtmlFolder, HtmlPage
from devserver.my_app.services.exports.marking import mark_run
from devserver.my_app.services.exports.port import ExportedRun, ExportOptions
from devserver.my_app.services.exports.shown_text import visible
from devserver.my_app.services.exports.source import ExportSource, Wanted
from devserver.my_app.services.run_folders import RunFolders
from devserver.my_app.services.storage_root import StorageRoot
from devserver.my_app.wiring import build_media_storage
from tests.fifty_runs import NUMBER, make_fifty
from tests.services.exports.report_samples import (
    HOSTILE,
    blocked_run,
    illustrations,
    run_with,
)


@pytest.fixture(name="page")
def _quiet(page: Page) -> Iterator[Page]:
    """Fails when a page asks for anything that is not beside it or in it."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    yield page
    assert asked
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []


def opened_page(page: Page, folder: Path, *runs: ExportedRun, language: str = "de") -> None:
    report = HtmlPage(illustrations(folder), scratch=folder / "scratch")
    path = folder / "report.html"
    with path.open("wb") as out:
        report.write(runs, out, ExportOptions(language=language, title="B"))  # type: ignore[arg-type]
    page.goto(path.as_uri())


def opened_folder(page: Page, folder: Path, *runs: ExportedRun) -> None:
    report = HtmlFolder(illustrations(folder), scratch=folder / "scratch")
    with (folder / "report.zip").open("wb") as out:
        report.write(runs, out, ExportOptions(title="B"))
    with zipfile.ZipFile(folder / "report.zip") as package:
        package.extractall(folder / "opened")
    page.goto((folder / "opened" / "index.html").as_uri())


@pytest.mark.parametrize("opened", [opened_page, opened_folder])
def test_hostile_texts_are_shown_and_run_nothing(
    page: Page, tmp_path: Path, opened: Callable[..., None]
) -> None:
    runs = [run_with(tmp_path, text, after=f"Danach: {text}") for text in HOSTILE.values()]
    opened(page, tmp_path, *runs)
    expect(page).to_have_title("B")
    shown = page.locator("article").evaluate_all(
        "all => all.map(one => one.querySelector('.words').textContent)"
    )
    assert shown == [visible(text) for text in HOSTILE.values()]
    assert page.evaluate("document.scripts.length") == 1
    width = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert width[0] <= width[1]


def test_a_script_that_got_in_would_not_run(browser: Browser, tmp_path: Path) -> None:
    with browser.new_context() as context:
        tab = context.new_page()
        opened_page(tab, tmp_path, run_with(tmp_path))
        refused = tab.evaluate(
            """() => new Promise(done => {
                const name = "securitypolicyviolation"
                document.addEventListener(name, event => done(event.effectiveDirective))
                const script = document.createElement("script")
                script.textContent = "document.title = 'taken'"
                document.body.append(script)
            })"""
        )
        assert refused == "script-src-elem"
        expect(tab).to_have_title("B")


@pytest.mark.parametrize("opened", [opened_page, opened_folder])
def test_filters_work_without_a_server(
    page: Page, tmp_path: Path, opened: Callable[..., None]
) -> None:
    opened(
        page,
        tmp_path,
        run_with(tmp_path, "Die Katze auf dem Dach", "image"),
        run_with(tmp_path, "Der Regen", "audio", schema="soundscape"),
        blocked_run(tmp_path),
    )
    articles = page.locator("article:visible")
    expect(articles).to_have_count(3)
    page.get_by_label("Suche in den Texten").fill("KATZE dach")
    expect(articles).to_have_count(1)
    expect(page.get_by_text("1 von 3 Läufen")).to_be_visible()
    page.get_by_role("button", name="Alle zeigen").click()
    expect(articles).to_have_count(3)
    for label, value, count in [
        ("Verfahren", "soundscape", 1),
        ("Ausgang", "angehalten", 1),
        ("Medium", "Bild", 1),
        ("Tag", "2026-11-22", 3),
    ]:
        page.get_by_role("combobox", name=label).select_option(label=value)
        expect(articles).to_have_count(count)
        page.get_by_role("button", name="Alle zeigen").click()
    page.get_by_label("Suche in den Texten").fill("Zebra")
    expect(page.get_by_text("Kein Lauf passt zu dieser Auswahl.")).to_be_visible()


@pytest.mark.parametrize("opened", [opened_page, opened_folder])
def test_pictures_and_players_show_what_they_hold(
    page: Page, tmp_path: Path, opened: Callable[..., None]
) -> None:
    opened(page, tmp_path, run_with(tmp_path, "Eine Katze", "image", "audio", "video", "3d"))
    if opened is opened_folder:
        page.get_by_role("link", name="Alles zu diesem Lauf").click()
    picture = page.get_by_role("img", name="Bild zum Text: Eine Katze")
    expect(picture).to_have_js_property("naturalWidth", 16)
    for player in ("audio", "video"):
        page.locator(player).evaluate("one => one.load()")
        page.locator(player).evaluate(
            "one => new Promise((done, failed) => { one.onloadedmetadata = done;"
            " one.onerror = () => failed(one.error.message); one.preload = 'auto'; one.load() })"
        )
        assert page.locator(player).evaluate("one => one.duration") == pytest.approx(0.5, abs=0.1)
    link = page.get_by_role("link", name="Datei öffnen oder speichern")
    with page.expect_download() as download:
        link.click()
    assert Path(download.value.path()).read_bytes()[:4] == b"glTF"


@pytest.mark.parametrize("opened", [opened_page, opened_folder])
def test_on_paper_a_film_is_a_still_and_the_terms_are_said(
    page: Page, tmp_path: Path, opened: Callable[..., None]
) -> None:
    opened(page, tmp_path, run_with(tmp_path, "Eine Katze", "video"))
    for is_overview in (True, False) if opened is opened_folder else (True,):
        if not is_overview:
            page.get_by_role("link", name="Alles zu diesem Lauf").click()
        page.emulate_media(media="print")
        expect(page.locator(".licence")).to_have_text(re.compile("Lizenz: Für die Auswahl"))
        expect(page.locator(".licence")).to_be_visible()
        expect(page.get_by_text("Alle Bilder, Klänge, Filme")).to_be_visible()
        if is_overview:
            assert page.locator("details .licence").count() == 0
        if page.locator("video").count():
            expect(page.locator("video")).to_be_hidden()
            still = page.locator("figure img")
            expect(still).to_be_visible()
            assert still.evaluate("one => one.decode().then(() => one.naturalWidth)") > 0
        page.emulate_media(media="screen")
    expect(page.locator("video")).to_be_visible()
    expect(page.locator("figure img")).to_be_hidden()


def test_a_film_without_a_still_says_so_on_paper(page: Page, tmp_path: Path) -> None:
    run = run_with(tmp_path, "Eine Katze", "video")
    [(file, _)] = run.media
    file.path.write_bytes(b"no film any more")
    opened_page(page, tmp_path, run)
    said = page.get_by_text("Davon lässt sich kein Bild zeigen.")
    expect(said).to_be_hidden()
    page.emulate_media(media="print")
    expect(said).to_be_visible()
    expect(page.locator("video")).to_be_hidden()


def test_light_and_dark_can_be_chosen(page: Page, tmp_path: Path) -> None:
    opened_page(page, tmp_path, run_with(tmp_path), language="en")
    colour = "getComputedStyle(document.documentElement).backgroundColor"
    before = page.evaluate(colour)
    page.get_by_role("button", name="Light or dark").click()
    assert page.evaluate(colour) != before


def test_fifty_runs_of_all_kinds_open_without_a_complaint(page: Page, tmp_path: Path) -> None:
    root = StorageRoot(tmp_path / "exports")
    storage = build_media_storage(Settings.model_validate({"exports_dir": root.path}))
    ids = make_fifty(storage)
    with_media = sum(bool(storage.get_metadata(run_id).outputs) for run_id in ids)
    for name, opened in (("html", opened_page), ("html_folder", opened_folder)):
        source = ExportSource(RunFolders(root), scratch=tmp_path, mark=mark_run)
        with closing(source.runs(ids, Wanted(marked=True))) as runs:
            opened(page, tmp_path, *_kept(runs, tmp_path / name))
        expect(page.locator("article")).to_have_count(NUMBER)
        broken = page.evaluate(
            """async () => {
              const all = [...document.images];
              all.forEach(one => { one.loading = "eager"; });
              await Promise.all(all.map(one => one.decode().catch(() => {})));
              return all.filter(one => !one.naturalWidth).length;
            }"""
        )
        assert broken == 0
        assert page.locator("img").count() >= with_media


def _kept(runs: Iterator[ExportedRun], folder: Path) -> Iterator[ExportedRun]:
    """The runs with their files in a place that stays, since a page is given them all at once."""
    for run in runs:
        place = folder / run.run_id
        place.mkdir(parents=True)
        files = [
            replace(one, path=Path(shutil.copy(one.path, place / one.name))) for one in run.files
        ]
        yield ExportedRun(run.metadata, tuple(files))
