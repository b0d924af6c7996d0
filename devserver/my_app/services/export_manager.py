"""The export manager: one run, or many, in any format, out of their folders by run_id."""

from __future__ import annotations

import atexit
import threading
from collections.abc import Container, Iterable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

from devserver.config import read_settings
from devserver.my_app.services.durable_files import appearing_file
from devserver.my_app.services.errors import ServerError
from devserver.my_app.services.exports.auto_files import AutoFiles
from devserver.my_app.services.exports.port import ExportFormat, ExportOptions
from devserver.my_app.services.exports.source import ExportSource, LeftOut, Wanted
from devserver.my_app.services.run_folders import RunNotFound
from devserver.my_app.services.run_id import checked_run_id


class ExportFormatUnknown(ServerError):
    """There is no such format; `details` lists those there are."""

    code = "export_format_unknown"


@dataclass(frozen=True)
class ExportWish:
    """What an export is to be like, whichever runs are in it."""

    format: str
    pseudonyms: bool = False
    marked: bool = False
    options: ExportOptions = field(default_factory=ExportOptions)


_PICTURES_BYTES = 512 * 1024
"""About what the small pictures of a run take in a report."""


def _nobody(_run_id: str, _code: str) -> None:
    pass


class ExportManager:
    """Knows the formats and writes runs in them. Safe to share between threads.

    `auto_formats` are those in which each run is exported at its end, to `auto_folder`. `licence`
    is what an export says that wishes for no other one. `made_by` is another word whenever this
    server would make another file of the same runs, by reasons that no format knows of.
    """

    def __init__(
        self,
        source: ExportSource,
        formats: Iterable[ExportFormat],
        *,
        auto_folder: Path,
        auto_formats: Sequence[str] = (),
        licence: str | None = None,
        made_by: str = "",
    ) -> None:
        self.source = source
        self._formats = {known.name: known for known in formats}
        self._auto_files = AutoFiles(auto_folder)
        self._auto_formats = [self.format(name) for name in auto_formats]
        self._licence = licence
        self._made_by = made_by
        self._guard = threading.Lock()

    @property
    def format_names(self) -> list[str]:
        """The names of all formats, in the order in which they were handed in."""
        return list(self._formats)

    @property
    def exports_on_its_own(self) -> bool:
        """Whether runs are exported at their end."""
        return bool(self._auto_formats)

    def format(self, name: str) -> ExportFormat:
        """The format of this name. Raises ExportFormatUnknown."""
        try:
            return self._formats[name]
        except KeyError:
            raise ExportFormatUnknown(
                f"Runs can be exported as {', '.join(self._formats)}.",
                details={"known": list(self._formats)},
            ) from None

    def check(self, wish: ExportWish) -> ExportFormat:
        """The format of a wish that can be fulfilled here.

        Raises ExportFormatUnknown, ExportOptionNotOffered.
        """
        self.source.check_offered(Wanted(wish.pseudonyms, wish.marked))
        return self.format(wish.format)

    def fingerprint(self, wish: ExportWish) -> str:
        """A word that is another one as soon as the same runs would come out otherwise.

        Raises ExportFormatUnknown.
        """
        said = replace(wish, options=self._options(wish))
        return f"{said!r} {self.format(wish.format).version} {self._made_by}"

    def estimate(self, run_id: str, wish: ExportWish) -> int:
        """About how many bytes the run takes on the disk, what is laid beside meanwhile included.

        Raises ExportFormatUnknown.
        """
        metadata_bytes, all_bytes = self.source.size(run_id)
        holds = self.format(wish.format).holds
        if holds == "texts":
            return metadata_bytes
        if holds == "pictures":
            return min(all_bytes, metadata_bytes + _PICTURES_BYTES)
        # Base64 makes 4 of 3, and the page is put together beside.
        return all_bytes * 8 // 3 if holds == "media in text" else all_bytes

    def write(
        self, run_ids: Iterable[str], wish: ExportWish, out: BinaryIO, left_out: LeftOut = _nobody
    ) -> None:
        """Write those of the runs that are over to `out`, front to back.

        `left_out` is told of the others. Raises ExportFormatUnknown, ExportOptionNotOffered,
        StorageFull, and what `run_ids` and `out` raise.
        """
        chosen = self.check(wish)
        # Closed at once, also by a failure: its copies don't wait for the failure to be forgotten.
        with closing(
            self.source.runs(run_ids, self._wanted(wish, chosen), left_out=left_out)
        ) as runs:
            chosen.write(runs, out, self._options(wish))

    def write_run(self, run_id: str, wish: ExportWish, out: BinaryIO) -> None:
        """Write one run to `out`, front to back.

        Raises ExportFormatUnknown, ExportOptionNotOffered, RunIdInvalid, RunNotFound, also when it
        is deleted meanwhile, RunMoved, RunNotOver, MetadataUnreadable, SealBroken, StorageFull, and
        what `out` raises.
        """
        chosen = self.check(wish)
        with self.source.run(run_id, self._wanted(wish, chosen)) as run:
            try:
                chosen.write(iter((run,)), out, self._options(wish))
            except FileNotFoundError as error:
                raise self.source.lost(run_id) or error from error

    def _wanted(self, wish: ExportWish, chosen: ExportFormat) -> Wanted:
        marked = wish.marked or (chosen.marks_media and self.source.can_mark)
        return Wanted(wish.pseudonyms, marked, wish.options.licence)

    def _options(self, wish: ExportWish) -> ExportOptions:
        return replace(wish.options, licence=wish.options.licence or self._licence)

    def auto_export(self, run_id: str) -> tuple[Path, ...]:
        """Export a run in each of the formats that are set for the end of runs; where they lie.

        What is there already is written anew, in one step. Nothing is done when no format is set.
        Raises what `write_run` raises.
        """
        return tuple(self._save(checked_run_id(run_id), known) for known in self._auto_formats)

    def auto_exported(self, run_id: str) -> bool:
        """Whether the exports of the end of this run are all there."""
        return all(self._auto_path(run_id, known).exists() for known in self._auto_formats)

    def forget(self, run_id: str) -> None:
        """Remove what was exported at the end of a run that is deleted. It need not be there."""
        with self._guard:
            self._auto_files.forget(run_id)

    def sweep(self, there: Container[str]) -> None:
        """Forget, in this way, every run that is not among these, all there are."""
        for run_id in self._auto_files.run_ids():
            if run_id not in there:
                self.forget(run_id)

    def _save(self, run_id: str, known: ExportFormat) -> Path:
        path = self._auto_path(run_id, known)
        self._auto_files.make_folder()
        with appearing_file(path) as file:
            self.write_run(run_id, ExportWish(known.name), file)
        # A run that was deleted meanwhile must not come back by its export: whoever deletes it
        # comes by `forget` after its folder can't be read any more.
        with self._guard:
            if self.source.place_of(run_id) == "gone":
                path.unlink(missing_ok=True)
                raise RunNotFound("This run was deleted while it was exported.")
        return path

    def _auto_path(self, run_id: str, known: ExportFormat) -> Path:
        return self._auto_files.path(run_id, known.extension)


_process_wide: ExportManager | None = None


def use_export_manager(manager: ExportManager) -> None:
    """Make `manager` the one that `get_export_manager` gives in this process."""
    global _process_wide  # noqa: PLW0603 - the one process-wide manager, set at start
    _process_wide = manager


def get_export_manager() -> ExportManager:
    """The export manager of this process: the server's own, else one on the configured root, whose
    processes and temporary files go when this process ends.

    Raises SettingsInvalid.
    """
    if _process_wide is None:
        from devserver.my_app.export_wiring import manager_without_server  # noqa: PLC0415 - it imports us

        own = ExitStack()
        atexit.register(own.close)
        manager = own.enter_context(manager_without_server(read_settings()))
        use_export_manager(manager)
        return manager
    return _process_wide


def auto_export_run(run_id: str) -> tuple[Path, ...]:
    """Export a run that is over in each format of `DEVSERVER_AUTO_EXPORT`; returns the files.

    They lie under `packages/auto/`, named by the run_id, and are replaced in one step. Without
    that setting nothing is done. Raises RunIdInvalid, RunNotFound, RunNotOver, StorageFull.
    """
    return get_export_manager().auto_export(run_id)
