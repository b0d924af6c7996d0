"""The one root under which everything is stored, and its owner: one server at a time."""

from __future__ import annotations

import errno
import json
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

from devserver.my_app.services.durable_files import StorageFull, replace_file
from devserver.my_app.services.errors import ServerError


class RootTaken(ServerError):
    """Another server owns this root."""

    code = "root_taken"


class RootNotLockable(ServerError):
    """The file system of this root can't lock files."""

    code = "root_not_lockable"


_NO_LOCKS = frozenset({errno.ENOSYS, errno.ENOTSUP, errno.ENOLCK})
_FRESH_SECONDS = 1.0
_RESERVE_BYTES = 1024 * 1024


class StorageRoot:
    """The folders of the root (see DESIGN, "On disk"). They are made here when missing."""

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.path = path
        self.runs = path / "json"
        self.state = path / "state"
        self.cache = path / "cache"
        self.archive = path / "archive"
        self.packages = path / "packages"
        self.locks = self.state / "locks"
        self.incoming = self.state / "incoming"
        for folder in (self.runs, self.locks, self.incoming):
            folder.mkdir(parents=True, exist_ok=True)
        self._lock = FileLock(
            self.state / "server.lock", thread_local=False, fallback_to_soft=False
        )
        self._note = self.state / "server.json"
        self._reserve = self.state / "reserve"
        self._clock = clock
        self._probing = threading.Lock()
        self._probed_at = float("-inf")
        self._is_writable = False

    def claim(self, address: str, *, patience_seconds: float = 0.0) -> None:
        """Become the owner until `release` or the end of this process, however it ends.

        `patience_seconds` lets a server that is just ending go first. Raises RootTaken,
        RootNotLockable.
        """
        try:
            self._lock.acquire(timeout=patience_seconds, poll_interval=0.05)
        except Timeout as error:
            owner = self.owner()
            where = f" It listens on {owner}." if owner else ""
            raise RootTaken(
                f"Another server already works on {self.path}.{where} "
                "Stop it first, or give this one another DEVSERVER_EXPORTS_DIR."
            ) from error
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                raise
            raise RootNotLockable(
                f"The file system of {self.path} can't lock files, so nothing would keep two "
                "writers apart. Set DEVSERVER_EXPORTS_DIR to a folder on another disk."
            ) from error
        replace_file(self._note, json.dumps({"address": address, "pid": os.getpid()}).encode())
        self.refill_reserve()

    def is_taken(self) -> bool:
        """Whether a server works on it just now. Makes nothing."""
        if not Path(self._lock.lock_file).exists():
            return False
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            return True
        self._lock.release()
        return False

    def owner(self) -> str | None:
        """The address the present or last owner said it listens on; None when nobody did."""
        try:
            return str(json.loads(self._note.read_bytes())["address"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def refill_reserve(self) -> None:
        """Keep some room on the disk, so that a run can still say that the disk is full."""
        if not self._reserve.exists():
            with suppress(StorageFull):
                replace_file(self._reserve, bytes(_RESERVE_BYTES))

    def spend_reserve(self) -> None:
        """Give that room to whoever writes next; it is taken again when there is some."""
        self._reserve.unlink(missing_ok=True)

    def is_writable(self) -> bool:
        """Whether files can be made here, found out by making one, at most once a second.

        Anybody may ask, as often as they like, and each time it is written through to the disk.
        """
        with self._probing:
            now = self._clock()
            if now - self._probed_at >= _FRESH_SECONDS:
                self._is_writable = self._try_writing()
                self._probed_at = now
            return self._is_writable

    def _try_writing(self) -> bool:
        probe = self.state / "writable"
        try:
            replace_file(probe, b"")
            probe.unlink(missing_ok=True)
            self.refill_reserve()
        except (OSError, StorageFull):
            return False
        return True

    def release(self) -> None:
        """Give the root back; nothing happens when it isn't owned by this object."""
        if self._lock.is_locked:
            self._note.unlink(missing_ok=True)
            self._lock.release()
