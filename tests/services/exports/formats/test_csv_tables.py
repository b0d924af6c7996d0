from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devserver.my_app.services.exports.formats.codebook import TABLES, Column, Table
from devserver.my_app.services.exports.formats.csv_tables import (
    README,
    CsvFile,
    CsvTables,
    cell,
)
from devserver.my_app.services.exports.port import ExportedRun
from devserver.my_app.services.run_metadata import Job, Output, RunMetadata, StageRecord
from tests.exported_runs import HOSTILE_TEXTS, LONE_SURROGATES, a_run
from tests.services.exports.format_rules import written

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


def text_of_cell(said: str) -> str:
    """The text again, as EXPORTS.md says."""
    return re.sub(r"(^|[;\t\r\n])'", r"\1", said)


def begins_a_formula(value: str) -> bool:
    """Whether a spreadsheet may take the cell for a formula; a number is none."""
    if re.fullmatch(r"-?[0-9.]+(e-?[0-9]+)?", value):
        return False
    return value.startswith(("\t", "\r")) or value.lstrip(' \xa0"').startswith(
        tuple("=+-@＝＋－＠")
    )


def cells_of(data: bytes) -> Iterator[str]:
    """All cells, read by programs that take commas, semicolons and tabs for separators."""
    for delimiter in ",;\t":
        lines = io.StringIO(data.decode("utf-8-sig"), newline="")
        for row in csv.reader(lines, delimiter=delimiter):
            yield from row


@pytest.fixture(autouse=True)
def long_cells() -> Iterator[None]:
    """Python's reader refuses cells of more than 128 Ki characters unless told otherwise."""
    before = csv.field_size_limit(10**7)
    yield
    csv.field_size_limit(before)


def tables(*runs: ExportedRun, **options: object) -> dict[str, list[dict[str, str]]]:
    """Each table as a spreadsheet reads it: rows by the names of their columns."""
    data = written(CsvTables(), iter(runs), **options)
    found = {}
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        assert package.testzip() is None
        for name in package.namelist():
            if name.endswith(".csv"):
                raw = package.read(name)
                assert raw.startswith(b"\xef\xbb\xbf")
                text = io.StringIO(raw.decode("utf-8-sig"), newline="")
                found[name.removesuffix(".csv")] = list(csv.DictReader(text, strict=True))
    return found


@pytest.mark.parametrize("text", HOSTILE_TEXTS.values(), ids=HOSTILE_TEXTS)
def test_every_text_comes_back_and_none_is_a_formula(tmp_path: Path, text: str) -> None:
    run = a_run(tmp_path, text)
    found = tables(run)
    [row] = found["runs"]
    assert text_of_cell(row["input_text"]) == text
    assert text_of_cell(row["transformed_text"]) == text
    assert text_of_cell(found["stages"][0]["output"]) == text
    assert json.loads(text_of_cell(found["outputs"][0]["details"]))["note"] == text
    with zipfile.ZipFile(io.BytesIO(written(CsvTables(), iter([run])))) as package:
        for name in found:
            assert not [*filter(begins_a_formula, cells_of(package.read(f"{name}.csv")))]


@given(st.lists(st.lists(TEXTS, min_size=2, max_size=2)))
def test_rows_come_back(rows: list[list[str]]) -> None:
    out = io.BytesIO()
    file = CsvFile(out)
    for row in rows:
        file.write(row)
    text = io.StringIO(out.getvalue().decode("utf-8-sig"), newline="")
    assert [[text_of_cell(said) for said in row] for row in csv.reader(text, strict=True)] == rows


LIKE_FORMULAS = st.text("=+-@＝;,\t\r\n'\" \xa0x", max_size=12)


@given(st.lists(LIKE_FORMULAS, min_size=1))
def test_no_separator_makes_a_formula_of_a_text(texts: list[str]) -> None:
    out = io.BytesIO()
    file = CsvFile(out)
    for text in texts:
        file.write(["5c1c2d5e", text, text, "{}"])
    assert not [*filter(begins_a_formula, cells_of(out.getvalue()))]
    lines = io.StringIO(out.getvalue().decode("utf-8-sig"), newline="")
    assert [text_of_cell(row[1]) for row in csv.reader(lines, strict=True)] == texts


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_row_begins_and_ends_with_a_column_of_ours(table: Table) -> None:
    """A text at the end could open a cell that goes on with the end of its line."""
    assert table.columns[0].name == "run_id"
    assert (table.columns[-1].name, table.columns[-1].kind) == ("other", "JSON")
    row = [_hostile(column) for column in table.columns[1:]]
    for ending in (*row[-1:], None):
        out = io.BytesIO()
        file = CsvFile(out)
        for _ in range(2):
            file.write(["5c1c2d5e", *row[:-1], ending])
        assert not [*filter(begins_a_formula, cells_of(out.getvalue()))]


def _hostile(column: Column) -> object:
    """What may stand in a column and ends, as text, with what some programs begin a cell at."""
    if column.kind == "JSON":
        return column.of({"details": {"x": "=1, x;"}, "a key of tomorrow": "=1, x;"})
    return "=1, x;" if column.kind == "text" else 1


def test_a_text_in_the_last_column_would_be_a_danger() -> None:
    out = io.BytesIO()
    file = CsvFile(out)
    for _ in range(2):
        file.write(["5c1c2d5e", "=1, x;"])
    assert [*filter(begins_a_formula, cells_of(out.getvalue()))]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x;=1+1", "x;'=1+1"),
        ("x;'=1+1", "x;''=1+1"),
        ('x;"=1+1"', 'x;\'"=1+1"'),
        ("x; =1", "x;' =1"),
        ("eins\n- zwei\r\n- drei", "eins\n'- zwei\r\n'- drei"),
        ("a;b;c\n\nd, =e", "a;b;c\n\nd, =e"),
        ("\t=1", "'\t'=1"),
    ],
)
def test_the_guard_stands_only_where_a_formula_could_begin(text: str, said: str) -> None:
    assert cell(text) == said
    assert text_of_cell(said) == text


def test_what_no_spreadsheet_can_hold_is_shown(tmp_path: Path) -> None:
    [row] = tables(a_run(tmp_path, LONE_SURROGATES))["runs"]
    assert row["input_text"] == r"a\ud800b\udfff"
    assert cell("a\0b") == "a\u2400b"


def test_numbers_stay_numbers() -> None:
    assert [cell(value) for value in (-5, 0.25, True, False, None, "")] == [
        "-5",
        "0.25",
        "true",
        "false",
        "",
        "",
    ]


def test_the_tables_are_joined_by_run_id(tmp_path: Path) -> None:
    runs = [a_run(tmp_path) for _ in range(3)]
    found = tables(*runs)
    assert [row["run_id"] for row in found["runs"]] == [run.run_id for run in runs]
    assert {row["steps"] for row in found["runs"]} == {"2"}
    assert len(found["stages"]) == 6
    assert [row["number"] for row in found["stages"]] == ["1", "2"] * 3
    assert {row["seed"] for row in found["outputs"]} == {"42"}
    assert {row["media_bytes"] for row in found["runs"]} == {str(runs[0].files[-1].size)}


@pytest.mark.parametrize("language", ["de", "en"])
def test_the_codebook_explains_every_column(tmp_path: Path, language: str) -> None:
    found = tables(a_run(tmp_path), language=language)
    explained = {(row["table"], row["column"]) for row in found["codebook"]}
    assert all(row["meaning"] and row["kind"] for row in found["codebook"])
    assert "'" in found["codebook"][0]["meaning"]  # how a text is had back
    for table in TABLES:
        assert {(f"{table.name}.csv", name) for name in found[table.name][0]} <= explained


def test_no_key_of_metadata_is_lost(tmp_path: Path) -> None:
    columns = {table.name: {column.name for column in table.columns} for table in TABLES}
    # A run in the archive is not exported, so none is `archived`.
    taken_apart = {"request", "error", "stages", "jobs", "archived"}
    for name, model in (("runs", RunMetadata), ("outputs", Output), ("stages", StageRecord)):
        keys = {field.alias or key for key, field in model.model_fields.items()}
        assert keys - taken_apart <= columns[name]
    assert Job.model_fields.keys() <= columns["jobs"]
    found = tables(a_run(tmp_path, "morgen"))
    assert json.loads(found["runs"][0]["other"]) == {"a_key_of_tomorrow": {"text": "morgen"}}
    assert json.loads(found["outputs"][0]["other"]) == {"unknown_to_us": "morgen"}


def test_the_readme_is_in_the_asked_language(tmp_path: Path) -> None:
    for language, word in (("de", "Trennzeichen"), ("en", "separated")):
        data = written(CsvTables(), iter([a_run(tmp_path)]), language=language)
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            assert word in package.read(README).decode()
