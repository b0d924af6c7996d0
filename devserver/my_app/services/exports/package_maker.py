"""Writes the file of one package, and can be stopped while it does."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, Literal, cast

from devserver.my_app.services.durable_files import StorageFull, appearing_file
from devserver.my_app.services.export_manager import ExportManager, ExportWish
from devserver.my_app.services.exports.package import LeftOutRun

Reason = Literal["cancelled", "again", "closing"]

_BYTES_BETWEEN_LOOKS = 16 * 1024**2
_BYTES_FOR_EACH_RUN = 4096


class MakingStopped(Exception):
    """The package is not wanted any more, or not like this."""


class Making:
    """One package on its way: how far it is, which runs are in it, and a way to stop it.

    `is_roomy` tells whether the disk still has more room than runs need.
    """

    def __init__(self, package_id: str, is_roomy: Callable[[], bool]) -> None:
        self.package_id = package_id
        self.runs_done = 0
        self.bytes_written = 0
        self.stopped: Reason | None = None
        self.left_out: list[LeftOutRun] = []
        self.is_over = threading.Event()
        self._is_roomy = is_roomy
        self._looked_at = 0
        self._current: str | None = None

    @property
    def current(self) -> str | None:
        """The run that is being written."""
        return self._current

    def stop(self, reason: Reason) -> None:
        """Have it stop at its next write or run; `is_over` tells when it has."""
        self.stopped = reason

    def make(
        self, manager: ExportManager, run_ids: Iterable[str], wish: ExportWish, path: Path
    ) -> int:
        """Let the package's file appear at `path`, whole and durable; returns its bytes.

        Raises MakingStopped, StorageFull and whatever else the format raises; then nothing is
        left of it.
        """
        with appearing_file(path) as file:
            out = cast(BinaryIO, _Watched(file, self))
            manager.write(self._each(run_ids), wish, out, self._leave_out)
            self.check()
        return self.bytes_written

    def estimate(self, manager: ExportManager, run_ids: Iterable[str], wish: ExportWish) -> int:
        """About how many bytes it takes on the disk. Raises MakingStopped."""
        total = 0
        for run_id in run_ids:
            self.check()
            total += manager.estimate(run_id, wish) + _BYTES_FOR_EACH_RUN
        return total

    def check(self) -> None:
        """Raise MakingStopped when it shall go no further, StorageFull when it may not."""
        if self.stopped:
            raise MakingStopped(self.stopped)
        if self.bytes_written - self._looked_at >= _BYTES_BETWEEN_LOOKS:
            self._looked_at = self.bytes_written
            self._check_room()

    def _check_room(self) -> None:
        if not self._is_roomy():
            raise StorageFull("The server's disk is nearly full, so this package was given up.")

    def _each(self, run_ids: Iterable[str]) -> Iterator[str]:
        for run_id in run_ids:
            self.check()
            # Some formats lay much beside before they write their first byte.
            self._check_room()
            self._current = run_id
            yield run_id
            self.runs_done += 1
        self._current = None

    def _leave_out(self, run_id: str, code: str) -> None:
        self.left_out.append(LeftOutRun(run_id=run_id, code=code))


class _Watched(io.RawIOBase):
    """A file that counts what is written to it and can be made to refuse more."""

    def __init__(self, file: BinaryIO, making: Making) -> None:
        self._file = file
        self._making = making

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._making.check()
        length = self._file.write(data)
        self._making.bytes_written += length
        return length
