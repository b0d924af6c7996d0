"""Runs that are exported with marked copies: what metadata.json says is true of what is there."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import zipfile
from pathlib import Path

import pytest

from devserver.my_app.export_wiring import build_export_source
from devserver.my_app.services.exports.formats.zip_folders import ZipFolders
from devserver.my_app.services.exports.marking import mark_run
from devserver.my_app.services.exports.marking.said import TRAINED
from devserver.my_app.services.exports.port import ExportedRun, ExportOptions
from devserver.my_app.services.exports.source import ExportSource, Wanted
from devserver.my_app.services.media_storage import MediaStorageService
from devserver.my_app.services.run_folders import RunFolders, RunNotFound
from devserver.my_app.services.storage_root import StorageRoot
from devserver.my_app.services.verification import faults_of
from tests.exported_runs import contents
from tests.media_samples import (
    avif_bytes,
    flac_bytes,
    glb_bytes,
    jpeg_bytes,
    mp4_bytes,
    png_bytes,
    webm_bytes,
)

MARKABLE = (png_bytes(), jpeg_bytes(), flac_bytes(), mp4_bytes(), glb_bytes())
NOT_MARKABLE = (avif_bytes(), webm_bytes())


@pytest.fixture
def run_id(storage: MediaStorageService) -> str:
    run_id = storage.create_run(schema="dada", input_text="Eine Blume", user_id="DOE_J").run_id
    for data in MARKABLE + NOT_MARKABLE:
        storage.add_media_from_data(run_id, data)
    storage.finish_run(run_id, "success")
    return run_id


@pytest.mark.parametrize("pseudonyms", [False, True])
def test_what_an_export_says_of_its_files_is_true(
    root: StorageRoot, folders: RunFolders, run_id: str, tmp_path: Path, pseudonyms: bool
) -> None:
    before = contents(folders, run_id)
    source = build_export_source(folders, root.state, tmp_path / "scratch")
    file = io.BytesIO()
    runs = source.runs([run_id], Wanted(marked=True, pseudonyms=pseudonyms))
    ZipFolders().write(runs, file, ExportOptions())
    with zipfile.ZipFile(file) as package:
        said = json.loads(package.read(f"{run_id}/metadata.json"))
        manifest: dict[str, str] = {}
        for line in package.read("manifest-sha256.txt").decode().splitlines():
            digest, _, name = line.partition("  ")
            manifest[name] = digest
        for name, digest in manifest.items():
            assert hashlib.sha256(package.read(name)).hexdigest() == digest
        package.extractall(tmp_path / "unpacked" / "json")
    assert len(said["outputs"]) == len(MARKABLE) + len(NOT_MARKABLE)
    is_marked = []
    for output in said["outputs"]:
        original = before[output["filename"]]
        assert output["sha256"] == manifest[f"{run_id}/{output['filename']}"]
        is_marked.append(output["marking"] is not None)
        if output["marking"]:
            assert output["marking"] == {
                "digital_source_type": TRAINED,
                "original_sha256": hashlib.sha256(original).hexdigest(),
                "original_file_size_bytes": len(original),
            }
    assert is_marked == [True] * len(MARKABLE) + [False] * len(NOT_MARKABLE)
    assert (said["user_id"] == "DOE_J") is not pseudonyms
    assert contents(folders, run_id) == before
    assert list((tmp_path / "scratch").iterdir()) == []
    unpacked = RunFolders(StorageRoot(tmp_path / "unpacked"))
    assert faults_of(unpacked, run_id) == []


def test_a_run_that_is_deleted_while_it_is_marked_is_not_found(
    folders: RunFolders, run_id: str, tmp_path: Path
) -> None:
    def deleted_first(run: ExportedRun, scratch: Path) -> ExportedRun:
        shutil.rmtree(folders.path(run_id))
        return mark_run(run, scratch)

    source = ExportSource(folders, scratch=tmp_path / "scratch", mark=deleted_first)
    with pytest.raises(RunNotFound), source.run(run_id, Wanted(marked=True)):
        pass
    assert list((tmp_path / "scratch").iterdir()) == []
