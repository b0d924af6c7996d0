"""Tombstones: which runs were deleted, so that none of them ever comes back.

A tombstone holds a run_id, a time and a reason, and nothing else. Each is a small file of its own,
so that those of two copies of a root are put together by copying the files of one over the other.
It is durable before anything of its run is removed. Whatever brings the folder back (a restored
backup, an rsync), the run stays gone: nobody reads it, and the owner of the root removes it again
at its start.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, cast, get_args

from devserver.my_app.services.durable_files import full_disk_named, replace_file, sync_folder
from devserver.my_app.services.run_id import checked_run_id, is_run_id

Reason = Literal["deleted", "erased", "retention"]

_SUFFIX = ".json"


@dataclass(frozen=True)
class Tombstone:
    """What is left of a run: `time` is UTC, ISO 8601."""

    run_id: str
    time: str
    reason: Reason


class Tombstones:
    """The tombstones under `state/tombstones/`, 256 folders of them.

    Safe to share between threads and processes: a tombstone is written once and never changes.
    """

    def __init__(self, state: Path) -> None:
        self._folder = state / "tombstones"
        self._folder_name = os.fspath(self._folder)

    def is_tombstoned(self, run_id: str) -> bool:
        """Whether the run was deleted; one look at the disk, however many tombstones there are."""
        # Asked for every run on a page of a search, so without the making of paths.
        name = f"{checked_run_id(run_id)[:2]}/{run_id}{_SUFFIX}"
        return os.path.exists(f"{self._folder_name}/{name}")  # noqa: PTH110

    def of(self, run_id: str) -> Tombstone | None:
        """The run's tombstone. One that can't be read is a tombstone too, since its name is."""
        path = self._path(run_id)
        try:
            values = json.loads(path.read_bytes())
            time, reason = str(values["time"]), values["reason"]
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError):
            time, reason = "", "deleted"
        return Tombstone(run_id, time, cast(Reason, reason if _is_reason(reason) else "deleted"))

    def put(self, run_id: str, reason: Reason) -> Tombstone:
        """Set the run's tombstone, durable on return; one that is there already stays.

        Raises RunIdInvalid, StorageFull.
        """
        known = self.of(run_id)
        if known is not None:
            return known
        stone = Tombstone(run_id, datetime.now(UTC).isoformat(timespec="seconds"), reason)
        path = self._path(run_id)
        for folder in (self._folder, path.parent):
            if not folder.is_dir():
                with full_disk_named():
                    folder.mkdir(exist_ok=True)
                sync_folder(folder.parent)
        values = {"run_id": run_id, "time": stone.time, "reason": reason}
        replace_file(path, json.dumps(values).encode() + b"\n")
        sync_folder(path.parent)
        return stone

    def ids(self) -> frozenset[str]:
        """The ids of all runs that were deleted."""
        try:
            parts = [entry.path for entry in os.scandir(self._folder) if entry.is_dir()]
        except FileNotFoundError:
            return frozenset()
        files = (entry.name for part in parts for entry in os.scandir(part))
        names = (name.removesuffix(_SUFFIX) for name in files)
        return frozenset(name for name in names if is_run_id(name))

    def _path(self, run_id: str) -> Path:
        return self._folder / checked_run_id(run_id)[:2] / f"{run_id}{_SUFFIX}"


def _is_reason(value: object) -> bool:
    return value in get_args(Reason)
