"""Run folders on disk: how one appears, is read, changes and vanishes.

Guarantees, through a kill at any point: a folder is there with its metadata.json or not at all; a
reader sees a whole metadata.json; a change is applied to the newest metadata.json, whoever else
writes, from threads and from other processes.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from devserver.my_app.services.crate_check import crate_faults
from devserver.my_app.services.crate_terms import CrateTerms
from devserver.my_app.services.durable_files import (
    TEMPORARY_SUFFIX,
    StorageFull,
    create_folder,
    is_temporary,
    remove_folder,
    replace_file,
    sync_folder,
    temporary_beside,
)
from devserver.my_app.services.errors import ServerError
from devserver.my_app.services.folder_names import (
    CRATE,
    INPUT_TEXT,
    METADATA,
    TRANSFORMED_TEXT,
    sayable,
)
from devserver.my_app.services.metadata_files import MetadataFiles
from devserver.my_app.services.run_crate import files_of, run_crate
from devserver.my_app.services.run_id import checked_run_id, is_run_id
from devserver.my_app.services.run_locks import RunLocks
from devserver.my_app.services.run_metadata import (
    MetadataOutOfReach,
    MetadataUnreadable,
    RunMetadata,
)
from devserver.my_app.services.storage_root import StorageRoot
from devserver.my_app.services.tombstones import Reason, Tombstones
from devserver.my_app.services.unfinished_deletions import UnfinishedDeletions

logger = logging.getLogger(__name__)

__all__ = [
    "DISK_FAILURES",
    "INPUT_TEXT",
    "METADATA",
    "OWN_NAME",
    "SEALED_SUFFIX",
    "TRANSFORMED_TEXT",
    "Change",
    "RunArchived",
    "RunFolders",
    "RunNotFound",
]

SEALED_SUFFIX = ".zip"
OWN_NAME = re.compile(r"output_.*|workflow(_\d+)?\.json")
"""The names we give to files that metadata.json lists one by one."""

DISK_FAILURES = (StorageFull, OSError, MetadataOutOfReach)
"""What tells that the disk would not take a change of a run, or not give the run, just now."""

_NO_RUN = "There is no run with this id on this server."

Change = Callable[[RunMetadata], RunMetadata]


class RunNotFound(ServerError):
    """There is no run of this id."""

    code = "run_not_found"


class RunArchived(RunNotFound):
    """The run has no folder just now: it lies sealed in the archive."""

    code = "run_archived"


class RunFolders:
    """The folders under `json/`, one a run, and the locks that keep their writers apart.

    A run that has a tombstone isn't there, whatever lies on the disk. Neither is one of which only
    a link lies there: a run is whole in itself, wherever its folder is copied.
    """

    def __init__(self, root: StorageRoot, terms: CrateTerms | None = None) -> None:
        """`terms` is what the crates of finished runs say of their licence and publisher."""
        self._root = root
        self.tombstones = Tombstones(root.state)
        self.unfinished_deletions = UnfinishedDeletions(root.state)
        self._terms = terms or CrateTerms()
        self._files = MetadataFiles()
        self._locks = RunLocks(root.locks)

    def path(self, run_id: str) -> Path:
        """Where the run's folder is or would be. Raises RunIdInvalid."""
        return self._root.runs / checked_run_id(run_id)

    def incoming(self, run_id: str) -> Path:
        """A fresh place for a file that is not yet the run's; one rename brings it to its folder.

        It is outside, so that a kill leaves nothing in a run that ended meanwhile.
        """
        return temporary_beside(self._root.incoming / checked_run_id(run_id))

    def sealed_path(self, run_id: str) -> Path:
        """Where the run's sealed file is or would be. Raises RunIdInvalid."""
        return self._root.archive / f"{checked_run_id(run_id)}{SEALED_SUFFIX}"

    def exists(self, run_id: str) -> bool:
        """Whether there is such a run, as a folder or in the archive. Raises RunIdInvalid."""
        there = self.has_folder(run_id) or self.sealed_path(run_id).is_file()
        return there and not self.tombstones.is_tombstoned(run_id)

    def has_folder(self, run_id: str) -> bool:
        """Whether a folder lies there, no link to one. Raises RunIdInvalid."""
        folder = self.path(run_id)
        return folder.is_dir() and not folder.is_symlink()

    def create(self, metadata: RunMetadata) -> None:
        """Let the folder appear with its input text and metadata inside, durable on return.

        Raises StorageFull, and FileExistsError for an id that any run has or had.
        """
        run_id = metadata.run_id
        if self.tombstones.is_tombstoned(run_id) or self.sealed_path(run_id).exists():
            raise FileExistsError(run_id)
        create_folder(
            self.path(metadata.run_id),
            {INPUT_TEXT: metadata.input_text.encode(), METADATA: metadata.to_json()},
        )

    def read(self, run_id: str) -> RunMetadata:
        """The run's metadata as last written.

        Raises RunIdInvalid, RunNotFound, RunArchived, MetadataUnreadable; MetadataOutOfReach when
        that is the disk's fault.
        """
        run = self.read_remains(run_id)
        # Looked at last, so that nobody reads a run after its tombstone was set.
        if self.tombstones.is_tombstoned(run_id):
            raise RunNotFound(_NO_RUN)
        return run

    def read_remains(self, run_id: str) -> RunMetadata:
        """As `read`, also of a run that has a tombstone while its folder is still there."""
        try:
            return self._files.read(self.path(run_id) / METADATA)
        except (FileNotFoundError, NotADirectoryError) as error:
            if self.sealed_path(run_id).exists() and not self.tombstones.is_tombstoned(run_id):
                raise RunArchived(
                    "This run is in the archive; a researcher can restore it."
                ) from error
            raise RunNotFound(_NO_RUN) from error
        except OSError as error:
            raise MetadataOutOfReach(
                f"The metadata of this run can't be read: {error.strerror}."
            ) from error

    @contextmanager
    def locked(self, run_id: str) -> Iterator[RunMetadata]:
        """Be the only writer of the run, in all processes; gives the newest metadata.

        When the disk fails in the block, the folder is put back as metadata.json says.
        Raises RunIdInvalid, RunNotFound, MetadataUnreadable (also for that of another run, as in
        a folder copied by hand: what is written would go to the other's), StorageFull.
        """
        with self.holding(run_id):
            try:
                run = self.read(run_id)
            except RunNotFound:
                self._locks.forget(run_id)
                raise
            if run.run_id != run_id:
                raise MetadataUnreadable("The metadata of this run is that of another run.")
            try:
                yield run
            except (OSError, StorageFull):
                self._take_back(run_id)
                raise

    @contextmanager
    def holding(self, run_id: str) -> Iterator[None]:
        """Keep all writers of the run away, in all processes, whether there is one or not.

        Raises RunIdInvalid, StorageFull.
        """
        with self._locks.holding(checked_run_id(run_id)):
            yield

    def replace_metadata(self, metadata: RunMetadata) -> RunMetadata:
        """Write the next revision; only inside `locked`. Raises StorageFull.

        That of a run that is over gets its crate first, so that whoever sees it over finds both.
        """
        newer = metadata.having(revision=metadata.revision + 1)
        if newer.is_final:
            self._try_to_write_crate(newer)
        path = self.path(metadata.run_id) / METADATA
        self._files.written(path, replace_file(path, newer.to_json()), newer)
        if newer.is_final:
            self._locks.forget(newer.run_id)
        return newer

    def change(self, run_id: str, change: Change) -> RunMetadata:
        """Apply `change` to the newest metadata and write the result; returns what was written.

        Raises RunNotFound, MetadataUnreadable, StorageFull, and whatever `change` raises; then
        nothing is written.
        """
        with self.locked(run_id) as metadata:
            return self.replace_metadata(change(metadata))

    def change_at_last(self, run_id: str, change: Change) -> RunMetadata:
        """As `change`, but on a full disk with the room that is kept for the last word of a run."""
        try:
            return self.change(run_id, change)
        except StorageFull:
            self._root.spend_reserve()
            return self.change(run_id, change)

    def crate_of(self, run: RunMetadata) -> bytes:
        """What the crate of `run`, which is over, has to be. Raises OSError."""
        folder = self.path(run.run_id)
        names = [job.workflow for job in run.jobs if job.workflow]
        sent = [path for name in names if (path := folder / name).parent == folder]
        return run_crate(run, files_of(run, [path for path in sent if path.is_file()]), self._terms)

    def write_crate(self, run: RunMetadata) -> None:
        """Write the crate of `run`, which is over; only inside `locked`.

        It isn't synced: it can be made anew, which `recover` does where a power cut took it.
        Raises OSError, StorageFull.
        """
        replace_file(self.path(run.run_id) / CRATE, self.crate_of(run), durable=False)

    def repair_crate(self, run_id: str) -> bool:
        """Make the crate of a run that is over anew where it is missing, torn or another run's.

        Returns whether it had to. Those of the first servers' runs, which noted too little, are
        left without. Raises RunNotFound, MetadataUnreadable, OSError, StorageFull.
        """
        with self.locked(run_id) as run:
            if not run.is_final or not crate_faults(run, self.path(run_id)):
                return False
            self.write_crate(run)
            return True

    def _try_to_write_crate(self, run: RunMetadata) -> None:
        """A run says its last word also where there is no room for its crate."""
        try:
            self.write_crate(run)
        except (OSError, StorageFull) as error:
            logger.warning("run %s got no crate, recover makes it: %s", run.run_id, error)

    def sync(self, run_id: str) -> None:
        """Make the names inside the run's folder durable. Raises RunNotFound when it is gone."""
        try:
            sync_folder(self.path(run_id))
        except FileNotFoundError as error:
            raise RunNotFound(_NO_RUN) from error

    def bury(self, run_id: str, reason: Reason) -> None:
        """Let the run be gone from now on: set its tombstone, durably, and before it the mark that
        its deletion is not at its end.

        Who writes to it at this moment comes to an end first; who would afterwards, and who reads,
        gets RunNotFound. Works on a full disk, with the room that is kept. Raises StorageFull.
        """
        try:
            self._bury(run_id, reason)
        except StorageFull:
            self._root.spend_reserve()
            self._bury(run_id, reason)

    def _bury(self, run_id: str, reason: Reason) -> None:
        with self.holding(run_id):
            self.unfinished_deletions.begin(run_id)
            self.tombstones.put(run_id, reason)
            self._locks.forget(run_id)

    def remove_remains(self, run_id: str) -> None:
        """Remove everything that lies there of a run that has a tombstone: folder, sealed file, and
        what earlier removals left. Raises OSError when something can't be removed.
        """
        if not self.tombstones.is_tombstoned(run_id):
            raise ValueError("only what has a tombstone is removed")
        with self.holding(run_id):
            folder, sealed = self.path(run_id), self.sealed_path(run_id)
            if not self.has_folder(run_id) and not sealed.exists():
                # An earlier removal came this far. Looked for only then: it takes a whole listing.
                for parent in (folder.parent, sealed.parent):
                    for left in parent.glob(f".{run_id}*{TEMPORARY_SUFFIX}"):
                        _remove(left)
            for arriving in self._root.incoming.glob(f".{run_id}*{TEMPORARY_SUFFIX}"):
                _remove(arriving)
            if sealed.exists():
                sealed.unlink()
                sync_folder(sealed.parent)
            if self.has_folder(run_id):
                remove_folder(folder)
            self._files.forget(folder / METADATA)
            self._locks.forget(run_id)

    def remove_sealed_away(self, run_id: str) -> None:
        """Let the folder of a run vanish that is sealed in the archive; only inside `holding`."""
        remove_folder(self.path(run_id))
        self._locks.forget(run_id)

    def agree_with(self, run: RunMetadata) -> None:
        """Let the folder hold just what `run` lists, inside `locked`; files by hand stay.

        What goes are our own temporaries and media that were renamed but never listed.
        """
        for entry in self.path(run.run_id).iterdir():
            if is_temporary(entry.name):
                logger.info("run %s: removing the unfinished %s", run.run_id, entry.name)
                _remove(entry)
        self.put_right(run)
        self.sync(run.run_id)

    def put_right(self, run: RunMetadata) -> None:
        """As `agree_with`, but temporaries stay: somebody may be writing them just now."""
        listed = {output.filename for output in run.outputs} | {job.workflow for job in run.jobs}
        for entry in self.path(run.run_id).iterdir():
            unlisted = OWN_NAME.fullmatch(entry.name) and entry.name not in listed
            early = entry.name == CRATE and not run.is_final
            if (unlisted or early) and not entry.is_dir():  # a folder is never one of ours
                logger.info("run %s: removing the unlisted %s", run.run_id, entry.name)
                entry.unlink()
        text = self.path(run.run_id) / TRANSFORMED_TEXT
        if run.transformed_text is None:
            text.unlink(missing_ok=True)
        elif not text.is_file() or text.read_bytes() != run.transformed_text.encode():
            replace_file(text, run.transformed_text.encode())

    def ids(self) -> list[str]:
        """The ids of all runs with a folder, in no order; what else lies there is passed over."""
        gone = self.tombstones.ids()
        return [run_id for run_id in self._folder_ids() if run_id not in gone]

    def sealed_ids(self) -> list[str]:
        """The ids of all runs in the archive, in no order."""
        gone = self.tombstones.ids()
        return [run_id for run_id in self._sealed_ids() if run_id not in gone]

    def remains(self) -> list[str]:
        """The ids of runs that have a tombstone, and of which something is there (again)."""
        gone = self.tombstones.ids()
        if not gone:
            return []
        return sorted(gone.intersection([*self._folder_ids(), *self._sealed_ids()]))

    def _folder_ids(self) -> list[str]:
        return [entry.name for entry in self._folders()]

    def _folders(self) -> Iterator[os.DirEntry[str]]:
        with os.scandir(self._root.runs) as entries:
            for entry in entries:
                if is_run_id(entry.name) and entry.is_dir(follow_symlinks=False):
                    yield entry

    def _sealed_ids(self) -> list[str]:
        try:
            names = [entry.name for entry in os.scandir(self._root.archive)]
        except FileNotFoundError:
            return []
        ids = (name.removesuffix(SEALED_SUFFIX) for name in names if name.endswith(SEALED_SUFFIX))
        return [run_id for run_id in ids if is_run_id(run_id)]

    def strangers(self) -> list[str]:
        """Folders and sealed files among the runs that are none by their names, such as copies made
        by hand, and links to folders; each as `json/name` or `archive/name`, as names are told.
        """
        with os.scandir(self._root.runs) as entries:
            there = [e for e in entries if e.is_dir()]
        folders = [e.name for e in there if e.is_symlink() or not is_run_id(e.name)]
        beside = self._root.archive.iterdir() if self._root.archive.is_dir() else ()
        names = [path.name for path in beside]
        sealed = [one for one in names if not is_run_id(one.removesuffix(SEALED_SUFFIX))]
        found = [f"json/{one}" for one in folders] + [f"archive/{one}" for one in sealed]
        return [sayable(one) for one in found if not is_temporary(one.partition("/")[2])]

    def newest_first(self) -> list[str]:
        """The ids of all runs, the one written to last first."""
        found = []
        for entry in self._folders():
            with suppress(OSError):  # removed by hand at this moment
                found.append((entry.stat().st_mtime_ns, entry.name))
        gone = self.tombstones.ids()
        return [name for _, name in sorted(found, reverse=True) if name not in gone]

    def remove_strays(self) -> None:
        """Remove what a killed server left unfinished. Only for the root's owner."""
        for folder in (self._root.runs, self._root.archive):
            for entry in folder.iterdir() if folder.is_dir() else ():
                if is_temporary(entry.name):
                    logger.info("removing the unfinished %s", entry.name)
                    with suppress(OSError):
                        _remove(entry)
        for entry in self._root.incoming.iterdir():
            logger.info("removing the unfinished %s", entry.name)
            entry.unlink(missing_ok=True)

    def _take_back(self, run_id: str) -> None:
        """Undo a change of which metadata.json could not be written."""
        try:
            run = self.read(run_id)
        except RunNotFound:
            return
        if run.is_final:
            return
        try:
            self.put_right(run)
        except StorageFull:
            self._root.spend_reserve()
            self.put_right(run)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
