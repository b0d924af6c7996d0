"""All packages there are: what is known of each, in memory and on disk."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path

from devserver.my_app.services.durable_files import StorageFull
from devserver.my_app.services.exports.package import (
    UNDER_WAY,
    Package,
    PackageFailure,
    PackageFolders,
    PackageNotFound,
    PackageState,
)

logger = logging.getLogger(__name__)


class PackageShelf:
    """The packages under one folder, for the server that owns the root.

    Safe between threads; whoever holds `lock` is alone with them for several steps. `keep` is how
    long a file stays.
    """

    def __init__(self, folder: Path, *, keep: timedelta, now: Callable[[], datetime]) -> None:
        self.lock = threading.RLock()
        self.folders = PackageFolders(folder)
        self._keep = keep
        self._now = now
        self._packages: dict[str, Package] = {}

    def take_up(self) -> None:
        """Know again what is on disk; what was being made waits. Once, at the start."""
        self.folders.remove_unfinished()
        with self.lock:
            for package in self.folders.all():
                self._packages[package.package_id] = self._taken_up(package)

    def all(self) -> list[Package]:
        """Every package, the one asked for last first."""
        with self.lock:
            return sorted(self._packages.values(), key=lambda one: one.asked_at, reverse=True)

    def get(self, package_id: str) -> Package:
        """The package as it stands. Raises PackageNotFound."""
        with self.lock:
            try:
                return self._packages[package_id]
            except KeyError:
                raise PackageNotFound("There is no package with this id on this server.") from None

    def has(self, package_id: str) -> bool:
        """Whether it is still there."""
        with self.lock:
            return package_id in self._packages

    def under_way(self) -> list[Package]:
        """Those that wait or are being made, the one asked for first first."""
        return [package for package in self.all()[::-1] if package.state in UNDER_WAY]

    def like(self, fingerprint: str) -> Package | None:
        """A package of this fingerprint that has a file or will have one."""
        with self.lock:
            found = (one for one in self._packages.values() if one.fingerprint == fingerprint)
            return next(filter(self._is_of_use, found), None)

    def add(self, package: Package, run_ids: Iterable[str]) -> None:
        """Take in a new one, durable on return. Raises StorageFull."""
        with self.lock:
            self.folders.create(package, run_ids)
            self._packages[package.package_id] = package

    def store(self, package: Package) -> None:
        """Replace what is known of a package, durable on return. Raises StorageFull, OSError."""
        with self.lock:
            self.folders.write(package)
            self._packages[package.package_id] = package

    def write(self, package: Package) -> Package:
        """Replace what is known of a package that is still there; returns it as it was handed in.

        On a disk that refuses it is known as long as the server runs; after that the package is as
        it was before.
        """
        with self.lock:
            if package.package_id in self._packages:
                self._packages[package.package_id] = package
                try:
                    self.folders.write(package)
                except (StorageFull, OSError) as error:
                    logger.warning(
                        "package %s: its state can't be written: %s", package.package_id, error
                    )
        return package

    def end(self, package: Package, state: PackageState, **changes: object) -> Package:
        """As `write`, of a package that is over from now on."""
        now = self._now()
        return self.write(
            package.having(
                state=state,
                finished_at=now.isoformat(timespec="microseconds"),
                expires_at=(now + self._keep).isoformat(timespec="seconds"),
                **changes,
            )
        )

    def fail(self, package: Package, code: str, message: str) -> None:
        """As `end`, of one that could not be made."""
        logger.warning("package %s failed: %s", package.package_id, code)
        self.end(package, "failed", error=PackageFailure(code=code, message=message))

    def remove(self, package_id: str) -> None:
        """Forget a package and remove all of it; it need not be there."""
        with self.lock:
            self._packages.pop(package_id, None)
            self.folders.remove(package_id)

    def forget(
        self, run_id: str, is_being_made: Callable[[str], bool] = lambda _: False
    ) -> list[str]:
        """Let no package here hold this run any more; may be called again.

        Those with it are removed, and those under way go on without it. Returns the ids of those
        of them of which a making is under way just now: that has to begin again.
        Raises StorageFull.
        """
        begun: list[str] = []
        with self.lock:
            for package in self.all():
                if self.folders.holds(package.package_id, run_id):
                    if self._without(package, run_id, is_being_made):
                        begun.append(package.package_id)
                elif any(one.run_id == run_id for one in package.left_out):
                    kept = tuple(one for one in package.left_out if one.run_id != run_id)
                    self.store(package.having(left_out=kept))
        return begun

    def run_ids(self) -> set[str]:
        """The runs that any package holds or names."""
        with self.lock:
            packages = self.all()
            held = {one for p in packages for one in self.folders.run_ids(p.package_id)}
            return held | {one.run_id for package in packages for one in package.left_out}

    def tidy(self) -> None:
        """Remove the files whose time is over, and the memory of them after as long again."""
        now = self._now()
        with self.lock:
            for package in list(self._packages.values()):
                if package.expires_at is None:
                    continue
                expires_at = datetime.fromisoformat(package.expires_at)
                if package.state == "ready" and now >= expires_at:
                    self.folders.remove_file(package)
                    self.write(package.having(state="expired", size_bytes=None))
                    logger.info("package %s has expired", package.package_id)
                elif now >= expires_at + self._keep:
                    self.remove(package.package_id)

    def _without(self, package: Package, run_id: str, is_being_made: Callable[[str], bool]) -> bool:
        """Take a run out of a package; whether a making of it is under way."""
        if package.state not in UNDER_WAY:
            self.remove(package.package_id)
            return False
        left = [one for one in self.folders.run_ids(package.package_id) if one != run_id]
        self.folders.write_run_ids(package.package_id, left)
        if is_being_made(package.package_id):
            return True
        if left:
            self.write(package.having(runs=len(left)))
        else:
            self.remove(package.package_id)
        return False

    def _taken_up(self, package: Package) -> Package:
        if package.state == "making":
            return package.having(state="waiting")
        if package.state == "ready" and not self.folders.file(package).is_file():
            return package.having(state="expired", size_bytes=None)
        return package

    def _is_of_use(self, package: Package) -> bool:
        """Whether there is a file, or will be. Somebody may have removed it by hand."""
        if package.state in UNDER_WAY:
            return True
        return package.state == "ready" and self.folders.file(package).is_file()
