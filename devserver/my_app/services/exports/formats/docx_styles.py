"""How a DOCX report looks: its page, its styles and its colours."""

from __future__ import annotations

from typing import Any

import docx
from docx.document import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_TAB_ALIGNMENT
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Cm, Pt, RGBColor
from docx.text.run import Run

from devserver import SERVER_VERSION
from devserver.my_app.services.exports.formats.docx_elements import field
from devserver.my_app.services.exports.report import Report

QUIET = RGBColor(0x55, 0x63, 0x6B)
"""The colour of what is said beside."""

WIDTH = Cm(16.6)
"""Between the margins."""

_ACCENT = RGBColor(0x24, 0x5C, 0x68)
_REMOVED, _ADDED = RGBColor(0x8A, 0x1C, 0x1C), RGBColor(0x0B, 0x5A, 0x2B)
_FONT = "Calibri"
_LONGEST_PROPERTY = 255
_PROGRAM = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<Properties xmlns="http://schemas.'
    'openxmlformats.org/officeDocument/2006/extended-properties">'
    f"<Application>devserver {SERVER_VERSION}</Application></Properties>"
).encode()


def new_document(report: Report) -> Document:
    """An empty document with its page, its styles, its footer, and what is said about it."""
    document = docx.Document()
    for element in list(document.element.body):
        if element.tag != qn("w:sectPr"):
            document.element.body.remove(element)
    about = document.core_properties
    about.title, about.author, about.comments = _short(report.title), "", report.words["about"]
    about.language = report.language
    about.created = about.modified = report.made_at
    about.last_modified_by, about.revision = "", 1
    _forget_template(document)
    page = document.sections[0]
    page.page_width, page.page_height = Cm(21), Cm(29.7)
    page.left_margin = page.right_margin = Cm(2.2)
    page.top_margin, page.bottom_margin = Cm(2.2), Cm(2.4)
    page.different_first_page_header_footer = True
    _set_styles(document, report.language)
    footer = page.footer.paragraphs[0]
    footer.style = "Foot"
    for text in (report.title, "\t", f"{report.words['page']} "):
        footer.add_run(text)
    footer._p.append(field("PAGE"))
    return document


def _short(title: str) -> str:
    """As much of a title as may stand in the properties of a document."""
    if len(title) <= _LONGEST_PROPERTY:
        return title
    return title[: _LONGEST_PROPERTY - 1] + "…"


def _forget_template(document: Document) -> None:
    """Let nothing speak of the document that python-docx begins with: its picture, its program."""
    package = document.part.package
    package.part_related_by(RELATIONSHIP_TYPE.EXTENDED_PROPERTIES)._blob = _PROGRAM
    for name, relation in [*package.rels.items()]:
        if relation.reltype == RELATIONSHIP_TYPE.THUMBNAIL:
            del package.rels[name]


def as_removed(run: Run) -> None:
    """Let the run look like words that were taken away."""
    run.font.strike = True
    run.font.color.rgb = _REMOVED


def as_added(run: Run) -> None:
    """Let the run look like words that came in."""
    run.font.underline = True
    run.font.bold = True
    run.font.color.rgb = _ADDED


def _set_styles(document: Document, language: str) -> None:
    styles: Any = document.styles
    normal = styles["Normal"]
    normal.font.name, normal.font.size = _FONT, Pt(10)
    normal.paragraph_format.space_after = Pt(5)
    tongue = OxmlElement("w:lang")
    tongue.set(qn("w:val"), {"de": "de-DE", "en": "en-GB"}[language])
    normal.element.get_or_add_rPr().append(tongue)
    for name, size, before, after in (
        ("Title", 28, 0, 6), ("Subtitle", 13, 4, 2), ("Heading 1", 16, 0, 8),
        ("Heading 2", 12, 14, 5), ("Caption", 9, 3, 10),
    ):  # fmt: skip
        style = styles[name]
        _set_font(style, size)
        style.font.bold = name not in ("Subtitle", "Caption")
        style.font.italic = False
        style.font.color.rgb = None if name == "Caption" else _ACCENT
        style.paragraph_format.space_before = Pt(before)
        style.paragraph_format.space_after = Pt(after)
    for name, base in (
        ("Contents", "Normal"), ("Entry", "Normal"), ("Lead", "Normal"), ("Boxed", "Normal"),
        ("Step", "Normal"), ("Changes", "Normal"), ("Foot", "Normal"),
    ):  # fmt: skip
        style = styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        style.base_style = styles[base]
    _set_font(styles["Contents"], 16)
    for name in ("Contents", "Lead"):
        styles[name].font.bold = True
        styles[name].font.color.rgb = _ACCENT
        styles[name].paragraph_format.keep_with_next = True
        styles[name].paragraph_format.space_before = Pt(6)
        styles[name].paragraph_format.space_after = Pt(2)
    entry = styles["Entry"].paragraph_format
    entry.tab_stops.add_tab_stop(WIDTH, WD_TAB_ALIGNMENT.RIGHT)
    foot = styles["Foot"]
    foot.font.size, foot.font.color.rgb = Pt(8), QUIET
    foot.paragraph_format.tab_stops.add_tab_stop(WIDTH, WD_TAB_ALIGNMENT.RIGHT)
    entry.space_after, entry.right_indent = Pt(3), Cm(0)
    styles["Step"].paragraph_format.space_before = Pt(8)
    styles["Step"].paragraph_format.space_after = Pt(2)
    styles["Step"].paragraph_format.keep_with_next = True
    _add_border(styles["Changes"], "left")
    styles["Changes"].paragraph_format.left_indent = Cm(0.4)
    for side in ("top", "left", "bottom", "right"):
        _add_border(styles["Boxed"], side)
    _add_facts_style(styles)


def _add_facts_style(styles: Any) -> None:
    style = styles.add_style("Facts", WD_STYLE_TYPE.TABLE)
    style.base_style = styles["Normal Table"]
    style.element.append(
        parse_xml(
            f"<w:tblPr {nsdecls('w')}><w:tblBorders>"
            '<w:bottom w:val="single" w:sz="4" w:color="C9D2D6"/>'
            '<w:insideH w:val="single" w:sz="4" w:color="C9D2D6"/></w:tblBorders>'
            '<w:tblCellMar><w:top w:w="30" w:type="dxa"/><w:bottom w:w="30" w:type="dxa"/>'
            "</w:tblCellMar></w:tblPr>"
        )
    )
    style.paragraph_format.space_after = Pt(0)


def _set_font(style: Any, size: int) -> None:
    style.font.name, style.font.size = _FONT, Pt(size)
    fonts = style.element.rPr.rFonts
    for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        fonts.attrib.pop(qn(f"w:{theme}"), None)
    fonts.set(qn("w:hAnsi"), _FONT)


def _add_border(style: Any, side: str) -> None:
    properties = style.element.get_or_add_pPr()
    borders = properties.find(qn("w:pBdr"))
    if borders is None:
        borders = OxmlElement("w:pBdr")
        properties.insert_element_before(
            borders, "w:shd", "w:tabs", "w:suppressAutoHyphens", "w:spacing", "w:ind", "w:jc"
        )
    line = OxmlElement(f"w:{side}")
    for key, value in (("val", "single"), ("sz", "8"), ("space", "6"), ("color", "C9D2D6")):
        line.set(qn(f"w:{key}"), value)
    borders.append(line)
