"""Packages in every format, stopped in the middle: nothing half-done stays."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pytest

from devserver.my_app.export_wiring import FORMAT_NAMES, export_formats
from devserver.my_app.report_wiring import SCRATCH, ReportParts
from devserver.my_app.services.export_manager import ExportManager, ExportWish
from devserver.my_app.services.exports.formats.pdf import run_here
from devserver.my_app.services.exports.marking import mark_run
from devserver.my_app.services.exports.package import Package
from devserver.my_app.services.exports.packages import Packages
from devserver.my_app.services.exports.port import (
    ExportedRun,
    ExportFormat,
    ExportOptions,
    Holds,
)
from devserver.my_app.services.exports.source import ExportSource
from devserver.my_app.services.media_storage import MediaStorageService
from devserver.my_app.services.run_folders import RunFolders
from devserver.my_app.services.storage_root import StorageRoot
from tests.exported_runs import a_stored_run
from tests.services.exports.report_samples import illustrations

_PATIENCE = 60.0


class Gate:
    """A format that waits, once, behind its first run until it may go on."""

    def __init__(self, inner: ExportFormat) -> None:
        self._inner = inner
        self.begun = threading.Semaphore(0)
        self.go_on = threading.Event()
        self.name, self.extension = inner.name, inner.extension
        self.mime_type, self.version = inner.mime_type, inner.version
        self.holds: Holds = inner.holds
        self.marks_media = inner.marks_media

    def write(self, runs: Iterable[ExportedRun], out: BinaryIO, options: ExportOptions) -> None:
        self._inner.write(self._held(runs), out, options)

    def _held(self, runs: Iterable[ExportedRun]) -> Iterator[ExportedRun]:
        for number, run in enumerate(runs):
            if number == 1:
                self.begun.release()
                assert self.go_on.wait(_PATIENCE)
            yield run


@dataclass
class Rig:
    """Packages of one format that can be held."""

    folder: Path
    gate: Gate
    packages: Packages
    ids: list[str]

    def ask(self) -> Package:
        wish = ExportWish(self.gate.name, marked=True)
        return self.packages.ask(wish, run_ids=self.ids)[0]

    def ended(self, package: Package) -> Package:
        for _ in range(6000):
            found = self.packages.get(package.package_id).package
            if found.state not in ("waiting", "making"):
                return found
            threading.Event().wait(0.01)
        raise AssertionError(found)

    def files(self) -> set[str]:
        """Everything below packages/ but the records and the place for reports."""
        return {
            path.name
            for path in self.folder.rglob("*")
            if path.name not in ("package.json", "runs.txt", SCRATCH) and len(path.name) != 32
        }


@pytest.fixture(params=FORMAT_NAMES)
def rig(
    request: pytest.FixtureRequest,
    root: StorageRoot,
    folders: RunFolders,
    storage: MediaStorageService,
    tmp_path: Path,
) -> Iterator[Rig]:
    pictures = illustrations(tmp_path)
    parts = ReportParts(pictures, run_here, root.packages / SCRATCH, tmp_path / "fonts")
    formats = {known.name: known for known in export_formats(parts)}
    gate = Gate(formats[request.param])
    source = ExportSource(folders, scratch=root.packages, mark=mark_run)
    manager = ExportManager(source, [gate], auto_folder=root.packages / "auto")
    packages = Packages(root.packages, manager, select=lambda _: [], free_bytes=lambda: 10**12)
    ids = [a_stored_run(storage) for _ in range(3)]
    rig = Rig(root.packages, gate, packages, ids)
    packages.take_up()
    packages.start()
    yield rig
    gate.go_on.set()
    packages.close()


def test_a_cancelled_one_leaves_nothing_and_can_be_made_again(rig: Rig) -> None:
    package = rig.ask()
    assert rig.gate.begun.acquire(timeout=_PATIENCE)
    assert rig.files()
    with ThreadPoolExecutor(1) as thread:
        cancelled = thread.submit(rig.packages.cancel, package.package_id)
        for _ in range(6000):
            making = rig.packages._worker.making_of(package.package_id)
            if making is None or making.stopped:
                break
            threading.Event().wait(0.01)
        rig.gate.go_on.set()
        assert cancelled.result(_PATIENCE).state == "cancelled"
    assert rig.files() == set()
    made = rig.ended(rig.ask())
    assert (made.state, made.runs) == ("ready", 3)
    assert rig.files() == {f"export.{rig.gate.extension}"}


def test_what_a_kill_leaves_is_removed_and_made_again_at_the_next_start(rig: Rig) -> None:
    """The folder is looked at as it was in the middle, as a kill would leave it."""
    rig.ask()
    assert rig.gate.begun.acquire(timeout=_PATIENCE)
    left = {
        path.relative_to(rig.folder): path.read_bytes()
        for path in rig.folder.rglob("*")
        if path.is_file()
    }
    rig.gate.go_on.set()
    rig.packages.close()
    for path, data in left.items():
        (rig.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (rig.folder / path).write_bytes(data)
    for finished in rig.folder.glob("*/export.*"):
        finished.unlink()
    again = Packages(
        rig.folder, rig.packages._manager, select=lambda _: [], free_bytes=lambda: 10**12
    )
    rig.packages = again
    again.take_up()
    again.start()
    [status] = again.all()
    made = rig.ended(status.package)
    assert (made.state, made.runs) == ("ready", 3)
    assert rig.files() == {f"export.{rig.gate.extension}"}
