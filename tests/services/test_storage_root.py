from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from devserver.config import PROJECT_FOLDER
from devserver.my_app.services.storage_root import RootNotLockable, RootTaken, StorageRoot

OWNER = """
import sys
from pathlib import Path
from devserver.my_app.services.storage_root import StorageRoot

root = StorageRoot(Path(sys.argv[1]))
root.claim("http://127.0.0.1:1")
print("claimed", flush=True)
sys.stdin.read()
"""


def test_a_root_has_one_owner_at_a_time(tmp_path: Path) -> None:
    first, second = StorageRoot(tmp_path), StorageRoot(tmp_path)
    first.claim("http://127.0.0.1:1")
    with pytest.raises(RootTaken, match=r"http://127\.0\.0\.1:1"):
        second.claim("http://127.0.0.1:2")
    first.release()
    second.claim("http://127.0.0.1:2")
    assert first.owner() == "http://127.0.0.1:2"
    second.release()
    assert first.owner() is None


def test_a_killed_owner_gives_the_root_back(tmp_path: Path) -> None:
    root = StorageRoot(tmp_path)
    with subprocess.Popen(
        [sys.executable, "-c", OWNER, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=PROJECT_FOLDER,
    ) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == b"claimed\n"
        with pytest.raises(RootTaken):
            root.claim("http://127.0.0.1:2")
        owner.kill()
        owner.wait()
        root.claim("http://127.0.0.1:2", patience_seconds=10)
    root.release()


def test_a_disk_without_locks_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fcntl = pytest.importorskip("fcntl")

    def flock(*_: object) -> None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    monkeypatch.setattr(fcntl, "flock", flock)
    with pytest.raises(RootNotLockable, match="another disk"):
        StorageRoot(tmp_path).claim("http://127.0.0.1:1")


def test_the_disk_is_written_to_at_most_once_a_second(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    root = StorageRoot(tmp_path, clock=lambda: now)
    assert root.is_writable()
    monkeypatch.setattr(root, "state", tmp_path / "gone")
    now += 0.9
    assert root.is_writable()
    now += 0.1
    assert not root.is_writable()
    monkeypatch.undo()
    assert not root.is_writable()
    now += 1
    assert root.is_writable()


def test_the_folders_are_made(tmp_path: Path) -> None:
    root = StorageRoot(tmp_path / "a" / "b")
    assert root.runs.is_dir()
    assert root.locks.is_dir()
    assert root.is_writable()


def test_whether_it_is_taken_can_be_asked_without_a_trace(tmp_path: Path) -> None:
    first, second = StorageRoot(tmp_path), StorageRoot(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    assert not second.is_taken()
    assert sorted(tmp_path.rglob("*")) == before
    first.claim("http://127.0.0.1:1")
    assert second.is_taken()
    first.release()
    assert not second.is_taken()
    first.claim("http://127.0.0.1:1")
