"""The making of packages: one after the other, by one thread."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from devserver.my_app.services.durable_files import StorageFull
from devserver.my_app.services.errors import ServerError
from devserver.my_app.services.export_manager import ExportManager
from devserver.my_app.services.exports.package import Package
from devserver.my_app.services.exports.package_maker import Making, MakingStopped
from devserver.my_app.services.exports.package_shelf import PackageShelf
from devserver.my_app.services.processors import use_processors
from devserver.my_app.services.run_folders import RunNotFound

logger = logging.getLogger(__name__)

_MOST_ATTEMPTS = 3
_LONGEST_SLEEP_SECONDS = 600.0
_FAILED = "It failed; the server's log says why."


class PackageWorker:
    """Makes what waits on the shelf, the one asked for first first, and keeps the shelf tidy.

    `free_bytes` asks the disk, `kept_free_bytes` is what runs need of it.
    """

    def __init__(
        self,
        shelf: PackageShelf,
        manager: ExportManager,
        *,
        free_bytes: Callable[[], int],
        kept_free_bytes: int,
    ) -> None:
        self._shelf = shelf
        self._folders = shelf.folders
        self._manager = manager
        self._free_bytes = free_bytes
        self._kept_free_bytes = kept_free_bytes
        self._changed = threading.Condition(shelf.lock)
        self._making: Making | None = None
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="packages", daemon=True)

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def wake(self) -> None:
        """Look at the shelf: something is there to be made."""
        with self._changed:
            self._changed.notify_all()

    def close(self) -> None:
        """End; what is being made is stopped, and waits for the next start."""
        with self._changed:
            self._closed = True
            if self._making:
                self._making.stop("closing")
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join()

    def making_of(self, package_id: str) -> Making | None:
        """The making of this package, if it is under way."""
        making = self._making
        return making if making and making.package_id == package_id else None

    def _work(self) -> None:
        use_processors()  # packing is done outside of Python for the most part
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
                self._shelf.tidy()
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
                self._shelf.fail(
                    package, "too_many_attempts", "Its making was cut off three times."
                )
                return
            package = self._shelf.write(
                package.having(state="making", attempts=package.attempts + 1)
            )
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
            self._shelf.fail(package, error.code, str(error))
        except Exception:
            # Formats build on libraries that raise what they like.
            logger.exception("package %s failed", package.package_id)
            self._shelf.fail(package, "export_failed", _FAILED)
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
                self._shelf.end(
                    package, "ready", size_bytes=size, runs=len(held), left_out=(*making.left_out,)
                )
            except StorageFull as error:
                self._shelf.fail(package, error.code, str(error))
        logger.info("package %s is ready: %d bytes", package.package_id, size)

    def _stopped(self, package: Package, making: Making) -> None:
        with self._changed:
            if not self._shelf.has(package.package_id):
                return
            if making.stopped == "cancelled":
                self._shelf.end(self._shelf.get(package.package_id), "cancelled")
            else:
                self._again(package)

    def _lost_a_file(self, package: Package, making: Making) -> None:
        current = making.current
        if making.stopped or (current and self._manager.source.place_of(current) != "folder"):
            self._stopped(package, making)
        else:
            logger.exception("package %s failed", package.package_id)
            self._shelf.fail(package, "media_not_found", "A file of one of its runs is not there.")

    def _again(self, package: Package) -> None:
        """Have it wait for its making once more; that it was stopped is no fault of its own."""
        runs = len(self._folders.run_ids(package.package_id))
        waiting = package.having(state="waiting", runs=runs, attempts=max(0, package.attempts - 1))
        if runs:
            self._shelf.write(waiting)
        else:
            self._shelf.remove(package.package_id)

    def _give_up(self) -> None:
        """Let nobody wait for a package whose making went wrong outside of the export itself."""
        with self._changed:
            for package in self._shelf.under_way():
                if package.state == "making":
                    self._shelf.fail(package, "export_failed", _FAILED)

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
        return next((one for one in self._shelf.under_way() if one.state == "waiting"), None)


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"
