"""CSV: tables of runs, of their media, steps and jobs, with a codebook, in one ZIP file."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Iterable
from contextlib import ExitStack
from typing import IO, Any, BinaryIO

from devserver.my_app.services.exports.formats.codebook import TABLES, Table, rows_of
from devserver.my_app.services.exports.port import ExportedRun, ExportOptions, Holds, Language
from devserver.my_app.services.exports.zip_writer import ZipWriter

_STARTS_A_FORMULA = tuple("=+-@\t\r\n＝＋－＠")
_MARK = "'"
_IN_MEMORY = 1024 * 1024
_PIECE_BYTES = 256 * 1024

README = "README.txt"
_README: dict[Language, str] = {
    "en": """Tables of runs

  runs.csv       one row a run
  outputs.csv    one row a medium, joined to its run by run_id
  stages.csv     one row a step
  jobs.csv       one row a job that was handed to a backend
  codebook.csv   what each column means

Encoding UTF-8 with a byte order mark, columns separated by commas, quoted with " where
needed (RFC 4180), numbers with a decimal point, true and false. An empty cell: not there.

A text that begins with = + - @, a tab or an end of line could be taken for a formula by a
spreadsheet. It has a ' before it, and so has a text that begins with ' itself. To get the
text back, take one ' away where a text begins with one. NUL is written as \u2400.
""",
    "de": """Tabellen von Durchläufen

  runs.csv       eine Zeile je Durchlauf
  outputs.csv    eine Zeile je Medium; run_id sagt, zu welchem Durchlauf es gehört
  stages.csv     eine Zeile je Schritt
  jobs.csv       eine Zeile je Auftrag, der an ein Backend ging
  codebook.csv   was jede Spalte bedeutet

UTF-8 mit Byte Order Mark, Spalten durch Kommas getrennt, wo nötig in " gesetzt (RFC 4180),
Zahlen mit Dezimalpunkt, true und false. Eine leere Zelle: nicht vorhanden.
In Excel: Daten > Aus Text/CSV, Trennzeichen Komma.

Ein Text, der mit = + - @, einem Tabulator oder Zeilenende beginnt, könnte für eine Formel
gehalten werden. Vor ihm steht ein ', ebenso vor einem Text, der selbst mit ' beginnt. Wer
den Text zurück will, nimmt am Anfang ein ' weg. NUL ist als \u2400 geschrieben.
""",
}


class CsvTables:
    """A ZIP file of tables, each in UTF-8 with a byte order mark, as RFC 4180 has it."""

    name = "csv"
    extension = "csv.zip"
    mime_type = "application/zip"
    version = 1
    holds: Holds = "texts"
    marks_media = False

    def write(self, runs: Iterable[ExportedRun], out: BinaryIO, options: ExportOptions) -> None:
        """Write all tables in one pass over the runs.

        Those that can't be written yet wait in temporary files, so memory holds a MiB of each.
        """
        with ExitStack() as stack, ZipWriter(out) as package:
            waiting = {
                table.name: stack.enter_context(tempfile.SpooledTemporaryFile(_IN_MEMORY))
                for table in TABLES
            }
            tables = {name: CsvFile(file) for name, file in waiting.items()}
            for table in TABLES:
                tables[table.name].write([column.name for column in table.columns])
            for run in runs:
                for table, row in rows_of(run):
                    tables[table.name].write(row)
            package.add_bytes(README, _README[options.language].encode())
            package.add_bytes("codebook.csv", codebook(options.language))
            for name, file in waiting.items():
                file.seek(0)
                with package.new_file(f"{name}.csv") as target:
                    while piece := file.read(_PIECE_BYTES):
                        target.write(piece)


class CsvFile:
    """Writes rows of values to a binary file, harmless to spreadsheets."""

    def __init__(self, out: IO[bytes]) -> None:
        self._out = out
        self._out.write("\ufeff".encode())

    def write(self, row: Iterable[Any]) -> None:
        """Write one row; None is an empty cell."""
        line = io.StringIO(newline="")
        csv.writer(line, lineterminator="\r\n").writerow([cell(value) for value in row])
        self._out.write(line.getvalue().encode("utf-8", "backslashreplace"))


def cell(value: Any) -> str:
    """A value as it stands in a cell; a text is had back by taking one mark off its beginning.

    Lone surrogates become \\ud800 and so on when the row is written, NUL becomes ␀; no more than
    that is lost of a text.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        return str(value)
    text = value.replace("\0", "\u2400")
    return _MARK + text if text.startswith((_MARK, *_STARTS_A_FORMULA)) else text


def codebook(language: Language) -> bytes:
    """The table that explains all columns of all tables."""
    out = io.BytesIO()
    book = CsvFile(out)
    book.write(["table", "column", "kind", "meaning"])
    for table in TABLES:
        for row in _explained(table, language):
            book.write(row)
    return out.getvalue()


def _explained(table: Table, language: Language) -> Iterable[list[str]]:
    for column in table.columns:
        yield [f"{table.name}.csv", column.name, column.kind, column.meaning(language)]
