"""Reading what is stored: runs, their files, and which of them there are."""

from __future__ import annotations

import logging
from collections.abc import Container, Iterable, Iterator
from pathlib import Path

from devserver.my_app.services.errors import ServerError
from devserver.my_app.services.run_folders import RunArchived, RunFolders, RunNotFound
from devserver.my_app.services.run_metadata import Output, RunMetadata
from devserver.my_app.services.sealed_run import SealBroken, read_sealed_metadata

logger = logging.getLogger(__name__)


class MediaNotFound(ServerError):
    """The run has no such output, or its file isn't there."""

    code = "media_not_found"


class StoredRuns:
    """The runs under one root, for reading. Safe to share between threads."""

    def __init__(self, folders: RunFolders) -> None:
        self._folders = folders

    @property
    def folders(self) -> RunFolders:
        """Where the runs lie."""
        return self._folders

    def get_metadata(self, run_id: str) -> RunMetadata:
        """The run's metadata as last written; of an archived run, as they were sealed.

        Raises RunNotFound, RunIdInvalid, MetadataUnreadable, SealBroken.
        """
        try:
            return self._folders.read(run_id)
        except RunArchived:
            return self._read_sealed(run_id)

    def get_media_path(self, run_id: str, filename: str) -> Path:
        """Where the file of one listed output lies.

        Only names that metadata.json lists are answered, so that no path can lead out of the
        folder. Raises RunNotFound, RunArchived, MediaNotFound.
        """
        run = self.get_metadata(run_id)
        for output in run.outputs:
            if output.filename == filename:
                return self.path_of(run, output)
        raise MediaNotFound("This run has no such file.")

    def path_of(self, run: RunMetadata, output: Output) -> Path:
        """Where the file of `output` of `run` lies.

        Raises MediaNotFound, also when it is gone, and RunArchived.
        """
        if run.archived:
            raise RunArchived(
                "The files of this run are in the archive; a researcher can restore them."
            )
        folder = self._folders.path(run.run_id)
        path = folder / output.filename
        if path.parent != folder:
            raise MediaNotFound("This run has no such file.")
        if not path.is_file():
            raise MediaNotFound("The file is listed but not on disk any more.")
        return path

    def ids(self) -> Iterator[str]:
        """The ids of all runs, also of those whose metadata can't be read.

        The folder is looked through when the first is asked for; with very many runs that takes a
        while.
        """
        yield from sorted({*self._folders.ids(), *self._folders.sealed_ids()})

    def list_runs(self, *, limit: int = 50, offset: int = 0) -> tuple[list[RunMetadata], int]:
        """A page of runs, the one written to last first, and the number of all runs."""
        ids = self._folders.newest_first()
        return list(self.readable(ids[offset : offset + limit])), len(ids)

    def unfinished_runs(self, over: Container[str] = ()) -> list[RunMetadata]:
        """All runs that have not ended, the oldest first; those known to be `over` aren't read."""
        runs = self.readable(run_id for run_id in self._folders.ids() if run_id not in over)
        return sorted(
            (run for run in runs if not run.is_final), key=lambda run: run.timestamp or ""
        )

    def archived_runs(self) -> Iterator[RunMetadata]:
        """All runs in the archive that have no folder; what can't be read is logged."""
        sealed = self._folders.sealed_ids()
        return self.readable(one for one in sealed if not self._folders.has_folder(one))

    def _read_sealed(self, run_id: str) -> RunMetadata:
        try:
            run = read_sealed_metadata(self._folders.sealed_path(run_id), run_id)
        except FileNotFoundError:
            return self._folders.read(run_id)  # restored at this moment, or deleted
        except OSError as error:
            raise SealBroken(f"This archive can't be read: {error.strerror}.") from error
        if self._folders.tombstones.is_tombstoned(run_id):
            raise RunNotFound("There is no run with this id on this server.")
        return run

    def readable(self, run_ids: Iterable[str]) -> Iterator[RunMetadata]:
        """The metadata of these runs, but of those that are gone or can't be read.

        What is in a folder copied by hand is another run's, and is passed over too.
        """
        for run_id in run_ids:
            try:
                run = self.get_metadata(run_id)
            except ServerError as error:
                logger.warning("run %s was passed over: %s", run_id, error)
                continue
            if run.run_id == run_id:
                yield run
            else:
                logger.warning("run %s was passed over: its metadata is another run's", run_id)
