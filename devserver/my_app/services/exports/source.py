"""Runs out of their folders, ready to be exported. No backend is asked for anything."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from devserver.my_app.services.crate_terms import CrateTerms
from devserver.my_app.services.durable_files import StorageFull, full_disk_named, is_temporary
from devserver.my_app.services.errors import ServerError
from devserver.my_app.services.exports.plain_values import json_text, plain
from devserver.my_app.services.exports.port import ExportedFile, ExportedRun
from devserver.my_app.services.exports.scratch import Scratch
from devserver.my_app.services.folder_names import CRATE
from devserver.my_app.services.run_crate import files_of, run_crate
from devserver.my_app.services.run_folders import (
    INPUT_TEXT,
    METADATA,
    TRANSFORMED_TEXT,
    RunArchived,
    RunFolders,
    RunNotFound,
)
from devserver.my_app.services.run_metadata import (
    MetadataUnreadable,
    Output,
    RunMetadata,
    parse_metadata,
)
from devserver.my_app.services.sealed_run import SealBroken, sealed_sizes, unseal

logger = logging.getLogger(__name__)

Pseudonymise = Callable[[RunMetadata], RunMetadata]
"""Puts pseudonyms in the place of what tells who somebody is."""
Mark = Callable[[ExportedRun, Path], ExportedRun]
"""Gives the run with marked copies in place of its media; they are made in the folder given, which
is emptied when the run has been exported."""
Place = Literal["folder", "archive", "gone"]
"""Where a run is just now."""
LeftOut = Callable[[str, str], None]
"""Is told the run_id and the code of the failure of each run that is passed over."""


class RunNotOver(ServerError):
    """The run is still on its way; what was exported now would not be what it is in the end."""

    code = "run_not_over"


class RunMoved(ServerError):
    """The run was put into the archive while its folder was exported."""

    code = "run_moved"


class ExportOptionNotOffered(ServerError):
    """This server has no pseudonyms, or no marking."""

    code = "export_option_not_offered"


@dataclass(frozen=True)
class Wanted:
    """How runs are to be given: as they are, or in rewritten copies; under which licence those are
    to be, where it isn't the one that is set."""

    pseudonyms: bool = False
    marked: bool = False
    licence: str | None = None

    @property
    def rewritten(self) -> bool:
        """Whether copies have to be made."""
        return self.pseudonyms or self.marked


AS_STORED = Wanted()


def _nobody(_run_id: str, _code: str) -> None:
    pass


class ExportSource:
    """Gives runs that are over as they lie in their folders, or as they were sealed for the
    archive. Safe to share between threads.

    `scratch` is where temporary copies are made: the rewritten metadata.json of pseudonymised runs,
    marked media, and what archived runs hold. `terms` are what rewritten crates say.
    """

    def __init__(
        self,
        folders: RunFolders,
        *,
        scratch: Path | None = None,
        pseudonymise: Pseudonymise | None = None,
        mark: Mark | None = None,
        terms: CrateTerms | None = None,
    ) -> None:
        self._folders = folders
        self._terms = terms or CrateTerms()
        self._scratch = scratch
        self._pseudonymise = pseudonymise
        self._mark = mark

    @property
    def can_mark(self) -> bool:
        """Whether copies can be marked as made by AI."""
        return self._mark is not None

    def check_offered(self, wanted: Wanted) -> None:
        """Raise ExportOptionNotOffered when what is wished for can't be had here."""
        if wanted.pseudonyms and self._pseudonymise is None:
            raise ExportOptionNotOffered("This server can't export with pseudonyms.")
        if wanted.marked and self._mark is None:
            raise ExportOptionNotOffered("This server can't mark copies as made by AI.")

    @contextmanager
    def run(self, run_id: str, wanted: Wanted = AS_STORED) -> Iterator[ExportedRun]:
        """One run; its files are there until the end of `with`, unless the run is deleted.

        Raises RunIdInvalid, RunNotFound, RunNotOver, RunMoved, MetadataUnreadable, SealBroken,
        ExportOptionNotOffered, StorageFull.
        """
        self.check_offered(wanted)
        with Scratch(self._scratch) as scratch:
            try:
                run = self._rewritten(self._exported(run_id, scratch), scratch, wanted)
            except FileNotFoundError as error:
                raise self.lost(run_id) or error from error
            yield run

    def runs(
        self,
        run_ids: Iterable[str],
        wanted: Wanted = AS_STORED,
        *,
        left_out: LeftOut = _nobody,
    ) -> Generator[ExportedRun, None, None]:
        """The runs one by one; the files of each are there until the next is taken.

        A run that was deleted meanwhile, is not over, or can't be read is passed over, and
        `left_out` is told. To be closed by whoever doesn't take them all.
        Raises ExportOptionNotOffered, StorageFull.
        """
        self.check_offered(wanted)
        with Scratch(self._scratch) as scratch:
            for run_id in run_ids:
                try:
                    run = self._exported(run_id, scratch)
                except StorageFull:
                    raise
                except ServerError as error:
                    logger.info("run %s is left out of an export: %s", run_id, error)
                    left_out(run_id, error.code)
                    continue
                except FileNotFoundError:  # deleted between one look and the next
                    left_out(run_id, "run_not_found")
                    continue
                yield self._rewritten(run, scratch, wanted)
                scratch.empty()

    def place_of(self, run_id: str) -> Place:
        """Where the run is; gone also when it is just being deleted. Raises RunIdInvalid."""
        try:
            self._folders.read(run_id)
        except RunArchived:
            return "archive"
        except RunNotFound:
            return "gone"
        except MetadataUnreadable:
            pass
        return "folder"

    def lost(self, run_id: str) -> ServerError | None:
        """Why a file of the run may have vanished under our hands; None when there is no reason."""
        place = self.place_of(run_id)
        if place == "gone":
            return RunNotFound("This run was deleted while it was exported.")
        if place == "archive":
            return RunMoved("This run was put into the archive while it was exported; try again.")
        return None

    def size(self, run_id: str) -> tuple[int, int]:
        """Bytes of the run's metadata.json, and of all its files; 0 and 0 when it isn't there."""
        sizes = {name: size for name, _, size in _files_in(self._folders.path(run_id))}
        if not sizes:
            try:
                sizes = dict(sealed_sizes(self._folders.sealed_path(run_id), run_id))
            except (SealBroken, OSError):
                return 0, 0
        return sizes.get(METADATA, 0), sum(sizes.values())

    def stamp(self, run_id: str) -> str:
        """A word that is another one as soon as the run changes; empty when it isn't there.

        From the file system alone, so that a hundred thousand can be asked for in a second.
        Raises RunIdInvalid.
        """
        try:
            found = (self._folders.path(run_id) / METADATA).stat()
        except OSError:
            return self._stamp_of_sealed(run_id)
        return f"{found.st_mtime_ns:x}-{found.st_size:x}"

    def _stamp_of_sealed(self, run_id: str) -> str:
        try:
            found = self._folders.sealed_path(run_id).stat()
        except OSError:
            return ""
        return f"sealed-{found.st_mtime_ns:x}-{found.st_size:x}"

    def _exported(self, run_id: str, scratch: Scratch) -> ExportedRun:
        folder = self._folders.path(run_id)
        try:
            metadata = self._folders.read(run_id)
        except RunArchived:
            try:
                folder = self._unpacked(run_id, scratch)
            except FileNotFoundError:  # restored at this moment, or deleted
                metadata = self._folders.read(run_id)
            else:
                metadata = parse_metadata((folder / METADATA).read_bytes())
        if not metadata.is_final:
            raise RunNotOver("This run is not over yet; it can be exported when it is.")
        # What the folder is called is what it was asked for by, whatever its metadata claim.
        metadata = metadata.having(run_id=run_id)
        outputs = {output.filename: output for output in metadata.outputs}
        files = [
            ExportedFile(name, path, size, outputs.get(name))
            for name, path, size in _files_in(folder)
        ]
        order = {name: place for place, name in enumerate(_usual_order(metadata))}
        files.sort(key=lambda file: (order.get(file.name, len(order)), file.name))
        for name in outputs.keys() - {file.name for file in files}:
            logger.warning("run %s: %r is listed and not there", run_id, name)
        return ExportedRun(metadata, tuple(files))

    def _unpacked(self, run_id: str, scratch: Scratch) -> Path:
        """A folder with what lies in the run's sealed file; each file is checked on the way."""
        folder = scratch.folder("sealed") / run_id
        unseal(self._folders.sealed_path(run_id), run_id, folder, durable=False)
        # Looked at last, so that nobody reads a run after its tombstone was set.
        if self._folders.tombstones.is_tombstoned(run_id):
            raise RunNotFound("There is no run with this id on this server.")
        return folder

    def _rewritten(self, run: ExportedRun, scratch: Scratch, wanted: Wanted) -> ExportedRun:
        if not wanted.rewritten:
            return run
        copies = scratch.folder("copies")
        if wanted.pseudonyms and self._pseudonymise is not None:
            run = _with_metadata(run, self._pseudonymise(run.metadata), copies)
        if wanted.marked and self._mark is not None:
            with full_disk_named():
                run = self._mark(run, copies)
        return self._with_its_own_crate(run, copies, wanted.licence)

    def _with_its_own_crate(
        self, run: ExportedRun, copies: Path, licence: str | None
    ) -> ExportedRun:
        """The stored crate speaks of the stored files, so what was rewritten gets another."""
        terms = self._terms if licence is None else replace(self._terms, licence=licence)
        jobs = {job.workflow for job in run.metadata.jobs}
        sent = [file.path for file in run.files if file.name in jobs]
        data = run_crate(run.metadata, files_of(run.metadata, sent), terms)
        with full_disk_named():
            (copies / CRATE).write_bytes(data)
        others = (file for file in run.files if file.name != CRATE)
        return ExportedRun(run.metadata, (*others, ExportedFile(CRATE, copies / CRATE, len(data))))


def _with_metadata(run: ExportedRun, metadata: RunMetadata, copies: Path) -> ExportedRun:
    known = set(_usual_order(run.metadata))
    path = copies / METADATA
    # Not `to_json`, which can't write a lone surrogate.
    data = json_text(plain(metadata.model_dump(by_alias=True)), indent=2) + b"\n"
    with full_disk_named():
        path.write_bytes(data)
    # A file that metadata.json doesn't speak of may say who somebody is.
    files = [file for file in run.files if file.name in known and file.name != METADATA]
    outputs = {output.filename: output for output in metadata.outputs}
    return ExportedRun(
        metadata,
        (
            ExportedFile(METADATA, path, len(data)),
            *(replace(file, output=_output_of(file, outputs)) for file in files),
        ),
    )


def _files_in(folder: Path) -> list[tuple[str, Path, int]]:
    """Name, path and size of each; links and folders are not of a run, unfinished not yet."""
    found = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_file(follow_symlinks=False) and not is_temporary(entry.name):
                    size = entry.stat(follow_symlinks=False).st_size
                    found.append((entry.name, Path(entry.path), size))
    except FileNotFoundError:
        return []
    return found


def _usual_order(run: RunMetadata) -> list[str]:
    sent = [job.workflow for job in run.jobs if job.workflow]
    media = [output.filename for output in run.outputs]
    return [METADATA, INPUT_TEXT, TRANSFORMED_TEXT, *sent, *media]


def _output_of(file: ExportedFile, outputs: dict[str, Output]) -> Output | None:
    return outputs.get(file.name) if file.output is not None else None
