"""Deleting a run: the one way by which one goes.

The steps, each of which may be cut off by a kill:

1. A run under way is cancelled, and its worker leaves it.
2. ComfyUI forgets it, while its jobs can still be read.
3. Its tombstone is set. From here on nobody reads it, writes to it or derives anything from it.
4. Who holds something derived from it is told.
5. The folder, or the sealed file, goes, in one rename.

Before step 3 the run is there, cancelled at most, and can be deleted again. From then on the folder
itself is the mark that steps 4 and 5 are to be done; the next start does them, or the next request
to delete the same run. Who was reading a file goes on reading it: an open file stays until it is
closed (on Windows it can't be removed before that, and the next start does it).
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from devserver.my_app.services.comfyui.forgetting import HistoryNotForgotten
from devserver.my_app.services.errors import ServerError, with_causes
from devserver.my_app.services.run_folders import RunFolders, RunNotFound
from devserver.my_app.services.run_metadata import Job, RunMetadata, RunStatus
from devserver.my_app.services.stored_runs import StoredRuns
from devserver.my_app.services.tombstones import Reason

logger = logging.getLogger(__name__)

Forgetter = Callable[[str], None]
"""Makes a holder of derived data forget a run, by its id; raises when something is left. May be
called for the same run again."""
_LEAVE_SECONDS = 10.0
_FAILED = "It failed; the server's log says why."


class Cancel(Protocol):
    """How a run under way is ended."""

    def __call__(self, run_id: str, status: RunStatus) -> RunMetadata: ...


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

    `cancel` ends a run under way (`MediaStorageService.finish_run`), `wait_until_left` waits for
    its worker, `forget_jobs` is ComfyUI's side, `holders` are all others by name. `wipers` are
    called after the last of several deletions: they take time, and leave no word of any of them.
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
    ) -> None:
        self._folders = folders
        self._stored = StoredRuns(folders)
        self._cancel = cancel
        self._wait_until_left = wait_until_left
        self._forget_jobs = forget_jobs
        self._holders = dict(holders or {})
        self._wipers = dict(wipers or {})
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
        is_there = self._folders.path(run_id).exists() or self._folders.exists(run_id)
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
        with self._guard:
            self._folders.mark_unwiped()
            self._unwiped.add(run_id)
        self._folders.bury(run_id, reason)
        self._finish(run_id, faults)
        if not more_follow:
            faults |= self.wipe()
        stone = self._folders.tombstones.of(run_id)
        assert stone is not None  # noqa: S101 - set a moment ago, and nobody removes one
        logger.info("run %s is gone: %s", run_id, stone.reason)
        return Receipt(run_id, stone.time, stone.reason, was_under_way, files, size, faults)

    def wipe(self) -> dict[str, str]:
        """Leave no word of the runs deleted so far; returns who failed, with a sentence each."""
        faults = {}
        with self._guard:
            covered = set(self._unwiped)
        for name, wipe in self._wipers.items():
            try:
                wipe()
            except Exception as error:  # what one can't wipe, the others still have to
                logger.exception("%s could not be wiped", name)
                sentence = str(error) if isinstance(error, ServerError) else _FAILED
                faults[name] = sentence
        if not faults:
            with self._guard:
                self._unwiped -= covered
                if not self._unwiped:
                    self._folders.mark_wiped()
        return faults

    def complete(self) -> int:
        """Remove what is there, or there again, of runs that have a tombstone; returns how many.

        Wipes, too, what a kill or a fault kept from being wiped.

        Only for the owner of the root: at its start, and later.
        """
        remains = self._folders.remains()
        for run_id in remains:
            logger.warning("run %s was deleted before; what is there of it is removed", run_id)
            self._finish(run_id, {})
        if remains or self._folders.is_unwiped:
            self.wipe()
        return len(remains)

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
                self._cancel(run_id, "cancelled")
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

    def _finish(self, run_id: str, faults: dict[str, str]) -> None:
        for name, forget in self._holders.items():
            try:
                forget(run_id)
            except Exception:  # what one can't forget, the others still have to
                logger.exception("run %s: %s has not forgotten it", run_id, name)
                faults[name] = _FAILED
        try:
            self._folders.remove_remains(run_id)
        except OSError as error:
            logger.exception("run %s: not all of its files could be removed", run_id)
            faults["folder"] = f"Not all of its files could be removed: {error.strerror}."


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
