"""The SQL: from a query to rows, counts and facets.

Every filter on a value is a word of the full-text index (`rows.mark`), so that any combination of
words and filters is an intersection of sorted lists of row ids, and these are in the order of time.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta

from devserver.my_app.services.run_index.query import Position, RunQuery
from devserver.my_app.services.run_index.rows import (
    COLUMNS,
    EPOCH,
    EVERY_RUN,
    FIRST_TIMED_ID,
    SLOT_BITS,
    Hit,
    first_id_at,
    mark,
)
from devserver.my_app.services.run_index.words import Term

DAY = "day"
_COLUMN_OF_FACET: Mapping[str, str] = {
    DAY: f"CASE WHEN runs.id >= {FIRST_TIMED_ID} THEN (runs.id >> {SLOT_BITS}) / 86400000000 END",
    "status": "status",
    "schema": "schema_id",
    "mode": "execution_mode",
    "level": "safety_level",
    "user": "user_id",
    "workshop": "workshop",
    "backend": "backends",
    "config": "configs",
    "type": "types",
}
FACETS = tuple(_COLUMN_OF_FACET)
"""By what runs can be counted."""
_OF_SEVERAL = ("backend", "config", "type")
MOST_FACET_VALUES = 1000
MOST_DAYS = 4000
_SELECTED = ", ".join(f"runs.{name}" for name in COLUMNS)
_ORDER: Mapping[str, tuple[str, str]] = {
    "newest": ("runs.id", "DESC"),
    "oldest": ("runs.id", "ASC"),
    "largest": ("runs.size", "DESC"),
    "smallest": ("runs.size", "ASC"),
    "longest": ("runs.duration", "DESC"),
    "shortest": ("runs.duration", "ASC"),
}


def select(connection: sqlite3.Connection, query: RunQuery, limit: int) -> list[Hit]:
    """The first `limit` runs of the query, from its position on."""
    sql, values = page_sql(query, limit)
    return [Hit._make(row) for row in connection.execute(sql, values)]


def page_sql(query: RunQuery, limit: int) -> tuple[str, list[object]]:
    """The statement for one page, and its values."""
    column, direction = _ORDER[query.sort]
    source, conditions, values = _parts(query)
    by_time = column == "runs.id"
    if by_time and source != "runs":
        column = "words.rowid"
    if column == "runs.duration":
        conditions.append("runs.duration IS NOT NULL")
    if query.after:
        sign = "<" if direction == "DESC" else ">"
        if by_time:
            conditions.append(f"{column} {sign} ?")
            values.append(query.after.row_id)
        else:
            conditions.append(f"({column}, runs.id) {sign} (?, ?)")
            values += [query.after.value, query.after.row_id]
    order = f"{column} {direction}" + ("" if by_time else f", runs.id {direction}")
    sql = f"SELECT {_SELECTED} FROM {source}{_where(conditions)} ORDER BY {order} LIMIT ? OFFSET ?"  # noqa: S608 - values are bound
    return sql, [*values, limit, query.skip]


def position_of(query: RunQuery, hit: Hit) -> Position:
    """Where the page ends that ends with this run."""
    if query.sort in ("longest", "shortest"):
        return Position(hit.duration or 0.0, hit.id)
    return Position(hit.size if query.sort in ("largest", "smallest") else 0, hit.id)


def count(connection: sqlite3.Connection, query: RunQuery) -> int:
    """How many runs the query finds, whatever its page."""
    source, conditions, values = _parts(query)
    if query.sort in ("longest", "shortest"):
        conditions.append("runs.duration IS NOT NULL")
    if not any(condition.startswith("runs.") for condition in conditions):
        source = source.removesuffix(_JOIN)
    [found] = connection.execute(
        f"SELECT count(*) FROM {source}{_where(conditions)}",  # noqa: S608
        values,
    ).fetchone()
    return int(found)


def facet(
    connection: sqlite3.Connection, query: RunQuery, field: str
) -> list[tuple[str | None, int]]:
    """The values of a field with the number of runs, under all filters but those on that field.

    Days are the newest first, other values the most frequent first; a run with several values
    counts for each. At most MOST_FACET_VALUES, of days MOST_DAYS.
    """
    source, conditions, values = _parts(query.without(field))
    column = _COLUMN_OF_FACET[field]
    rows = connection.execute(
        f"SELECT {column}, count(*) FROM {source}{_where(conditions)} GROUP BY 1",  # noqa: S608
        values,
    )
    counts: Counter[str | None] = Counter()
    for value, found in rows:
        for one in _values(field, value):
            counts[one] += found
    if field == DAY:
        days = sorted(counts.items(), key=lambda pair: pair[0] or "", reverse=True)
        return days[:MOST_DAYS]
    often = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0] is None, pair[0] or ""))
    return often[:MOST_FACET_VALUES]


def _values(field: str, value: str | int | None) -> list[str | None]:
    if value is None or value == "":
        return [None]
    if field == DAY:
        return [(EPOCH + timedelta(days=int(value))).date().isoformat()]
    return list(str(value).split("\n")) if field in _OF_SEVERAL else [str(value)]


_JOIN = "CROSS JOIN runs ON runs.id = words.rowid"


def _parts(query: RunQuery) -> tuple[str, list[str], list[object]]:
    """What to select from, and under which conditions."""
    expression = match_expression(query)
    conditions: list[str] = []
    values: list[object] = []
    row_id = "runs.id"
    source = "runs"
    if expression is not None:
        source, row_id = f"words {_JOIN}", "words.rowid"
        conditions.append("words MATCH ?")
        values.append(expression)
    if query.since is not None or query.before is not None:
        conditions.append(f"{row_id} >= ?")
        values.append(first_id_at(query.since) if query.since is not None else FIRST_TIMED_ID)
    if query.before is not None:
        conditions.append(f"{row_id} < ?")
        values.append(first_id_at(query.before))
    for column, (least, most) in (("size", query.size), ("duration", query.duration)):
        if least is not None:
            conditions.append(f"runs.{column} >= ?")
            values.append(least)
        if most is not None:
            conditions.append(f"runs.{column} <= ?")
            values.append(most)
    return source, conditions, values


def _where(conditions: list[str]) -> str:
    return f" WHERE {' AND '.join(conditions)}" if conditions else ""


def match_expression(query: RunQuery) -> str | None:
    """The query in FTS5's language; None when neither words nor values are asked for."""
    if query.text is None and not query.choices:
        return None
    wanted: list[str] = []
    unwanted: list[str] = []
    if query.text == ():
        wanted.append(_marked("none"))
    for term in query.text or ():
        (unwanted if term.excluded else wanted).append(_in_texts(term))
    for choice in query.choices:
        if choice.wanted:
            either = (_marked(mark(choice.field, value)) for value in choice.wanted)
            wanted.append(f"({' OR '.join(either)})")
        unwanted += [_marked(mark(choice.field, value)) for value in choice.unwanted]
    expression = " AND ".join(wanted or [_marked(EVERY_RUN)])
    return f"({expression}) NOT ({' OR '.join(unwanted)})" if unwanted else expression


def _in_texts(term: Term) -> str:
    # Words hold letters, digits and pictograms only, so nothing in them can end the quotes.
    return f'{{input transformed}} : "{" ".join(term.words)}"{" *" if term.prefix else ""}'


def _marked(word: str) -> str:
    return f'marks : "{word}"'
