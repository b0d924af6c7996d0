"""Runs out of their folders, ready to be exported. No backend is asked for anything."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from devserver.my_app.services.durable_files import TEMPORARY_SUFFIX, full_disk_named, is_temporary
from devserver.my_app.services.errors import ServerError
from devserver.my_app.services.exports.plain_values import json_text, plain
from devserver.my_app.services.exports.port import ExportedFile, ExportedRun
from devserver.my_app.services.folder_names import CRATE
from devserver.my_app.services.run_folders import (
    INPUT_TEXT,
    METADATA,
    TRANSFORMED_TEXT,
    RunFolders,
    RunNotFound,
)
from devserver.my_app.services.run_metadata import MetadataUnreadable, Output, RunMetadata

logger = logging.getLogger(__name__)

Pseudonymise = Callable[[RunMetadata], RunMetadata]
"""Puts pseudonyms in the place of what tells who somebody is."""
Mark = Callable[[ExportedRun, Path], ExportedRun]
"""Gives the run with marked copies in place of its media; they are made in the folder given, which
is emptied when the run has been exported."""
LeftOut = Callable[[str, str], None]
"""Is told the run_id and the code of the failure of each run that is passed over."""


class RunNotOver(ServerError):
    """The run is still on its way; what was exported now would not be what it is in the end."""

    code = "run_not_over"


class ExportOptionNotOffered(ServerError):
    """This server has no pseudonyms, or no marking."""

    code = "export_option_not_offered"


def _nobody(_run_id: str, _code: str) -> None:
    pass


class ExportSource:
    """Gives runs that are over as they lie in their folders. Safe to share between threads.

    `scratch` is where temporary copies are made: the rewritten metadata.json of pseudonymised runs,
    and marked media.
    """

    def __init__(
        self,
        folders: RunFolders,
        *,
        scratch: Path | None = None,
        pseudonymise: Pseudonymise | None = None,
        mark: Mark | None = None,
    ) -> None:
        self._folders = folders
        self._scratch = scratch
        self._pseudonymise = pseudonymise
        self._mark = mark

    def check_offered(self, *, pseudonyms: bool = False, marked: bool = False) -> None:
        """Raise ExportOptionNotOffered when what is wished for can't be had here."""
        if pseudonyms and self._pseudonymise is None:
            raise ExportOptionNotOffered("This server can't export with pseudonyms.")
        if marked and self._mark is None:
            raise ExportOptionNotOffered("This server can't mark copies as made by AI.")

    @contextmanager
    def run(
        self, run_id: str, *, pseudonyms: bool = False, marked: bool = False
    ) -> Iterator[ExportedRun]:
        """One run; its files are there until the end of `with`, unless the run is deleted.

        Raises RunIdInvalid, RunNotFound, RunNotOver, MetadataUnreadable, ExportOptionNotOffered,
        StorageFull.
        """
        self.check_offered(pseudonyms=pseudonyms, marked=marked)
        with self._scratch_folder(pseudonyms or marked) as scratch:
            yield self._prepared(run_id, scratch, pseudonyms=pseudonyms, marked=marked)

    def runs(
        self,
        run_ids: Iterable[str],
        *,
        pseudonyms: bool = False,
        marked: bool = False,
        left_out: LeftOut = _nobody,
    ) -> Iterator[ExportedRun]:
        """The runs one by one; the files of each are there until the next is taken.

        A run that was deleted meanwhile, is not over, or can't be read is passed over, and
        `left_out` is told. Raises ExportOptionNotOffered, StorageFull.
        """
        self.check_offered(pseudonyms=pseudonyms, marked=marked)
        with self._scratch_folder(pseudonyms or marked) as scratch:
            for run_id in run_ids:
                try:
                    run = self._exported(run_id)
                except ServerError as error:
                    logger.info("run %s is left out of an export: %s", run_id, error)
                    left_out(run_id, error.code)
                    continue
                except FileNotFoundError:  # deleted between one look and the next
                    left_out(run_id, "run_not_found")
                    continue
                yield self._rewritten(run, scratch, pseudonyms=pseudonyms, marked=marked)
                _empty(scratch)

    def is_there(self, run_id: str) -> bool:
        """Whether the run can still be read: it wasn't deleted, nor is it being deleted."""
        try:
            self._folders.read(run_id)
        except MetadataUnreadable:
            return True
        except RunNotFound:
            return False
        return True

    def size(self, run_id: str) -> tuple[int, int]:
        """Bytes of the run's metadata.json, and of all its files; 0 and 0 when it isn't there."""
        sizes = {name: size for name, _, size in self._files(run_id)}
        return sizes.get(METADATA, 0), sum(sizes.values())

    def stamp(self, run_id: str) -> str:
        """A word that is another one as soon as the run changes; empty when it isn't there.

        From the file system alone, so that a hundred thousand can be asked for in a second.
        Raises RunIdInvalid.
        """
        try:
            found = (self._folders.path(run_id) / METADATA).stat()
        except OSError:
            return ""
        return f"{found.st_mtime_ns:x}-{found.st_size:x}"

    def _prepared(
        self, run_id: str, scratch: Path | None, *, pseudonyms: bool, marked: bool
    ) -> ExportedRun:
        run = self._exported(run_id)
        try:
            return self._rewritten(run, scratch, pseudonyms=pseudonyms, marked=marked)
        except FileNotFoundError as error:
            if self.is_there(run_id):
                raise
            raise RunNotFound("This run was deleted while it was exported.") from error

    def _exported(self, run_id: str) -> ExportedRun:
        metadata = self._folders.read(run_id)
        if not metadata.is_final:
            raise RunNotOver("This run is not over yet; it can be exported when it is.")
        # What the folder is called is what it was asked for by, whatever its metadata claim.
        metadata = metadata.having(run_id=run_id)
        outputs = {output.filename: output for output in metadata.outputs}
        files = [
            ExportedFile(name, path, size, outputs.get(name))
            for name, path, size in self._files(run_id)
        ]
        order = {name: place for place, name in enumerate(_usual_order(metadata))}
        files.sort(key=lambda file: (order.get(file.name, len(order)), file.name))
        for name in outputs.keys() - {file.name for file in files}:
            logger.warning("run %s: %r is listed and not there", run_id, name)
        return ExportedRun(metadata, tuple(files))

    def _rewritten(
        self, run: ExportedRun, scratch: Path | None, *, pseudonyms: bool, marked: bool
    ) -> ExportedRun:
        if scratch is None:
            return run
        if pseudonyms and self._pseudonymise is not None:
            metadata = self._pseudonymise(run.metadata)
            known = set(_usual_order(run.metadata))
            path = scratch / METADATA
            # Not `to_json`, which can't write what another writer's metadata.json may hold.
            data = json_text(plain(metadata.model_dump(by_alias=True)), indent=2) + b"\n"
            with full_disk_named():
                path.write_bytes(data)
            # A file that metadata.json doesn't speak of may say who somebody is.
            files = [file for file in run.files if file.name in known and file.name != METADATA]
            outputs = {output.filename: output for output in metadata.outputs}
            run = ExportedRun(
                metadata,
                (
                    ExportedFile(METADATA, path, len(data)),
                    *(replace(file, output=_output_of(file, outputs)) for file in files),
                ),
            )
        if marked and self._mark is not None:
            with full_disk_named():
                run = self._mark(run, scratch)
        return self._with_its_own_crate(run, scratch)

    def _with_its_own_crate(self, run: ExportedRun, scratch: Path) -> ExportedRun:
        """The stored crate speaks of the stored files, so what was rewritten gets another."""
        data = self._folders.crate_of(run.metadata)
        with full_disk_named():
            (scratch / CRATE).write_bytes(data)
        others = (file for file in run.files if file.name != CRATE)
        return ExportedRun(run.metadata, (*others, ExportedFile(CRATE, scratch / CRATE, len(data))))

    def _files(self, run_id: str) -> list[tuple[str, Path, int]]:
        """Name, path and size of each; links and folders are not of a run, unfinished not yet."""
        found = []
        try:
            with os.scandir(self._folders.path(run_id)) as entries:
                for entry in entries:
                    if entry.is_file(follow_symlinks=False) and not is_temporary(entry.name):
                        size = entry.stat(follow_symlinks=False).st_size
                        found.append((entry.name, Path(entry.path), size))
        except FileNotFoundError:
            return []
        return found

    @contextmanager
    def _scratch_folder(self, is_needed: bool) -> Iterator[Path | None]:
        if not is_needed:
            yield None
            return
        if self._scratch is not None:
            self._scratch.mkdir(parents=True, exist_ok=True)
        # The name is that of a temporary, so that the next start removes what a kill leaves.
        with (
            full_disk_named(),
            tempfile.TemporaryDirectory(
                prefix=".copies-", suffix=TEMPORARY_SUFFIX, dir=self._scratch
            ) as folder,
        ):
            yield Path(folder)


def _usual_order(run: RunMetadata) -> list[str]:
    sent = [job.workflow for job in run.jobs if job.workflow]
    media = [output.filename for output in run.outputs]
    return [METADATA, INPUT_TEXT, TRANSFORMED_TEXT, *sent, *media]


def _output_of(file: ExportedFile, outputs: dict[str, Output]) -> Output | None:
    return outputs.get(file.name) if file.output is not None else None


def _empty(scratch: Path | None) -> None:
    if scratch is not None:
        for entry in scratch.iterdir():
            if entry.is_dir():
                shutil.rmtree(entry, ignore_errors=True)
            else:
                entry.unlink(missing_ok=True)
