"""CSV: tables of runs, of their media, steps and jobs, with a codebook, in one ZIP file."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any, BinaryIO

from devserver.my_app.services.exports.formats.codebook import TABLES, Table, rows_of
from devserver.my_app.services.exports.port import ExportedRun, ExportOptions, Holds, Language
from devserver.my_app.services.exports.spool import spooled_file
from devserver.my_app.services.exports.zip_writer import ZipWriter

_MARK = "'"
_SIGNS = "=+@＝＋－＠-"
# Where a cell begins for whoever takes semicolons or tabs for what separates, and what a formula
# begins with. Quotation marks behind a separator vanish, so they hide nothing.
_UNSAFE_PLACE = re.compile(
    rf"^(?=[{_MARK}\r\n]|[\"\x20\xa0]*[\t{_SIGNS}])"
    rf"|(?<=[;\t\r\n])(?={_MARK}|[\"\x20\xa0]*[\t{_SIGNS}])"
)
_GUARDED: dict[Language, str] = {
    "en": "Texts and JSON: a ' guards what a spreadsheet could take for a formula. To get a text "
    "back, take one ' away wherever one stands at its beginning, or directly behind a semicolon, "
    "tab or end of line.",
    "de": "Texte und JSON: Ein ' schützt davor, dass etwas für eine Formel gehalten wird. Wer den "
    "Text zurück will, nimmt überall, wo eines am Anfang oder direkt hinter Semikolon, Tabulator "
    "oder Zeilenende steht, ein ' weg.",
}
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

A spreadsheet could take a text for a formula that begins with = + - @, a tab or an end of
line, or has one of these signs behind a semicolon, tab or end of line, where other programs
begin a new cell. There stands a ' before it, and also before a ' of the text's own. To get a
text (also one that is JSON) back, take one ' away wherever one stands at the beginning, or
directly behind a semicolon, tab or end of line. NUL is written as \u2400.
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

Für eine Formel könnte ein Text gehalten werden, der mit = + - @, einem Tabulator oder
Zeilenende beginnt oder eines dieser Zeichen hinter einem Semikolon, Tabulator oder Zeilenende
hat, wo für andere Programme eine neue Zelle beginnt. Davor steht ein ', ebenso vor einem ',
das der Text dort selbst hat. Wer den Text (auch JSON) zurück will, nimmt überall, wo eines am
Anfang oder direkt hinter Semikolon, Tabulator oder Zeilenende steht, ein ' weg. NUL ist als
\u2400 geschrieben.
""",
}


class CsvTables:
    """A ZIP file of tables, each in UTF-8 with a byte order mark, as RFC 4180 has it.

    Works in `scratch`, else where all temporary files are.
    """

    name = "csv"
    extension = "csv.zip"
    mime_type = "application/zip"
    version = 2
    holds: Holds = "texts"
    marks_media = False

    def __init__(self, *, scratch: Path | None = None) -> None:
        self._scratch = scratch

    def write(self, runs: Iterable[ExportedRun], out: BinaryIO, options: ExportOptions) -> None:
        """Write all tables in one pass over the runs.

        Those that can't be written yet wait in temporary files, so memory holds little of each.
        """
        with ExitStack() as stack, ZipWriter(out) as package:
            waiting = {
                table.name: stack.enter_context(spooled_file(self._scratch)) for table in TABLES
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
    """A value as it stands in a cell. None of it is a formula, whichever of comma, semicolon and
    tab a program takes for what separates cells.

    A text is had back by taking one mark away wherever one stands at the beginning, or directly
    behind a semicolon, tab or end of line. Lone surrogates become \\ud800 and so on when the row is
    written, NUL becomes ␀; no more than that is lost of a text.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        return str(value)
    return _UNSAFE_PLACE.sub(_MARK, value.replace("\0", "\u2400"))


def codebook(language: Language) -> bytes:
    """The table that explains all columns of all tables."""
    out = io.BytesIO()
    book = CsvFile(out)
    book.write(["table", "column", "kind", "meaning"])
    book.write(["*.csv", "*", "text", _GUARDED[language]])
    for table in TABLES:
        for row in _explained(table, language):
            book.write(row)
    return out.getvalue()


def _explained(table: Table, language: Language) -> Iterable[list[str]]:
    for column in table.columns:
        yield [f"{table.name}.csv", column.name, column.kind, column.meaning(language)]
