"""Packages of many runs: asked for, made one after the other in the background, kept for a while.

What is asked for is on disk before it is answered, so a stop of the server loses no package: what
was waiting or being made is made again at the next start, from its beginning. A file appears in
its folder only when it is whole; what a kill leaves is a temporary, which the next start removes.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Container, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from devserver.my_app.services.errors import ServerError
from devserver.my_app.services.export_manager import ExportManager, ExportWish
from devserver.my_app.services.exports.package import UNDER_WAY, Package, new_package_id
from devserver.my_app.services.exports.package_maker import Making
from devserver.my_app.services.exports.package_selection import RunSelection, Select
from devserver.my_app.services.exports.package_shelf import PackageShelf
from devserver.my_app.services.exports.package_worker import PackageWorker
from devserver.my_app.services.run_id import checked_run_id

logger = logging.getLogger(__name__)

_MOST_WAITING = 100
_STOP_SECONDS = 30.0


class PackageNotReady(ServerError):
    """The package has no file: not yet, or because it failed or was cancelled."""

    code = "package_not_ready"


class PackageIsOver(ServerError):
    """There is nothing to cancel any more."""

    code = "package_is_over"


class PackageExpired(ServerError):
    """The file was kept for its time, and is gone."""

    code = "package_expired"


class TooManyPackages(ServerError):
    """Very many packages are waiting already."""

    code = "too_many_packages"


class PackageInUse(ServerError):
    """A package that is being made does not stop; its runs can't be forgotten yet."""

    code = "package_in_use"


@dataclass(frozen=True)
class PackageStatus:
    """A package, and how far its making is: runs and bytes so far."""

    package: Package
    runs_done: int
    bytes_written: int


class Packages:
    """The packages under one folder, for the server that owns the root. Safe between threads.

    `free_bytes` asks the disk, `kept_free_bytes` is what runs need of it. `keep` is how long a file
    stays.
    """

    def __init__(
        self,
        folder: Path,
        manager: ExportManager,
        *,
        select: Select,
        free_bytes: Callable[[], int],
        kept_free_bytes: int = 0,
        keep: timedelta = timedelta(days=7),
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._shelf = PackageShelf(folder, keep=keep, now=now)
        self._folders = self._shelf.folders
        self._selection = RunSelection(manager, select)
        self._manager = manager
        self._now = now
        self._worker = PackageWorker(
            self._shelf, manager, free_bytes=free_bytes, kept_free_bytes=kept_free_bytes
        )

    def take_up(self) -> None:
        """Know again what the last stop left. Only for the owner of the root, before all else."""
        self._shelf.take_up()

    def start(self) -> None:
        """Begin to work."""
        self._worker.start()

    def close(self) -> None:
        """Stop; a package under way is made again from its beginning after the next start."""
        self._worker.close()

    # What is asked for

    def ask(
        self,
        wish: ExportWish,
        *,
        run_ids: Iterable[str] | None = None,
        query: Mapping[str, Any] | None = None,
        leave_out: Iterable[str] = (),
    ) -> tuple[Package, bool]:
        """A package of these runs, or of those that a query finds; and whether it is a new one.

        Runs of `leave_out` are not in it; they need not be in the selection.

        The same wish for the same runs, none of which has changed since, gives the package there
        is, unless it failed, was cancelled or has expired. Durable on return.
        Raises RunIdInvalid, RunNotFound (all ids that are not there are in its `details`),
        SelectionEmpty, ExportFormatUnknown, ExportOptionNotOffered, TooManyPackages, StorageFull,
        and what the query raises.
        """
        known = self._manager.check(wish)
        chosen = self.select(run_ids, query, leave_out)
        fingerprint = self._selection.fingerprint(wish, chosen)
        with self._shelf.lock:
            if same := self._shelf.like(fingerprint):
                return same, False
            if len(self._shelf.under_way()) >= _MOST_WAITING:
                raise TooManyPackages(
                    "Very many packages are waiting; try again when some are made."
                )
            package = Package(
                package_id=new_package_id(),
                format=wish.format,
                extension=known.extension,
                pseudonyms=wish.pseudonyms,
                marked=wish.marked,
                language=wish.options.language,
                title=wish.options.title,
                licence=wish.options.licence,
                fingerprint=fingerprint,
                runs=len(chosen),
                asked_at=self._now().isoformat(timespec="microseconds"),
            )
            self._shelf.add(package, chosen)
            self._worker.wake()
        logger.info("package %s: %d runs as %s", package.package_id, package.runs, package.format)
        return package, True

    def select(
        self,
        run_ids: Iterable[str] | None = None,
        query: Mapping[str, Any] | None = None,
        leave_out: Iterable[str] = (),
    ) -> list[str]:
        """The runs that a package asked for in this way would be made of, each once.

        Raises RunIdInvalid, RunNotFound, SelectionEmpty, and what the query raises.
        """
        return self._selection.of(run_ids, query, leave_out)

    def all(self) -> list[PackageStatus]:
        """All packages, the one asked for last first."""
        with self._shelf.lock:
            return [self._status(package) for package in self._shelf.all()]

    def get(self, package_id: str) -> PackageStatus:
        """How a package stands. Raises PackageNotFound."""
        with self._shelf.lock:
            return self._status(self._shelf.get(package_id))

    def file(self, package_id: str) -> tuple[Package, Path]:
        """A package that is ready, and where its file lies.

        Raises PackageNotFound, PackageNotReady, PackageExpired.
        """
        package = self._shelf.get(package_id)
        if package.state == "expired":
            raise PackageExpired("This package was kept for its time; it can be made again.")
        if package.state != "ready":
            raise PackageNotReady(f"This package has no file; it is {package.state}.")
        return package, self._folders.file(package)

    def cancel(self, package_id: str) -> Package:
        """Let a package go that is waiting or being made; nothing of its file is left on return.

        Raises PackageNotFound, PackageIsOver, PackageInUse.
        """
        with self._shelf.lock:
            package = self._shelf.get(package_id)
            if package.state not in UNDER_WAY:
                raise PackageIsOver(f"This package is {package.state}.")
            making = self._worker.making_of(package_id)
            if making is None:
                return self._shelf.end(package, "cancelled")
            making.stop("cancelled")
        _wait_until_over(making)
        return self._shelf.get(package_id)

    def delete(self, package_id: str) -> None:
        """Remove a package with all that is known of it, cancelled first if need be.

        Raises PackageNotFound, PackageInUse.
        """
        if self._shelf.get(package_id).state in UNDER_WAY:
            with suppress(PackageIsOver):  # over in the last moment
                self.cancel(package_id)
        self._shelf.remove(package_id)

    def forget(self, run_id: str) -> None:
        """Let no package hold this run any more; for whoever deletes it, and may be called again.

        Packages with it are removed, those that wait for their making are made without it, and one
        that is being made begins again. Done on return.
        Raises RunIdInvalid, PackageInUse, StorageFull.
        """
        checked_run_id(run_id)
        worker = self._worker
        with self._shelf.lock:
            begun = self._shelf.forget(run_id, lambda one: worker.making_of(one) is not None)
            makings = [making for one in begun if (making := worker.making_of(one))]
            for making in makings:
                if making.stopped is None:
                    making.stop("again")
        for making in makings:
            _wait_until_over(making)

    def sweep(self, there: Container[str]) -> None:
        """Forget every run that is not among these, all there are. Raises as `forget`."""
        for run_id in self._shelf.run_ids():
            if run_id not in there:
                self.forget(run_id)

    def tidy(self) -> None:
        """Remove the files whose time is over, and the memory of them after as long again."""
        self._shelf.tidy()

    def _status(self, package: Package) -> PackageStatus:
        making = self._worker.making_of(package.package_id)
        if making:
            return PackageStatus(package, making.runs_done, making.bytes_written)
        done = package.state in ("ready", "expired")
        return PackageStatus(package, package.runs if done else 0, package.size_bytes or 0)


def _wait_until_over(making: Making) -> None:
    if not making.is_over.wait(_STOP_SECONDS):
        raise PackageInUse("A package that is being made does not stop just now; try again.")
