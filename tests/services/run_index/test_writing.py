"""Many rows written at once."""

from __future__ import annotations

from pathlib import Path

from devserver.my_app.services.run_id import new_run_id
from devserver.my_app.services.run_index.database import Database
from devserver.my_app.services.run_index.rows import Row, row_of
from devserver.my_app.services.run_index.writing import CHUNK, write
from devserver.my_app.services.run_metadata import RunMetadata

MOMENT = "2025-11-04T10:15:30+00:00"


def a_row(text: str) -> tuple[str, Row | None]:
    run = RunMetadata(run_id=new_run_id(), status="success", timestamp=MOMENT, input_text=text)
    # As if the ids of all spread them to the same place.
    return run.run_id, row_of(run, "a stamp", is_settled=True)._replace(wished_id=1 << 50)


def test_runs_of_the_very_same_time_each_have_their_words(tmp_path: Path) -> None:
    database = Database(tmp_path)
    first = dict([a_row("the first one")])
    many = dict(a_row(f"word{number}") for number in range(CHUNK + 5))
    assert write(database.writer, first) == (1, 1)
    assert write(database.writer, many) == (len(many), len(many))
    rows = database.writer.execute(
        "SELECT runs.run_id, words.input FROM runs JOIN words ON words.rowid = runs.id"
    ).fetchall()
    asked = {run_id: row.words[0] for run_id, row in {**first, **many}.items() if row}
    assert dict(rows) == asked
    found = database.writer.execute("SELECT count(*) FROM words WHERE words MATCH 'word7'")
    assert found.fetchone() == (1,)
    database.close()
