"""What WordprocessingML has and python-docx does not: fields, bookmarks, directions."""

from __future__ import annotations

from typing import Any

from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Length
from docx.table import Table
from docx.text.paragraph import Paragraph


def run_leftwards(paragraph: Paragraph) -> None:
    """Let the whole paragraph run from right to left."""
    properties: Any = paragraph._p.get_or_add_pPr()
    if properties.find(qn("w:bidi")) is None:
        properties.insert_element_before(
            OxmlElement("w:bidi"), "w:adjustRightInd", "w:snapToGrid", "w:spacing", "w:ind", "w:jc"
        )


def set_widths(table: Table, *widths: Length) -> None:
    """Give the columns their widths, which Word asks for in each cell."""
    table.autofit = False
    for column, width in zip(table.columns, widths, strict=True):
        column.width = width
        for cell in column.cells:
            cell.width = width


def repeat_as_header(row: Any) -> None:
    """Let the row stand again at the top of each page that its table reaches."""
    row.get_or_add_trPr().append(OxmlElement("w:tblHeader"))


def bookmark(number: int) -> str:
    """What the bookmark of a run is called."""
    return f"run_{number}"


def add_bookmark(paragraph: Paragraph, number: int) -> None:
    """Mark the paragraph as the beginning of a run."""
    for tag in ("w:bookmarkStart", "w:bookmarkEnd"):
        mark = OxmlElement(tag)
        mark.set(qn("w:id"), str(number))
        if tag.endswith("Start"):
            mark.set(qn("w:name"), bookmark(number))
        paragraph._p.append(mark)


def page_number_of(number: int) -> Any:
    """The page a run begins on, as a field."""
    return field(f"PAGEREF {bookmark(number)} \\h")


def field(instruction: str) -> Any:
    """Something that the reader's program works out."""
    return parse_xml(
        f'<w:fldSimple {nsdecls("w")} w:instr="{instruction}" w:dirty="true">'
        "<w:r><w:t>·</w:t></w:r></w:fldSimple>"
    )


def xml_of(element: Any) -> bytes:
    """The element as it stands in the file."""
    from lxml import etree  # noqa: PLC0415 - python-docx brings it

    made: bytes = etree.tostring(element)
    return made
