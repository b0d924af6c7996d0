"""Exports on a disk that is full: a file system of its own, a few megabytes small."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from devserver.config import Settings
from devserver.my_app.export_wiring import FORMAT_NAMES, build_export_manager
from devserver.my_app.report_wiring import SCRATCH, report_parts
from devserver.my_app.services.durable_files import StorageFull, appearing_file
from devserver.my_app.services.export_manager import ExportManager, ExportWish
from devserver.my_app.services.exports.formats import pdf
from devserver.my_app.services.media_storage import MediaStorageService
from devserver.my_app.services.storage_root import StorageRoot
from devserver.my_app.services.thumbnails import Thumbnails, draw_thumbnail
from devserver.my_app.services.worker_pool import WorkerPool
from devserver.my_app.wiring import build_media_storage
from tests.exported_runs import a_stored_run
from tests.test_full_disk import fill_up, mounted_disk

ROOM = (0, 1, 3, 6, 10, 15, 20, 25, 30, 36, 42, 48, 60, 80)
"""Free pages when an export begins."""


@pytest.fixture(name="disk", scope="module")
def _disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with mounted_disk(tmp_path_factory.mktemp("full") / "exports", "24m") as disk:
        yield disk


@pytest.fixture(name="pool", scope="module")
def _pool() -> Iterator[WorkerPool]:
    with closing(WorkerPool(1, memory_bytes=2 * 1024**3)) as pool:
        yield pool


@pytest.fixture(name="storage", scope="module")
def _storage(disk: Path) -> MediaStorageService:
    return build_media_storage(Settings.model_validate({"exports_dir": disk}))


@pytest.fixture(name="ids", scope="module")
def _ids(storage: MediaStorageService) -> list[str]:
    return [a_stored_run(storage, f"Eine Blume {number} " * 300) for number in range(3)]


@pytest.fixture(name="manager", scope="module")
def _manager(disk: Path, pool: WorkerPool) -> ExportManager:
    root = StorageRoot(disk)
    thumbnails = Thumbnails(root.cache, partial(pool.run, 60, draw_thumbnail))
    parts = report_parts(pool.run, thumbnails, scratch=root.packages / SCRATCH, cache=root.cache)
    return build_export_manager(
        Settings.model_validate({"exports_dir": disk}), root, parts, scratch=root.packages
    )


@pytest.mark.parametrize("name", [*FORMAT_NAMES, "pdf in parts"])
def test_it_is_named_and_nothing_half_done_stays(
    name: str,
    disk: Path,
    ids: list[str],
    manager: ExportManager,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if name == "pdf in parts":
        name = "pdf"
        monkeypatch.setattr(pdf, "RUNS_AT_A_TIME", 1)
    packages = disk / "packages"
    packages.mkdir(exist_ok=True)
    path = packages / f"export.{name}"

    def everything() -> list[str]:
        return sorted(
            str(one.relative_to(packages)) for one in packages.rglob("*") if one.name != SCRATCH
        )

    refused = 0
    for pages in ROOM:
        fill_up(disk, pages)
        try:
            with appearing_file(path) as file:
                manager.write(ids, ExportWish(name, pseudonyms=True, marked=True), file)
        except StorageFull:
            refused += 1
            assert everything() == []
        else:
            assert everything() == [path.name]
            path.unlink()
        finally:
            (disk / "filler").unlink(missing_ok=True)
    assert refused
    with appearing_file(path) as file:
        manager.write(ids, ExportWish(name, pseudonyms=True, marked=True), file)
    assert path.stat().st_size
    path.unlink()
