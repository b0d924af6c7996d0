"""The export manager: one run, or many, in any format, out of their folders by run_id."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from devserver.config import read_settings
from devserver.my_app.services.durable_files import appearing_file
from devserver.my_app.services.errors import ServerError
from devserver.my_app.services.exports.port import ExportFormat, ExportOptions
from devserver.my_app.services.exports.source import ExportSource, LeftOut
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


def _nobody(_run_id: str, _code: str) -> None:
    pass


class ExportManager:
    """Knows the formats and writes runs in them. Safe to share between threads.

    `auto_formats` are those in which each run is exported at its end, to `auto_folder`.
    """

    def __init__(
        self,
        source: ExportSource,
        formats: Iterable[ExportFormat],
        *,
        auto_folder: Path,
        auto_formats: Sequence[str] = (),
    ) -> None:
        self.source = source
        self._formats = {known.name: known for known in formats}
        self._auto_folder = auto_folder
        self._auto_formats = [self.format(name) for name in auto_formats]
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
        self.source.check_offered(pseudonyms=wish.pseudonyms, marked=wish.marked)
        return self.format(wish.format)

    def write(
        self, run_ids: Iterable[str], wish: ExportWish, out: BinaryIO, left_out: LeftOut = _nobody
    ) -> None:
        """Write those of the runs that are over to `out`, front to back.

        `left_out` is told of the others. Raises ExportFormatUnknown, ExportOptionNotOffered,
        StorageFull, and what `run_ids` and `out` raise.
        """
        runs = self.source.runs(
            run_ids, pseudonyms=wish.pseudonyms, marked=wish.marked, left_out=left_out
        )
        self.check(wish).write(runs, out, wish.options)

    def write_run(self, run_id: str, wish: ExportWish, out: BinaryIO) -> None:
        """Write one run to `out`, front to back.

        Raises ExportFormatUnknown, ExportOptionNotOffered, RunIdInvalid, RunNotFound, also when it
        is deleted meanwhile, RunNotOver, MetadataUnreadable, StorageFull, and what `out` raises.
        """
        chosen = self.check(wish)
        with self.source.run(run_id, pseudonyms=wish.pseudonyms, marked=wish.marked) as run:
            try:
                chosen.write(iter((run,)), out, wish.options)
            except FileNotFoundError as error:
                if self.source.is_there(run_id):
                    raise
                raise RunNotFound("This run was deleted while it was exported.") from error

    def auto_export(self, run_id: str) -> tuple[Path, ...]:
        """Export a run in each of the formats that are set for the end of runs; where they lie.

        What is there already is written anew, in one step. Nothing is done when no format is set.
        Raises what `write_run` raises.
        """
        return tuple(self._save(checked_run_id(run_id), known) for known in self._auto_formats)

    def auto_exported(self, run_id: str) -> bool:
        """Whether the exports of the end of this run are all there."""
        return all(self._path(run_id, known).exists() for known in self._auto_formats)

    def forget(self, run_id: str) -> None:
        """Remove what was exported at the end of a run that is deleted. It need not be there."""
        run_id = checked_run_id(run_id)
        # Of every format, also of one that was set before and isn't any more.
        with self._guard:
            for path in self._auto_folder.glob(f"{run_id}.*"):
                path.unlink(missing_ok=True)

    def _save(self, run_id: str, known: ExportFormat) -> Path:
        path = self._path(run_id, known)
        self._auto_folder.mkdir(parents=True, exist_ok=True)
        with appearing_file(path) as file:
            self.write_run(run_id, ExportWish(known.name), file)
        # A run that was deleted meanwhile must not come back by its export: whoever deletes it
        # comes by `forget` after its folder can't be read any more.
        with self._guard:
            if not self.source.is_there(run_id):
                path.unlink(missing_ok=True)
                raise RunNotFound("This run was deleted while it was exported.")
        return path

    def _path(self, run_id: str, known: ExportFormat) -> Path:
        return self._auto_folder / f"{run_id}.{known.extension}"


_process_wide: ExportManager | None = None


def use_export_manager(manager: ExportManager) -> None:
    """Make `manager` the one that `get_export_manager` gives in this process."""
    global _process_wide  # noqa: PLW0603 - the one process-wide manager, set at start
    _process_wide = manager


def get_export_manager() -> ExportManager:
    """The export manager of this process: the server's own, else one on the configured root.

    Raises SettingsInvalid.
    """
    if _process_wide is None:
        from devserver.my_app.export_wiring import build_export_manager  # noqa: PLC0415 - it imports us

        manager = build_export_manager(read_settings())
        use_export_manager(manager)
        return manager
    return _process_wide


def auto_export_run(run_id: str) -> tuple[Path, ...]:
    """Export a run that is over in each format of `DEVSERVER_AUTO_EXPORT`; returns the files.

    They lie under `packages/auto/`, named by the run_id, and are replaced in one step. Without
    that setting nothing is done. Raises RunIdInvalid, RunNotFound, RunNotOver, StorageFull.
    """
    return get_export_manager().auto_export(run_id)
