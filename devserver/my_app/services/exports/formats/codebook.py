"""The tables of the CSV export: which columns there are, and what each of them means."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from devserver.my_app.services.exports.plain_values import json_text, plain_run
from devserver.my_app.services.exports.port import ExportedRun, Language
from devserver.my_app.services.run_metadata import RunError, RunRequest

Kind = Literal["text", "whole number", "number", "true or false", "time", "JSON"]
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Column:
    """One column: what it is called, what kind of value it holds, and what that means."""

    name: str
    kind: Kind
    de: str
    en: str
    value: Callable[[Row], Any] | None = None
    """How it is found in the record; by the column's name when None."""

    def of(self, record: Row) -> Any:
        """The value of this column for one record."""
        return self.value(record) if self.value else record.get(self.name)

    def meaning(self, language: Language) -> str:
        """What the column holds, for a person."""
        return self.de if language == "de" else self.en


@dataclass(frozen=True)
class Table:
    """One CSV file: its name, its columns, and how its records come out of a run."""

    name: str
    columns: tuple[Column, ...]
    records: Callable[[ExportedRun, Row], Iterator[Row]]


def rows_of(run: ExportedRun) -> Iterator[tuple[Table, list[Any]]]:
    """Every row that a run has in every table."""
    values = plain_run(run.metadata)
    for table in TABLES:
        for record in table.records(run, values):
            yield table, [column.of(record) for column in table.columns]


def _whole(run: ExportedRun, values: Row) -> Iterator[Row]:
    unknown = {
        f"{group}.{key}": value
        for group, model in (("request", RunRequest), ("error", RunError))
        for key, value in (values[group] or {}).items()
        if key not in model.model_fields
    }
    yield {**values, **unknown, "media_bytes": sum(file.size for file, _ in run.media)}


def _listed(key: str) -> Callable[[ExportedRun, Row], Iterator[Row]]:
    def records(run: ExportedRun, values: Row) -> Iterator[Row]:
        for number, record in enumerate(values[key], start=1):
            yield {**record, "run_id": run.run_id, "number": number}

    return records


def _in(group: str, key: str) -> Callable[[Row], Any]:
    return lambda record: (record.get(group) or {}).get(key)


def _lines(key: str) -> Callable[[Row], Any]:
    return lambda record: "\n".join(record[key])


def _as_json(value: object) -> str | None:
    return json_text(value).decode() if value else None


def _details(record: Row) -> str | None:
    return _as_json(record.get("details"))


def _others(known: frozenset[str]) -> Callable[[Row], Any]:
    return lambda record: _as_json(
        {key: value for key, value in record.items() if key not in known}
    )


_RUN_ID = Column("run_id", "text", "Kennung des Durchlaufs (UUID)", "the id of the run (a UUID)")
_RUN_COLUMNS = (
    _RUN_ID,
    Column(
        "user_id",
        "text",
        "Kürzel, das mitgeschickt wurde; oder ein Pseudonym",
        "the label that was sent along; or a pseudonym",
    ),
    Column("workshop", "text", "Werkstatt, deren Code benutzt wurde", "whose code was used"),
    Column("server_version", "text", "Fassung dieses Servers", "the version of this server"),
    Column("timestamp", "time", "Beginn (UTC, ISO 8601)", "when it began (UTC, ISO 8601)"),
    Column("finished_at", "time", "Ende (UTC, ISO 8601)", "when it ended (UTC, ISO 8601)"),
    Column("schema", "text", "Stil der Umformung", "the style of the interception"),
    Column(
        "execution_mode",
        "text",
        "eco: Modelle auf eigenen Rechnern; fast: Dienste im Netz",
        "eco: models on own machines; fast: API services",
    ),
    Column(
        "safety_level",
        "text",
        "Schutzstufe, die galt: kids, youth, adult, off",
        "the safety level that held: kids, youth, adult, off",
    ),
    Column(
        "status",
        "text",
        "success, partial, blocked, failed oder cancelled",
        "success, partial, blocked, failed or cancelled",
    ),
    Column("input_text", "text", "der Text, wie er hereinkam", "the text as it came in"),
    Column(
        "transformed_text",
        "text",
        "der umgeformte, vielleicht von Hand geänderte Text; leer, wenn es keinen gab",
        "the rewritten, perhaps edited text; empty when there was none",
    ),
    Column(
        "output_type",
        "text",
        "gewünschtes Medium: image, audio, video, 3d, text",
        "the medium wished for: image, audio, video, 3d, text",
        _in("request", "output_type"),
    ),
    Column(
        "output_configs",
        "text",
        "gewünschte Arten, die Medien zu machen; eine je Zeile",
        "the ways to make media that were asked for; one a line",
        lambda record: "\n".join(record["request"]["output_configs"]),
    ),
    Column("seed", "whole number", "Startzahl des Zufalls", "the seed", _in("request", "seed")),
    Column(
        "language",
        "text",
        "Sprache der Meldungen: de, en",
        "the language of messages: de, en",
        _in("request", "language"),
    ),
    Column(
        "context",
        "text",
        "die eigenen Regeln, beim Stil user_defined",
        "the rules, for the style user_defined",
        _in("request", "context"),
    ),
    Column(
        "awaits_edit",
        "true or false",
        "ob nach dem Umformen auf eine Änderung von Hand gewartet wurde",
        "whether it stopped for an edit after the rewriting",
        _in("request", "awaits_edit"),
    ),
    Column(
        "origin",
        "text",
        "run_id des Durchlaufs, der hier wiederholt wurde",
        "the run_id of the run that this one repeats",
    ),
    Column("attempts", "whole number", "wie oft begonnen", "how often it was begun"),
    Column(
        "warnings",
        "text",
        "was anders lief als gewünscht; ein Satz je Zeile",
        "what went differently than asked; a sentence a line",
        _lines("warnings"),
    ),
    Column(
        "error_code",
        "text",
        "warum es nicht gelang (für Maschinen)",
        "why it is no success (for machines)",
        _in("error", "code"),
    ),
    Column(
        "error_message",
        "text",
        "warum es nicht gelang (für Menschen)",
        "why it is no success (for people)",
        _in("error", "message"),
    ),
    Column(
        "error_stage",
        "whole number",
        "die Stufe, in der es geschah",
        "the stage it happened in",
        _in("error", "stage"),
    ),
    Column(
        "outputs",
        "whole number",
        "Zahl der Medien (outputs.csv)",
        "how many media there are (outputs.csv)",
        lambda record: len(record["outputs"]),
    ),
    Column(
        "steps",
        "whole number",
        "Zahl der Schritte (stages.csv)",
        "how many steps there are (stages.csv)",
        lambda record: len(record["stages"]),
    ),
    Column(
        "media_bytes",
        "whole number",
        "Bytes aller Medien des Durchlaufs",
        "bytes of all media of the run",
    ),
    Column(
        "revision",
        "whole number",
        "wie oft metadata.json geschrieben wurde",
        "how often metadata.json was written",
    ),
    Column(
        "metadata_version",
        "whole number",
        "Fassung von metadata.json",
        "the version of metadata.json",
    ),
)
_NUMBER = Column(
    "number", "whole number", "laufende Nummer im Durchlauf, ab 1", "its number in the run, from 1"
)
_CONFIG = Column("config", "text", "auf welche Art", "in which way")
_MODEL = Column("model", "text", "das Modell", "the model")
_OUTPUT_COLUMNS = (
    _RUN_ID,
    _NUMBER,
    Column("type", "text", "image, audio, video oder 3d", "image, audio, video or 3d"),
    Column(
        "filename", "text", "Dateiname im Ordner des Durchlaufs", "its name in the run's folder"
    ),
    Column("backend", "text", "wer es gemacht hat", "who made it"),
    _CONFIG,
    Column("file_size_bytes", "whole number", "Größe in Bytes", "its size in bytes"),
    Column("format", "text", "Dateiformat, nach dem Inhalt", "the format, told by its content"),
    Column("mime_type", "text", "Medientyp (MIME)", "its media type (MIME)"),
    Column("width", "whole number", "Breite in Pixeln", "its width in pixels"),
    Column("height", "whole number", "Höhe in Pixeln", "its height in pixels"),
    Column("duration_seconds", "number", "Dauer in Sekunden", "how long it lasts, in seconds"),
    Column("frame_rate", "number", "Bilder je Sekunde", "frames a second"),
    Column("vertices", "whole number", "Zahl der Eckpunkte (3d)", "how many vertices (3d)"),
    Column("faces", "whole number", "Zahl der Flächen (3d)", "how many faces (3d)"),
    Column("sha256", "text", "Prüfsumme der Datei", "the checksum of the file"),
    Column("seed", "whole number", "Startzahl des Zufalls", "the seed"),
    _MODEL,
    Column("license", "text", "Lizenz", "its licence"),
    Column("credit", "text", "wem es zu verdanken ist", "whom to credit"),
    Column(
        "created_at", "time", "gespeichert (UTC, ISO 8601)", "when it was stored (UTC, ISO 8601)"
    ),
    Column("details", "JSON", "weitere Angaben", "what else is known", _details),
)
_STAGE_COLUMNS = (
    _RUN_ID,
    _NUMBER,
    Column(
        "stage",
        "whole number",
        "1 Prüfung, 2 Umformung, 3 Prüfung und Übersetzung, 4 Medien",
        "1 check, 2 interception, 3 check and translation, 4 media",
    ),
    Column("step", "text", "der Schritt in der Stufe", "the step within the stage"),
    Column(
        "status",
        "text",
        "passed, transformed, edited, skipped, blocked, failed oder done",
        "passed, transformed, edited, skipped, blocked, failed or done",
    ),
    Column("input", "text", "was hineinging", "what went in"),
    Column("output", "text", "was herauskam", "what came out"),
    Column("backend", "text", "wer es tat", "who did it"),
    _MODEL,
    _CONFIG,
    Column("started_at", "time", "Beginn (UTC, ISO 8601)", "when it began (UTC, ISO 8601)"),
    Column("duration_seconds", "number", "Dauer in Sekunden", "how long it took, in seconds"),
    Column("details", "JSON", "Urteil, Grund und Weiteres", "verdict, reason and more", _details),
)
_JOB_COLUMNS = (
    _RUN_ID,
    _NUMBER,
    Column("backend", "text", "an wen die Arbeit ging", "whom the job was handed to"),
    Column("server", "text", "an welchen Rechner", "on which server"),
    Column("job_id", "text", "seine Kennung dort", "its id there"),
    _CONFIG,
    Column("state", "text", "was daraus wurde", "what became of it"),
    Column("workflow", "text", "Datei mit dem, was gesendet wurde", "the file with what was sent"),
    Column("made", "whole number", "wie viele Medien sie brachte", "how many media it brought"),
)


def _with_others(columns: tuple[Column, ...], *taken_apart: str) -> tuple[Column, ...]:
    """The columns, and one for the keys that this version does not know.

    That one stays the last. JSON ends with a bracket; behind a text that ends with a semicolon, a
    program that takes semicolons for separators would begin a cell with the end of the line.
    """
    known = frozenset({*(column.name for column in columns), *taken_apart})
    others = Column(
        "other",
        "JSON",
        "Angaben, die diese Fassung nicht kennt",
        "what this version does not know",
        _others(known),
    )
    return (*columns, others)


TABLES = (
    Table("runs", _with_others(_RUN_COLUMNS, "request", "error", "stages", "jobs"), _whole),
    Table("outputs", _with_others(_OUTPUT_COLUMNS), _listed("outputs")),
    Table("stages", _with_others(_STAGE_COLUMNS), _listed("stages")),
    Table("jobs", _with_others(_JOB_COLUMNS), _listed("jobs")),
)
