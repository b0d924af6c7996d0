"""Searching beside a server or without one: reads the index and the folders, writes nothing."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from devserver.my_app.services.run_index import RunPage, search
from devserver.my_app.services.run_index.agreement import Agreement, Tombstoned
from devserver.my_app.services.run_index.database import FILE_NAME, create_tables, is_ours
from devserver.my_app.services.run_index.query import RunQuery
from devserver.my_app.services.run_index.writing import CHUNK, write

logger = logging.getLogger(__name__)

_MANY = 1000
_STRIDE = 500


class Lookout:
    """All runs as their folders are at the time of its making. For one thread.

    The server's index is used as far as it agrees with the folders; what it lacks is read into
    memory, after `say` was told of how many folders that are when they are many.
    """

    def __init__(
        self,
        root: Path,
        tombstones: Tombstoned,
        *,
        say: Callable[[int], None],
    ) -> None:
        agreement = Agreement(root, tombstones)
        index = _servers_index(root / "cache" / FILE_NAME)
        try:
            self._connection, differing = _compared(index, agreement)
        except sqlite3.Error as error:
            logger.info("the index can't be read: %s", error)
            self._connection, differing = _compared(None, agreement)
        if len(differing) > _MANY:
            say(len(differing))
        for at in range(0, len(differing), CHUNK):
            write(self._connection, agreement.read(differing[at : at + CHUNK]))

    def search(self, query: RunQuery) -> RunPage:
        """A page of runs."""
        found = search.select(self._connection, query, query.limit + 1)
        hits = found[: query.limit]
        more = len(found) > len(hits)
        return RunPage(
            tuple(hits), query.cursor(search.position_of(query, hits[-1])) if more else None
        )

    def count(self, query: RunQuery) -> int:
        """How many runs the query finds on all its pages."""
        return search.count(self._connection, query)

    def facet(self, query: RunQuery, field: str) -> list[tuple[str | None, int]]:
        """The values of one of FACETS with the number of runs; see `search.facet`."""
        return search.facet(self._connection, query, field)

    def ids(self, query: RunQuery) -> Iterator[str]:
        """The ids of all runs that the query finds, in its order."""
        page = replace(query, limit=_STRIDE)
        while hits := search.select(self._connection, page, _STRIDE):
            yield from (hit.run_id for hit in hits)
            page = replace(page, after=search.position_of(page, hits[-1]))

    def close(self) -> None:
        """Give back what was opened."""
        self._connection.close()


def _compared(
    index: sqlite3.Connection | None, agreement: Agreement
) -> tuple[sqlite3.Connection, list[str]]:
    """What to search in, and the runs that it has wrong: the index itself where there are none."""
    if index is None:
        memory = _in_memory()
        create_tables(memory)
        return memory, [one for some in agreement.differences(memory) for one in some]
    try:
        differing = [one for some in agreement.differences(index) for one in some]
        if not differing:
            return index, []
        memory = _in_memory()
        index.backup(memory)
    except sqlite3.Error:
        index.close()
        raise
    index.close()
    return memory, differing


def _in_memory() -> sqlite3.Connection:
    return sqlite3.connect(":memory:", isolation_level=None)


def _servers_index(path: Path) -> sqlite3.Connection | None:
    """The index as a server keeps or left it, for reading; None when there is none to be used.

    Without a log beside it nobody has it open: then it is read as a file that doesn't change, since
    SQLite would make a log otherwise. Should a server start just now, the worst is an error.
    """
    if not path.is_file():
        return None
    is_open = path.with_name(path.name + "-wal").exists()
    how = "mode=ro" if is_open else "mode=ro&immutable=1"
    with suppress(sqlite3.Error):
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?{how}", uri=True, isolation_level=None, timeout=5
        )
        if is_ours(connection):
            return connection
        connection.close()
    return None
