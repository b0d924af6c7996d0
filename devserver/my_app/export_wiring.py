"""How exports are put together: which formats there are, and what each part is handed."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypedDict

from devserver import SERVER_VERSION
from devserver.config import Settings, SettingsInvalid
from devserver.my_app.report_wiring import ReportParts, reports_without_server
from devserver.my_app.services.crate_terms import CrateTerms
from devserver.my_app.services.disk_space import DiskSpace
from devserver.my_app.services.errors import ServerError
from devserver.my_app.services.export_manager import ExportManager
from devserver.my_app.services.exports.auto_export import AutoExport, unexported_runs
from devserver.my_app.services.exports.formats.csv_tables import CsvTables
from devserver.my_app.services.exports.formats.docx import DocxReport
from devserver.my_app.services.exports.formats.html import HtmlFolder, HtmlPage
from devserver.my_app.services.exports.formats.json_document import JsonDocument
from devserver.my_app.services.exports.formats.json_lines import JsonLines
from devserver.my_app.services.exports.formats.pdf import PdfReport
from devserver.my_app.services.exports.formats.qdpx import QdpxExport
from devserver.my_app.services.exports.formats.rocrate import RoCrateExport
from devserver.my_app.services.exports.formats.xml_document import XmlDocument
from devserver.my_app.services.exports.formats.zip_folders import ZipFolders
from devserver.my_app.services.exports.marking import MARKING_VERSION, mark_run
from devserver.my_app.services.exports.package import AUTO
from devserver.my_app.services.exports.package_selection import Select
from devserver.my_app.services.exports.packages import Packages
from devserver.my_app.services.exports.port import ExportFormat
from devserver.my_app.services.exports.pseudonyms import PSEUDONYMS_VERSION, Pseudonyms
from devserver.my_app.services.exports.review import Reviewer
from devserver.my_app.services.exports.run_file import RunFiles
from devserver.my_app.services.exports.source import ExportSource
from devserver.my_app.services.run_folders import RunFolders
from devserver.my_app.services.run_metadata import RunMetadata
from devserver.my_app.services.storage_root import StorageRoot

FORMAT_NAMES = tuple(
    known.name
    for known in (
        ZipFolders,
        JsonDocument,
        JsonLines,
        CsvTables,
        XmlDocument,
        HtmlPage,
        HtmlFolder,
        PdfReport,
        DocxReport,
        RoCrateExport,
        QdpxExport,
    )
)
"""Every format, in the order in which they are named to people."""


class _Room(TypedDict):
    free_bytes: Callable[[], int]
    kept_free_bytes: int


class QueryNotOffered(ServerError):
    """Runs are asked for by something that this server can't find them by."""

    code = "query_not_offered"


@dataclass(frozen=True)
class Exports:
    """The parts that export runs."""

    manager: ExportManager
    run_files: RunFiles
    packages: Packages
    auto: AutoExport
    reviewer: Reviewer

    def start(self) -> None:
        """Begin to work, with what the last stop left."""
        self.packages.start()
        if self.manager.exports_on_its_own:
            self.auto.start()

    def close(self) -> None:
        """End; what is under way is made again after the next start."""
        self.auto.close()
        self.packages.close()

    def forget(self, run_id: str) -> None:
        """Let nothing that was exported hold this run any more. Raises PackageInUse."""
        self.manager.forget(run_id)
        self.packages.forget(run_id)

    def sweep(self, there: Container[str]) -> None:
        """Forget, in this way, every run that is not among these, all there are."""
        self.manager.sweep(there)
        self.packages.sweep(there)


def export_formats(
    reports: ReportParts, terms: CrateTerms | None = None
) -> tuple[ExportFormat, ...]:
    """Every format, as `FORMAT_NAMES` has them; `terms` are for crates."""
    pictures, scratch = reports.illustrations, reports.scratch
    return (
        ZipFolders(),
        JsonDocument(),
        JsonLines(),
        CsvTables(scratch=scratch),
        XmlDocument(),
        HtmlPage(pictures, scratch=scratch),
        HtmlFolder(pictures, scratch=scratch),
        PdfReport(pictures, scratch=scratch, fonts=reports.fonts, run=reports.set_pages),
        DocxReport(pictures, scratch=scratch),
        RoCrateExport(terms, scratch=scratch),
        QdpxExport(scratch=scratch),
    )


def crate_terms(settings: Settings) -> CrateTerms:
    """What the crates of runs say of their licence and publisher."""
    return CrateTerms(settings.licence, settings.organisation, settings.organisation_url)


def build_export_source(
    folders: RunFolders,
    state: Path,
    scratch: Path | None = None,
    terms: CrateTerms | None = None,
) -> ExportSource:
    """Runs out of their folders; temporary copies are made in `scratch`, else where all are.

    `state` is where the key of the pseudonyms lies. This is the one place where pseudonyms and the
    marking of copies are handed in.
    """
    pseudonymise = Pseudonyms(state).pseudonymise
    return ExportSource(
        folders, scratch=scratch, pseudonymise=pseudonymise, mark=mark_run, terms=terms
    )


def build_export_manager(
    settings: Settings,
    root: StorageRoot,
    reports: ReportParts,
    *,
    scratch: Path | None = None,
) -> ExportManager:
    """The export manager on a root. Raises SettingsInvalid."""
    check_auto_export(settings)
    terms = crate_terms(settings)
    return ExportManager(
        build_export_source(RunFolders(root), root.state, scratch, terms),
        export_formats(reports, terms),
        auto_folder=root.packages / AUTO,
        auto_formats=settings.auto_export,
        licence=terms.licence,
        made_by=f"{SERVER_VERSION} {MARKING_VERSION} {PSEUDONYMS_VERSION} {terms!r}",
    )


@contextmanager
def manager_without_server(settings: Settings) -> Iterator[ExportManager]:
    """An export manager on the configured root, for a command or a script; what it started or laid
    beside is gone at the end. Raises SettingsInvalid.
    """
    root = StorageRoot(settings.exports_dir)
    with reports_without_server(settings, RunFolders(root)) as reports:
        yield build_export_manager(settings, root, reports)


def check_auto_export(settings: Settings) -> None:
    """Raise SettingsInvalid when runs shall be exported at their end in a format nobody knows."""
    unknown = [name for name in settings.auto_export if name not in FORMAT_NAMES]
    if unknown:
        raise SettingsInvalid(
            f"These settings can't be used. DEVSERVER_AUTO_EXPORT: {', '.join(unknown)} is no "
            f"format of exports; there are {', '.join(FORMAT_NAMES)}."
        )


def build_exports(
    settings: Settings,
    root: StorageRoot,
    folders: RunFolders,
    disk: DiskSpace,
    reports: ReportParts,
    *,
    select: Select | None = None,
    watch: Callable[[Callable[[RunMetadata], None]], None] = lambda _: None,
    names: Sequence[str] = (),
) -> Exports:
    """The exports of the server that owns the root, which know what the last stop left but don't
    work yet. `watch` lets somebody hear of each change of a run; `names` are those of the class.

    Raises SettingsInvalid.
    """
    manager = build_export_manager(settings, root, reports, scratch=root.packages)
    room: _Room = {
        "free_bytes": disk.free_bytes,
        "kept_free_bytes": settings.min_free_bytes,
    }
    packages = Packages(
        root.packages,
        manager,
        select=select or partial(_all_runs, folders),
        keep=timedelta(days=settings.package_days),
        **room,
    )
    packages.take_up()
    auto = AutoExport(manager.auto_export, partial(unexported_runs, folders, manager.auto_exported))
    if manager.exports_on_its_own:
        watch(auto.heard)
    reviewer = Reviewer(manager.source, names)
    return Exports(manager, RunFiles(manager, root.packages, **room), packages, auto, reviewer)


def _all_runs(folders: RunFolders, query: Mapping[str, Any]) -> Iterable[str]:
    """All runs, the one written to first first; only an empty query finds them."""
    if query:
        raise QueryNotOffered("This server can only be asked for all runs: with an empty query.")
    return reversed(folders.newest_first())
