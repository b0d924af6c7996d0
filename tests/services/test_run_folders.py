from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from devserver.my_app.services import run_folders
from devserver.my_app.services.run_folders import RunArchived, RunFolders, RunNotFound
from devserver.my_app.services.run_id import is_run_id, new_run_id
from devserver.my_app.services.run_metadata import MetadataUnreadable
from devserver.my_app.services.storage_root import StorageRoot
from tests.stored_run import put_a_folder_in_its_place, put_a_pipe_in_its_place, put_run


def to_nowhere(link: Path) -> None:
    shutil.rmtree(link)
    link.symlink_to("nowhere")


def to_a_run_moved_elsewhere(link: Path) -> None:
    elsewhere = link.parent.parent / "elsewhere"
    link.rename(elsewhere)
    link.symlink_to(elsewhere, target_is_directory=True)


def to_itself(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.name)


@pytest.mark.parametrize("replace", [to_nowhere, to_a_run_moved_elsewhere])
def test_a_link_is_no_run(folders: RunFolders, replace: Callable[[Path], None]) -> None:
    run_id, link = put_run(folders), folders.path(put_run(folders))
    replace(link)
    assert folders.ids() == folders.newest_first() == [run_id]
    assert not folders.exists(link.name)
    with pytest.raises(RunNotFound):
        folders.read(link.name)
    folders.sealed_path(link.name).parent.mkdir()
    folders.sealed_path(link.name).touch()
    assert folders.exists(link.name)
    with pytest.raises(RunArchived):
        folders.read(link.name)


def test_a_tombstone_takes_no_link_away(folders: RunFolders, root: StorageRoot) -> None:
    run_id = put_run(folders)
    to_a_run_moved_elsewhere(folders.path(run_id))
    folders.bury(run_id, "deleted")
    assert folders.remains() == []
    folders.remove_remains(run_id)
    assert [path.name for path in root.runs.iterdir()] == [run_id]
    assert (root.path / "elsewhere" / "metadata.json").is_file()


def test_a_file_named_like_a_run_is_none(folders: RunFolders, root: StorageRoot) -> None:
    (root.runs / new_run_id()).touch()
    assert folders.ids() == folders.newest_first() == []


_HAS_PIPES = pytest.mark.skipif(os.name == "nt", reason="there are none in folders there")


@pytest.mark.parametrize(
    ("hide", "why"),
    [
        (put_a_folder_in_its_place, "Is a directory"),
        pytest.param(put_a_pipe_in_its_place, "it is no ordinary file", marks=_HAS_PIPES),
        (to_itself, "Too many levels of symbolic links"),
    ],
)
def test_metadata_that_can_not_be_read_is_named(
    folders: RunFolders, hide: Callable[[Path], None], why: str
) -> None:
    run_id = put_run(folders)
    hide(folders.path(run_id) / "metadata.json")
    with pytest.raises(MetadataUnreadable, match=f"can't be read: {why}"):
        folders.read(run_id)
    with pytest.raises(MetadataUnreadable), folders.locked(run_id):
        pass


def test_a_folder_may_go_while_all_are_looked_at(
    folders: RunFolders, monkeypatch: pytest.MonkeyPatch
) -> None:
    stays, goes = put_run(folders), put_run(folders)

    def removed_by_hand(name: str) -> bool:
        if name == goes:
            shutil.rmtree(folders.path(goes))
        return is_run_id(name)

    monkeypatch.setattr(run_folders, "is_run_id", removed_by_hand)
    assert folders.newest_first() == [stays]
