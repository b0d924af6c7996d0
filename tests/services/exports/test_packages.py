"""Packages: asked for, cancelled, deleted, forgotten."""

from __future__ import annotations

import errno
import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor

import pytest

from devserver.my_app.services.durable_files import StorageFull
from devserver.my_app.services.export_manager import ExportWish
from devserver.my_app.services.exports.package import PackageNotFound
from devserver.my_app.services.exports.packages import PackageIsOver, PackageNotReady
from devserver.my_app.services.media_storage import MediaStorageService
from devserver.my_app.services.run_folders import RunFolders
from devserver.my_app.services.run_id import new_run_id
from tests.exported_runs import a_stored_run, contents
from tests.services.exports.package_rig import PATIENCE, Rig


def test_makes_a_package_of_what_is_asked_for(
    rig: Rig, storage: MediaStorageService, folders: RunFolders
) -> None:
    ids = [a_stored_run(storage) for _ in range(3)]
    package = rig.ended(rig.ask([ids[2], ids[0], ids[2]]))
    assert (package.state, package.runs, package.left_out) == ("ready", 2, ())
    status = rig.packages.get(package.package_id)
    assert (status.runs_done, status.bytes_written) == (2, package.size_bytes)
    _, path = rig.packages.file(package.package_id)
    assert path.stat().st_size == package.size_bytes
    with zipfile.ZipFile(path) as opened:
        folders_in_it = list(dict.fromkeys(name.partition("/")[0] for name in opened.namelist()))
        assert folders_in_it[:2] == [ids[2], ids[0]]
        for name, data in contents(folders, ids[0]).items():
            assert opened.read(f"{ids[0]}/{name}") == data


def test_runs_that_are_not_over_are_left_out_and_named(
    rig: Rig, storage: MediaStorageService
) -> None:
    over, running = a_stored_run(storage), a_stored_run(storage, is_over=False)
    package = rig.ended(rig.ask([running, over]))
    assert (package.state, package.runs) == ("ready", 1)
    assert [(one.run_id, one.code) for one in package.left_out] == [(running, "run_not_over")]


def test_two_at_once_get_one_package(rig: Rig, storage: MediaStorageService) -> None:
    ids = [a_stored_run(storage) for _ in range(2)]
    together = threading.Barrier(8)

    def ask(_: int) -> str:
        together.wait(PATIENCE)
        return rig.ask(ids).package_id

    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(ask, range(8)))) == 1


def test_one_that_is_being_made_can_be_cancelled(rig: Rig, storage: MediaStorageService) -> None:
    package = rig.being_made([a_stored_run(storage), a_stored_run(storage)])
    assert rig.packages.get(package.package_id).bytes_written > 0
    with ThreadPoolExecutor(1) as thread:
        cancelled = thread.submit(rig.packages.cancel, package.package_id)
        rig.held.go_on.set()
        assert cancelled.result(PATIENCE).state == "cancelled"
    assert rig.files() == set()
    with pytest.raises(PackageIsOver):
        rig.packages.cancel(package.package_id)
    with pytest.raises(PackageNotReady):
        rig.packages.file(package.package_id)


def test_one_that_waits_can_be_cancelled_and_any_deleted(
    rig: Rig, storage: MediaStorageService
) -> None:
    ids = [a_stored_run(storage)]
    rig.being_made(ids)
    waiting, other = rig.ask(ids), rig.ask(ids, ExportWish("jsonl"))
    assert rig.packages.cancel(waiting.package_id).state == "cancelled"
    rig.packages.delete(other.package_id)
    rig.packages.delete(waiting.package_id)
    rig.held.go_on.set()
    for gone in (waiting, other):
        with pytest.raises(PackageNotFound):
            rig.packages.get(gone.package_id)
    assert rig.ended(rig.ask(ids)).state == "ready"


def test_a_deleted_run_is_in_no_package(rig: Rig, storage: MediaStorageService) -> None:
    kept, gone = a_stored_run(storage), a_stored_run(storage)
    with_it, without = rig.ended(rig.ask([kept, gone])), rig.ended(rig.ask([kept]))
    rig.packages.forget(new_run_id())
    storage.delete_run(gone)
    rig.packages.forget(gone)
    rig.packages.forget(gone)
    with pytest.raises(PackageNotFound):
        rig.packages.get(with_it.package_id)
    assert rig.packages.file(without.package_id)
    assert not any(gone in path.read_text() for path in rig.root.packages.rglob("runs.txt"))


def test_a_full_disk_does_not_keep_a_deleted_run_in_a_record_unsaid(
    rig: Rig, storage: MediaStorageService, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, gone = a_stored_run(storage), a_stored_run(storage, is_over=False)
    package = rig.ended(rig.ask([kept, gone]))
    assert [one.run_id for one in package.left_out] == [gone]
    with monkeypatch.context() as patch:

        def full(_: int) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        patch.setattr("os.fsync", full)
        with pytest.raises(StorageFull):
            rig.packages.forget(gone)
    rig.packages.forget(gone)
    assert rig.packages.get(package.package_id).package.left_out == ()
    records = [path.read_bytes() for path in rig.root.packages.rglob("package.json")]
    assert not any(gone.encode() in record for record in records)


def test_a_run_that_is_deleted_while_its_package_is_made_is_not_in_it(
    rig: Rig, storage: MediaStorageService
) -> None:
    kept, gone, waiting_too = (a_stored_run(storage) for _ in range(3))
    package = rig.being_made([gone, kept])
    waiting = rig.ask([gone, waiting_too])
    only_it = rig.ask([gone], ExportWish("jsonl"))
    storage.delete_run(gone)
    with ThreadPoolExecutor(1) as thread:
        forgotten = thread.submit(rig.packages.forget, gone)
        rig.until_stopping(package)
        rig.held.go_on.set()
        forgotten.result(PATIENCE)
    for one, left in ((package, kept), (waiting, waiting_too)):
        made = rig.ended(one)
        assert (made.state, made.runs) == ("ready", 1)
        data = rig.packages.file(one.package_id)[1].read_bytes()
        assert left.encode() in data
        assert gone.encode() not in data
    with pytest.raises(PackageNotFound):
        rig.packages.get(only_it.package_id)
    everything = [path.read_bytes() for path in rig.root.packages.rglob("*") if path.is_file()]
    assert not any(gone.encode() in data for data in everything)
