"""A package of many runs: what is known of it, and its folder."""

from __future__ import annotations

import logging
import re
import secrets
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from devserver.my_app.services.durable_files import (
    create_folder,
    is_temporary,
    remove_folder,
    replace_file,
)
from devserver.my_app.services.errors import ServerError
from devserver.my_app.services.export_manager import ExportWish
from devserver.my_app.services.exports.port import ExportOptions, Language
from devserver.my_app.services.run_id import is_run_id

logger = logging.getLogger(__name__)

PackageState = Literal["waiting", "making", "ready", "failed", "cancelled", "expired"]
UNDER_WAY: frozenset[PackageState] = frozenset({"waiting", "making"})
AUTO = "auto"
"""The folder beside the packages where the exports of single runs lie."""

_PACKAGE_ID = re.compile(r"[0-9a-f]{32}")
_RECORD = "package.json"
_RUNS = "runs.txt"
_FILE = "export"
"""Another name than that of the record, which ends in .json, too."""


class PackageNotFound(ServerError):
    """There is no package of this id."""

    code = "package_not_found"


class LeftOutRun(BaseModel):
    """A run that was asked for and is not in the package, and why, as a code."""

    model_config = ConfigDict(frozen=True)

    run_id: str
    code: str


class PackageFailure(BaseModel):
    """Why a package could not be made."""

    model_config = ConfigDict(frozen=True)

    code: str
    message: str


class Package(BaseModel):
    """What is known of a package; which runs are in it is a file beside."""

    model_config = ConfigDict(frozen=True)

    package_id: str
    format: str
    extension: str
    pseudonyms: bool = False
    marked: bool = False
    language: Language = "de"
    title: str = ""
    licence: str | None = None
    fingerprint: str
    """The same for the same wish for the same runs in the same state."""
    state: PackageState = "waiting"
    runs: int
    attempts: int = 0
    asked_at: str
    finished_at: str | None = None
    expires_at: str | None = None
    size_bytes: int | None = None
    left_out: tuple[LeftOutRun, ...] = ()
    error: PackageFailure | None = None

    @property
    def wish(self) -> ExportWish:
        """What it is to be like."""
        return ExportWish(
            format=self.format,
            pseudonyms=self.pseudonyms,
            marked=self.marked,
            options=ExportOptions(self.language, self.title, self.licence),
        )

    def having(self, **changes: object) -> Package:
        """A copy with `changes`."""
        return self.model_copy(update=changes)


def new_package_id() -> str:
    """An id that nobody can guess."""
    return secrets.token_hex(16)


class PackageFolders:
    """The folders under `packages/`, one a package. Whoever calls keeps writers apart."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def file(self, package: Package) -> Path:
        """Where the package's file is, or will be when it is ready."""
        return self._path(package.package_id) / f"{_FILE}.{package.extension}"

    def create(self, package: Package, run_ids: Iterable[str]) -> None:
        """Let its folder appear, durable on return. Raises StorageFull."""
        record = package.model_dump_json(indent=2).encode()
        files = {_RUNS: _lines(run_ids), _RECORD: record}
        create_folder(self._path(package.package_id), files)

    def write(self, package: Package) -> None:
        """Replace what is known of it. Raises StorageFull."""
        path = self._path(package.package_id) / _RECORD
        replace_file(path, package.model_dump_json(indent=2).encode())

    def run_ids(self, package_id: str) -> list[str]:
        """The runs that are in it, or shall be, in their order."""
        text = (self._path(package_id) / _RUNS).read_text()
        return [line for line in text.splitlines() if is_run_id(line)]

    def write_run_ids(self, package_id: str, run_ids: Iterable[str]) -> None:
        """Replace the list of its runs. Raises StorageFull."""
        replace_file(self._path(package_id) / _RUNS, _lines(run_ids))

    def holds(self, package_id: str, run_id: str) -> bool:
        """Whether the run is in it, or shall be."""
        try:
            return run_id.encode() in (self._path(package_id) / _RUNS).read_bytes()
        except FileNotFoundError:
            return False

    def remove_file(self, package: Package) -> None:
        """Remove its file, which need not be there."""
        self.file(package).unlink(missing_ok=True)

    def remove(self, package_id: str) -> None:
        """Remove all of it, in one step; it need not be there."""
        path = self._path(package_id)
        if path.exists():
            remove_folder(path)

    def remove_unfinished(self) -> None:
        """Remove what a killed server was writing. Only for the owner of the root, at its start."""
        for entry in list(self.folder.iterdir()):
            for inner in [entry, *(entry.iterdir() if entry.is_dir() else ())]:
                if is_temporary(inner.name):
                    logger.info("removing the unfinished %s", inner.name)
                    if inner.is_dir():
                        shutil.rmtree(inner, ignore_errors=True)
                    else:
                        inner.unlink(missing_ok=True)

    def all(self) -> Iterator[Package]:
        """Every package, in no order; one that can't be read is removed, it can be made again."""
        for entry in list(self.folder.iterdir()):
            if not _PACKAGE_ID.fullmatch(entry.name):
                continue
            try:
                package = Package.model_validate_json((entry / _RECORD).read_bytes())
            except (OSError, ValidationError) as error:
                logger.warning("package %s can't be read: %s", entry.name, type(error).__name__)
                package = None
            if package and package.package_id == entry.name and (entry / _RUNS).is_file():
                yield package
            else:
                logger.warning("package %s is removed", entry.name)
                shutil.rmtree(entry, ignore_errors=True)

    def _path(self, package_id: str) -> Path:
        if not _PACKAGE_ID.fullmatch(package_id):
            raise PackageNotFound("There is no package with this id on this server.")
        return self.folder / package_id


def _lines(run_ids: Iterable[str]) -> bytes:
    return "".join(f"{run_id}\n" for run_id in run_ids).encode()
