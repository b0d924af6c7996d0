"""The archive: runs that are over, each as one sealed file under `archive/`.

A run is there as a folder or as a sealed file; after a kill it may be there as both. Then the
folder is the truth: the sealed file goes when the folder holds all that is in it.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterator

from devserver.my_app.services.durable_files import sync_folder, temporary_beside
from devserver.my_app.services.errors import ServerError
from devserver.my_app.services.run_folders import RunArchived, RunFolders
from devserver.my_app.services.run_metadata import RunMetadata
from devserver.my_app.services.sealed_run import (
    SealBroken,
    is_held_by,
    read_sealed_metadata,
    seal,
    unseal,
)
from devserver.my_app.services.stored_runs import StoredRuns
from devserver.my_app.services.verification import faults_of

logger = logging.getLogger(__name__)


class RunUnderWay(ServerError):
    """The run is not over, so it can't be sealed yet."""

    code = "run_not_over"


class RunFolderLies(ServerError):
    """The folder doesn't hold what its metadata says; sealed, it would never be put right."""

    code = "run_folder_lies"


class NotArchived(ServerError):
    """The run is not in the archive: it has its folder."""

    code = "not_archived"


def _nobody(_run: RunMetadata) -> None:
    """Where nobody has to be told."""


class Archive:
    """Seals runs and restores them. Safe to share between threads and processes.

    `moved` is told of each run that was archived or restored, with `archived` as it is by then.
    """

    def __init__(
        self, folders: RunFolders, *, moved: Callable[[RunMetadata], None] = _nobody
    ) -> None:
        self._folders = folders
        self._moved = moved
        self._stored = StoredRuns(folders)

    def ids(self) -> list[str]:
        """The ids of all archived runs, in no order."""
        return self._folders.sealed_ids()

    def runs(self) -> Iterator[RunMetadata]:
        """The metadata of all archived runs; what can't be read is logged and passed over."""
        return self._stored.archived_runs()

    def metadata(self, run_id: str) -> RunMetadata:
        """The metadata of an archived run, with `archived` true.

        Raises RunIdInvalid, NotArchived, SealBroken.
        """
        try:
            return read_sealed_metadata(self._folders.sealed_path(run_id), run_id)
        except FileNotFoundError as error:
            raise NotArchived("This run is not in the archive.") from error

    def archive(self, run_id: str) -> None:
        """Seal a run that is over, read the sealed file back, and only then let the folder go.

        Nothing has changed when it raises: RunNotFound, RunArchived when it is sealed already,
        RunUnderWay, RunFolderLies, NotSealable, SealBroken, StorageFull.
        """
        with self._folders.locked(run_id) as run:
            if not run.is_final:
                raise RunUnderWay("This run is not over yet; it can be archived when it is.")
            if faults_of(self._folders, run_id):
                raise RunFolderLies(
                    "This run's folder does not hold what its metadata says; see verify."
                )
            self._seal(run_id)
            self._folders.remove_sealed_away(run_id)
        logger.info("run %s archived", run_id)
        self._moved(run.having(archived=True))

    def restore(self, run_id: str) -> None:
        """Unpack an archived run beside, check every file, and let the folder appear in one step.

        Nothing has changed when it raises: RunNotFound, NotArchived, SealBroken, StorageFull.
        """
        with self._folders.holding(run_id):
            try:
                self._folders.read(run_id)
            except RunArchived:
                pass
            else:
                self._settle(run_id)  # what a kill left of an earlier restoring
                raise NotArchived("This run is not in the archive; its folder is there.")
            folder, sealed = self._folders.path(run_id), self._folders.sealed_path(run_id)
            run = read_sealed_metadata(sealed, run_id)
            part = temporary_beside(folder)
            try:
                unseal(sealed, run_id, part)
                part.rename(folder)
            except BaseException:
                shutil.rmtree(part, ignore_errors=True)
                raise
            sync_folder(folder.parent)
            sealed.unlink()
            sync_folder(sealed.parent)
        logger.info("run %s restored from the archive", run_id)
        self._moved(run.having(archived=False))

    def settle(self) -> None:
        """Let every run be there once, after a kill. Only for the root's owner, at its start."""
        for run_id in self._folders.sealed_ids():
            if self._folders.has_folder(run_id):
                with self._folders.holding(run_id):
                    self._settle(run_id)

    def _seal(self, run_id: str) -> None:
        sealed = self._folders.sealed_path(run_id)
        if not sealed.parent.is_dir():
            sealed.parent.mkdir(exist_ok=True)
            sync_folder(sealed.parent.parent)
        part = temporary_beside(sealed)
        try:
            seal(self._folders.path(run_id), part)
            part.replace(sealed)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        sync_folder(sealed.parent)

    def _settle(self, run_id: str) -> None:
        """Remove the sealed file of a run whose folder is there, when nothing is lost by that."""
        folder, sealed = self._folders.path(run_id), self._folders.sealed_path(run_id)
        try:
            superfluous = is_held_by(sealed, folder)
        except FileNotFoundError:
            return
        except SealBroken:
            superfluous = not faults_of(self._folders, run_id)
        except OSError as error:
            logger.warning("run %s: its archived copy can't be read: %s", run_id, error)
            return
        if not superfluous:
            logger.warning(
                "run %s is there as a folder and in the archive, and they differ; both stay", run_id
            )
            return
        sealed.unlink()
        sync_folder(sealed.parent)
        logger.info("run %s is there as a folder; its archived copy is removed", run_id)
