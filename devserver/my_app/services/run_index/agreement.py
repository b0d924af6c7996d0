"""Making the index agree with the run folders, whoever changed them and by whatever means.

Which metadata.json a row was made of is told by its stamp: times of change and size, compared for
being the same, not for being newer, since a file that `rsync` brings keeps its old time. A file
that changed within SETTLED_NS before it was read could change once more without a trace, so its row
isn't `settled` and is made again when the folders are looked through next.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import time
from collections.abc import Callable, Container, Iterable, Iterator
from itertools import islice
from pathlib import Path
from stat import S_ISDIR
from typing import Protocol

from devserver.my_app.services.errors import ServerError
from devserver.my_app.services.regular_files import regular
from devserver.my_app.services.run_folders import METADATA, SEALED_SUFFIX
from devserver.my_app.services.run_id import is_run_id
from devserver.my_app.services.run_index.rows import Row, row_of
from devserver.my_app.services.run_index.writing import CHUNK, known_stamps
from devserver.my_app.services.run_metadata import RunMetadata, parse_metadata
from devserver.my_app.services.sealed_run import read_sealed_metadata

logger = logging.getLogger(__name__)

SETTLED_NS = 2_000_000_000
"""File systems tell the time in steps, the coarsest (FAT) of two seconds."""
_READINGS = 3
_FEW = 100


class Tombstoned(Protocol):
    """Which runs were deleted, and are never let in again."""

    def is_tombstoned(self, run_id: str) -> bool:
        """Whether this run was."""

    def ids(self) -> Container[str]:
        """All that were."""


class Agreement:
    """Knows what the rows of runs have to be. For one thread at a time.

    Of a run that is in the archive as well, the folder counts; a link to one elsewhere is no run.
    """

    def __init__(
        self,
        root: Path,
        tombstones: Tombstoned,
        *,
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._runs = os.fspath(root / "json")
        self._archive = root / "archive"
        self._tombstones = tombstones
        self._now_ns = now_ns
        self._unreadable: dict[str, str] = {}

    def count_folders(self) -> int:
        """How many run folders there are. Raises OSError."""
        return sum(1 for _ in self._ids())

    def admits(self, run_id: str) -> bool:
        """Whether the run may be shown at all."""
        return not self._tombstones.is_tombstoned(run_id)

    def stamp_of(self, run_id: str) -> str | None:
        """What tells this metadata.json from any other; None when it isn't there."""
        try:
            return _stamp(os.stat(f"{self._runs}/{run_id}/{METADATA}"))  # noqa: PTH116 - 50 a page
        except (OSError, ValueError):
            return self._stamp_of_sealed(run_id)

    def _stamp_of_sealed(self, run_id: str) -> str | None:
        try:
            return f"sealed-{_stamp(self._sealed(run_id).stat())}"
        except (OSError, ValueError):
            return None

    def _sealed(self, run_id: str) -> Path:
        return self._archive / f"{run_id}{SEALED_SUFFIX}"

    def differences(self, connection: sqlite3.Connection) -> Iterator[list[str]]:
        """The ids of runs whose row isn't what their folder says, some at a time.

        Raises OSError when the folder with the runs can't be read.
        """
        [rows] = connection.execute("SELECT count(*) FROM runs").fetchone()
        gone = self._tombstones.ids()
        met = 0
        ids = self._ids() if rows else self._oldest_first()
        while chunk := list(islice(ids, CHUNK)):
            known = known_stamps(connection, chunk) if rows else {}
            differing = [
                run_id
                for run_id in chunk
                if self._differs(run_id, known.get(run_id), is_gone=run_id in gone)
            ]
            met += len(known)
            yield differing
        if rows != met:
            yield from self._vanished(connection)

    def read(self, run_ids: Iterable[str]) -> dict[str, Row | None]:
        """The rows that the folders of these runs ask for; None where there is none to be."""
        asked = list(run_ids)
        # One look for all tombstones, where it is cheaper than one for each run.
        gone = self._tombstones.ids() if len(asked) > _FEW else None
        admitted = self.admits if gone is None else (lambda run_id: run_id not in gone)
        return {run_id: self._row(run_id) if admitted(run_id) else None for run_id in asked}

    def _differs(self, run_id: str, known: tuple[str, int] | None, *, is_gone: bool) -> bool:
        if is_gone:
            return known is not None
        if known is None and run_id not in self._unreadable:
            return True
        stamp = self.stamp_of(run_id)
        if stamp is None or self._unreadable.get(run_id) == stamp:
            return known is not None
        return known != (stamp, 1)

    def _vanished(self, connection: sqlite3.Connection) -> Iterator[list[str]]:
        last = 0
        while rows := connection.execute(
            "SELECT id, run_id FROM runs WHERE id > ? ORDER BY id LIMIT ?", (last, CHUNK)
        ).fetchall():
            last = rows[-1][0]
            yield [
                run_id
                for _, run_id in rows
                if self.stamp_of(run_id) is None or self._is_link(run_id)
            ]

    def _oldest_first(self) -> Iterator[str]:
        """All ids in about the order in which the runs were made, as the times of folders tell it.

        An index that is filled so grows at its end. In the order of the disk each row would go
        somewhere else, and most of the file would be written anew with every few thousand rows.
        """
        keys = sorted(f"{_changed_ns(entry):020}{run_id}" for run_id, entry in self._entries())
        return (key[20:] for key in keys)

    def _ids(self) -> Iterator[str]:
        return (run_id for run_id, _ in self._entries())

    def _entries(self) -> Iterator[tuple[str, os.DirEntry[str]]]:
        with os.scandir(self._runs) as entries:
            for entry in entries:
                if is_run_id(entry.name) and entry.is_dir(follow_symlinks=False):
                    yield entry.name, entry
        if not self._archive.is_dir():
            return
        with os.scandir(self._archive) as entries:
            for entry in entries:
                run_id = entry.name.removesuffix(SEALED_SUFFIX)
                if is_run_id(run_id) and run_id != entry.name and not self._has_folder(run_id):
                    yield run_id, entry

    def _has_folder(self, run_id: str) -> bool:
        try:
            # One look for each archived run.
            return S_ISDIR(os.lstat(f"{self._runs}/{run_id}").st_mode)
        except OSError:
            return False

    def _is_link(self, run_id: str) -> bool:
        return os.path.islink(f"{self._runs}/{run_id}")  # noqa: PTH114 - one for each row read

    def _row(self, run_id: str) -> Row | None:
        """The row that the folder asks for; None where there is none to be."""
        if self._is_link(run_id):
            return self._row_of_sealed(run_id)
        data, stamp, is_settled = b"", "", False
        try:
            for _ in range(_READINGS):
                now = self._now_ns()
                data, before, after = _read_file(f"{self._runs}/{run_id}/{METADATA}")
                stamp = _stamp(after)
                if _is_same(before, after):
                    last_change = max(after.st_mtime_ns, after.st_ctime_ns)
                    is_settled = last_change < now - SETTLED_NS
                    break
            run = parse_metadata(data)
        except (FileNotFoundError, NotADirectoryError):
            return self._row_of_sealed(run_id)
        except (ServerError, OSError) as error:
            self._pass_over(run_id, stamp, str(error))
            return None
        if run.run_id != run_id:
            self._pass_over(run_id, stamp, "its metadata is that of another run")
            return None
        return self._made(run, stamp, is_settled=is_settled)

    def _row_of_sealed(self, run_id: str) -> Row | None:
        stamp = self._stamp_of_sealed(run_id)
        if stamp is None:
            self._unreadable.pop(run_id, None)
            return None
        try:
            run = read_sealed_metadata(self._sealed(run_id), run_id)
        except (ServerError, OSError) as error:
            self._pass_over(run_id, stamp, str(error))
            return None
        # It is there whole, or not at all, and never changes; another one has another stamp.
        return self._made(run, stamp, is_settled=True)

    def _made(self, run: RunMetadata, stamp: str, *, is_settled: bool) -> Row | None:
        try:
            row = row_of(run, stamp, is_settled=is_settled)
        except Exception as error:  # noqa: BLE001 - whatever one run says, all others can be found
            # Not with what the error says, which may be a child's text.
            self._pass_over(run.run_id, stamp, f"no row can be made of it ({type(error).__name__})")
            return None
        self._unreadable.pop(run.run_id, None)
        return row

    def _pass_over(self, run_id: str, stamp: str, reason: str) -> None:
        if self._unreadable.get(run_id) != stamp:
            logger.warning("run %s is left out of the index: %s", run_id, reason)
        self._unreadable[run_id] = stamp


def _changed_ns(entry: os.DirEntry[str]) -> int:
    try:
        return max(0, entry.stat().st_mtime_ns)
    except OSError:  # gone since
        return 0


def _stamp(found: os.stat_result) -> str:
    return f"{found.st_mtime_ns}-{found.st_ctime_ns}-{found.st_size}"


def _is_same(one: os.stat_result, other: os.stat_result) -> bool:
    """Whether both have the same stamp."""
    return (
        one.st_mtime_ns == other.st_mtime_ns
        and one.st_ctime_ns == other.st_ctime_ns
        and one.st_size == other.st_size
    )


def _read_file(path: str) -> tuple[bytes, os.stat_result, os.stat_result]:
    """The bytes of a file, and what was known of it before and after they were read."""
    # A third faster than an open file object, which counts where there are 100,000.
    descriptor = regular(path)
    try:
        before = os.fstat(descriptor)
        pieces = [os.read(descriptor, before.st_size + 1)]
        while len(pieces[-1]) > before.st_size:
            pieces.append(os.read(descriptor, before.st_size + 1))
        return b"".join(pieces), before, os.fstat(descriptor)
    finally:
        os.close(descriptor)
