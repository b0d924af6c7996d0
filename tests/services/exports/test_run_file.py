from __future__ import annotations

import errno
from pathlib import Path

import pytest

from devserver.my_app.export_wiring import export_formats
from devserver.my_app.services.durable_files import StorageFull
from devserver.my_app.services.export_manager import ExportManager, ExportWish
from devserver.my_app.services.exports.run_file import RunFiles
from devserver.my_app.services.exports.source import ExportSource
from devserver.my_app.services.media_storage import MediaStorageService
from devserver.my_app.services.run_folders import RunFolders, RunNotFound
from devserver.my_app.services.run_id import new_run_id
from tests.exported_runs import a_stored_run
from tests.services.exports.report_samples import parts


@pytest.fixture
def manager(folders: RunFolders, tmp_path: Path) -> ExportManager:
    return ExportManager(
        ExportSource(folders),
        export_formats(parts(tmp_path)),
        auto_folder=tmp_path / "packages" / "auto",
    )


def some_files(manager: ExportManager, folder: Path, free: int = 10**12) -> RunFiles:
    return RunFiles(
        manager,
        folder,
        free_bytes=lambda: free,
        kept_free_bytes=1000,
    )


def test_is_at_its_beginning_and_has_no_name(
    manager: ExportManager, storage: MediaStorageService, tmp_path: Path
) -> None:
    file, length = some_files(manager, tmp_path / "packages").make(
        a_stored_run(storage), ExportWish("zip")
    )
    with file:
        assert list((tmp_path / "packages").iterdir()) == []
        data = file.read()
    assert len(data) == length
    assert data.startswith(b"PK")


def test_is_not_begun_without_room_for_it(
    manager: ExportManager, storage: MediaStorageService, folders: RunFolders, tmp_path: Path
) -> None:
    run_id = a_stored_run(storage)
    (folders.path(run_id) / "large").write_bytes(bytes(100_000))
    files = some_files(manager, tmp_path / "packages", free=50_000)
    with pytest.raises(StorageFull):
        files.make(run_id, ExportWish("zip"))
    file, _ = files.make(run_id, ExportWish("json"))
    file.close()


def test_a_failure_leaves_nothing_open(
    manager: ExportManager,
    storage: MediaStorageService,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    files = some_files(manager, tmp_path / "packages")
    with pytest.raises(RunNotFound):
        files.make(new_run_id(), ExportWish("zip"))

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    run_id = a_stored_run(storage)
    monkeypatch.setattr(manager, "write_run", full)
    with pytest.raises(StorageFull):
        files.make(run_id, ExportWish("zip"))
    assert list((tmp_path / "packages").iterdir()) == []
