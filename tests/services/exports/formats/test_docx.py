from __future__ import annotations

import io
import zipfile
from pathlib import Path

import docx
import pytest
from docx.document import Document
from lxml import etree

from devserver.my_app.services.exports.formats.docx import DocxReport
from devserver.my_app.services.exports.port import ExportedRun, ExportOptions
from devserver.my_app.services.exports.shown_text import visible
from tests.services.exports.report_samples import (
    HOSTILE,
    Unseekable,
    breaking_off,
    illustrations,
    run_with,
    runs_of_each_end,
    watched,
    written,
)

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


@pytest.fixture(name="report")
def _report(tmp_path: Path) -> DocxReport:
    return DocxReport(illustrations(tmp_path), scratch=tmp_path / "scratch")


def made(report: DocxReport, *runs: ExportedRun, **options: object) -> Document:
    return docx.Document(io.BytesIO(written(report, *runs, **options)))


def text_of(document: Document) -> str:
    paragraphs = document.element.body.iter(f"{W}p")
    return "\n".join("".join(t.text or "" for t in p.iter(f"{W}t")) for p in paragraphs)


@pytest.mark.parametrize("language", ["de", "en"])
def test_a_report_holds_everything_of_a_run(
    report: DocxReport, tmp_path: Path, language: str
) -> None:
    runs = runs_of_each_end(tmp_path)
    document = made(report, *runs, language=language, title="Mein Bericht", licence="CC BY 4.0")
    said = text_of(document)
    for run in runs:
        assert run.run_id in said
        assert run.metadata.input_text in said
    for words in (
        "Mein Bericht", "CC BY 4.0", "KIND_07", "tanzt", "OpenMoji", "output_3d.glb",
        "Darüber machen wir keine Bilder.", "No ComfyUI answers.",
        "4 Läufe" if language == "de" else "4 runs",
        "ohne KI-Modell" if language == "de" else "without an AI model",
    ):  # fmt: skip
        assert words in said, words
    assert document.core_properties.title == "Mein Bericht"
    assert document.core_properties.language == language
    assert len(document.inline_shapes) == 4
    described = [shape._inline.docPr.get("descr") for shape in document.inline_shapes]
    assert all("Die Katze schläft" in alt or "Regen" in alt for alt in described)
    headings = [p.text for p in document.paragraphs if p.style and p.style.name == "Heading 1"]
    assert len(headings) == 4


def test_changes_are_struck_through_and_underlined(report: DocxReport, tmp_path: Path) -> None:
    document = made(report, run_with(tmp_path, "Die Katze schläft", after="Die Katze tanzt"))
    runs = [run for paragraph in document.paragraphs for run in paragraph.runs]
    assert [r.text.strip() for r in runs if r.font.strike][1:] == ["schläft"]
    assert [r.text for r in runs if r.font.underline][1:] == ["tanzt"]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts_are_shown(report: DocxReport, tmp_path: Path, name: str) -> None:
    text = HOSTILE[name]
    data = written(report, run_with(tmp_path, text, after=f"Danach: {text}"))
    said = text_of(docx.Document(io.BytesIO(data)))
    for line in visible(text).split("\n"):
        assert said.count(line) >= 2
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        for entry in package.namelist():
            if entry.endswith((".xml", ".rels")):
                etree.fromstring(package.read(entry))
    assert ("<w:bidi" in str(etree.tostring(docx.Document(io.BytesIO(data)).element))) == (
        name in ("arabic", "hebrew")
    )


@pytest.mark.parametrize("count", [0, 1])
def test_few_runs_have_no_contents(report: DocxReport, tmp_path: Path, count: int) -> None:
    document = made(report, *(run_with(tmp_path) for _ in range(count)))
    said = text_of(document)
    assert "Inhalt" not in said
    assert ("Die Auswahl enthält keinen Lauf." in said) == (count == 0)


def test_many_runs_are_written_one_by_one(report: DocxReport, tmp_path: Path) -> None:
    runs = (run_with(tmp_path, f"Text Nummer {n}.", "image") for n in range(1, 61))
    out = Unseekable()
    report.write(watched(runs, 1), out, ExportOptions())
    document = docx.Document(io.BytesIO(out.getvalue()))
    assert len(document.inline_shapes) == 60
    said = text_of(document)
    assert "60 Läufe" in said
    links = {a.get(f"{W}anchor") for a in document.element.body.iter(f"{W}hyperlink")}
    marks = {b.get(f"{W}name") for b in document.element.body.iter(f"{W}bookmarkStart")}
    assert links == marks == {f"run_{n}" for n in range(1, 61)}


def test_what_the_runs_raise_comes_out_and_nothing_stays(
    report: DocxReport, tmp_path: Path
) -> None:
    out = Unseekable()
    with pytest.raises(InterruptedError):
        report.write(breaking_off(tmp_path), out, ExportOptions())
    assert out.getvalue() == b""
    assert list((tmp_path / "scratch").iterdir()) == []
