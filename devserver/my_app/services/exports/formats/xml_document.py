"""Plain XML: one document with all that the metadata.json of each run says.

`devserver/docs/runs.xsd` describes it. XML has no way to write most control characters; a text
that holds one is marked, see `Text`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO
from xml.sax.saxutils import escape, quoteattr

from pydantic import BaseModel

from devserver.my_app.services.exports.plain_values import plain_run
from devserver.my_app.services.exports.port import ExportedRun, ExportOptions, Holds
from devserver.my_app.services.run_metadata import (
    Job,
    Output,
    RunError,
    RunMetadata,
    RunRequest,
    StageRecord,
)

# Everything that production [2] Char of XML 1.0 leaves out.
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ESCAPED = re.compile(r"\\(?:\\|u([0-9a-f]{4}))")
_KNOWN: dict[type[BaseModel], tuple[str, ...]] = {
    model: tuple(field.alias or name for name, field in model.model_fields.items())
    for model in (RunMetadata, RunRequest, Output, StageRecord, Job, RunError)
}
_LISTS: dict[str, tuple[str, type[BaseModel]]] = {
    "outputs": ("output", Output),
    "stages": ("step", StageRecord),
    "jobs": ("job", Job),
}
_RECORDS: dict[str, type[BaseModel]] = {"request": RunRequest, "error": RunError}
_ITEM_NAMES = {"warnings": "warning", "output_configs": "output_config"}


class XmlDocument:
    """`<runs><run>…</run>…</runs>` in UTF-8, elements named as the keys of metadata.json."""

    name = "xml"
    extension = "xml"
    mime_type = "application/xml"
    version = 1
    holds: Holds = "texts"
    marks_media = False

    def write(self, runs: Iterable[ExportedRun], out: BinaryIO, options: ExportOptions) -> None:
        """Write the document run by run."""
        out.write(b'<?xml version="1.0" encoding="UTF-8"?>\n<runs version="1">\n')
        for name, value in (("title", options.title or None), ("licence", options.licence)):
            if value is not None:
                out.write(_element(name, value, 1).encode())
        for run in runs:
            out.write(b"  <run>\n")
            for line in _run(plain_run(run.metadata)):
                out.write(line.encode())
            out.write(b"  </run>\n")
        out.write(b"</runs>\n")


@dataclass(frozen=True)
class Text:
    """A text as XML holds it, and whether it had to be escaped for that.

    When it holds a character that XML can't, each such character is written as \\uXXXX and each
    backslash doubled, and its element says `escaped="true"`. All other texts are as they are.
    """

    written: str
    is_escaped: bool

    @classmethod
    def of(cls, text: str) -> Text:
        """The way in which `text` is written."""
        if not _NOT_IN_XML.search(text):
            return cls(text, False)
        doubled = text.replace("\\", "\\\\")
        return cls(_NOT_IN_XML.sub(lambda m: f"\\u{ord(m[0]):04x}", doubled), True)

    def read(self) -> str:
        """The text that this stands for."""
        if not self.is_escaped:
            return self.written
        return _ESCAPED.sub(lambda m: chr(int(m[1], 16)) if m[1] else "\\", self.written)


def _run(values: Mapping[str, Any]) -> Iterator[str]:
    for key in _KNOWN[RunMetadata]:
        value = values.get(key)
        if key in _LISTS:
            name, model = _LISTS[key]
            yield from _group(key, (_record(name, one, _KNOWN[model], 3) for one in value or ()), 2)
        elif key in _ITEM_NAMES:
            yield from _items(key, value, 2)
        elif key in _RECORDS:
            if value is not None:
                yield from _record(key, value, _KNOWN[_RECORDS[key]], 2)
        else:
            yield _element(key, value, 2)
    yield from _others(values, _KNOWN[RunMetadata], 2)


def _record(
    name: str, values: Mapping[str, Any], known: tuple[str, ...], depth: int
) -> Iterator[str]:
    """The fields of an output, a step, a job, the request or the error."""

    def inside() -> Iterator[str]:
        for key in known:
            value = values.get(key)
            if key == "details":
                if value:
                    yield from _group("details", (_entries(value, depth + 2),), depth + 1)
            elif key in _ITEM_NAMES:
                yield from _items(key, value, depth + 1)
            else:
                yield _element(key, value, depth + 1)
        yield from _others(values, known, depth + 1)

    yield from _group(name, (inside(),), depth)


def _others(values: Mapping[str, Any], known: tuple[str, ...], depth: int) -> Iterator[str]:
    """The keys that this version does not know."""
    others = {key: value for key, value in values.items() if key not in known}
    if others:
        yield from _group("other", (_entries(others, depth + 1),), depth)


def _items(key: str, values: Iterable[Any] | None, depth: int) -> Iterator[str]:
    items = [[_element(_ITEM_NAMES[key], value, depth + 1)] for value in values or ()]
    yield from _group(key, items, depth)


def _group(name: str, parts: Iterable[Iterable[str]], depth: int) -> Iterator[str]:
    indent = "  " * depth
    yield f"{indent}<{name}>\n"
    for part in parts:
        yield from part
    yield f"{indent}</{name}>\n"


def _entries(values: Mapping[str, Any], depth: int) -> Iterator[str]:
    for key, value in values.items():
        yield from _free("entry", value, depth, key)


def _free(name: str, value: Any, depth: int, key: str | None = None) -> Iterator[str]:
    """A value of any shape, as details may hold it."""
    attributes = "" if key is None else _attribute("key", key)
    if isinstance(value, Mapping):
        yield f'{"  " * depth}<{name}{attributes} type="object">\n'
        yield from _entries(value, depth + 1)
        yield f"{'  ' * depth}</{name}>\n"
    elif isinstance(value, list):
        yield f'{"  " * depth}<{name}{attributes} type="list">\n'
        for item in value:
            yield from _free("item", item, depth + 1)
        yield f"{'  ' * depth}</{name}>\n"
    else:
        kind = {str: "text", bool: "boolean", type(None): "null"}.get(type(value), "number")
        written = "" if value is None else value
        yield _element(name, written, depth, f'{attributes} type="{kind}"')


def _element(name: str, value: Any, depth: int, attributes: str = "") -> str:
    """One line for a text or a number; none for None, which is how what isn't there is told."""
    if value is None:
        return ""
    text = Text.of(_said(value))
    if text.is_escaped:
        attributes += ' escaped="true"'
    content = escape(text.written, {"\r": "&#13;"})
    return f"{'  ' * depth}<{name}{attributes}>{content}</{name}>\n"


def _attribute(name: str, value: str) -> str:
    text = Text.of(value)
    written = quoteattr(text.written, {"\r": "&#13;", "\n": "&#10;", "\t": "&#9;"})
    return f" {name}={written}" + (f' {name}_escaped="true"' if text.is_escaped else "")


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else str(value)
