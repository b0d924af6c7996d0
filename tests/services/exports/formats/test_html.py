from __future__ import annotations

import base64
import io
import re
import zipfile
from pathlib import Path

import pytest
from lxml.html import HtmlElement, HTMLParser, document_fromstring

from devserver.my_app.services.exports.formats import html
from devserver.my_app.services.exports.formats.html import HtmlFolder, HtmlPage
from devserver.my_app.services.exports.port import ExportedRun, ExportOptions
from devserver.my_app.services.exports.shown_text import visible
from tests.services.exports.report_samples import (
    HOSTILE,
    Unseekable,
    blocked_run,
    breaking_off,
    illustrations,
    run_with,
    watched,
    written,
)


@pytest.fixture(name="page")
def _page(tmp_path: Path) -> HtmlPage:
    return HtmlPage(illustrations(tmp_path), scratch=tmp_path / "scratch")


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> HtmlFolder:
    return HtmlFolder(illustrations(tmp_path), scratch=tmp_path / "scratch")


def page_of(report: HtmlPage, *runs: ExportedRun, **options: object) -> str:
    return written(report, *runs, **options).decode()


def package_of(report: HtmlFolder, *runs: ExportedRun) -> zipfile.ZipFile:
    package = zipfile.ZipFile(io.BytesIO(written(report, *runs)))
    assert package.testzip() is None
    return package


def parsed(text: str) -> HtmlElement:
    return document_fromstring(text, parser=HTMLParser(huge_tree=True, encoding="utf-8"))


def test_one_page_holds_the_very_files(page: HtmlPage, tmp_path: Path) -> None:
    run = run_with(tmp_path, "Eine Katze", "image", "audio", "video", "3d")
    text = page_of(page, run)
    for file, _ in run.media:
        assert base64.b64encode(file.path.read_bytes()).decode() in text
    root = parsed(text)
    assert not [src for src in root.xpath("//@src | //@href") if not src.startswith(("data:", "#"))]
    assert all(img.get("alt") for img in root.xpath("//img"))


def test_files_that_are_too_large_are_named(
    page: HtmlPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = run_with(tmp_path, "Eine Katze", "video", "image")
    video, image = (file for file, _ in run.media)
    monkeypatch.setattr(html, "MOST_INSIDE", image.size)
    assert video.size > image.size
    text = page_of(page, run, language="en")
    assert base64.b64encode(image.path.read_bytes()).decode() in text
    assert "<video" not in text
    assert text.count("too large to be inside this page") == 1


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts_are_text(page: HtmlPage, tmp_path: Path, name: str) -> None:
    text = HOSTILE[name]
    root = parsed(page_of(page, run_with(tmp_path, text, "image", user_id=text[:60]), title=text))
    shown = [p.text_content() for p in root.xpath("//p[@class='words']")]
    assert shown[0] == visible(text)
    assert len(root.xpath("//script")) == len(root.xpath("//style")) == 1
    assert not root.xpath("//@*[starts-with(name(), 'on')]")


def test_the_policy_names_the_script_and_the_style(page: HtmlPage) -> None:
    [policy] = parsed(page_of(page)).xpath("//meta[@http-equiv]/@content")
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert len(re.findall(r"'sha256-[\w+/=]{44}'", policy)) == 2


def test_a_folder_has_an_index_a_page_for_each_run_and_the_media(
    folder: HtmlFolder, tmp_path: Path
) -> None:
    runs = [run_with(tmp_path, "Eine Katze", "image", "3d"), blocked_run(tmp_path)]
    package = package_of(folder, *runs)
    names = set(package.namelist())
    for run in runs:
        for file, _ in run.media:
            assert package.read(f"media/{run.run_id}/{file.name}") == file.path.read_bytes()
    for page in [name for name in names if name.endswith(".html")]:
        root = parsed(package.read(page).decode())
        base = Path(page).parent
        for target in root.xpath("//@src | //a/@href"):
            if not target.startswith("#"):
                path = (Path("/") / base / target).as_posix()
                assert str(Path(re.sub(r"/[\w-]+/\.\./", "/", path)).relative_to("/")) in names
    assert {f"runs/{run.run_id}.html" for run in runs} | {"index.html"} <= names
    assert "Darüber machen wir keine Bilder." in package.read("index.html").decode()


def test_a_card_tells_what_its_picture_shows(folder: HtmlFolder, tmp_path: Path) -> None:
    run = run_with(tmp_path, "Eine Katze", "image", "video")
    (picture, _), _ = run.media
    picture.path.write_bytes(b"no picture any more")
    [card] = parsed(package_of(folder, run).read("index.html").decode()).xpath("//article//img")
    assert card.get("src").endswith("/picture_2.jpg")
    assert card.get("alt") == "Film zum Text: Eine Katze"


def test_names_from_outside_lead_nowhere(folder: HtmlFolder, tmp_path: Path) -> None:
    run = run_with(tmp_path, "Eine Katze", "image")
    [(file, output)] = run.media
    evil = type(file)("../../evil.html", file.path, file.size, output)
    nameless = ExportedRun(run.metadata.having(run_id="../../evil"), ())
    names = package_of(folder, ExportedRun(run.metadata, (evil,)), nameless).namelist()
    plain = rf"index\.html|runs/(2|{run.run_id})\.html|media/{run.run_id}/\w+\.(jpg|bin)"
    assert all(re.fullmatch(plain, name) for name in names)


@pytest.mark.parametrize("make", [HtmlPage, HtmlFolder])
def test_runs_are_taken_one_by_one(make: type[HtmlPage | HtmlFolder], tmp_path: Path) -> None:
    report = make(illustrations(tmp_path), scratch=tmp_path / "scratch")
    runs = (run_with(tmp_path, f"Text {n}", "image") for n in range(20))
    report.write(watched(runs, 1), Unseekable(), ExportOptions())


@pytest.mark.parametrize("make", [HtmlPage, HtmlFolder])
def test_what_the_runs_raise_comes_out(make: type[HtmlPage | HtmlFolder], tmp_path: Path) -> None:
    report = make(illustrations(tmp_path), scratch=tmp_path / "scratch")
    with pytest.raises(InterruptedError):
        report.write(breaking_off(tmp_path), Unseekable(), ExportOptions())
    assert list((tmp_path / "scratch").iterdir()) == []


@pytest.mark.parametrize("language", ["de", "en"])
def test_no_run_makes_a_page_that_says_so(page: HtmlPage, language: str) -> None:
    said = {"de": "Die Auswahl enthält keinen Lauf.", "en": "The selection holds no run."}
    root = parsed(page_of(page, language=language))
    assert root.get("lang") == language
    assert said[language] in root.text_content()
