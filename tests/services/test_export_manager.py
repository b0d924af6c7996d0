from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import BinaryIO

import pytest

from devserver.config import PROJECT_FOLDER, Settings, SettingsInvalid
from devserver.my_app.export_wiring import build_export_manager, check_auto_export, export_formats
from devserver.my_app.services import export_manager
from devserver.my_app.services.durable_files import is_temporary
from devserver.my_app.services.export_manager import (
    ExportManager,
    ExportWish,
    auto_export_run,
    use_export_manager,
)
from devserver.my_app.services.exports.auto_export import AutoExport, unexported_runs
from devserver.my_app.services.exports.formats.json_lines import JsonLines
from devserver.my_app.services.exports.port import ExportedRun, ExportFormat, ExportOptions
from devserver.my_app.services.exports.source import ExportSource, RunNotOver
from devserver.my_app.services.media_storage import MediaStorageService
from devserver.my_app.services.run_folders import RunFolders, RunNotFound
from devserver.my_app.services.run_id import RunIdInvalid, new_run_id
from devserver.my_app.services.storage_root import StorageRoot
from tests.exported_runs import a_stored_run, contents
from tests.services.exports.report_samples import parts


@pytest.fixture
def auto(root: StorageRoot) -> Path:
    return root.packages / "auto"


def a_manager(
    folders: RunFolders, auto: Path, *auto_formats: str, formats: Iterable[ExportFormat] = ()
) -> ExportManager:
    return ExportManager(
        ExportSource(folders),
        tuple(formats) or export_formats(parts(auto.parent)),
        auto_folder=auto,
        auto_formats=auto_formats,
    )


@pytest.fixture
def of_this_process() -> Iterator[None]:
    before = export_manager._process_wide
    yield
    export_manager._process_wide = before


@pytest.mark.usefixtures("of_this_process")
def test_the_seeds_own_call_works(
    settings: Settings,
    root: StorageRoot,
    folders: RunFolders,
    storage: MediaStorageService,
    auto: Path,
) -> None:
    settings = settings.model_copy(update={"auto_export": ("zip", "csv")})
    use_export_manager(build_export_manager(settings, root, parts(root.cache)))
    run_id = a_stored_run(storage)
    first, second = auto_export_run(run_id)
    assert (first, second) == (auto / f"{run_id}.zip", auto / f"{run_id}.csv.zip")
    with zipfile.ZipFile(first) as package:
        for name, data in contents(folders, run_id).items():
            assert package.read(f"{run_id}/{name}") == data
    before = first.read_bytes()
    assert auto_export_run(run_id)[0].read_bytes() == before


SCRIPT = """
import sys
from devserver.my_app.services.export_manager import auto_export_run

for path in auto_export_run(sys.argv[1]):
    print(path.name)
"""


def test_a_plain_script_makes_reports(
    root: StorageRoot, storage: MediaStorageService, tmp_path: Path
) -> None:
    """As the seed's own call stands in a script: without a server, a guard or a closing."""
    run_id = a_stored_run(storage)
    (tmp_path / "script.py").write_text(SCRIPT)
    (tmp_path / "tmp").mkdir()
    done = subprocess.run(
        [sys.executable, tmp_path / "script.py", run_id],
        env={
            **os.environ,
            "PYTHONPATH": str(PROJECT_FOLDER),
            "DEVSERVER_EXPORTS_DIR": str(root.path),
            "DEVSERVER_AUTO_EXPORT": "pdf,docx,html,html_folder",
            "TMPDIR": str(tmp_path / "tmp"),
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    names = [f"{run_id}.{ending}" for ending in ("pdf", "docx", "html", "html.zip")]
    assert done.stdout.split() == names
    assert {path.name for path in (root.packages / "auto").iterdir()} == set(names)
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_wish_without_a_licence_gets_the_one_that_is_set(
    settings: Settings, root: StorageRoot, storage: MediaStorageService
) -> None:
    settings = settings.model_copy(update={"licence": "CC BY 4.0"})
    manager = build_export_manager(settings, root, parts(root.cache))
    run_id = a_stored_run(storage)
    for wished, said in ((None, "CC BY 4.0"), ("CC0", "CC0")):
        out = io.BytesIO()
        wish = ExportWish("json", options=ExportOptions(licence=wished))
        manager.write([run_id], wish, out)
        assert json.loads(out.getvalue())["licence"] == said
        crates = io.BytesIO()
        manager.write([run_id], replace(wish, format="zip", marked=True), crates)
        with zipfile.ZipFile(crates) as package:
            crate = package.read(f"{run_id}/ro-crate-metadata.json").decode()
        address = "publicdomain/zero" if said == "CC0" else "licenses/by/4.0"
        assert address in crate


def test_the_fingerprint_changes_with_all_that_changes_the_file(
    settings: Settings, root: StorageRoot
) -> None:
    def manager(**changes: object) -> ExportManager:
        changed = settings.model_copy(update=changes)
        return build_export_manager(changed, root, parts(root.cache))

    wish = ExportWish("zip")
    known = manager()
    newer = manager()
    newer.format("zip").version += 1  # type: ignore[misc]
    fingerprints = [
        known.fingerprint(wish),
        newer.fingerprint(wish),
        known.fingerprint(replace(wish, marked=True)),
        known.fingerprint(replace(wish, options=ExportOptions(licence="CC0"))),
        manager(licence="CC BY 4.0").fingerprint(wish),
        manager(organisation="A school").fingerprint(wish),
        known.fingerprint(ExportWish("jsonl")),
    ]
    assert len(set(fingerprints)) == len(fingerprints)
    assert manager().fingerprint(wish) == fingerprints[0]


def test_it_is_off_by_default(
    settings: Settings, root: StorageRoot, storage: MediaStorageService, auto: Path
) -> None:
    manager = build_export_manager(settings, root, parts(root.cache))
    assert not manager.exports_on_its_own
    assert manager.auto_export(a_stored_run(storage)) == ()
    assert not auto.exists()


def test_a_format_that_is_not_there_is_a_wrong_setting(settings: Settings) -> None:
    with pytest.raises(
        SettingsInvalid, match="DEVSERVER_AUTO_EXPORT: zap is no format of exports; there are zip"
    ):
        check_auto_export(settings.model_copy(update={"auto_export": ("zap",)}))


def test_what_can_not_be_exported_leaves_nothing(
    folders: RunFolders, storage: MediaStorageService, auto: Path
) -> None:
    manager = a_manager(folders, auto, "zip", "xml")
    running = a_stored_run(storage, is_over=False)
    for run_id, failure in (
        (new_run_id(), RunNotFound),
        (running, RunNotOver),
        ("x", RunIdInvalid),
    ):
        with pytest.raises(failure):
            manager.auto_export(run_id)
    assert list(auto.iterdir()) == []


class DeletesItsRun(JsonLines):
    """A run is deleted just when its export has been written."""

    def __init__(self, storage: MediaStorageService) -> None:
        self._storage = storage

    def write(self, runs: Iterable[ExportedRun], out: BinaryIO, options: ExportOptions) -> None:
        taken = list(runs)
        super().write(iter(taken), out, options)
        self._storage.delete_run(taken[0].run_id)


def test_a_run_that_is_deleted_meanwhile_does_not_come_back(
    folders: RunFolders, storage: MediaStorageService, auto: Path
) -> None:
    manager = a_manager(folders, auto, "jsonl", formats=[DeletesItsRun(storage)])
    with pytest.raises(RunNotFound):
        manager.auto_export(a_stored_run(storage))
    assert list(auto.iterdir()) == []


def test_a_run_whose_files_vanish_while_it_is_written_is_not_found(
    folders: RunFolders, storage: MediaStorageService, auto: Path
) -> None:
    class Late(JsonLines):
        name = "late"

        def write(self, runs: Iterable[ExportedRun], out: BinaryIO, options: ExportOptions) -> None:
            for run in runs:
                storage.delete_run(run.run_id)
                run.files[0].path.read_bytes()

    manager = a_manager(folders, auto, formats=[Late()])
    with pytest.raises(RunNotFound):
        manager.write_run(a_stored_run(storage), ExportWish("late"), io.BytesIO())


def test_forgets_every_export_of_a_run(
    folders: RunFolders, storage: MediaStorageService, auto: Path
) -> None:
    manager = a_manager(folders, auto, "zip", "xml", "csv")
    kept, gone = a_stored_run(storage), a_stored_run(storage)
    manager.auto_export(kept)
    manager.auto_export(gone)
    a_manager(folders, auto).forget(gone)  # also when the setting is another by now
    manager.forget(gone)
    assert {path.name.partition(".")[0] for path in auto.iterdir()} == {kept}
    assert manager.auto_exported(kept)
    assert not manager.auto_exported(gone)


class Exported:
    """Notes what it is asked to export; fails for some."""

    def __init__(self) -> None:
        self.run_ids: list[str] = []
        self.failures: dict[str, Exception] = {}
        self.done = threading.Semaphore(0)

    def __call__(self, run_id: str) -> None:
        self.run_ids.append(run_id)
        self.done.release()
        if run_id in self.failures:
            raise self.failures[run_id]


def test_each_run_is_exported_at_its_end(
    storage: MediaStorageService, caplog: pytest.LogCaptureFixture
) -> None:
    exported = Exported()
    auto_export = AutoExport(exported, lambda _: [])
    auto_export.start()
    storage.watch(auto_export.heard)
    running = storage.create_run(schema="dada", input_text="x").run_id
    failing = a_stored_run(storage)
    exported.failures[failing] = RuntimeError("broken")
    fine = a_stored_run(storage)
    for _ in range(2):
        assert exported.done.acquire(timeout=30)
    auto_export.close()
    assert exported.run_ids == [failing, fine]
    [said] = [one for one in caplog.records if one.levelname == "ERROR"]
    assert failing in said.getMessage()
    assert said.exc_info and said.exc_info[1] is exported.failures[failing]
    assert storage.get_metadata(failing).status == "success"
    assert storage.get_metadata(running).status == "queued"


def test_runs_that_cant_be_listed_keep_no_other_from_its_export(
    storage: MediaStorageService, caplog: pytest.LogCaptureFixture
) -> None:
    def unlisted(_: float) -> Iterator[str]:
        raise PermissionError("exports/json")
        yield

    exported = Exported()
    auto_export = AutoExport(exported, unlisted)
    auto_export.start()
    storage.watch(auto_export.heard)
    run_id = a_stored_run(storage)
    assert exported.done.acquire(timeout=30)
    auto_export.close()
    assert exported.run_ids == [run_id]
    assert "PermissionError: exports/json" in caplog.text


def test_what_a_stop_left_is_made_up_for(
    folders: RunFolders, storage: MediaStorageService, auto: Path
) -> None:
    manager = a_manager(folders, auto, "xml")
    done, left, _running = a_stored_run(storage), a_stored_run(storage), new_run_id()
    a_stored_run(storage, is_over=False)
    manager.auto_export(done)
    unexported = partial(unexported_runs, folders, manager.auto_exported)
    assert list(unexported(0.0)) == [left]
    assert list(unexported(time.time() + 60)) == []
    auto_export = AutoExport(manager.auto_export, unexported)
    auto_export.start()
    storage.watch(auto_export.heard)
    last = a_stored_run(storage)
    for _ in range(3000):
        if manager.auto_exported(last):
            break
        threading.Event().wait(0.01)
    auto_export.close()
    assert {path.name for path in auto.iterdir() if not is_temporary(path.name)} == {
        f"{run_id}.xml" for run_id in (done, left, last)
    }
