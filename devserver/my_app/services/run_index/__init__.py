"""The index of all runs: a cache under `cache/`, made of the run folders and never more than they.

What a search gives is checked against the folder of each run on the page, so a run that is gone or
has changed is never shown as it was, however far the index is.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from devserver.my_app.services.errors import ServerError
from devserver.my_app.services.run_index import search
from devserver.my_app.services.run_index.agreement import Agreement, Tombstoned
from devserver.my_app.services.run_index.catching_up import (
    LOOK_SECONDS,
    CatchingUp,
    IndexNotWiped,
    IndexState,
)
from devserver.my_app.services.run_index.database import Database
from devserver.my_app.services.run_index.query import (
    PARAMETERS,
    QueryInvalid,
    RunQuery,
    parse_query,
    query_of_json,
)
from devserver.my_app.services.run_index.rows import Hit
from devserver.my_app.services.run_index.search import FACETS
from devserver.my_app.services.run_metadata import RunMetadata

__all__ = [
    "FACETS",
    "PARAMETERS",
    "Hit",
    "IndexNotWiped",
    "IndexState",
    "IndexUnavailable",
    "QueryInvalid",
    "RunIndex",
    "RunPage",
    "RunQuery",
    "parse_query",
    "query_of_json",
]

Value = TypeVar("Value")
_MOST_LOOKS_AT_A_PAGE = 4
_MOST_REMEMBERED = 256
_STRIDE = 500


class IndexUnavailable(ServerError):
    """The file of the index can't be read, and could not be made anew."""

    code = "index_unavailable"


@dataclass(frozen=True)
class RunPage:
    """Runs that were found, in their order, and the cursor of the next page if there is one."""

    hits: tuple[Hit, ...]
    next: str | None


class RunIndex:
    """Searches runs, and keeps up with them. Safe to share between threads.

    It works from its making on; what it doesn't know yet it reads in the background (`state`).
    Folders changed by hand are noticed within LOOK_SECONDS, with very many runs within fifty times
    what a look through them takes. A run that has a tombstone is never let in.
    """

    def __init__(
        self,
        root: Path,
        tombstones: Tombstoned,
        *,
        look_seconds: float = LOOK_SECONDS,
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._agreement = Agreement(root, tombstones, now_ns=now_ns)
        self._database = Database(root / "cache")
        self._catching_up = CatchingUp(self._database, self._agreement, look_seconds=look_seconds)
        self._guard = threading.Lock()
        self._remembered: OrderedDict[tuple[str, str], tuple[int, Any]] = OrderedDict()
        self._catching_up.start()

    @property
    def state(self) -> IndexState:
        """How far it is: complete, or so many of so many runs known."""
        return self._catching_up.state

    def heard(self, run: RunMetadata) -> None:
        """Be told of a change that the storage wrote; searches from now on see it."""
        self._catching_up.heard(run.run_id)

    def forget(self, run_id: str) -> None:
        """Let no search find the run any more, whatever is left of its folder just now."""
        self._catching_up.forget(run_id)

    def sweep(self, there: Container[str]) -> None:
        """Let no search find a run that is not there any more. Raises IndexUnavailable."""
        known = self._read(lambda c: [run_id for (run_id,) in c.execute("SELECT run_id FROM runs")])
        self._catching_up.flush([run_id for run_id in known if run_id not in there])

    def wipe(self) -> None:
        """Leave no word of a run that is gone in any file of the index. Raises IndexNotWiped."""
        self._catching_up.wipe()

    def look_through(self) -> None:
        """Look through all folders now; returns when the index agrees with them."""
        self._catching_up.look_through()

    def search(self, query: RunQuery) -> RunPage:
        """A page of runs, each as its folder is now."""
        self._catching_up.flush()
        read_again: set[str] = set()
        for _ in range(_MOST_LOOKS_AT_A_PAGE):
            found = self._read(lambda c: search.select(c, query, query.limit + 1))
            hits = found[: query.limit]
            as_read = [hit for hit in hits if self._is_as_read(hit)]
            sure = {hit.run_id for hit in as_read if hit.is_settled or hit.run_id in read_again}
            doubtful = [hit.run_id for hit in hits if hit.run_id not in sure]
            if not doubtful:
                break
            read_again.update(doubtful)
            self._catching_up.flush(doubtful)
        more = len(found) > len(hits)
        return RunPage(
            tuple(as_read), query.cursor(search.position_of(query, hits[-1])) if more else None
        )

    def count(self, query: RunQuery) -> int:
        """How many runs the query finds on all its pages, as far as the index is."""
        if query.is_open:
            self._catching_up.flush()
            return self.state.known
        return self._remember(query, "", lambda c: search.count(c, query))

    def facet(self, query: RunQuery, field: str) -> list[tuple[str | None, int]]:
        """The values of one of FACETS with the number of runs; see `search.facet`."""
        return self._remember(query, field, lambda c: search.facet(c, query, field))

    def ids(self, query: RunQuery) -> Iterator[str]:
        """The ids of all runs that the query finds, in its order, page by page.

        A run that comes or goes meanwhile may be among them or not; no run comes twice.
        """
        position = query.after
        while True:
            page = self.search(replace(query, limit=_STRIDE, after=position, skip=0))
            yield from (hit.run_id for hit in page.hits)
            if page.next is None:
                return
            position = query.position(page.next)

    def known_to_be_over(self) -> set[str]:
        """Runs whose metadata.json is, to the byte, one that was read and told their end.

        So a start needs not read the folders of all runs there ever were. Empty when in doubt.
        """
        try:
            with self._database.reading() as connection:
                rows = connection.execute(
                    "SELECT run_id, stamp FROM runs WHERE is_final AND is_settled"
                )
                return {
                    run_id for run_id, stamp in rows if self._agreement.stamp_of(run_id) == stamp
                }
        except sqlite3.DatabaseError:
            return set()

    def close(self) -> None:
        """End the catching up and close the file."""
        self._catching_up.close()

    def _is_as_read(self, hit: Hit) -> bool:
        return (
            self._agreement.admits(hit.run_id) and self._agreement.stamp_of(hit.run_id) == hit.stamp
        )

    def _read(self, find: Callable[[sqlite3.Connection], Value]) -> Value:
        """What `find` gives; once more when the file turned out damaged and was begun afresh."""
        try:
            with self._database.reading() as connection:
                return find(connection)
        except sqlite3.DatabaseError as error:
            self._catching_up.suspect(error)
        try:
            with self._database.reading() as connection:
                return find(connection)
        except sqlite3.DatabaseError as error:
            raise IndexUnavailable("The search does not work just now. Try again soon.") from error

    def _remember(self, query: RunQuery, what: str, find: Callable[[Any], Value]) -> Value:
        """What `find` gives, found again only after the index has changed."""
        self._catching_up.flush()
        key, version = (query.fingerprint, what), self._catching_up.version
        with self._guard:
            known = self._remembered.get(key)
            if known and known[0] == version:
                self._remembered.move_to_end(key)
                value: Value = known[1]
                return value
        found = self._read(find)
        with self._guard:
            self._remembered[key] = (version, found)
            while len(self._remembered) > _MOST_REMEMBERED:
                self._remembered.popitem(last=False)
        return found
