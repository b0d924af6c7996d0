"""The locks that keep the writers of one run apart, in this process and in all others."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import lock_descriptor, unlock_descriptor

from devserver.my_app.services.durable_files import full_disk_named

_POLL_SECONDS = 0.002
_OPEN_FLAGS = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
_MODE = 0o644


class RunLocks:
    """One lock a run: a file under `folder`, locked by the operating system while it is held.

    A run takes its lock some ten times, so the file is opened and locked here, by as few calls to
    the system as can be: each lets another thread go first. Not reentrant.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._guard = threading.Lock()
        self._thread_locks: dict[str, tuple[threading.Lock, int]] = {}

    @contextmanager
    def holding(self, run_id: str) -> Iterator[None]:
        """Keep everybody else who would hold the run's lock waiting, in all processes.

        `run_id` is a checked one. Raises StorageFull.
        """
        # Threads queue on their own lock first: that of the file only polls.
        with self._thread_lock(run_id):
            with full_disk_named():
                descriptor = self._locked_file(run_id)
            try:
                yield
            finally:
                try:
                    unlock_descriptor(descriptor)
                finally:
                    os.close(descriptor)

    def forget(self, run_id: str) -> None:
        """Let no file be left of the lock. Only while it is held; it goes on being held."""
        if os.name != "nt":  # where no file can be removed that somebody has open
            self._file(run_id).unlink(missing_ok=True)

    def _file(self, run_id: str) -> Path:
        return self._folder / f"{run_id}.lock"

    def _locked_file(self, run_id: str) -> int:
        """The descriptor of the file, locked, and not one that was forgotten meanwhile."""
        name = str(self._file(run_id))
        while True:
            try:
                descriptor = os.open(name, _OPEN_FLAGS, _MODE)
            except FileNotFoundError:
                self._folder.mkdir(parents=True, exist_ok=True)  # somebody took the folder away
                continue
            try:
                lock_descriptor(descriptor, poll_interval=_POLL_SECONDS)
                if os.fstat(descriptor).st_nlink:
                    return descriptor
            except BaseException:
                os.close(descriptor)
                raise
            os.close(descriptor)

    @contextmanager
    def _thread_lock(self, run_id: str) -> Iterator[None]:
        with self._guard:
            lock, users = self._thread_locks.get(run_id, (threading.Lock(), 0))
            self._thread_locks[run_id] = (lock, users + 1)
        try:
            with lock:
                yield
        finally:
            with self._guard:
                lock, users = self._thread_locks[run_id]
                if users == 1:
                    del self._thread_locks[run_id]
                else:
                    self._thread_locks[run_id] = (lock, users - 1)
