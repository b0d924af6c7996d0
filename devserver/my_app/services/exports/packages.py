"""Packages of many runs: asked for, made one after the other in the background, kept for a while.

What is asked for is on disk before it is answered, so a stop of the server loses no package: what
was waiting or being made is made again at the next start, from its beginning. A file appears in
its folder only when it is whole; what a kill leaves is a temporary, which the next start removes.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from devserver.my_app.services.durable_files import StorageFull
from devserver.my_app.services.errors import ServerError
from devserver.my_app.services.export_manager import ExportManager, ExportWish
from devserver.my_app.services.exports.package import (
    UNDER_WAY,
    Package,
    PackageFailure,
    PackageFolders,
    PackageNotFound,
    PackageState,
    new_package_id,
)
from devserver.my_app.services.exports.package_maker import Making, MakingStopped
from devserver.my_app.services.run_folders import RunNotFound
from devserver.my_app.services.run_id import checked_run_id

logger = logging.getLogger(__name__)

Select = Callable[[Mapping[str, Any]], Iterable[str]]
"""The ids of the runs that a query finds, in its order."""

_MOST_WAITING = 100
_MOST_ATTEMPTS = 3
_LONGEST_SLEEP_SECONDS = 600.0
_STOP_SECONDS = 30.0
_FAILED = "It failed; the server's log says why."


class SelectionEmpty(ServerError):
    """There is no run in what was asked for."""

    code = "selection_empty"


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
        self._folders = PackageFolders(folder)
        self._manager = manager
        self._select = select
        self._free_bytes = free_bytes
        self._kept_free_bytes = kept_free_bytes
        self._keep = keep
        self._now = now
        self._changed = threading.Condition(threading.RLock())
        self._packages: dict[str, Package] = {}
        self._making: Making | None = None
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="packages", daemon=True)

    def start(self) -> None:
        """Take up what the last stop left, and begin to work. Only for the owner of the root."""
        self._folders.remove_unfinished()
        for package in self._folders.all():
            self._packages[package.package_id] = self._taken_up(package)
        self._thread.start()

    def close(self) -> None:
        """Stop; a package under way is made again from its beginning after the next start."""
        with self._changed:
            self._closed = True
            if self._making:
                self._making.stop("closing")
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join()

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
        fingerprint = self._fingerprint(wish, chosen)
        with self._changed:
            for package in self._packages.values():
                if package.fingerprint == fingerprint and self._is_of_use(package):
                    return package, False
            if sum(one.state in UNDER_WAY for one in self._packages.values()) >= _MOST_WAITING:
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
                asked_at=self._time(),
            )
            self._folders.create(package, chosen)
            self._packages[package.package_id] = package
            self._changed.notify_all()
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
        unwanted = {checked_run_id(run_id) for run_id in leave_out}
        chosen = [one for one in self._chosen(run_ids, query) if one not in unwanted]
        if not chosen:
            raise SelectionEmpty("There is no run in this selection.")
        return chosen

    def all(self) -> list[PackageStatus]:
        """All packages, the one asked for last first."""
        with self._changed:
            packages = sorted(self._packages.values(), key=lambda one: one.asked_at, reverse=True)
            return [self._status(package) for package in packages]

    def get(self, package_id: str) -> PackageStatus:
        """How a package stands. Raises PackageNotFound."""
        with self._changed:
            return self._status(self._known(package_id))

    def file(self, package_id: str) -> tuple[Package, Path]:
        """A package that is ready, and where its file lies.

        Raises PackageNotFound, PackageNotReady, PackageExpired.
        """
        with self._changed:
            package = self._known(package_id)
        if package.state == "expired":
            raise PackageExpired("This package was kept for its time; it can be made again.")
        if package.state != "ready":
            raise PackageNotReady(f"This package has no file; it is {package.state}.")
        return package, self._folders.file(package)

    def cancel(self, package_id: str) -> Package:
        """Let a package go that is waiting or being made; nothing of its file is left on return.

        Raises PackageNotFound, PackageIsOver, PackageInUse.
        """
        with self._changed:
            package = self._known(package_id)
            if package.state not in UNDER_WAY:
                raise PackageIsOver(f"This package is {package.state}.")
            making = self._making_of(package_id)
            if making is None:
                return self._end(package, "cancelled")
            making.stop("cancelled")
        _wait_until_over(making)
        with self._changed:
            return self._known(package_id)

    def delete(self, package_id: str) -> None:
        """Remove a package with all that is known of it, cancelled first if need be.

        Raises PackageNotFound, PackageInUse.
        """
        with self._changed:
            is_under_way = self._known(package_id).state in UNDER_WAY
        if is_under_way:
            with suppress(PackageIsOver):  # over in the last moment
                self.cancel(package_id)
        with self._changed:
            self._remove(package_id)

    def forget(self, run_id: str) -> None:
        """Let no package hold this run any more; for whoever deletes it, and may be called again.

        Packages with it are removed, those that wait for their making are made without it, and one
        that is being made begins again. Done on return. Raises RunIdInvalid, PackageInUse.
        """
        checked_run_id(run_id)
        stopped: Making | None = None
        with self._changed:
            for package in list(self._packages.values()):
                if self._folders.holds(package.package_id, run_id):
                    stopped = self._without(package, run_id) or stopped
                elif any(one.run_id == run_id for one in package.left_out):
                    kept = tuple(one for one in package.left_out if one.run_id != run_id)
                    self._write(package.having(left_out=kept))
        if stopped:
            _wait_until_over(stopped)

    def tidy(self) -> None:
        """Remove the files whose time is over, and the memory of them after as long again."""
        now = self._now()
        with self._changed:
            for package in list(self._packages.values()):
                if package.expires_at is None:
                    continue
                expires_at = datetime.fromisoformat(package.expires_at)
                if package.state == "ready" and now >= expires_at:
                    self._folders.remove_file(package)
                    self._write(package.having(state="expired", size_bytes=None))
                    logger.info("package %s has expired", package.package_id)
                elif now >= expires_at + self._keep:
                    self._remove(package.package_id)

    # The making

    def _work(self) -> None:
        while True:
            with self._changed:
                package = None if self._closed else self._next()
                if package is None and not self._closed:
                    self._changed.wait(_LONGEST_SLEEP_SECONDS)
                if self._closed:
                    return
                if package is not None:
                    self._making = Making(package.package_id, self._is_roomy)
            try:
                if package is not None and self._making is not None:
                    self._make(package, self._making)
                self.tidy()
            except Exception:
                # Whatever nobody thought of: other packages still have to be made.
                logger.exception("packages: something went wrong that should not")
                self._give_up()
            finally:
                self._lay_down()

    def _make(self, package: Package, making: Making) -> None:
        path = self._folders.file(package)
        try:
            if package.attempts >= _MOST_ATTEMPTS:
                self._fail(package, "too_many_attempts", "Its making was cut off three times.")
                return
            package = self._write(package.having(state="making", attempts=package.attempts + 1))
            run_ids = self._folders.run_ids(package.package_id)
            self._check_room(package, making, run_ids)
            size = making.make(self._manager, run_ids, package.wish, path)
        except MakingStopped:
            self._stopped(package, making)
        except (FileNotFoundError, RunNotFound):
            # Taken away under our hands: the run was deleted, and `forget` comes or has come. Or it
            # lies in the archive now, where the next making finds it.
            self._lost_a_file(package, making)
        except ServerError as error:
            self._fail(package, error.code, str(error))
        except Exception:
            # Formats build on libraries that raise what they like.
            logger.exception("package %s failed", package.package_id)
            self._fail(package, "export_failed", _FAILED)
        else:
            self._finish(package, making, size)

    def _finish(self, package: Package, making: Making, size: int) -> None:
        with self._changed:
            if making.stopped:  # in the last moment
                self._folders.remove_file(package)
                self._stopped(package, making)
                return
            left_out = {one.run_id for one in making.left_out}
            held = [one for one in self._folders.run_ids(package.package_id) if one not in left_out]
            try:
                self._folders.write_run_ids(package.package_id, held)
                self._end(
                    package, "ready", size_bytes=size, runs=len(held), left_out=(*making.left_out,)
                )
            except StorageFull as error:
                self._fail(package, error.code, str(error))
        logger.info("package %s is ready: %d bytes", package.package_id, size)

    def _stopped(self, package: Package, making: Making) -> None:
        with self._changed:
            if package.package_id not in self._packages:
                return
            if making.stopped == "cancelled":
                self._end(self._packages[package.package_id], "cancelled")
            else:
                self._again(package)

    def _lost_a_file(self, package: Package, making: Making) -> None:
        current = making.current
        if making.stopped or (current and self._manager.source.place_of(current) != "folder"):
            self._stopped(package, making)
        else:
            logger.exception("package %s failed", package.package_id)
            self._fail(package, "media_not_found", "A file of one of its runs is not there.")

    def _again(self, package: Package) -> None:
        """Have it wait for its making once more; that it was stopped is no fault of its own."""
        runs = len(self._folders.run_ids(package.package_id))
        waiting = package.having(state="waiting", runs=runs, attempts=max(0, package.attempts - 1))
        if runs:
            self._write(waiting)
        else:
            self._remove(package.package_id)

    def _give_up(self) -> None:
        """Let nobody wait for a package whose making went wrong outside of the export itself."""
        with self._changed:
            for package in [one for one in self._packages.values() if one.state == "making"]:
                self._fail(package, "export_failed", _FAILED)

    def _lay_down(self) -> None:
        with self._changed:
            making, self._making = self._making, None
            if making:
                making.is_over.set()

    def _check_room(self, package: Package, making: Making, run_ids: list[str]) -> None:
        needed = making.estimate(self._manager, run_ids, package.wish)
        if needed > self._free_bytes() - self._kept_free_bytes:
            raise StorageFull(
                f"The server's disk has no room for this package of about {_megabytes(needed)}."
            )

    def _is_roomy(self) -> bool:
        return self._free_bytes() >= self._kept_free_bytes

    def _next(self) -> Package | None:
        waiting = [one for one in self._packages.values() if one.state == "waiting"]
        return min(waiting, key=lambda one: one.asked_at, default=None)

    # What is written down

    def _taken_up(self, package: Package) -> Package:
        if package.state == "making":
            return package.having(state="waiting")
        if package.state == "ready" and not self._folders.file(package).is_file():
            return package.having(state="expired", size_bytes=None)
        return package

    def _without(self, package: Package, run_id: str) -> Making | None:
        """Take a run out of a package; the making that has to stop for it, if there is one."""
        if package.state not in UNDER_WAY:
            self._remove(package.package_id)
            return None
        left = [one for one in self._folders.run_ids(package.package_id) if one != run_id]
        self._folders.write_run_ids(package.package_id, left)
        making = self._making_of(package.package_id)
        if making:
            if making.stopped is None:
                making.stop("again")
        elif left:
            self._write(package.having(runs=len(left)))
        else:
            self._remove(package.package_id)
        return making

    def _fail(self, package: Package, code: str, message: str) -> None:
        logger.warning("package %s failed: %s", package.package_id, code)
        self._end(package, "failed", error=PackageFailure(code=code, message=message))

    def _end(self, package: Package, state: PackageState, **changes: object) -> Package:
        ended = package.having(
            state=state,
            finished_at=self._time(),
            expires_at=(self._now() + self._keep).isoformat(timespec="seconds"),
            **changes,
        )
        return self._write(ended)

    def _write(self, package: Package) -> Package:
        with self._changed:
            if package.package_id in self._packages:
                self._packages[package.package_id] = package
                try:
                    self._folders.write(package)
                except (StorageFull, OSError) as error:
                    # Known as long as the server runs; after that it is as it was before.
                    logger.warning(
                        "package %s: its state can't be written: %s", package.package_id, error
                    )
        return package

    def _remove(self, package_id: str) -> None:
        self._packages.pop(package_id, None)
        self._folders.remove(package_id)

    # What is known

    def _known(self, package_id: str) -> Package:
        try:
            return self._packages[package_id]
        except KeyError:
            raise PackageNotFound("There is no package with this id on this server.") from None

    def _status(self, package: Package) -> PackageStatus:
        making = self._making_of(package.package_id)
        if making:
            return PackageStatus(package, making.runs_done, making.bytes_written)
        done = package.state in ("ready", "expired")
        return PackageStatus(package, package.runs if done else 0, package.size_bytes or 0)

    def _making_of(self, package_id: str) -> Making | None:
        making = self._making
        return making if making and making.package_id == package_id else None

    def _chosen(self, run_ids: Iterable[str] | None, query: Mapping[str, Any] | None) -> list[str]:
        if run_ids is not None:
            chosen = list(dict.fromkeys(checked_run_id(run_id) for run_id in run_ids))
            unknown = [run_id for run_id in chosen if not self._manager.source.stamp(run_id)]
            if unknown:
                raise RunNotFound(
                    "There is no run with this id on this server, or with several of these.",
                    details={"unknown": unknown},
                )
        else:
            chosen = list(dict.fromkeys(self._select(query or {})))
        return chosen

    def _fingerprint(self, wish: ExportWish, run_ids: Iterable[str]) -> str:
        said = self._manager.fingerprint(wish)
        digest = hashlib.sha256(said.encode("utf-8", "backslashreplace"))
        for run_id in run_ids:
            digest.update(f"\n{run_id} {self._manager.source.stamp(run_id)}".encode())
        return digest.hexdigest()

    def _is_of_use(self, package: Package) -> bool:
        """Whether there is a file, or will be. Somebody may have removed it by hand."""
        if package.state in UNDER_WAY:
            return True
        return package.state == "ready" and self._folders.file(package).is_file()

    def _time(self) -> str:
        return self._now().isoformat(timespec="microseconds")


def _wait_until_over(making: Making) -> None:
    if not making.is_over.wait(_STOP_SECONDS):
        raise PackageInUse("A package that is being made does not stop just now; try again.")


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"
