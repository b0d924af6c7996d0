from __future__ import annotations

import json
import threading
from datetime import datetime

import pytest

from devserver.my_app.services.durable_files import StorageFull
from devserver.my_app.services.run_folders import RunFolders, RunNotFound
from devserver.my_app.services.run_id import RunIdInvalid, new_run_id
from devserver.my_app.services.run_locks import RunLocks
from devserver.my_app.services.run_metadata import RunMetadata
from devserver.my_app.services.storage_root import StorageRoot
from devserver.my_app.services.stored_runs import StoredRuns
from devserver.my_app.services.tombstones import Tombstones
from devserver.my_app.services.unfinished_deletions import UnfinishedDeletions
from tests.stored_run import contents, put_run


@pytest.fixture
def tombstones(root: StorageRoot) -> Tombstones:
    return Tombstones(root.state)


def test_holds_id_time_and_reason_and_nothing_else(
    root: StorageRoot, tombstones: Tombstones
) -> None:
    run_id = new_run_id()
    assert not tombstones.is_tombstoned(run_id)
    assert tombstones.of(run_id) is None
    assert tombstones.ids() == frozenset()
    stone = tombstones.put(run_id, "erased")
    [data] = contents(root.state / "tombstones").values()
    assert json.loads(data) == {"run_id": run_id, "time": stone.time, "reason": "erased"}
    assert datetime.fromisoformat(stone.time).tzinfo is not None
    assert tombstones.is_tombstoned(run_id)
    assert Tombstones(root.state).of(run_id) == stone
    assert tombstones.ids() == {run_id}


def test_the_first_tombstone_stays(tombstones: Tombstones) -> None:
    run_id = new_run_id()
    first = tombstones.put(run_id, "retention")
    assert tombstones.put(run_id, "deleted") == first


def test_one_that_cannot_be_read_is_one_all_the_same(
    root: StorageRoot, tombstones: Tombstones
) -> None:
    run_id = new_run_id()
    tombstones.put(run_id, "deleted")
    [path] = (root.state / "tombstones").rglob("*.json")
    path.write_bytes(b"{")
    assert tombstones.is_tombstoned(run_id)
    stone = tombstones.of(run_id)
    assert stone is not None
    assert stone.run_id == run_id


def test_no_path_leads_out(tombstones: Tombstones) -> None:
    with pytest.raises(RunIdInvalid):
        tombstones.is_tombstoned("../../x")


def test_many_at_once(tombstones: Tombstones) -> None:
    run_ids = [new_run_id() for _ in range(40)]
    threads = [
        threading.Thread(target=tombstones.put, args=(run_id, "deleted")) for run_id in run_ids * 3
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert tombstones.ids() == set(run_ids)


def test_a_run_that_comes_back_is_not_there(folders: RunFolders, root: StorageRoot) -> None:
    run_id, other = put_run(folders), put_run(folders)
    saved = contents(folders.path(run_id))
    folders.bury(run_id, "erased")
    folders.remove_remains(run_id)
    folders.path(run_id).mkdir()
    for name, data in saved.items():
        (folders.path(run_id) / name).write_bytes(data)
    stored = StoredRuns(folders)
    with pytest.raises(RunNotFound):
        stored.get_metadata(run_id)
    with pytest.raises(RunNotFound):
        folders.change(run_id, lambda run: run)
    assert [run.run_id for run in stored.list_runs()[0]] == [other]
    assert stored.list_runs()[1] == 1
    assert folders.ids() == [other]
    assert not folders.exists(run_id)
    assert folders.remains() == [run_id]


def test_an_id_is_never_used_again(folders: RunFolders) -> None:
    run_id = put_run(folders)
    folders.bury(run_id, "deleted")
    folders.remove_remains(run_id)
    with pytest.raises(FileExistsError):
        folders.create(RunMetadata(run_id=run_id, status="queued"))
    assert not folders.path(run_id).exists()


def test_nothing_is_removed_without_a_tombstone(folders: RunFolders) -> None:
    run_id = put_run(folders)
    with pytest.raises(ValueError, match="tombstone"):
        folders.remove_remains(run_id)
    assert folders.exists(run_id)


@pytest.mark.parametrize(
    ("owner", "step"),
    [(RunLocks, "holding"), (UnfinishedDeletions, "begin"), (Tombstones, "put")],
)
def test_a_full_disk_has_room_for_a_tombstone(
    folders: RunFolders, root: StorageRoot, monkeypatch: pytest.MonkeyPatch, owner: type, step: str
) -> None:
    run_id = put_run(folders)
    root.claim("here")
    reserve = root.state / "reserve"
    take = getattr(owner, step)

    def full_while_the_reserve_is_there(*asked: object) -> object:
        if reserve.exists():
            raise StorageFull("full")
        return take(*asked)

    monkeypatch.setattr(owner, step, full_while_the_reserve_is_there)
    folders.bury(run_id, "deleted")
    root.release()
    assert folders.tombstones.is_tombstoned(run_id)
