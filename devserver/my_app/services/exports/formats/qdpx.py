"""A selection as a REFI-QDA project (.qdpx), for MAXQDA, ATLAS.ti, NVivo, QualCoder and others.

Each run is a case with its variables; its texts, pictures, sounds and films are sources of that
case, bit for bit; its journey is a memo on the idea. Runs of one style and of one workshop are
sets. There are no codes: coding is what the project is opened for.

QDA-XML knows no 3D and wants no file of 2 GiB and more inside; in place of such a file stands a
text that says what it is and where it is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import BinaryIO
from uuid import UUID, uuid5

from devserver.my_app.services.exports.formats.qda_variables import VARIABLES, moment
from devserver.my_app.services.exports.formats.qda_xml import (
    NAMESPACE,
    element,
    reference,
    start_tag,
    text_element,
)
from devserver.my_app.services.exports.port import (
    ExportedFile,
    ExportedRun,
    ExportOptions,
    Holds,
    Language,
)
from devserver.my_app.services.exports.spool import Spool
from devserver.my_app.services.exports.zip_writer import ZipWriter
from devserver.my_app.services.folder_names import INPUT_TEXT, TRANSFORMED_TEXT
from devserver.my_app.services.journey import word_changes
from devserver.my_app.services.run_metadata import Output, StageRecord, utc_now

LARGEST_INSIDE = 2**31 - 1
"""Bytes of a source inside the project, by the standard."""
_LONGEST_COMPARED = 32_000
"""Characters of two texts that are compared word by word; of longer ones the new one is told."""
_OURS = UUID("6f1d7f6c-5d5e-4f0e-9a53-0d3d8a1a7c11")
"""The namespace of our GUIDs: the same run has the same ones in every export."""
_USER = str(uuid5(_OURS, "user"))
_SOURCES = {"image": "PictureSource", "audio": "AudioSource", "video": "VideoSource"}
_WORDS: dict[Language, dict[str, str]] = {
    "de": {
        "title": "Läufe",
        "idea": "Idee",
        "rewritten": "Umgeschrieben",
        "journey": "Weg des Textes",
        "case": "Lauf",
        "schema": "Stil",
        "workshop": "Workshop",
        "licence": "Lizenz",
        "outside": "Diese Datei liegt nicht im Projekt: REFI-QDA kennt keine 3D-Dateien und nimmt "
        "keine ab 2 GiB auf. Im ZIP-Export desselben Laufs ist sie dabei.",
    },
    "en": {
        "title": "Runs",
        "idea": "Idea",
        "rewritten": "Rewritten",
        "journey": "Journey of the text",
        "case": "Run",
        "schema": "Style",
        "workshop": "Workshop",
        "licence": "Licence",
        "outside": "This file is not in the project: REFI-QDA knows no 3D files and takes none of "
        "2 GiB and more. It is in the ZIP export of the same run.",
    },
}


class QdpxExport:
    """The format `qdpx`. Works in `scratch`, else where all temporary files are."""

    name = "qdpx"
    extension = "qdpx"
    mime_type = "application/zip"
    version = 1
    holds: Holds = "media"
    marks_media = False

    def __init__(self, *, scratch: Path | None = None) -> None:
        self._scratch = scratch

    def write(self, runs: Iterable[ExportedRun], out: BinaryIO, options: ExportOptions) -> None:
        """See ExportFormat. Raises OSError for a file that can't be read, and what `out` raises."""
        with ZipWriter(out) as archive, _Project(archive, options, self._scratch) as project:
            for run in runs:
                project.add(run)
            with archive.new_file("project.qde") as entry:
                for piece in project.xml():
                    entry.write(piece)


class _Project(AbstractContextManager["_Project"]):
    """The project's XML while it grows, and its sources, which go straight into the archive."""

    def __init__(self, archive: ZipWriter, options: ExportOptions, scratch: Path | None) -> None:
        self._scratch = scratch
        self._archive = archive
        self._options = options
        self._words = _WORDS[options.language]
        self._open = ExitStack()
        self._cases, self._sources, self._notes = (self._spool() for _ in range(3))
        self._sets: dict[tuple[str, str], Spool] = {}

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def add(self, run: ExportedRun) -> None:
        """Take in one run: its files into the archive, the rest into the XML."""
        sources = list(self._texts(run))
        for file, output in run.media:
            sources.append(self._medium(run, file, output))
        metadata = run.metadata
        self._cases.add(
            element(
                "Case",
                {"guid": _guid(run, "case"), "name": f"{self._words['case']} {run.run_id}"},
                *_variable_values(run),
                *(reference("SourceRef", guid) for guid in sources),
            )
        )
        for kind, value in (("schema", metadata.schema_id), ("workshop", metadata.workshop)):
            if value:
                members = self._set(kind, value)
                for guid in sources:
                    members.add(reference("MemberSource", guid))

    def xml(self) -> Iterator[bytes]:
        """project.qde, piece by piece, in the order that the schema wants."""
        project = {
            "xmlns": NAMESPACE,
            "name": self._options.title or self._words["title"],
            "origin": "Server for generative media in arts education",
            "creatingUserGUID": _USER,
            "creationDateTime": moment(utc_now()),
        }
        yield f'<?xml version="1.0" encoding="utf-8"?>\n{start_tag("Project", project)}\n'.encode()
        user = element("User", {"guid": _USER, "name": "Server"})
        yield f"<Users>{user}</Users>\n<Variables>\n{_variables()}</Variables>\n".encode()
        yield from _section("Cases", self._cases)
        yield from _section("Sources", self._sources)
        yield from _section("Notes", self._notes)
        if self._sets:
            yield b"<Sets>\n"
            for (kind, value), members in self._sets.items():
                name = f"{self._words[kind]}: {value}"
                tag = start_tag(
                    "Set", {"guid": str(uuid5(_OURS, f"{kind} {value!a}")), "name": name}
                )
                yield tag.encode()
                yield from members.pieces()
                yield b"</Set>\n"
            yield b"</Sets>\n"
        if self._options.licence:
            said = f"{self._words['licence']}: {self._options.licence}"
            yield text_element("Description", said).encode()
        yield b"</Project>\n"

    def _spool(self) -> Spool:
        return self._open.enter_context(Spool(self._scratch))

    def _set(self, kind: str, value: str) -> Spool:
        if (kind, value) not in self._sets:
            self._sets[kind, value] = self._spool()
        return self._sets[kind, value]

    # Sources

    def _texts(self, run: ExportedRun) -> Iterator[str]:
        metadata, files = run.metadata, {file.name: file for file in run.files}
        note = self._note(run)
        yield self._text(run, "idea", metadata.input_text, files.get(INPUT_TEXT), note)
        if metadata.transformed_text is not None:
            text, file = metadata.transformed_text, files.get(TRANSFORMED_TEXT)
            yield self._text(run, "rewritten", text, file, None)

    def _text(
        self, run: ExportedRun, kind: str, text: str, file: ExportedFile | None, note: str | None
    ) -> str:
        guid = _guid(run, kind)
        path = f"sources/{guid}.txt"
        if file is None:  # the first servers kept texts only in metadata.json
            self._archive.add_bytes(path, _utf8(text))
        else:
            self._archive.add_file(path, file.path)
        children = [reference("NoteRef", note)] if note else []
        self._sources.add(
            element(
                "TextSource",
                {
                    "guid": guid,
                    "name": f"{_prefix(run)} {self._words[kind]}.txt",
                    "plainTextPath": f"internal://{guid}.txt",
                    **_made(run.metadata.timestamp),
                },
                *children,
            )
        )
        return guid

    def _medium(self, run: ExportedRun, file: ExportedFile, output: Output) -> str:
        guid = _guid(run, file.name)
        kind = _SOURCES.get(output.type)
        ending = file.name.rpartition(".")[2]
        is_inside = kind is not None and file.size <= LARGEST_INSIDE and ending.isalnum()
        name = f"{_prefix(run)} {file.name}"
        about = text_element("Description", _about(output))
        if is_inside:
            self._archive.add_known_file(f"sources/{guid}.{ending}", file.path)
            source = {"guid": guid, "name": name, "path": f"internal://{guid}.{ending}"}
            tag = str(kind)
        else:
            text = f"{name}\n\n{self._words['outside']}\n\n{_about(output)}\n"
            self._archive.add_bytes(f"sources/{guid}.txt", _utf8(text))
            source = {
                "guid": guid,
                "name": f"{name}.txt",
                "plainTextPath": f"internal://{guid}.txt",
            }
            tag = "TextSource"
        self._sources.add(element(tag, {**source, **_made(output.created_at)}, about))
        return guid

    def _note(self, run: ExportedRun) -> str:
        guid = _guid(run, "journey")
        self._archive.add_bytes(f"sources/{guid}.txt", _utf8(_journey(run)))
        self._notes.add(
            element(
                "Note",
                {
                    "guid": guid,
                    "name": f"{_prefix(run)} {self._words['journey']}",
                    "plainTextPath": f"internal://{guid}.txt",
                    **_made(run.metadata.finished_at),
                },
            )
        )
        return guid


def _guid(run: ExportedRun, what: str) -> str:
    return str(uuid5(_OURS, f"{run.run_id} {what!a}"))


def _prefix(run: ExportedRun) -> str:
    """How sources are called: some programs make file names of them, which may not repeat."""
    begun = moment(run.metadata.timestamp)
    return f"{begun[:10] if begun else '0000-00-00'} {run.run_id}"


def _made(time: str | None) -> dict[str, str | None]:
    return {"creatingUser": _USER, "creationDateTime": moment(time)}


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _section(name: str, content: Spool) -> Iterator[bytes]:
    """The schema has no room for an empty section."""
    if not content.is_empty:
        yield f"<{name}>\n".encode()
        yield from content.pieces()
        yield f"</{name}>\n".encode()


def _variable_guid(name: str) -> str:
    return str(uuid5(_OURS, f"variable {name}"))


def _variables() -> str:
    return "".join(
        element(
            "Variable",
            {
                "guid": _variable_guid(variable.name),
                "name": variable.name,
                "typeOfVariable": variable.kind,
            },
            text_element("Description", variable.meaning),
        )
        for variable in VARIABLES
    )


def _variable_values(run: ExportedRun) -> Iterator[str]:
    for variable in VARIABLES:
        value = variable.value_of(run.metadata)
        if value is not None:
            yield element(
                "VariableValue",
                {},
                reference("VariableRef", _variable_guid(variable.name)),
                text_element(f"{variable.kind}Value", value),
            )


def _about(output: Output) -> str:
    facts = {
        "file": output.filename,
        "type": output.mime_type or output.type,
        "bytes": output.file_size_bytes,
        "size": f"{output.width} x {output.height}" if output.width and output.height else None,
        "seconds": output.duration_seconds,
        "vertices": output.vertices,
        "faces": output.faces,
        "backend": output.backend,
        "config": output.config,
        "model": output.model,
        "seed": output.seed,
        "licence": output.license,
        "credit": output.credit,
        "sha256": output.sha256,
    }
    return "\n".join(f"{key}: {value}" for key, value in facts.items() if value is not None)


def _journey(run: ExportedRun) -> str:
    metadata = run.metadata
    ended = f"{metadata.status}" + (f": {metadata.error.message}" if metadata.error else "")
    lines = [f"run_id: {run.run_id}", f"schema: {metadata.schema_id}", f"status: {ended}"]
    lines += [f"warning: {warning}" for warning in metadata.warnings]
    return "\n".join([*lines, "", *(_told(step) for step in metadata.stages)])


def _told(record: StageRecord) -> str:
    """A step in words, what went between [- and -], what came between {+ and +}."""
    by = " / ".join(part for part in (record.backend, record.model, record.config) if part)
    head = f"{record.stage}. {record.step}: {record.status}" + (f" ({by})" if by else "")
    marks = {"kept": ("", ""), "removed": ("[-", "-]"), "added": ("{+", "+}")}
    before, changed = record.input, record.output or ""
    if before is not None and record.output and len(before) + len(changed) <= _LONGEST_COMPARED:
        changed = "".join(
            f"{marks[change.kind][0]}{change.text}{marks[change.kind][1]}"
            for change in word_changes(before, changed)
        )
    reason = record.details.get("reason")
    return "\n".join(filter(None, [head, str(reason) if reason else "", changed, " "]))
