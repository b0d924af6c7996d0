"""Many rows written at once."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devserver.my_app.services.run_id import new_run_id
from devserver.my_app.services.run_index.database import Database
from devserver.my_app.services.run_index.rows import Row, row_of
from devserver.my_app.services.run_index.writing import CHUNK, write
from devserver.my_app.services.run_metadata import RunMetadata

MOMENT = "2025-11-04T10:15:30+00:00"
RUN_IDS = [new_run_id() for _ in range(12)]
SAID = st.tuples(st.sampled_from(["blume", "wiese", "haus"]), st.integers(0, 3))
"""A word, and a place in the order; few of each, so that runs want the same."""
BATCHES = st.lists(st.dictionaries(st.sampled_from(RUN_IDS), st.none() | SAID), max_size=6)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path)
    yield database
    database.close()


def a_row(text: str, run_id: str = "", place: int = 1 << 50) -> tuple[str, Row]:
    run_id = run_id or new_run_id()
    run = RunMetadata(run_id=run_id, status="success", timestamp=MOMENT, input_text=text)
    return run_id, row_of(run, "a stamp", is_settled=True)._replace(wished_id=place)


def stored(connection: sqlite3.Connection) -> dict[str, str]:
    """The words of each run, found by where it stands."""
    rows = connection.execute(
        "SELECT runs.run_id, words.input FROM runs LEFT JOIN words ON words.rowid = runs.id"
    ).fetchall()
    [words] = connection.execute("SELECT count(*) FROM words").fetchone()
    assert len(rows) == words
    connection.execute("INSERT INTO words (words, rank) VALUES ('integrity-check', 1)")
    return dict(rows)


def found(connection: sqlite3.Connection, word: str) -> set[str]:
    rows = connection.execute(
        "SELECT runs.run_id FROM words JOIN runs ON runs.id = words.rowid WHERE words MATCH ?",
        (word,),
    )
    return {run_id for (run_id,) in rows}


def test_runs_of_the_very_same_time_each_have_their_words(database: Database) -> None:
    first = dict([a_row("the first one")])
    many = dict(a_row(f"word{number}") for number in range(CHUNK + 5))
    assert write(database.writer, first) == (1, 1)
    assert write(database.writer, many) == (len(many), len(many))
    asked = {run_id: row.words[0] for run_id, row in {**first, **many}.items()}
    assert stored(database.writer) == asked
    assert len(found(database.writer, "word7")) == 1


def test_more_rows_than_go_into_one_statement(database: Database) -> None:
    many = dict(a_row(f"word{number}", place=number) for number in range(1, 2504))
    write(database.writer, many)
    assert stored(database.writer) == {run_id: row.words[0] for run_id, row in many.items()}
    assert found(database.writer, "word2003") == {list(many)[2002]}


def test_as_many_values_as_the_oldest_sqlite_takes_are_enough(database: Database) -> None:
    database.writer.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, 999)
    many = dict(a_row(f"word{number}", place=number) for number in range(1, 1200))
    write(database.writer, many)
    assert len(stored(database.writer)) == len(many)


@settings(max_examples=60, deadline=None)
@given(batches=BATCHES)
def test_says_what_was_read_last_of_each_run(
    batches: list[Mapping[str, tuple[str, int] | None]],
) -> None:
    said: dict[str, str] = {}
    with TemporaryDirectory() as folder:
        database = Database(Path(folder))
        # Two rows a statement, so that a few are many.
        database.writer.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, 36)
        try:
            for batch in batches:
                before = dict(said)
                rows: dict[str, Row | None] = {}
                for run_id, asked in batch.items():
                    rows[run_id] = a_row(asked[0], run_id, asked[1])[1] if asked else None
                    said.pop(run_id, None)
                    if asked:
                        said[run_id] = asked[0]
                taken = write(database.writer, rows)
                assert taken.added == len(said) - len(before)
                assert taken.changed == len(dict(said.items() ^ before.items()))
                assert stored(database.writer) == said
                for word in ("blume", "wiese", "haus"):
                    assert found(database.writer, word) == {r for r in said if said[r] == word}
        finally:
            database.close()


def test_all_rows_or_none_when_the_disk_is_full(database: Database) -> None:
    few = dict(a_row(f"word{number}") for number in range(3))
    write(database.writer, few)
    [pages] = database.writer.execute("PRAGMA page_count").fetchone()
    database.writer.execute(f"PRAGMA max_page_count = {pages + 5}")
    with pytest.raises(sqlite3.OperationalError, match="full"):
        write(database.writer, dict(a_row(f"more{number}") for number in range(3000)))
    assert stored(database.writer) == {run_id: row.words[0] for run_id, row in few.items()}
