"""The making of packages: in turn, cut off, on full disks, of runs that go meanwhile."""

from __future__ import annotations

import errno
import json
import zipfile
from concurrent.futures import ThreadPoolExecutor

import pytest

from devserver.my_app.services.archive import Archive
from devserver.my_app.services.export_manager import ExportWish
from devserver.my_app.services.exports.package import PackageFolders
from devserver.my_app.services.exports.packages import PackageNotReady
from devserver.my_app.services.media_storage import MediaStorageService
from devserver.my_app.services.run_folders import RunNotFound
from devserver.my_app.services.run_id import new_run_id
from devserver.my_app.services.storage_root import StorageRoot
from tests.exported_runs import a_stored_run, contents
from tests.services.exports.package_rig import PATIENCE, Rig


def test_packages_are_made_one_after_the_other(rig: Rig, storage: MediaStorageService) -> None:
    ids = [a_stored_run(storage) for _ in range(2)]
    first, second = rig.being_made(ids), rig.ask(ids)
    assert rig.packages.get(first.package_id).package.state == "making"
    assert rig.packages.get(second.package_id).package.state == "waiting"
    with pytest.raises(PackageNotReady):
        rig.packages.file(second.package_id)
    assert [one.package.package_id for one in rig.packages.all()] == [
        second.package_id,
        first.package_id,
    ]
    rig.held.go_on.set()
    assert {rig.ended(first).state, rig.ended(second).state} == {"ready"}


def test_a_run_that_vanishes_under_its_package_is_left_out(
    rig: Rig, storage: MediaStorageService
) -> None:
    """Deleted between the reading of its metadata and of its files, before anybody is told."""
    kept, gone = a_stored_run(storage), a_stored_run(storage)
    rig.held.fail_with = FileNotFoundError()
    package = rig.being_made([gone, kept])
    storage.delete_run(gone)
    rig.held.go_on.set()
    made = rig.ended(package)
    assert (made.state, made.runs) == ("ready", 1)
    assert [(one.run_id, one.code) for one in made.left_out] == [(gone, "run_not_found")]
    assert gone.encode() not in rig.packages.file(package.package_id)[1].read_bytes()


def test_a_run_that_is_archived_under_its_package_is_in_it(
    rig: Rig, storage: MediaStorageService
) -> None:
    ids = [a_stored_run(storage), a_stored_run(storage)]
    before = contents(rig.folders, ids[0])
    rig.held.fail_with = FileNotFoundError()
    package = rig.being_made(ids)
    Archive(rig.folders).archive(ids[0])
    rig.held.go_on.set()
    made = rig.ended(package)
    assert (made.state, made.runs, made.left_out) == ("ready", 2, ())
    lines = rig.packages.file(package.package_id)[1].read_text().splitlines()
    assert [json.loads(line)["run_id"] for line in lines] == ids
    zipped = rig.ended(rig.ask(ids))
    with zipfile.ZipFile(rig.packages.file(zipped.package_id)[1]) as opened:
        for name, data in before.items():
            assert opened.read(f"{ids[0]}/{name}") == data
    assert not any(".part" in name for name in rig.files())


def test_a_run_that_is_deleted_while_its_picture_is_drawn_is_left_out(
    rig: Rig, storage: MediaStorageService
) -> None:
    kept, gone = a_stored_run(storage), a_stored_run(storage)
    rig.held.fail_with = RunNotFound("It was deleted.")
    package = rig.being_made([gone, kept])
    storage.delete_run(gone)
    rig.held.go_on.set()
    made = rig.ended(package)
    assert (made.state, made.runs) == ("ready", 1)


def test_a_file_that_vanishes_from_a_run_that_is_there_fails_its_package(
    rig: Rig, storage: MediaStorageService
) -> None:
    rig.held.fail_with = FileNotFoundError()
    rig.held.go_on.set()
    package = rig.ended(rig.ask([a_stored_run(storage)], ExportWish("held")))
    assert (package.state, package.error and package.error.code) == ("failed", "media_not_found")


def test_what_a_stop_cut_off_is_made_again(rig: Rig, storage: MediaStorageService) -> None:
    ids = [a_stored_run(storage), a_stored_run(storage)]
    package = rig.being_made(ids)
    with ThreadPoolExecutor(1) as thread:
        closed = thread.submit(rig.packages.close)
        rig.until_stopping(package)
        rig.held.go_on.set()
        closed.result(PATIENCE)
    assert rig.files() == set()
    rig.restart()
    assert rig.ended(package).state == "ready"


def test_what_cuts_off_the_server_three_times_is_given_up(
    rig: Rig, storage: MediaStorageService
) -> None:
    package = rig.ended(rig.ask([a_stored_run(storage)]))
    rig.packages.close()
    record = rig.root.packages / package.package_id / "package.json"
    cut_off = package.having(state="making", attempts=3, finished_at=None, expires_at=None)
    record.write_text(cut_off.model_dump_json())
    stray = rig.root.packages / package.package_id / ".export.zip.abc.part"
    stray.write_text("half")
    rig.restart()
    ended = rig.ended(package)
    assert (ended.state, ended.error and ended.error.code) == ("failed", "too_many_attempts")
    assert not stray.exists()


def test_a_disk_without_room_is_said_before(rig: Rig, storage: MediaStorageService) -> None:
    ids = [a_stored_run(storage)]
    rig.free = 5500  # room for texts, not for media beside what runs need
    package = rig.ended(rig.ask([a_stored_run(storage, "x" * 4000)]))
    assert (package.state, package.error and package.error.code) == ("failed", "storage_full")
    assert package.error
    assert "MB" in package.error.message
    assert rig.files() == set()
    rig.free = 10**12
    assert rig.ended(rig.ask(ids)).state == "ready"


def test_a_disk_that_fills_up_in_between_leaves_nothing(
    rig: Rig, storage: MediaStorageService
) -> None:
    ids = [a_stored_run(storage), a_stored_run(storage)]
    rig.held.fail_with = OSError(errno.ENOSPC, "No space left on device")
    package = rig.being_made(ids)
    rig.held.go_on.set()
    package = rig.ended(package)
    assert (package.state, package.error and package.error.code) == ("failed", "storage_full")
    assert rig.files() == set()
    anew = rig.ask(ids, ExportWish("held"))
    assert anew.package_id != package.package_id
    assert rig.ended(anew).state == "ready"


def test_a_disk_that_others_fill_up_stops_it(rig: Rig, storage: MediaStorageService) -> None:
    run_id = a_stored_run(storage)
    large = rig.folders.path(run_id) / "large.bin"
    with large.open("wb") as file:
        file.truncate(64 * 1024**2)
    asked = iter([10**9, 10**9])

    def free() -> int:
        return next(asked, 500)

    rig.packages._worker._free_bytes = free
    package = rig.ended(rig.ask([run_id]))
    assert (package.state, package.error and package.error.code) == ("failed", "storage_full")
    assert rig.files() == set()


def test_a_format_that_fails_fails_its_package_alone(
    rig: Rig, storage: MediaStorageService, caplog: pytest.LogCaptureFixture
) -> None:
    ids = [a_stored_run(storage)]
    rig.held.fail_with = RuntimeError("a detail for the engineer")
    package = rig.ask(ids, ExportWish("held"))
    rig.held.go_on.set()
    package = rig.ended(package)
    assert (package.state, package.error and package.error.code) == ("failed", "export_failed")
    assert "engineer" not in package.model_dump_json()
    assert "RuntimeError: a detail for the engineer" in caplog.text
    assert rig.ended(rig.ask(ids)).state == "ready"


def test_a_disk_that_fails_after_the_making_fails_one_package_and_stops_no_other(
    rig: Rig,
    storage: MediaStorageService,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    ids = [a_stored_run(storage)]
    package = rig.being_made(ids)
    with monkeypatch.context() as patch:

        def broken(*_: object) -> None:
            raise OSError(errno.EIO, "Input/output error")

        patch.setattr(PackageFolders, "write_run_ids", broken)
        patch.setattr(PackageFolders, "write", broken)
        rig.held.go_on.set()
        package = rig.ended(package)
    assert (package.state, package.error and package.error.code) == ("failed", "export_failed")
    assert "OSError: [Errno 5] Input/output error" in caplog.text
    assert rig.ended(rig.ask(ids)).state == "ready"


def test_a_thousand_runs(rig: Rig, root: StorageRoot, storage: MediaStorageService) -> None:
    pattern = root.runs / a_stored_run(storage)
    whole = (pattern / "metadata.json").read_bytes()
    for _ in range(999):
        run_id = new_run_id()
        folder = root.runs / run_id
        folder.mkdir()
        for file in pattern.iterdir():
            (folder / file.name).hardlink_to(file)
        (folder / "metadata.json").unlink()
        (folder / "metadata.json").write_bytes(
            whole.replace(pattern.name.encode(), run_id.encode())
        )
    package = rig.ended(rig.ask())
    assert (package.state, package.runs) == ("ready", 1000)
    with zipfile.ZipFile(rig.packages.file(package.package_id)[1]) as opened:
        assert opened.testzip() is None
        assert len(opened.namelist()) == 5002
