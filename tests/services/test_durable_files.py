from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from devserver.my_app.services import durable_files
from devserver.my_app.services.durable_files import (
    StorageFull,
    create_folder,
    is_temporary,
    remove_folder,
    replace_file,
)


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def fail_with(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def fsync(_: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("os.fsync", fsync)


def test_replaces_a_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    replace_file(path, b"old")
    replace_file(path, b"new")
    assert path.read_bytes() == b"new"
    assert names(tmp_path) == ["file"]


def test_a_full_disk_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    replace_file(path, b"old")
    fail_with(monkeypatch, errno.ENOSPC)
    with pytest.raises(StorageFull):
        replace_file(path, b"new")
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["file"]


def test_other_failures_keep_their_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fail_with(monkeypatch, errno.EIO)
    with pytest.raises(OSError, match="Input/output"):
        replace_file(tmp_path / "file", b"new")
    assert names(tmp_path) == []


def test_a_folder_appears_with_its_files(tmp_path: Path) -> None:
    create_folder(tmp_path / "run", {"a": b"1", "b": b"2"})
    assert names(tmp_path) == ["run"]
    assert names(tmp_path / "run") == ["a", "b"]


def test_a_folder_that_is_there_is_not_touched(tmp_path: Path) -> None:
    create_folder(tmp_path / "run", {"a": b"1"})
    with pytest.raises(FileExistsError):
        create_folder(tmp_path / "run", {"a": b"2"})
    assert (tmp_path / "run" / "a").read_bytes() == b"1"
    assert names(tmp_path) == ["run"]


def test_a_full_disk_leaves_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fail_with(monkeypatch, errno.ENOSPC)
    with pytest.raises(StorageFull):
        create_folder(tmp_path / "run", {"a": b"1"})
    assert names(tmp_path) == []


def test_removes_a_folder(tmp_path: Path) -> None:
    create_folder(tmp_path / "run", {"a": b"1"})
    remove_folder(tmp_path / "run")
    assert names(tmp_path) == []


def test_temporaries_are_told_from_files_of_people() -> None:
    assert is_temporary(durable_files.temporary_beside(Path("output_image.png")).name)
    for name in ("output_image.png", ".DS_Store", "notes.part", "metadata.json"):
        assert not is_temporary(name)
