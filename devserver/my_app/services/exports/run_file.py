"""One run as a file that has no name: made whole before anything of it is sent."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, cast

from devserver.my_app.services.durable_files import StorageFull, full_disk_named
from devserver.my_app.services.export_manager import ExportManager, ExportWish


class RunFiles:
    """Makes such files in `folder`, so long as the disk has room for them beside what runs need.

    So a failure is an error and not half a file, and the length is known. What has no name is gone
    when it is closed, however that comes about.
    """

    def __init__(
        self,
        manager: ExportManager,
        folder: Path,
        *,
        free_bytes: Callable[[], int],
        kept_free_bytes: int = 0,
    ) -> None:
        self._manager = manager
        self._folder = folder
        self._free_bytes = free_bytes
        self._kept_free_bytes = kept_free_bytes

    def make(self, run_id: str, wish: ExportWish) -> tuple[BinaryIO, int]:
        """The run as a file at its beginning, to be closed by the caller, and its bytes.

        Raises StorageFull and what `ExportManager.write_run` raises.
        """
        if self._manager.estimate(run_id, wish) > self._free_bytes() - self._kept_free_bytes:
            raise StorageFull("The server's disk has no room for this export just now.")
        self._folder.mkdir(parents=True, exist_ok=True)
        file = cast(BinaryIO, tempfile.TemporaryFile(dir=self._folder))  # noqa: SIM115
        try:
            with full_disk_named():
                self._manager.write_run(run_id, wish, file)
                file.flush()
            length = file.tell()
            file.seek(0)
        except BaseException:
            file.close()
            raise
        return file, length
