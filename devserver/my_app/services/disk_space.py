"""How much room the disk still has, and when that is too little for a new run."""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

from devserver.my_app.services.errors import ServerError

logger = logging.getLogger(__name__)

_FRESH_SECONDS = 1.0


class StorageNearlyFull(ServerError):
    """The disk has less room than new runs need; those under way can still come to their end."""

    code = "storage_nearly_full"


def _free_bytes(folder: Path) -> int:
    return shutil.disk_usage(folder).free


class DiskSpace:
    """Looks at the disk of one folder, at most once a second. Safe to share between threads."""

    def __init__(
        self,
        folder: Path,
        floor_bytes: int,
        *,
        free_bytes: Callable[[Path], int] = _free_bytes,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folder = folder
        self._floor_bytes = floor_bytes
        self._ask = free_bytes
        self._clock = clock
        self._guard = threading.Lock()
        self._asked_at = float("-inf")
        self._free = 0

    def free_bytes(self) -> int:
        """Bytes this process may still write there; 0 when the disk can't be asked."""
        with self._guard:
            now = self._clock()
            if now - self._asked_at >= _FRESH_SECONDS:
                self._asked_at = now
                try:
                    self._free = self._ask(self._folder)
                except OSError as error:
                    logger.warning("the disk can't be asked for its free space: %s", error)
                    self._free = 0
            return self._free

    def is_above_floor(self) -> bool:
        """Whether a new run may be started. A floor of 0 is always kept."""
        return self.free_bytes() >= self._floor_bytes

    def check_room(self) -> None:
        """Raise StorageNearlyFull when a new run may not be started."""
        if not self.is_above_floor():
            raise StorageNearlyFull(
                "The server's disk is nearly full, so no new run is started just now."
            )
