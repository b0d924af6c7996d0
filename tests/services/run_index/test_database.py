"""What is left in the file of what was deleted."""

from __future__ import annotations

import random
import sqlite3
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from devserver.my_app.services.run_index.database import Database, NotWipeable
from devserver.my_app.services.run_index.rows import Row, row_of
from devserver.my_app.services.run_index.writing import write
from devserver.my_app.services.run_metadata import RunMetadata

HERS, OTHERS = "QX_CHILD_77", "OTHER"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path)
    yield database
    database.close()


def rows_of_many(chance: random.Random, number: int) -> dict[str, Row]:
    """Of every three runs two are hers; they come in any order and are of many lengths."""
    rows = {}
    for n in range(number):
        run = RunMetadata(
            run_id=str(uuid.UUID(int=chance.getrandbits(128), version=4)),
            status="success",
            user_id=HERS if n % 3 else OTHERS,
            schema="s" * chance.randrange(250),
            input_text="Wort " * chance.randrange(60),
        )
        row = row_of(run, "a stamp", is_settled=True)
        rows[run.run_id] = row._replace(wished_id=chance.randrange(1 << 40))
    return rows


@pytest.mark.parametrize("seed", range(10))
def test_no_copy_is_left_of_a_row_that_lay_on_several_pages(
    database: Database, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    rows = rows_of_many(chance, 300)
    hers = [run_id for run_id, row in rows.items() if HERS in row.columns]
    for run_id, row in rows.items():
        write(database.writer, {run_id: row})
    chance.shuffle(hers)
    for run_id in hers:
        write(database.writer, {run_id: None})
    database.wipe()
    assert database.cut_log()
    left = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert OTHERS.encode() in left
    assert HERS.encode() not in left
    assert not any(run_id.encode() in left for run_id in hers)


def test_a_reader_keeps_the_log_from_being_cut(database: Database) -> None:
    rows = rows_of_many(random.Random(1), 1)
    write(database.writer, rows)
    database.writer.execute("PRAGMA busy_timeout = 0")
    with database.reading() as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM runs").fetchone()
        write(database.writer, dict.fromkeys(rows))
        database.wipe()
        assert not database.cut_log()
        reader.execute("COMMIT")
    assert database.cut_log()


def test_where_there_is_no_room_to_wipe_it_says_so(database: Database) -> None:
    rows = rows_of_many(random.Random(1), 300)
    for run_id, row in rows.items():
        write(database.writer, {run_id: row})
    [pages] = database.writer.execute("PRAGMA page_count").fetchone()
    database.writer.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(NotWipeable, match="full"):
        database.wipe()
    assert database.is_sound()
    [known] = database.writer.execute("SELECT count(*) FROM runs").fetchone()
    assert known == 300


def test_who_else_writes_is_waited_for(database: Database) -> None:
    database.writer.execute("PRAGMA busy_timeout = 0")
    other = sqlite3.connect(database.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        database.wipe()
    other.execute("ROLLBACK")
    other.close()
    database.wipe()
