"""Rows into the tables of the index, many with one statement.

SQLite lets go of the interpreter while it works on a statement, and each time it has to ask for it
back. With many rows in one statement, another thread can go on with its own work meanwhile.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import chain
from typing import Any, NamedTuple

from devserver.my_app.services.run_index.rows import Row

CHUNK = 500
"""Ids asked for at once; the oldest versions of SQLite allow 999 values in a statement."""
_ROWS_AT_ONCE = 1000


class Taken(NamedTuple):
    """What became of the rows."""

    added: int
    """So many rows more, or fewer, than before."""
    changed: int
    """Rows that came, went, or say something else."""


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Everything in the block is written, or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def write(connection: sqlite3.Connection, rows: Mapping[str, Row | None]) -> Taken:
    """Make the rows of these runs what was read of their folders, in one transaction."""
    with transaction(connection):
        known = set(known_stamps(connection, list(rows)))
        kept = {run_id for run_id in known if _is_kept(connection, run_id, rows[run_id])}
        gone = known - kept
        for run_id in gone:
            remove(connection, run_id)
        new = {run_id: row for run_id, row in rows.items() if row and run_id not in kept}
        _insert(connection, new.values())
    return Taken(len(new) - len(gone), len(new.keys() | gone))


def remove(connection: sqlite3.Connection, run_id: str) -> int:
    """Take a run out of the index, inside a transaction; returns how many rows went."""
    found = connection.execute("SELECT id FROM runs WHERE run_id = ?", (run_id,)).fetchone()
    if found is None:
        return 0
    connection.execute("DELETE FROM words WHERE rowid = ?", found)
    connection.execute("DELETE FROM runs WHERE id = ?", found)
    return 1


def known_stamps(
    connection: sqlite3.Connection, run_ids: Sequence[str]
) -> dict[str, tuple[str, int]]:
    """Stamp, and whether it is settled, of those of these runs that are in the index."""
    rows = _among(connection, "SELECT run_id, stamp, is_settled FROM runs WHERE run_id", run_ids)
    return {run_id: (stamp, is_settled) for run_id, stamp, is_settled in rows}


def _among(
    connection: sqlite3.Connection, select: str, values: Sequence[object]
) -> Iterator[tuple[Any, ...]]:
    for at in range(0, len(values), CHUNK):
        some = values[at : at + CHUNK]
        yield from connection.execute(f"{select} IN {_places(len(some))}", some)


def _is_kept(connection: sqlite3.Connection, run_id: str, row: Row | None) -> bool:
    """Whether the row in the index says the same; then it is given the new stamp."""
    if row is None:
        return False
    old = connection.execute("SELECT * FROM runs WHERE run_id = ?", (run_id,)).fetchone()
    words = connection.execute(
        "SELECT input, transformed, marks FROM words WHERE rowid = ?", (old[0],)
    ).fetchone()
    if words != row.words or old[4:] != row.columns[3:]:
        return False
    connection.execute(
        "UPDATE runs SET stamp = ?, is_settled = ? WHERE id = ?", (*row.columns[1:3], old[0])
    )
    return True


def _insert(connection: sqlite3.Connection, rows: Iterable[Row]) -> None:
    # In the order of the table, which makes a long rebuild much shorter.
    ordered = sorted(rows, key=lambda row: row.wished_id)
    row_ids = _row_ids(connection, ordered)
    placed = list(zip(row_ids, ordered, strict=True))
    _insert_all(connection, "runs", [(row_id, *row.columns) for row_id, row in placed])
    _insert_all(
        connection,
        "words (rowid, input, transformed, marks)",
        [(row_id, *row.words) for row_id, row in placed],
    )


def _row_ids(connection: sqlite3.Connection, rows: Sequence[Row]) -> list[int]:
    """For each row the id that it wishes, or where another run has just this time, the next."""
    wished = [row.wished_id for row in rows]
    taken = {row_id for (row_id,) in _among(connection, "SELECT id FROM runs WHERE id", wished)}
    row_ids = []
    for wish in wished:
        row_id = wish
        if wish in taken:
            while row_id in taken or _is_taken(connection, row_id):
                row_id += 1
        taken.add(row_id)
        row_ids.append(row_id)
    return row_ids


def _is_taken(connection: sqlite3.Connection, row_id: int) -> bool:
    found = connection.execute("SELECT 1 FROM runs WHERE id = ?", (row_id,)).fetchone()
    return found is not None


def _insert_all(
    connection: sqlite3.Connection, table: str, rows: Sequence[tuple[object, ...]]
) -> None:
    """As many with one statement as it may have values; the rest one by one."""
    if not rows:
        return
    width = len(rows[0])
    most = connection.getlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER) // width
    at_once = min(_ROWS_AT_ONCE, most)
    rest = len(rows) - len(rows) % at_once
    for at in range(0, rest, at_once):
        values = tuple(chain.from_iterable(rows[at : at + at_once]))
        connection.execute(_insert_sql(table, width, at_once), values)
    connection.executemany(_insert_sql(table, width, 1), rows[rest:])


@cache
def _insert_sql(table: str, width: int, rows: int) -> str:
    return f"INSERT INTO {table} VALUES {', '.join([_places(width)] * rows)}"  # noqa: S608


def _places(count: int) -> str:
    return f"({', '.join('?' * count)})"
