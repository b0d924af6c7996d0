"""The XML of a REFI-QDA project (QDA-XML 1.0), element by element.

Texts may hold anything: what XML has no room for (control characters, lone surrogates) becomes the
replacement character; the files with the texts themselves are not XML and keep every character.
"""

from __future__ import annotations

import re
from xml.sax.saxutils import escape, quoteattr

NAMESPACE = "urn:QDA-XML:project:1.0"
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_REPLACEMENT = "\ufffd"


def in_xml(text: str) -> str:
    """`text` with nothing in it that XML 1.0 forbids; not yet escaped."""
    return _NO_XML.sub(_REPLACEMENT, text)


def start_tag(name: str, attributes: dict[str, str | None], *, empty: bool = False) -> str:
    """`<name …>`; attributes that are None are left out."""
    given = {key: value for key, value in attributes.items() if value is not None}
    said = "".join(f" {key}={quoteattr(in_xml(value))}" for key, value in given.items())
    return f"<{name}{said}{'/' if empty else ''}>"


def text_element(name: str, text: str) -> str:
    """An element with a text, line ends as they are."""
    return f"<{name}>{escape(in_xml(text), {chr(13): '&#13;'})}</{name}>"


def reference(name: str, guid: str) -> str:
    """An element that refers to another one."""
    return start_tag(name, {"targetGUID": guid}, empty=True)


def element(name: str, attributes: dict[str, str | None], *children: str) -> str:
    """An element with its children, on a line of its own."""
    if not children:
        return start_tag(name, attributes, empty=True) + "\n"
    return f"{start_tag(name, attributes)}{''.join(children)}</{name}>\n"
