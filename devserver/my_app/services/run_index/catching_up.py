"""Who alone writes the index: what was heard, what the folders say, what has to go."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from devserver.my_app.services.errors import ServerError
from devserver.my_app.services.run_index.agreement import Agreement
from devserver.my_app.services.run_index.database import Database, NotWipeable
from devserver.my_app.services.run_index.rows import Row
from devserver.my_app.services.run_index.writing import remove, transaction, write
from devserver.my_app.services.run_index.writing_beside import WritingBeside

logger = logging.getLogger(__name__)

LOOK_SECONDS = 5.0
"""Between two looks through all folders, at least."""
_SHARE = 50
"""A look takes at most a fiftieth of the time: it is so many times its own length to the next."""
_LINGER_SECONDS = 0.2
"""Changes of this long are written together, unless somebody waits."""
_RETRY_SECONDS = 5.0
_PATIENCE_SECONDS = 10.0
_READ_AT_ONCE = 100
_WRITTEN_AT_ONCE = 4000


class IndexNotWiped(ServerError):
    """Deleted words may still be in the file of the index."""

    code = "index_not_wiped"


@dataclass(frozen=True)
class IndexState:
    """How far the index is."""

    complete: bool
    """Whether all that the folders say was in it when they were last looked through."""
    known: int
    """Runs in the index."""
    of: int
    """Run folders, as last counted."""


class CatchingUp:
    """Keeps the database in agreement with the folders, in a thread of its own.

    In a look through all folders it reads ahead while a second thread writes. Before it takes what
    was heard meanwhile, all that was read is written; so no older row is ever put over a newer one.
    What fails (a full disk) is tried again; a database that turns out damaged is begun afresh.
    """

    def __init__(
        self, database: Database, agreement: Agreement, *, look_seconds: float = LOOK_SECONDS
    ) -> None:
        self._database = database
        self._agreement = agreement
        self._look_seconds = look_seconds
        self._changed = threading.Condition()
        self._dirty: dict[str, None] = {}
        self._forgotten: dict[str, None] = {}
        self._asked = self._done = 0
        self._waiting = 0
        self._looks_asked, self._looks_done = 1, 0
        self._wipes_asked, self._wipes_done = 0, 0
        self._next_look = 0.0
        self._is_behind = True
        self._is_suspect = True
        self._is_damaged = False
        self._closed = False
        self._folders = 0
        self._known = 0
        self.version = 0
        """One more with each change of the rows."""
        self._count_known()
        self._thread = threading.Thread(target=self._work, name="run-index", daemon=True)

    def start(self) -> None:
        """Begin; the first look through the folders comes at once."""
        self._thread.start()

    @property
    def state(self) -> IndexState:
        """How far the index is."""
        with self._changed:
            complete = self._looks_done > 0 and not self._is_behind
            return IndexState(complete, self._known, max(self._folders, self._known))

    def heard(self, run_id: str) -> None:
        """Read this run's folder again soon; costs the caller next to nothing."""
        with self._changed:
            is_awake = bool(self._dirty)  # it lingers for more: each waking costs it a turn
            self._dirty[run_id] = None
            self._asked += 1
            if not is_awake:
                self._changed.notify_all()

    def forget(self, run_id: str) -> None:
        """Take the run out of the index before this returns; see `wipe` for its words."""
        with self._changed:
            self._forgotten[run_id] = None
            self._asked += 1
        self.flush()

    def flush(self, run_ids: Iterable[str] = ()) -> None:
        """Have all that was heard so far in the index, and these runs read again.

        Returns all the same when that fails or takes too long.
        """
        with self._changed:
            for run_id in run_ids:
                self._dirty[run_id] = None
                self._asked += 1
            ticket = self._asked
            self._wait(lambda: self._done >= ticket)

    def look_through(self) -> None:
        """Look through all folders now, and return when the index agrees with them."""
        with self._changed:
            self._looks_asked += 1
            ticket = self._looks_asked
            self._next_look = 0.0
            self._wait(lambda: self._looks_done >= ticket, None)

    def wipe(self) -> None:
        """Leave nothing of deleted rows in any file. Raises IndexNotWiped."""
        with self._changed:
            self._wipes_asked += 1
            ticket = self._wipes_asked
            if not self._wait(lambda: self._wipes_done >= ticket, 6 * _PATIENCE_SECONDS):
                raise IndexNotWiped(
                    "The search index could not be rid of deleted words yet. Try again soon."
                )

    def suspect(self, error: sqlite3.DatabaseError) -> None:
        """Be told that a reader could not read; returns when the file is as it should be."""
        with self._changed:
            self._is_suspect = True
            self._is_damaged |= not isinstance(error, sqlite3.OperationalError)
            self._wait(lambda: not self._is_suspect)

    def close(self) -> None:
        """End the thread and close the file; what is missing is found at the next start."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._thread.ident is not None:
            self._thread.join()
        self._database.close()

    def _wait(self, is_done: Callable[[], bool], seconds: float | None = _PATIENCE_SECONDS) -> bool:
        if is_done():
            return True
        self._waiting += 1
        self._changed.notify_all()
        try:
            self._changed.wait_for(lambda: is_done() or self._closed, seconds)
        finally:
            self._waiting -= 1
        return is_done()

    def _work(self) -> None:
        pause = 0.0
        while not self._sleep(pause):
            try:
                pause = 0.0
                self._keep_file()
                self._take_heard()
                self._wipe_if_asked()
                if self._look_is_due():
                    self._look()
            except NotWipeable as error:
                logger.warning("deleted words can't be wiped out of the index: %s", error)
                pause = self._begin_afresh()
            except sqlite3.OperationalError as error:
                logger.warning("the index could not be written and will be later: %s", error)
                pause = self._fall_behind()
            except sqlite3.DatabaseError as error:
                logger.warning("the index is damaged: %s", error)
                pause = self._begin_afresh()
            except OSError as error:
                logger.warning("the index could not look through the folders: %s", error)
                pause = self._fall_behind()
            except Exception:
                logger.exception("the index failed and will try again")
                pause = self._fall_behind()

    def _sleep(self, pause: float) -> bool:
        """Wait until there is something to do; True at the end."""
        with self._changed:
            if pause:
                self._changed.wait_for(lambda: self._closed, pause)
            while not self._closed and not self._has_to_do():
                self._changed.wait(max(0.0, self._next_look - time.monotonic()))
            if self._dirty and not self._waiting:
                self._changed.wait_for(lambda: self._closed or self._waiting > 0, _LINGER_SECONDS)
            return self._closed

    def _has_to_do(self) -> bool:
        return self._has_heard() or self._is_suspect or self._look_is_due()

    def _look_is_due(self) -> bool:
        return time.monotonic() >= self._next_look

    def _fall_behind(self) -> float:
        """Let nobody wait for what can't be done now."""
        with self._changed:
            self._is_behind = True
            self._next_look = 0.0
            self._done = self._asked
            self._looks_done = self._looks_asked
            self._changed.notify_all()
        return _RETRY_SECONDS

    def _begin_afresh(self) -> float:
        with self._changed:
            wipes = self._wipes_asked
        try:
            self._database.start_afresh()
        except (OSError, sqlite3.Error) as error:
            logger.warning("the index could not be begun afresh: %s", error)
            return self._fall_behind()
        self._rows_changed(-self._known)
        with self._changed:
            self._is_behind = True
            self._next_look = 0.0
            self._wipes_done = wipes  # whatever was deleted, a new file holds nothing of it
            self._changed.notify_all()
        return 0.0

    def _keep_file(self) -> None:
        """Begin afresh when the file was taken away, or is damaged as far as can be seen."""
        with self._changed:
            is_suspect, is_damaged = self._is_suspect, self._is_damaged
        if (
            is_damaged
            or not self._database.is_in_place
            or (is_suspect and not self._database.is_sound())
        ):
            self._begin_afresh()
        with self._changed:
            self._is_suspect = self._is_damaged = False
            self._changed.notify_all()

    def _count_known(self) -> None:
        try:
            [self._known] = self._database.writer.execute("SELECT count(*) FROM runs").fetchone()
        except sqlite3.DatabaseError as error:
            logger.warning("the index is damaged: %s", error)
            self._is_damaged = True

    def _take_heard(self) -> None:
        with self._changed:
            ticket = self._asked
            dirty, self._dirty = self._dirty, {}
            forgotten, self._forgotten = self._forgotten, {}
        try:
            if forgotten:
                self._remove(forgotten)
            if dirty:
                self._write(self._agreement.read(dirty))
        except BaseException:
            with self._changed:
                self._dirty = {**dirty, **self._dirty}
                self._forgotten = {**forgotten, **self._forgotten}
            raise
        with self._changed:
            self._done = max(self._done, ticket)
            self._changed.notify_all()

    def _write(self, rows: Mapping[str, Row | None]) -> None:
        taken = write(self._database.writer, rows)
        if taken.changed:
            self._rows_changed(taken.added)

    def _remove(self, run_ids: Iterable[str]) -> None:
        writer = self._database.writer
        with transaction(writer):
            removed = sum(remove(writer, run_id) for run_id in run_ids)
        self._rows_changed(-removed)

    def _rows_changed(self, added: int) -> None:
        with self._changed:
            self._known += added
            self.version += 1

    def _look(self) -> None:
        """Go through all folders; what is heard meanwhile comes first."""
        begun = time.monotonic()
        with self._changed:
            ticket = self._looks_asked
        folders = self._agreement.count_folders()
        with self._changed:
            self._folders = folders
        with self._database.reading() as connection, WritingBeside(self._write) as beside:
            read: dict[str, Row | None] = {}
            for differing in self._agreement.differences(connection):
                for at in range(0, len(differing), _READ_AT_ONCE):
                    read |= self._agreement.read(differing[at : at + _READ_AT_ONCE])
                    if len(read) >= _WRITTEN_AT_ONCE or self._has_pressing():
                        beside.write(read)
                        read = {}
                        self._take_heard_after(beside)
                    if self._closed:
                        return
            beside.write(read)
        with self._changed:
            self._looks_done = max(self._looks_done, ticket)
            self._is_behind = False
            ended = time.monotonic()
            is_asked = self._looks_asked > self._looks_done
            pause = max(self._look_seconds, _SHARE * (ended - begun))
            self._next_look = 0.0 if is_asked else ended + pause
            self._changed.notify_all()

    def _take_heard_after(self, beside: WritingBeside) -> None:
        """Take what was heard, if anything; what was read before is written first."""
        with self._changed:
            if not self._has_heard():
                return
        beside.wait()
        self._take_heard()
        self._wipe_if_asked()

    def _has_heard(self) -> bool:
        return bool(self._dirty or self._forgotten or self._wipes_asked > self._wipes_done)

    def _has_pressing(self) -> bool:
        with self._changed:
            return self._waiting > 0 and (
                self._done < self._asked or self._wipes_done < self._wipes_asked
            )

    def _wipe_if_asked(self) -> None:
        with self._changed:
            ticket = self._wipes_asked
            if ticket == self._wipes_done:
                return
        deadline = time.monotonic() + 3 * _PATIENCE_SECONDS
        self._database.wipe()
        while not self._database.cut_log():
            if time.monotonic() > deadline or self._closed:
                raise sqlite3.OperationalError("somebody reads the index all the time")
        with self._changed:
            self._wipes_done = ticket
            self._changed.notify_all()
