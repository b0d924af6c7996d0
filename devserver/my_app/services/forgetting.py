"""Deleting a run: the one way by which one goes.

The steps, each of which may be cut off by a kill:

1. A run under way is cancelled, and its worker leaves it.
2. ComfyUI forgets it, while its jobs can still be read.
3. Its tombstone is set. From here on nobody reads it, writes to it or derives anything from it.
4. Who holds something derived from it is told.
5. The folder, or the sealed file, goes, in one rename.
6. Its words are wiped out of files in which a deletion leaves some.

Before step 3 the run is there, cancelled at most, and can be deleted again. With its tombstone it
gets a mark, which goes when steps 4 to 6 are done without a fault; where it is left, they are done
again at the next start, with the next erasure, or when the same run is deleted once more. Who was
reading a file goes on reading it: an open file stays until it is closed (on Windows it can't be
removed before that, and the next start does it).
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Container, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from devserver.my_app.services.comfyui.forgetting import HistoryNotForgotten
from devserver.my_app.services.durable_files import StorageFull
from devserver.my_app.services.errors import ServerError, with_causes
from devserver.my_app.services.run_folders import RunFolders, RunNotFound
from devserver.my_app.services.run_metadata import Job, RunMetadata
from devserver.my_app.services.stored_runs import StoredRuns
from devserver.my_app.services.tombstones import Reason

logger = logging.getLogger(__name__)

Forgetter = Callable[[str], None]
"""Makes a holder of derived data forget a run, by its id; raises when something is left. May be
called for the same run again."""
Sweeper = Callable[[Container[str]], None]
"""Makes a holder forget every run that is not among these, all there are; raises as above."""
Cancel = Callable[[str], object]
"""Ends a run under way, by its id, as `cancelled`."""
_LEAVE_SECONDS = 10.0
_FAILED = "It failed; the server's log says why."
_Holder = TypeVar("_Holder")


@dataclass(frozen=True)
class Receipt:
    """What the deletion of one run did. `faults` are the holders that still have something of it,
    with a sentence each."""

    run_id: str
    time: str
    reason: Reason
    was_under_way: bool
    files: int
    bytes: int
    faults: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_complete(self) -> bool:
        """Whether nothing is left of it here."""
        return not self.faults


def nobody_works(_run_id: str, _seconds: float) -> bool:
    """Where there are no workers."""
    return True


def _no_comfyui(_jobs: Sequence[Job]) -> int:
    return 0


class Forgetting:
    """Deletes runs. Safe to share between threads; two deletions of one run both come to the end.

    `cancel` ends a run under way, with the jobs that no worker sees to; `wait_until_left` waits for
    its worker, `forget_jobs` is ComfyUI's side, `holders` are all others by name. `wipers` are
    called after the last of several deletions: they take time, and leave no word of any of them.
    `sweepers` belong to those holders that can say what they hold.
    """

    def __init__(
        self,
        folders: RunFolders,
        *,
        cancel: Cancel,
        wait_until_left: Callable[[str, float], bool] = nobody_works,
        forget_jobs: Callable[[Sequence[Job]], int] = _no_comfyui,
        holders: Mapping[str, Forgetter] | None = None,
        wipers: Mapping[str, Callable[[], None]] | None = None,
        sweepers: Mapping[str, Sweeper] | None = None,
    ) -> None:
        self._folders = folders
        self._stored = StoredRuns(folders)
        self._cancel = cancel
        self._wait_until_left = wait_until_left
        self._forget_jobs = forget_jobs
        self._holders = dict(holders or {})
        self._wipers = dict(wipers or {})
        self._sweepers = dict(sweepers or {})
        self._marks = folders.unfinished_deletions
        self._guard = threading.Lock()
        self._unwiped: set[str] = set()

    def delete(
        self, run_id: str, reason: Reason = "deleted", *, more_follow: bool = False
    ) -> Receipt:
        """Delete a run, whatever state it is in; done, and durable, on return.

        A holder that fails is logged and named in the receipt, and stops nothing. A run that was
        deleted before is gone through again, which removes what was left then. Where `more_follow`,
        `wipe` has to be called after the last.
        Raises RunIdInvalid, RunNotFound when there is and was no such run, StorageFull when not
        even a tombstone can be written; then the run is still there.
        """
        is_there = self._folders.exists(run_id)
        # Looked at last: another deletion may just have taken the folder away.
        was_deleted = self._folders.tombstones.is_tombstoned(run_id)
        faults: dict[str, str] = {}
        was_under_way = False
        if not was_deleted:
            if not is_there:
                raise RunNotFound("There is no run with this id on this server.")
            run = self._end(run_id)
            was_under_way = run is not None and not run.is_final
            if was_under_way and not self._wait_until_left(run_id, _LEAVE_SECONDS):
                logger.warning("run %s: its worker has not left it yet", run_id)
            # After the cancelling no further job can be sent, so these are all.
            self._tell_comfyui(run_id, faults)
        files, size = self.measure(run_id)
        self._folders.bury(run_id, reason)
        faults |= self._finish(run_id)
        if not more_follow:
            faults |= self.wipe()
        stone = self._folders.tombstones.of(run_id)
        assert stone is not None  # noqa: S101 - set a moment ago, and nobody removes one
        logger.info("run %s is gone: %s", run_id, stone.reason)
        return Receipt(run_id, stone.time, stone.reason, was_under_way, files, size, faults)

    def wipe(self) -> dict[str, str]:
        """Leave no word of the runs deleted so far; returns who failed, with a sentence each."""
        with self._guard:
            covered = set(self._unwiped)
        faults = _asked_of_all(self._wipers, lambda wipe: wipe(), "could not be wiped")
        if not faults:
            with self._guard:
                done = covered & self._unwiped  # without those of which something came up since
                self._unwiped -= done
                self._marks.end(done)
        return faults

    def complete(self) -> dict[str, dict[str, str]]:
        """Bring to their end what a kill or a fault kept from it, and remove what has come back of
        runs with a tombstone; returns what is left of each run, by holder, with a sentence.

        Only for the owner of the root: at its start, and later.
        """
        remains = self._folders.remains()
        for run_id in remains:
            logger.warning("run %s was deleted before; what is there of it is removed", run_id)
        unfinished = set(filter(self._is_buried, self._marks.ids()))
        left = {run_id: self._finish(run_id) for run_id in sorted(unfinished.union(remains))}
        if left:
            not_wiped = self.wipe()
            left = {run_id: {**faults, **not_wiped} for run_id, faults in left.items()}
        return {run_id: faults for run_id, faults in left.items() if faults}

    def sweep(self) -> dict[str, str]:
        """Let nobody hold anything of runs that aren't there any more, however they went: one that
        was removed by hand was told to nobody. Returns who failed, with a sentence each.

        Only for the owner of the root.
        """
        there = _RunsThere(self._folders)
        return _asked_of_all(self._sweepers, lambda sweep: sweep(there), "could not be swept")

    def measure(self, run_id: str) -> tuple[int, int]:
        """How many files are there of the run, and how many bytes."""
        sizes = _sizes(self._folders.path(run_id))
        with suppress(FileNotFoundError):
            sizes.append(self._folders.sealed_path(run_id).stat().st_size)
        return len(sizes), sum(sizes)

    def _end(self, run_id: str) -> RunMetadata | None:
        """The run as it stood, cancelled by now if need be; None when that can't be read."""
        try:
            run = self._stored.get_metadata(run_id)
            if not run.is_final:
                self._cancel(run_id)
        except (ServerError, OSError) as error:
            # It may have come to its end meanwhile, or can't be read. Its tombstone ends it anyway.
            logger.info("run %s was not cancelled: %s", run_id, with_causes(error))
            return None
        return run

    def _tell_comfyui(self, run_id: str, faults: dict[str, str]) -> None:
        try:
            self._forget_jobs(self._stored.get_metadata(run_id).jobs)
        except HistoryNotForgotten as error:
            faults["comfyui"] = str(error)
        except (ServerError, OSError) as error:
            if self._folders.tombstones.is_tombstoned(run_id):
                return  # another deletion is ahead of this one, and asked
            logger.warning("run %s: its jobs can't be read: %s", run_id, with_causes(error))
            faults["comfyui"] = "Its jobs could not be read, so no ComfyUI was asked."

    def _is_buried(self, run_id: str) -> bool:
        """Whether a run that has a mark has its tombstone as well.

        Without one its deletion was cut off before, and the run is there as it was: the mark goes.
        """
        is_tombstoned = self._folders.tombstones.is_tombstoned
        if is_tombstoned(run_id):
            return True
        # Held as by who sets both, perhaps just now. Without room for a lock, the mark stays.
        with suppress(StorageFull), self._folders.holding(run_id):
            if not is_tombstoned(run_id):
                self._marks.end([run_id])
        return is_tombstoned(run_id)

    def _finish(self, run_id: str) -> dict[str, str]:
        """Steps 4 and 5; who still has something of the run, with a sentence each."""
        faults = _asked_of_all(
            self._holders, lambda forget: forget(run_id), f"has not forgotten run {run_id}"
        )
        try:
            self._folders.remove_remains(run_id)
        except OSError as error:
            logger.exception("run %s: not all of its files could be removed", run_id)
            faults["folder"] = f"Not all of its files could be removed: {error.strerror}."
        except StorageFull as error:  # not even for its lock
            logger.exception("run %s: its files could not be removed", run_id)
            faults["folder"] = str(error)
        with self._guard:
            if faults:
                # Another deletion of it may have come to its end before, and taken the mark away.
                self._unwiped.discard(run_id)
                try:
                    self._marks.begin(run_id)
                except (OSError, StorageFull):  # named all the same, and no server is kept down
                    logger.exception("run %s: no mark could be set that it is not done", run_id)
            else:
                self._unwiped.add(run_id)
        return faults


class _RunsThere(Container[str]):
    """The runs there are: as they were listed, and whoever has come since."""

    def __init__(self, folders: RunFolders) -> None:
        self._folders = folders
        self._listed = {*folders.ids(), *folders.sealed_ids()}

    def __contains__(self, run_id: object) -> bool:
        return run_id in self._listed or self._folders.exists(str(run_id))


def _asked_of_all(
    holders: Mapping[str, _Holder], ask: Callable[[_Holder], None], failed: str
) -> dict[str, str]:
    """Ask each of them; those that failed, with a sentence each."""
    faults = {}
    for name, holder in holders.items():
        try:
            ask(holder)
        except Exception as error:  # what one can't do, the others still have to
            logger.exception("%s %s", name, failed)
            faults[name] = str(error) if isinstance(error, ServerError) else _FAILED
    return faults


def _sizes(folder: Path) -> list[int]:
    sizes: list[int] = []
    # What goes at this moment isn't counted.
    with suppress(FileNotFoundError, NotADirectoryError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                sizes += _sizes(Path(entry.path))
            else:
                sizes.append(entry.stat(follow_symlinks=False).st_size)
    return sizes
