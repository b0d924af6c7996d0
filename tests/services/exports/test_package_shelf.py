"""What is known of packages: durable, kept for a while, and again after a restart."""

from __future__ import annotations

import errno
from datetime import timedelta
from pathlib import Path

import pytest

from devserver.my_app.services.durable_files import StorageFull
from devserver.my_app.services.exports.package import PackageNotFound
from devserver.my_app.services.exports.packages import PackageExpired
from devserver.my_app.services.media_storage import MediaStorageService
from tests.exported_runs import a_stored_run
from tests.services.exports.package_rig import Rig


def test_a_file_that_somebody_removed_is_made_again(rig: Rig, storage: MediaStorageService) -> None:
    ids = [a_stored_run(storage)]
    first = rig.ended(rig.ask(ids))
    rig.packages.file(first.package_id)[1].unlink()
    second = rig.ended(rig.ask(ids))
    assert second.package_id != first.package_id
    assert second.state == "ready"


def test_a_file_is_kept_for_its_time(rig: Rig, storage: MediaStorageService) -> None:
    ids = [a_stored_run(storage)]
    package = rig.ended(rig.ask(ids))
    rig.clock.time += timedelta(days=6, hours=23)
    rig.packages.tidy()
    assert rig.packages.file(package.package_id)
    rig.clock.time += timedelta(hours=2)
    rig.packages.tidy()
    with pytest.raises(PackageExpired):
        rig.packages.file(package.package_id)
    assert rig.files() == set()
    anew = rig.ask(ids)
    assert anew.package_id != package.package_id
    rig.clock.time += timedelta(days=7)
    rig.packages.tidy()
    with pytest.raises(PackageNotFound):
        rig.packages.get(package.package_id)


def test_a_restart_knows_what_was_made(rig: Rig, storage: MediaStorageService) -> None:
    ids = [a_stored_run(storage)]
    package = rig.ended(rig.ask(ids))
    rig.restart()
    assert rig.packages.get(package.package_id).package == package
    assert rig.ask(ids) == package
    (rig.root.packages / package.package_id / "export.zip").unlink()
    rig.restart()
    assert rig.packages.get(package.package_id).package.state == "expired"
    (rig.root.packages / package.package_id / "package.json").write_text("{")
    rig.restart()
    assert rig.packages.all() == []
    assert not (rig.root.packages / package.package_id).exists()


def test_nothing_is_answered_that_is_not_on_disk(
    rig: Rig, storage: MediaStorageService, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [a_stored_run(storage)]

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        with pytest.raises(StorageFull):
            rig.ask(ids)
    assert rig.packages.all() == []
    assert [path.name for path in rig.root.packages.iterdir()] == []


def test_where_it_lies(rig: Rig, storage: MediaStorageService) -> None:
    package = rig.ended(rig.ask([a_stored_run(storage)]))
    assert rig.files() == {str(Path(package.package_id) / "export.zip")}
