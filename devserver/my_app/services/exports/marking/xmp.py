"""XMP packets (ISO 16684-1) that say how a file came about, merged into what the file has."""

from __future__ import annotations

import logging
from dataclasses import replace
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

from devserver.my_app.services.exports.marking.said import Marking, writable
from devserver.my_app.services.exports.marking.splice import MarkingNotPossible

logger = logging.getLogger(__name__)

MOST_BYTES = 1024**2
"""XMP that is longer is not read, but replaced."""

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_IPTC = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
_DC = "http://purl.org/dc/elements/1.1/"
_OWN = "urn:uuid:8d3c5a0e-3f43-4a0e-9d0f-5a1b7f0f2c11#"
"""The namespace of what no standard has a name for: the interception style."""

_CUT = " […]"


def packet(marking: Marking, existing: bytes = b"", *, most_bytes: int | None = None) -> bytes:
    """The packet of a file whose packet was `existing`, in UTF-8.

    Everything in `existing` is kept, but for the properties that are written anew; what is no
    well-formed XMP is replaced. A prompt that doesn't fit into `most_bytes` is cut and ends in
    […]. Raises MarkingNotPossible when there is no room at all.
    """
    kept = _read(existing) if existing else None
    whole = _written(marking, kept)
    if most_bytes is None or len(whole) <= most_bytes:
        return whole
    prompt = marking.prompt or ""
    low, high = 0, len(prompt)
    while low < high:
        middle = (low + high + 1) // 2
        cut = replace(marking, prompt=prompt[:middle] + _CUT)
        low, high = (middle, high) if len(_written(cut, kept)) <= most_bytes else (low, middle - 1)
    fitting = replace(marking, prompt=prompt[:low] + _CUT if low else None)
    whole = _written(fitting, kept)
    if len(whole) > most_bytes:
        raise MarkingNotPossible("This file can't be marked: its own XMP leaves no room for it.")
    return whole


def _written(marking: Marking, kept: ElementTree.Element | None) -> bytes:
    about = _without_ours(kept, marking) if kept is not None else ""
    if kept is None:
        before, after = f'<rdf:RDF xmlns:rdf="{_RDF}">', "</rdf:RDF>"
    else:
        text = ElementTree.tostring(kept, encoding="unicode")
        end = text.rfind("</")
        if end < 0:  # written as an empty element
            before, after = f'<rdf:RDF xmlns:rdf="{_RDF}">', "</rdf:RDF>"
        else:
            before, after = text[:end], text[end:]
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/">{before}{_description(marking, about)}{after}'
        '</x:xmpmeta><?xpacket end="w"?>'
    ).encode()


def _description(marking: Marking, about: str) -> str:
    said = [("Iptc4xmpExt:DigitalSourceType", marking.source_type)]
    if marking.prompt is not None:
        said.append(("Iptc4xmpExt:AIPromptInformation", marking.prompt))
    if marking.run_id is not None:
        said.append(("dc:identifier", f"urn:uuid:{marking.run_id}"))
    if marking.schema is not None:
        said.append(("run:schema", marking.schema))
    properties = "".join(
        f"<{name}>{escape(writable(value), {chr(13): '&#13;'})}</{name}>" for name, value in said
    )
    return (
        f'<rdf:Description xmlns:rdf="{_RDF}" rdf:about={quoteattr(about)} '
        f'xmlns:Iptc4xmpExt="{_IPTC}" '
        f'xmlns:dc="{_DC}" xmlns:run="{_OWN}">{properties}</rdf:Description>'
    )


def _read(existing: bytes) -> ElementTree.Element | None:
    """The rdf:RDF of a packet, None when it is no XMP that anybody can read."""
    data = existing.strip(b"\x00 \t\r\n")
    # No entity is ever needed in XMP; without a DOCTYPE there is none.
    if not data or len(data) > MOST_BYTES or b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        return None
    try:
        root = ElementTree.fromstring(data)  # noqa: S314 - without entities, and bounded
        rdf = root if root.tag == f"{{{_RDF}}}RDF" else root.find(f"{{{_RDF}}}RDF")
        if rdf is not None:
            ElementTree.tostring(rdf)
    except (ElementTree.ParseError, ValueError, LookupError, RecursionError):
        logger.info("XMP of a file can't be read and is replaced in a marked copy")
        return None
    return rdf


def _without_ours(rdf: ElementTree.Element, marking: Marking) -> str:
    """Take out what is written anew; gives what the packet is about, which all of it must share."""
    names = {f"{{{_IPTC}}}DigitalSourceType"}
    if marking.prompt is not None:
        names.add(f"{{{_IPTC}}}AIPromptInformation")
    if marking.run_id is not None:
        names.add(f"{{{_DC}}}identifier")
    if marking.schema is not None:
        names.add(f"{{{_OWN}}}schema")
    about = ""
    for description in rdf.findall(f"{{{_RDF}}}Description"):
        about = about or description.get(f"{{{_RDF}}}about", "")
        for name in names & description.attrib.keys():
            del description.attrib[name]
        for element in [element for element in description if element.tag in names]:
            description.remove(element)
    rdf.tail = None
    return about
