"""The file of the index: its tables, its connections, and what happens when it can't be read."""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

logger = logging.getLogger(__name__)

FILE_NAME = "index.sqlite3"
_APPLICATION = 0x52554E53
VERSION = 4
"""Of the tables and of what stands in them; another one is made anew."""
_BUSY_SECONDS = 10.0
_MOST_IDLE_READERS = 8
_CACHE_KIB = 16 * 1024
_CHECKPOINT_PAGES = 4000
_TABLES = """
CREATE TABLE runs (
    id INTEGER PRIMARY KEY,  -- in the order of time, see rows._wished_id
    run_id TEXT NOT NULL UNIQUE,
    stamp TEXT NOT NULL,  -- which metadata.json was read, see agreement.stamp_of
    is_settled INTEGER NOT NULL,
    timestamp TEXT,
    status TEXT NOT NULL,
    schema_id TEXT,
    execution_mode TEXT,
    safety_level TEXT,
    user_id TEXT,
    workshop TEXT,
    origin TEXT,
    size INTEGER NOT NULL,
    duration REAL,
    backends TEXT NOT NULL,  -- one a line, as the next two
    configs TEXT NOT NULL,
    types TEXT NOT NULL,
    is_final INTEGER NOT NULL
);
CREATE INDEX runs_by_size ON runs (size);
CREATE INDEX runs_by_duration ON runs (duration) WHERE duration IS NOT NULL;
CREATE VIRTUAL TABLE words USING fts5 (
    input, transformed, marks, tokenize = 'ascii', columnsize = 0
);
-- Bytes of words gathered before they become a segment; fewer segments are merged less.
INSERT INTO words (words, rank) VALUES ('hashsize', 4194304);
"""


class NotWipeable(Exception):
    """What was deleted can only be wiped out by taking the whole file away."""


class Database:
    """One writing connection and any number of reading ones, on one file.

    A file that is damaged, of another version or of somebody else is replaced by an empty one. When
    that can't be, the file is not `is_in_place`, and `start_afresh` tries again.
    Only one thread may write at a time.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE_NAME
        self._guard = threading.Lock()
        self._idle: list[sqlite3.Connection] = []
        self._generation = 0
        self._identity = (-1, -1)
        try:
            self.writer = self._opened()
        except (OSError, sqlite3.Error) as error:
            # A server has to start on a full disk, too; what writes will try again.
            logger.warning("the index can't be opened: %s", error)
            self.writer = sqlite3.connect(":memory:", check_same_thread=False)
            self.writer.close()

    def start_afresh(self) -> None:
        """Leave the file as it is to nobody and begin with an empty one."""
        logger.warning("the index is begun afresh; it is made again of the folders")
        self._close_all()
        self.writer = self._created()

    @property
    def is_in_place(self) -> bool:
        """Whether the file in use is the one that has the name; `cache/` may go at any time."""
        try:
            found = self.path.stat()
        except OSError:
            return False
        return (found.st_dev, found.st_ino) == self._identity

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection that can't write, for one use in one thread."""
        with self._guard:
            generation = self._generation
            connection = self._idle.pop() if self._idle else None
        if connection is None:
            connection = _connected(self.path, mode="rw")
            connection.execute("PRAGMA query_only = ON")
        try:
            yield connection
        except BaseException:
            connection.close()
            raise
        with self._guard:
            if generation == self._generation and len(self._idle) < _MOST_IDLE_READERS:
                self._idle.append(connection)
                return
        connection.close()

    def is_sound(self) -> bool:
        """Whether the file is a database through and through; reads all of it."""
        try:
            [said] = self.writer.execute("PRAGMA quick_check(1)").fetchone()
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError:
            return False
        return bool(said == "ok")

    def wipe(self) -> None:
        """Leave nothing of what was deleted in the file; see `cut_log`, too.

        Deleted words stay in the segments of the full-text index until these are merged. Of deleted
        rows SQLite overwrites what stands where they were last (`secure_delete`), but not the
        copies in the unused part of pages from which it had moved them: of 300 files with 90 rows,
        24 still held some (SQLite 3.40.1). Only writing the whole file anew leaves none.
        Raises NotWipeable when there is no room for that, or the disk can't do it.
        """
        try:
            self.writer.execute("INSERT INTO words (words) VALUES ('optimize')")
            self.writer.execute("VACUUM")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise
            raise NotWipeable(str(error)) from error

    def cut_log(self) -> bool:
        """Leave nothing in the write-ahead log; False while a reader is in the way."""
        busy, *_ = self.writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not busy

    def close(self) -> None:
        """Close every connection."""
        self._close_all()

    def _opened(self) -> sqlite3.Connection:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            connection = _connected(self.path)
        except sqlite3.DatabaseError as error:
            logger.info("the index can't be read: %s", error)
            return self._created()
        if not is_ours(connection):
            connection.close()
            return self._created()
        return self._made_writer(connection)

    def _created(self) -> sqlite3.Connection:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        remove_index(self.path.parent)
        connection = self._made_writer(_connected(self.path))
        create_tables(connection)
        return connection

    def _made_writer(self, connection: sqlite3.Connection) -> sqlite3.Connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")  # a power cut costs rows, never sense
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("PRAGMA temp_store = FILE")  # VACUUM puts a copy of everything there
        connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
        found = self.path.stat()
        self._identity = (found.st_dev, found.st_ino)
        return connection

    def _close_all(self) -> None:
        with self._guard:
            self._generation += 1
            idle, self._idle = self._idle, []
        for connection in (*idle, self.writer):
            with suppress(sqlite3.Error):
                connection.close()


def remove_index(cache: Path) -> None:
    """Remove the index that nobody has open, with every word in it; the next server makes it."""
    for ending in ("", "-wal", "-shm", "-journal"):
        _remove(cache / f"{FILE_NAME}{ending}")


def create_tables(connection: sqlite3.Connection) -> None:
    """Make the tables of the index in an empty database."""
    connection.executescript(
        f"BEGIN; {_TABLES} PRAGMA application_id = {_APPLICATION};"
        f" PRAGMA user_version = {VERSION}; COMMIT;"
    )


def is_ours(connection: sqlite3.Connection) -> bool:
    """Whether this database is an index of this version, as far as its first page tells."""
    try:
        [application] = connection.execute("PRAGMA application_id").fetchone()
        [version] = connection.execute("PRAGMA user_version").fetchone()
        connection.execute("SELECT count(*) FROM (SELECT 1 FROM runs, words LIMIT 1)").fetchone()
    except sqlite3.DatabaseError:
        return False
    return (application, version) == (_APPLICATION, VERSION)


def _connected(path: Path, *, mode: str = "rwc") -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        timeout=_BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("PRAGMA schema_version")
    except BaseException:
        connection.close()
        raise
    return connection


def _remove(path: Path) -> None:
    """On Windows a file stays while somebody reads it; searches are short."""
    for _ in range(100):
        try:
            path.unlink(missing_ok=True)
        except PermissionError:
            if os.name != "nt":
                raise
            time.sleep(0.05)
        else:
            return
    path.unlink()
