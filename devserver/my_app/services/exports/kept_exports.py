"""What exports have left under `packages/`, while no server works on it."""

from __future__ import annotations

from collections.abc import Container
from datetime import UTC, datetime, timedelta
from pathlib import Path

from devserver.my_app.services.exports.auto_files import AutoFiles
from devserver.my_app.services.exports.package import AUTO
from devserver.my_app.services.exports.package_shelf import PackageShelf


class KeptExports:
    """Packages, and the exports of the ends of runs. Only for the owner of the root."""

    def __init__(self, packages: Path) -> None:
        self._auto = AutoFiles(packages / AUTO)
        self._shelf = PackageShelf(packages, keep=timedelta(), now=lambda: datetime.now(UTC))
        self._shelf.take_up()

    def forget(self, run_id: str) -> None:
        """Let nothing that was exported hold this run any more. Raises StorageFull, OSError."""
        self._auto.forget(run_id)
        self._shelf.forget(run_id)

    def sweep(self, there: Container[str]) -> None:
        """Forget every run that is not among these, all there are. Raises as `forget`."""
        for run_id in self._auto.run_ids() | self._shelf.run_ids():
            if run_id not in there:
                self.forget(run_id)
