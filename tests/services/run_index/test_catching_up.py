"""What is heard, forgotten or fails while rows are read ahead of those being written."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devserver.my_app.services.run_folders import RunFolders
from devserver.my_app.services.run_index import RunIndex, catching_up, parse_query
from devserver.my_app.services.run_index.agreement import Agreement
from devserver.my_app.services.run_index.rows import Row
from devserver.my_app.services.run_index.writing import Taken, write
from devserver.my_app.services.run_index.writing_beside import Rows, WritingBeside
from devserver.my_app.services.storage_root import StorageRoot
from devserver.my_app.services.tombstones import Tombstones
from tests.services.run_index.conftest import NEVER, index_on
from tests.synthetic_runs import write_runs

EVERY = parse_query({"limit": ["200"]})
EISVOGEL = parse_query({"q": ["eisvogel"]})
RUNS = 24
EVENTS = st.lists(
    st.tuples(
        st.integers(0, 7),  # the reading after which it happens
        st.integers(0, RUNS - 1),  # to this run
        st.sampled_from(["change", "delete", "delete and wipe", "rm -r"]),
    ),
    max_size=8,
)
WAIT = 20.0


class AsLateAsCanBe(WritingBeside):
    """Writes only when somebody waits for it: the most that rows can be out of date by then."""

    def __init__(self, write: Callable[[Rows], None]) -> None:
        self._is_waited_for = threading.Event()

        def write_late(rows: Rows) -> None:
            assert self._is_waited_for.wait(WAIT)
            write(rows)

        super().__init__(write_late)

    def write(self, rows: Rows) -> None:
        self.wait()
        self._is_waited_for.clear()
        super().write(rows)

    def wait(self) -> None:
        self._is_waited_for.set()
        super().wait()

    def __exit__(self, *raised: object) -> None:
        self._is_waited_for.set()
        super().__exit__(*raised)  # type: ignore[arg-type]


@contextmanager
def small_batches() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(catching_up, "_READ_AT_ONCE", 3)
        patch.setattr(catching_up, "_WRITTEN_AT_ONCE", 6)
        patch.setattr(catching_up, "_RETRY_SECONDS", 0.01)
        yield patch


class Meanwhile:
    """Does to runs what it is told, after their rows were read and before these are written."""

    def __init__(self, root: StorageRoot, events: list[tuple[int, str, str]]) -> None:
        self.folders = RunFolders(root)
        self.came_back: set[str] = set()
        self._events = events
        self._gone: set[str] = set()
        self._threads: list[threading.Thread] = []
        self._readings = 0
        self._index: RunIndex | None = None
        self._has_index = threading.Event()

    def begin(self, index: RunIndex) -> None:
        self._index = index
        self._has_index.set()

    def happens(self) -> None:
        """To be called in the index's thread after each reading."""
        assert self._has_index.wait(WAIT)
        assert self._index is not None
        due = [event for event in self._events if event[0] == self._readings]
        self._readings += 1
        for _, run_id, what in due:
            if not self.folders.exists(run_id):
                continue
            if what == "change":
                run = self.folders.change(run_id, lambda run: run.having(input_text="Eisvogel"))
                self._index.heard(run)
            elif what == "rm -r":
                shutil.rmtree(self.folders.path(run_id))
            else:
                self.folders.bury(run_id, "deleted")  # the folder stays
                self._forget_in_a_thread(self._index, run_id, wipes=what == "delete and wipe")

    def end(self) -> None:
        for thread in self._threads:
            thread.join(WAIT)

    def _forget_in_a_thread(self, index: RunIndex, run_id: str, *, wipes: bool) -> None:
        """It waits for the index's thread; goes on when the index was told."""

        def forget() -> None:
            index.forget(run_id)
            if wipes:
                index.wipe()
            self._gone.add(run_id)
            self.came_back |= self._gone & ids_in(index)

        thread = threading.Thread(target=forget)
        self._threads.append(thread)
        thread.start()
        told = index._catching_up
        with told._changed:
            assert told._changed.wait_for(lambda: run_id in told._forgotten, WAIT)


def ids_in(index: RunIndex) -> set[str]:
    """What stands in the table, whatever a search would make of it."""
    with index._database.reading() as connection:
        return {run_id for (run_id,) in connection.execute("SELECT run_id FROM runs")}


@settings(max_examples=40, deadline=None)
@given(events=EVENTS)
def test_what_happens_while_rows_are_read_ahead_is_what_the_index_says(
    events: list[tuple[int, int, str]],
) -> None:
    with TemporaryDirectory() as folder, small_batches() as patch:
        root = StorageRoot(Path(folder) / "exports")
        run_ids = write_runs(root.runs, RUNS)
        meanwhile = Meanwhile(root, [(at, run_ids[which], what) for at, which, what in events])
        read = Agreement.read

        def read_while(agreement: Agreement, asked: Iterable[str]) -> dict[str, Row | None]:
            rows = read(agreement, asked)
            meanwhile.happens()
            return rows

        patch.setattr(Agreement, "read", read_while)
        patch.setattr(catching_up, "WritingBeside", AsLateAsCanBe)
        index = RunIndex(root.path, Tombstones(root.state), look_seconds=NEVER)
        try:
            meanwhile.begin(index)
            index.look_through()
            meanwhile.end()
            assert not meanwhile.came_back
            there = {run_id for run_id in run_ids if meanwhile.folders.exists(run_id)}
            assert {hit.run_id for hit in index.search(EVERY).hits} == there
            assert set(index.ids(EISVOGEL)) == {
                run_id
                for run_id in there
                if meanwhile.folders.read(run_id).input_text == "Eisvogel"
            }
            index.look_through()
            assert ids_in(index) == there
        finally:
            index.close()


def test_a_disk_that_is_full_under_way_makes_it_try_again(
    root: StorageRoot, caplog: pytest.LogCaptureFixture
) -> None:
    with small_batches():
        index = index_on(root)
        try:
            run_ids = write_runs(root.runs, 300)
            writer = index._database.writer
            [pages] = writer.execute("PRAGMA page_count").fetchone()
            writer.execute(f"PRAGMA max_page_count = {pages + 20}")
            index.look_through()
            assert not index.state.complete
            assert "could not be written" in caplog.text
            writer.execute("PRAGMA max_page_count = 1000000")
            while not index.state.complete:
                index.look_through()
            assert list(index.ids(EVERY)) == run_ids[::-1]
        finally:
            index.close()


def test_where_there_is_no_room_to_wipe_it_is_begun_afresh(
    root: StorageRoot, caplog: pytest.LogCaptureFixture
) -> None:
    with small_batches():
        run_ids = write_runs(root.runs, 200)
        index = index_on(root)
        try:
            writer = index._database.writer
            index.wipe()
            RunFolders(root).bury(run_ids[7], "deleted")
            index.forget(run_ids[7])
            assert run_ids[7].encode() in (root.cache / "index.sqlite3").read_bytes()
            [pages] = writer.execute("PRAGMA page_count").fetchone()
            writer.execute(f"PRAGMA max_page_count = {pages}")
            index.wipe()
            assert "can't be wiped out" in caplog.text
            left = b"".join(path.read_bytes() for path in root.cache.iterdir())
            assert run_ids[7].encode() not in left
            index.look_through()
            assert list(index.ids(EVERY)) == [one for one in run_ids[::-1] if one != run_ids[7]]
        finally:
            index.close()


def test_damage_met_while_writing_is_mended(
    root: StorageRoot, monkeypatch: pytest.MonkeyPatch
) -> None:
    met: list[str] = []

    def write_once_damaged(connection: sqlite3.Connection, rows: Rows) -> Taken:
        if len(rows) == 6 and not met:
            met.append(threading.current_thread().name)
            raise sqlite3.DatabaseError("database disk image is malformed")
        return write(connection, rows)

    monkeypatch.setattr(catching_up, "write", write_once_damaged)
    run_ids = write_runs(root.runs, 30)
    with small_batches():
        index = index_on(root)
        try:
            assert met
            assert index.state.complete
            assert index.state.known == 30
            assert list(index.ids(EVERY)) == run_ids[::-1]
        finally:
            index.close()


def test_closing_waits_for_what_is_being_written(
    root: StorageRoot, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_ids = write_runs(root.runs, 30)
    is_writing, may_write = threading.Event(), threading.Event()

    def write_when_let(connection: sqlite3.Connection, rows: Rows) -> Taken:
        is_writing.set()
        assert may_write.wait(WAIT)
        return write(connection, rows)

    with small_batches():
        monkeypatch.setattr(catching_up, "write", write_when_let)
        index = RunIndex(root.path, Tombstones(root.state), look_seconds=NEVER)
        assert is_writing.wait(WAIT)
        closing = threading.Thread(target=index.close)
        closing.start()
        may_write.set()
        closing.join(WAIT)
        assert not closing.is_alive()
        monkeypatch.setattr(catching_up, "write", write)
        index = index_on(root)
        try:
            assert list(index.ids(EVERY)) == run_ids[::-1]
        finally:
            index.close()
