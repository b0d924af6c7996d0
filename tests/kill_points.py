"""Kill a process before each single change that an operation makes to the disk, and look at what is
left after the next start.

`python -m tests.kill_points FOLDER` prints, for each operation, how many such points there are.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from devserver.my_app.services.archive import Archive
from devserver.my_app.services.forgetting import Forgetting
from devserver.my_app.services.run_folders import RunFolders
from devserver.my_app.services.run_metadata import RunMetadata
from devserver.my_app.services.storage_root import StorageRoot
from devserver.my_app.services.verification import faults_of
from tests.stored_run import contents, put_run

CHANGES = frozenset({"open", "os.rename", "os.remove", "os.rmdir", "os.mkdir"})
_KILLED = 137


def _never(run_id: str) -> NoReturn:
    raise AssertionError("these runs are over")


class Root:
    """A root, seen by a fresh process each time."""

    def __init__(self, folder: Path) -> None:
        self.root = StorageRoot(folder)
        self.folders = RunFolders(self.root)
        self.archive = Archive(self.folders)
        self.told: list[str] = []
        self.forgetting = Forgetting(
            self.folders, cancel=_never, holders={"cache": self._forget_cached}
        )

    def cached(self, run_id: str) -> Path:
        """Something that was derived from the run."""
        return self.root.path / f"cached_{run_id}"

    def _forget_cached(self, run_id: str) -> None:
        self.cached(run_id).unlink(missing_ok=True)

    def start(self) -> None:
        """As a server starts."""
        self.folders.remove_strays()
        self.forgetting.complete()
        self.archive.settle()


def _killed_at(number: int, folder: Path, operation: Callable[[], Any]) -> bool:
    """Do it in a process that ends at once before its `number`-th change under `folder`."""
    child = os.fork()
    if child == 0:
        left = number

        def hook(event: str, arguments: tuple[Any, ...]) -> None:
            nonlocal left
            if event in CHANGES and str(arguments[0]).startswith(str(folder)):
                left -= 1
                if left == 0:
                    os._exit(_KILLED)

        sys.addaudithook(hook)
        operation()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    assert code in (0, _KILLED), f"it failed at change {number}"
    return code == _KILLED


def _check_kept(root: Root, run_id: str, before: dict[str, bytes]) -> None:
    """The run is there in one piece, either way, and as it was."""
    folder, sealed = root.folders.path(run_id), root.folders.sealed_path(run_id)
    assert folder.is_dir() != sealed.is_file()
    assert faults_of(root.folders, run_id) == []
    if sealed.is_file():
        root.archive.restore(run_id)
    assert contents(folder) == before


def _check_no_strays(root: Root) -> None:
    for folder in (root.root.runs, root.root.archive):
        if folder.is_dir():
            assert not [entry for entry in folder.iterdir() if entry.name.startswith(".")]


def _points(base: Path, name: str) -> int:
    number = 0
    killed = True
    while killed:
        number += 1
        folder = base / f"{name}_{number}"
        root = Root(folder)
        run_id, other = put_run(root.folders), put_run(root.folders)
        before = contents(root.folders.path(run_id))
        root.cached(run_id).write_text("a child's words")
        if name in ("restore", "delete_archived"):
            root.archive.archive(run_id)
        operations: dict[str, Callable[[], Any]] = {
            "archive": partial(root.archive.archive, run_id),
            "restore": partial(root.archive.restore, run_id),
            "delete": partial(root.forgetting.delete, run_id),
            "delete_archived": partial(root.forgetting.delete, run_id, "erased"),
        }
        killed = _killed_at(number, folder, operations[name])
        restarted = Root(folder)
        restarted.start()
        _check_no_strays(restarted)
        gone = restarted.folders.tombstones.is_tombstoned(run_id)
        if gone:
            assert name.startswith("delete")
            assert not restarted.folders.path(run_id).exists()
            assert not restarted.folders.sealed_path(run_id).exists()
            assert not restarted.cached(run_id).exists()
        else:
            assert killed or not name.startswith("delete")
            _check_kept(restarted, run_id, before)
        run: RunMetadata = restarted.folders.read(other)
        assert run.input_text == "Eine Blume"
    return number - 1


def main() -> None:
    base = Path(sys.argv[1])
    names = ("archive", "restore", "delete", "delete_archived")
    print(json.dumps({name: _points(base, name) for name in names}))


if __name__ == "__main__":
    main()
