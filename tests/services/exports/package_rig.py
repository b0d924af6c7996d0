"""Packages on a root, with a format that waits and a clock that is set."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, BinaryIO

from devserver.my_app.services.export_manager import ExportManager, ExportWish
from devserver.my_app.services.exports.formats.json_lines import JsonLines
from devserver.my_app.services.exports.formats.zip_folders import ZipFolders
from devserver.my_app.services.exports.package import Package
from devserver.my_app.services.exports.packages import Packages
from devserver.my_app.services.exports.port import ExportedRun, ExportOptions
from devserver.my_app.services.exports.source import ExportSource
from devserver.my_app.services.run_folders import RunFolders
from devserver.my_app.services.storage_root import StorageRoot

ZIP = ExportWish("zip")
PATIENCE = 30.0


class Clock:
    def __init__(self) -> None:
        self.time = datetime(2026, 3, 4, 10, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.time += timedelta(milliseconds=1)
        return self.time


class Held(JsonLines):
    """Writes the first run and then waits until it may go on; says when it has begun."""

    name = "held"

    def __init__(self) -> None:
        self.begun = threading.Semaphore(0)
        self.go_on = threading.Event()
        self.fail_with: BaseException | None = None

    def write(self, runs: Iterable[ExportedRun], out: BinaryIO, options: ExportOptions) -> None:
        def held() -> Iterator[ExportedRun]:
            for run in runs:
                yield run
                self.begun.release()
                assert self.go_on.wait(PATIENCE)
                if self.fail_with:
                    failure, self.fail_with = self.fail_with, None
                    raise failure

        super().write(held(), out, options)


class Rig:
    """Packages on a root, that can be started again."""

    def __init__(self, root: StorageRoot, folders: RunFolders) -> None:
        self.root, self.folders = root, folders
        self.clock = Clock()
        self.held = Held()
        self.free = 10**12
        self.queries: list[Mapping[str, Any]] = []
        self.packages = self.fresh()
        self.packages.take_up()
        self.packages.start()

    def fresh(self) -> Packages:
        manager = ExportManager(
            ExportSource(self.folders, scratch=self.root.packages),
            (ZipFolders(), JsonLines(), self.held),
            auto_folder=self.root.packages / "auto",
        )
        return Packages(
            self.root.packages,
            manager,
            select=self.select,
            free_bytes=lambda: self.free,
            kept_free_bytes=1000,
            keep=timedelta(days=7),
            now=self.clock,
        )

    def select(self, query: Mapping[str, Any]) -> Iterable[str]:
        self.queries.append(query)
        return sorted(self.folders.ids())

    def restart(self) -> None:
        self.packages.close()
        self.packages = self.fresh()
        self.packages.take_up()
        self.packages.start()

    def ask(self, run_ids: Iterable[str] | None = None, wish: ExportWish = ZIP) -> Package:
        query: dict[str, Any] | None = None if run_ids is not None else {}
        return self.packages.ask(wish, run_ids=run_ids, query=query)[0]

    def being_made(self, run_ids: Iterable[str]) -> Package:
        """A package whose making has begun and waits until `held.go_on` is set."""
        package = self.ask(run_ids, ExportWish("held"))
        assert self.held.begun.acquire(timeout=PATIENCE)
        return package

    def ended(self, package: Package) -> Package:
        """The package when it is no more under way."""
        return self.until(package, lambda one: one.state not in ("waiting", "making"))

    def until_stopping(self, package: Package) -> None:
        """Wait until the making of a package has been told to stop, or is over."""

        def stops(_: Package) -> bool:
            making = self.packages._worker.making_of(package.package_id)
            return making is None or making.stopped is not None

        self.until(package, stops)

    def until(self, package: Package, holds: Callable[[Package], bool]) -> Package:
        waiting = threading.Event()
        for _ in range(3000):
            found = self.packages.get(package.package_id).package
            if holds(found):
                return found
            waiting.wait(0.01)
        raise AssertionError(found)

    def files(self) -> set[str]:
        """Everything below packages/ but the records."""
        return {
            str(path.relative_to(self.root.packages))
            for path in self.root.packages.rglob("*")
            if path.is_file() and path.name not in ("package.json", "runs.txt")
        }
