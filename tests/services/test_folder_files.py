"""The files of a run's folder."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

import pytest

from devserver.my_app.services.folder_files import FolderFiles
from devserver.my_app.services.media_storage import MediaStorageService
from devserver.my_app.services.run_folders import RunNotFound
from devserver.my_app.services.run_id import RunIdInvalid, new_run_id
from devserver.my_app.services.run_metadata import Job
from devserver.my_app.services.stored_runs import MediaNotFound
from tests.media_samples import png_bytes


@pytest.fixture(name="run_id")
def _run_id(storage: MediaStorageService) -> str:
    run = storage.create_run(schema="dada", input_text="Eine Blume")
    storage.save_transformed_text(run.run_id, "Keine Blume")
    storage.add_media_from_data(run.run_id, png_bytes())
    storage.finish_run(run.run_id, "success")
    return run.run_id


def test_every_file_is_told_with_its_size_and_sum(
    storage: MediaStorageService, run_id: str
) -> None:
    folder = storage.folders.path(run_id)
    (folder / "notes of mine.md").write_text("seen")
    found = FolderFiles(storage.folders).of(run_id)
    assert [(file.filename, file.kind) for file in found] == [
        ("input_text.txt", "text"),
        ("transformed_text.txt", "text"),
        ("metadata.json", "metadata"),
        ("ro-crate-metadata.json", "crate"),
        ("output_image.png", "output"),
        ("notes of mine.md", "other"),
    ]
    for file in found:
        data = (folder / file.filename).read_bytes()
        assert (file.size, file.sha256) == (len(data), hashlib.sha256(data).hexdigest())


def test_what_was_sent_is_told_apart(storage: MediaStorageService) -> None:
    run = storage.create_run(schema="dada", input_text="Eine Blume")
    storage.record_submission(run.run_id, Job(backend="comfyui"), {"3": {}})
    found = {file.filename: file.kind for file in FolderFiles(storage.folders).of(run.run_id)}
    assert found == {"input_text.txt": "text", "metadata.json": "metadata", "workflow.json": "sent"}


@pytest.mark.skipif(sys.platform != "linux", reason="names are Unicode there")
def test_a_name_that_is_no_text_is_told_and_leads_to_the_file(
    storage: MediaStorageService, run_id: str
) -> None:
    path = storage.folders.path(run_id) / os.fsdecode(b"notiz-\xe4\xff.txt")
    path.write_bytes(b"by hand")
    files = FolderFiles(storage.folders)
    assert [file.filename for file in files.of(run_id) if file.kind == "other"] == [
        r"notiz-\xe4\xff.txt"
    ]
    assert files.path_of(run_id, r"notiz-\xe4\xff.txt") == path


def test_an_output_that_is_gone_is_told(storage: MediaStorageService, run_id: str) -> None:
    (storage.folders.path(run_id) / "output_image.png").unlink()
    found = {file.filename: file for file in FolderFiles(storage.folders).of(run_id)}
    assert found["output_image.png"].size is None
    assert found["output_image.png"].sha256 == hashlib.sha256(png_bytes()).hexdigest()


@pytest.mark.parametrize(
    "name", ["..", ".", "", "../state", "no.txt", "/etc/passwd", "link", "part", "a\0b"]
)
def test_no_name_leads_out_of_the_folder(
    storage: MediaStorageService, run_id: str, tmp_path: Path, name: str
) -> None:
    folder = storage.folders.path(run_id)
    (tmp_path / "secret").write_text("secret")
    (folder / "link").symlink_to(tmp_path / "secret")
    (folder / "part").mkdir()
    with pytest.raises(MediaNotFound):
        FolderFiles(storage.folders).path_of(run_id, name)


def test_a_run_that_is_not_there(storage: MediaStorageService, run_id: str) -> None:
    with pytest.raises(RunNotFound):
        FolderFiles(storage.folders).of(new_run_id())
    with pytest.raises(RunIdInvalid):
        FolderFiles(storage.folders).path_of("..", "metadata.json")
