"""The DOCX report, for Word, LibreOffice and programs of qualitative analysis.

python-docx makes styles, tables and paragraphs. It keeps a whole document in memory, so the body is
taken from it run by run and written to a file, and pictures never pass through it.
"""

from __future__ import annotations

import io
import shutil
import tempfile
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO

from docx.enum.text import WD_BREAK
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.oxml.shape import CT_Inline
from docx.shared import Cm, Emu, Pt, RGBColor
from docx.table import _Cell
from docx.text.paragraph import Paragraph
from docx.text.run import Run

from devserver.my_app.services.exports.formats.docx_elements import (
    add_bookmark,
    bookmark,
    page_number_of,
    repeat_as_header,
    run_leftwards,
    set_widths,
    xml_of,
)
from devserver.my_app.services.exports.formats.docx_styles import (
    QUIET,
    WIDTH,
    as_added,
    as_removed,
    new_document,
)
from devserver.my_app.services.exports.illustrations import Illustrations
from devserver.my_app.services.exports.port import ExportedRun, ExportOptions, Holds
from devserver.my_app.services.exports.report import Fact, Medium, Report, Section, Step
from devserver.my_app.services.exports.shown_text import readable, runs_rightwards

_BODY = "word/document.xml"
_RELATIONS = "word/_rels/document.xml.rels"
_TYPES = "[Content_Types].xml"
_SPLIT = b"<w:p><w:r><w:t>the body</w:t></w:r></w:p>"
_IMAGE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/image"
_PICTURE_WIDTH, _PICTURE_HEIGHT = Cm(7), Cm(7)
_CONTENTS_FROM = 3


class DocxReport:
    """One DOCX. Works in folders under `scratch`, which it leaves empty."""

    name = "docx"
    extension = "docx"
    mime_type = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    version = 3
    holds: Holds = "pictures"
    marks_media = False

    def __init__(self, illustrations: Illustrations, *, scratch: Path) -> None:
        self._illustrations = illustrations
        self._scratch = scratch

    def write(self, runs: Iterable[ExportedRun], out: BinaryIO, options: ExportOptions) -> None:
        """See `ExportFormat`."""
        self._scratch.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="docx-", dir=self._scratch) as folder:
            _Work(Path(folder), Report(options), self._illustrations).write(runs, out)


class _Work:
    """The making of one DOCX: its body grows in a file, its pictures lie beside it."""

    def __init__(self, folder: Path, report: Report, illustrations: Illustrations) -> None:
        self._folder = folder
        self._report = report
        self._words = report.words
        self._illustrations = illustrations
        self._document = new_document(report)
        self._pictures = 0

    def write(self, runs: Iterable[ExportedRun], out: BinaryIO) -> None:
        entries: list[tuple[int, str, str]] = []
        with (self._folder / "body.xml").open("w+b") as body:
            for number, run in enumerate(runs, 1):
                section = self._report.section(run, number)
                self._add_run(section)
                body.write(self._taken())
                entries.append((number, section.heading, section.status))
            self._add_front(entries)
            front = self._taken()
            body.seek(0)
            self._pack(out, front, body)

    def _taken(self) -> bytes:
        """The paragraphs and tables that were made since the last time, as XML."""
        body = self._document.element.body
        parts = [element for element in body if element.tag != qn("w:sectPr")]
        for element in parts:
            body.remove(element)
        return b"".join(xml_of(element) for element in parts)

    def _pack(self, out: BinaryIO, front: bytes, body: BinaryIO) -> None:
        self._document.add_paragraph("the body")
        shell = io.BytesIO()
        self._document.save(shell)
        with (
            zipfile.ZipFile(shell) as made,
            zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package,
        ):
            before, after = made.read(_BODY).split(_SPLIT)
            types = made.read(_TYPES)
            if b'Extension="jpg"' not in types:
                jpeg = b'<Default Extension="jpg" ContentType="image/jpeg"/>'
                types = types.replace(b"<Override", jpeg + b"<Override", 1)
            package.writestr(_TYPES, types)
            others = set(made.namelist()) - {_TYPES, _BODY, _RELATIONS}
            for name in sorted(others):
                package.writestr(name, made.read(name))
            package.writestr(_RELATIONS, self._relations(made.read(_RELATIONS)))
            with package.open(_BODY, "w") as target:
                target.write(before + front)
                shutil.copyfileobj(body, target, 1 << 20)
                target.write(after)
            for number in range(1, self._pictures + 1):
                picture = (self._folder / f"{number}.jpg").read_bytes()
                package.writestr(zipfile.ZipInfo(f"word/media/report{number}.jpg"), picture)

    def _relations(self, known: bytes) -> bytes:
        more = "".join(
            f'<Relationship Id="rIdReport{n}" Type="{_IMAGE}" Target="media/report{n}.jpg"/>'
            for n in range(1, self._pictures + 1)
        )
        end = b"</Relationships>"
        return known.replace(end, more.encode() + end)

    # The front

    def _add_front(self, entries: list[tuple[int, str, str]]) -> None:
        document, report, words = self._document, self._report, self._words
        title = document.add_paragraph(style="Title")
        title.paragraph_format.space_before = Cm(5)
        self._text(title, report.title)
        self._text(document.add_paragraph(style="Subtitle"), report.how_many(len(entries)))
        self._text(document.add_paragraph(), f"{words['made_on']} {report.made_on}", QUIET)
        for head, body in (
            (words["about"], words["what_this_is"]),
            (words["ai_notice_title"], words["ai_notice"]),
            (words["licence"], report.licence),
            (words["how_title"], words["how_made"]),
        ):
            paragraph = document.add_paragraph(style="Lead")
            self._text(paragraph, head)
            self._text(document.add_paragraph(), body)
        self._add_reading()
        if not entries:
            self._text(document.add_paragraph(), words["no_runs"])
        if len(entries) >= _CONTENTS_FROM:
            self._add_contents(entries)

    def _add_reading(self) -> None:
        before, _, rest = self._words["reading_changes"].partition("{removed}")
        middle, _, end = rest.partition("{added}")
        paragraph = self._document.add_paragraph()
        self._text(paragraph, before)
        as_removed(self._text(paragraph, self._words["sample_removed"]))
        self._text(paragraph, middle)
        as_added(self._text(paragraph, self._words["sample_added"]))
        self._text(paragraph, end)

    def _add_contents(self, entries: list[tuple[int, str, str]]) -> None:
        heading = self._document.add_paragraph(style="Contents")
        heading.paragraph_format.page_break_before = True
        self._text(heading, self._words["contents"])
        for number, text, status in entries:
            paragraph = self._document.add_paragraph(style="Entry")
            link = OxmlElement("w:hyperlink")
            link.set(qn("w:anchor"), bookmark(number))
            paragraph._p.append(link)
            for piece in (text, f" — {status}\t"):
                run = self._text(paragraph, piece, None if piece is text else QUIET)
                link.append(run._r)
            link.append(page_number_of(number))

    # One run

    def _add_run(self, section: Section) -> None:
        document, words = self._document, self._words
        heading = document.add_paragraph(style="Heading 1")
        heading.paragraph_format.page_break_before = True
        self._text(heading, section.heading)
        add_bookmark(heading, section.number)
        self._add_facts(section.facts)
        if section.why:
            self._text(document.add_paragraph(style="Lead"), section.why.label)
            self._text(document.add_paragraph(style="Boxed"), section.why.value)
        if section.warnings:
            self._text(document.add_paragraph(style="Lead"), words["warnings"])
        for warning in section.warnings:
            self._text(document.add_paragraph(style="List Bullet"), warning)
        self._text(document.add_paragraph(style="Heading 2"), words["texts"])
        self._add_texts(section)
        self._text(document.add_paragraph(style="Heading 2"), words["media"])
        for medium in section.media:
            self._add_medium(section, medium)
        if not section.media:
            self._text(document.add_paragraph(), words["no_media"], QUIET)
        if section.steps:
            self._text(document.add_paragraph(style="Heading 2"), words["journey"])
        for step in section.steps:
            self._add_step(step)

    def _add_facts(self, facts: tuple[Fact, ...]) -> None:
        table = self._document.add_table(len(facts), 2, style="Facts")
        set_widths(table, Cm(4.2), Emu(WIDTH - Cm(4.2)))
        for row, fact in zip(table.rows, facts, strict=True):
            for cell in row.cells:
                cell.paragraphs[0].paragraph_format.space_after = Pt(0)
            self._text(row.cells[0].paragraphs[0], fact.label, QUIET)
            self._text(row.cells[1].paragraphs[0], fact.value)

    def _add_texts(self, section: Section) -> None:
        words = self._words
        table = self._document.add_table(2, 2)
        set_widths(table, Emu(WIDTH // 2), Emu(WIDTH // 2))
        for column, label in enumerate(("input_text", "transformed_text")):
            self._text(table.rows[0].cells[column].paragraphs[0], words[label]).bold = True
        repeat_as_header(table.rows[0]._tr)
        self._add_lines(table.rows[1].cells[0], section.input_text)
        right = table.rows[1].cells[1]
        if section.transformed_text is None:
            self._text(right.paragraphs[0], words["no_transformed"], QUIET)
        elif not section.is_rewritten:
            self._text(right.paragraphs[0], words["same_text"], QUIET)
        else:
            self._add_lines(right, section.transformed_text)

    def _add_lines(self, cell: _Cell, text: str) -> None:
        paragraph = cell.paragraphs[0]
        for number, line in enumerate(text.split("\n")):
            if number:
                paragraph = cell.add_paragraph()
            paragraph.paragraph_format.space_after = Pt(3)
            self._text(paragraph, line)

    def _add_step(self, step: Step) -> None:
        words = self._words
        paragraph = self._document.add_paragraph(style="Step")
        self._text(paragraph, step.title).bold = True
        self._text(paragraph, f" — {step.status}  ")
        self._text(paragraph, step.facts, QUIET).font.size = Pt(8.5)
        said = " ".join(filter(None, (step.note, words["unchanged"] if step.is_unchanged else "")))
        if said:
            self._text(self._document.add_paragraph(style="Changes"), said)
        if not step.changes or step.is_unchanged:
            return
        changes = readable(step.changes, words["cut_short"])
        paragraph = self._document.add_paragraph(style="Changes")
        if not runs_rightwards("".join(change.text for change in changes)):
            run_leftwards(paragraph)
        for change in changes:
            run = self._text(paragraph, change.text, directed=False)
            if change.kind == "removed":
                as_removed(run)
            elif change.kind == "added":
                as_added(run)

    def _add_medium(self, section: Section, medium: Medium) -> None:
        words = self._words
        what = {"video": words["still"], "audio": words["waveform"], "3d": words["view"]}
        said = what.get(medium.output.type, "")
        picture = self._illustrations.of(section.run, medium.file, medium.output)
        if picture is None:
            said = words["no_picture"]
        else:
            self._pictures += 1
            (self._folder / f"{self._pictures}.jpg").write_bytes(picture.jpeg)
            paragraph = self._document.add_paragraph()
            paragraph.paragraph_format.keep_with_next = True
            self._add_picture(paragraph, medium.alt, picture.width, picture.height)
        caption = self._document.add_paragraph(style="Caption")
        self._text(caption, medium.title).bold = True
        self._text(caption, f" · {said}" if said else "")
        self._text(caption, f" · {medium.made_by}")
        for line in filter(None, (medium.credit, medium.facts)):
            caption.add_run().add_break(WD_BREAK.LINE)
            self._text(caption, line, QUIET)

    def _add_picture(self, paragraph: Paragraph, alt: str, width: int, height: int) -> None:
        scale = min(_PICTURE_WIDTH / width, _PICTURE_HEIGHT / height)
        if width > 2.5 * height:
            scale = WIDTH / width
        number = self._pictures
        inline: Any = CT_Inline.new_pic_inline(
            number, f"rIdReport{number}", f"report{number}.jpg",
            Emu(round(width * scale)), Emu(round(height * scale)),
        )  # fmt: skip
        for properties in (inline.docPr, inline.graphic.graphicData.pic.nvPicPr.cNvPr):
            properties.set("descr", alt)
        paragraph.add_run()._r.add_drawing(inline)

    def _text(
        self,
        paragraph: Paragraph,
        text: str,
        colour: RGBColor | None = None,
        *,
        directed: bool = True,
    ) -> Run:
        run = paragraph.add_run(text)
        if colour is not None:
            run.font.color.rgb = colour
        if not runs_rightwards(text):
            run.font.rtl = True
            if directed:
                run_leftwards(paragraph)
        return run
