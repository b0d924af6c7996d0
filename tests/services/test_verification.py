from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from devserver.my_app.services.media_storage import MediaStorageService
from devserver.my_app.services.run_folders import RunFolders, RunNotFound
from devserver.my_app.services.run_id import new_run_id
from devserver.my_app.services.run_metadata import Job, RunMetadata, RunRequest
from devserver.my_app.services.storage_root import StorageRoot
from devserver.my_app.services.verification import faults_of
from tests.media_samples import png_bytes
from tests.stored_run import put_a_folder_in_its_place, put_a_pipe_in_its_place


@pytest.fixture
def folder(storage: MediaStorageService, folders: RunFolders) -> Path:
    """A success with two pictures and what was sent for them."""
    run_id = storage.create_run(schema="dada", input_text="Eine Blume").run_id
    storage.save_transformed_text(run_id, "Keine Blume")
    storage.record_submission(run_id, Job(backend="comfyui"), {"1": {}})
    for _ in range(2):
        storage.add_media_from_data(run_id, png_bytes())
    storage.finish_run(run_id, "success")
    return folders.path(run_id)


def change_metadata(folder: Path, **values: Any) -> None:
    path = folder / "metadata.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


def flip_last_byte(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))


def list_a_stranger(folder: Path) -> None:
    outputs = json.loads((folder / "metadata.json").read_text())["outputs"]
    (folder.parent / "stranger.png").write_bytes((folder / "output_image.png").read_bytes())
    outputs[0]["filename"] = "../stranger.png"
    (folder / "output_image.png").unlink()
    change_metadata(folder, outputs=outputs)


@pytest.mark.skipif(os.name == "nt", reason="there are no named pipes in folders there")
@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("metadata.json", "metadata.json: The metadata of this run can't be read: {why}."),
        ("input_text.txt", "input_text.txt can't be read: {why}."),
        ("transformed_text.txt", "transformed_text.txt can't be read: {why}."),
        ("output_image.png", "output_image.png can't be read: {why}."),
        ("workflow.json", "workflow.json is missing."),
        ("ro-crate-metadata.json", "ro-crate-metadata.json can't be read: {why}."),
    ],
)
def test_a_named_pipe_is_a_fault_and_holds_nobody(
    folders: RunFolders, folder: Path, name: str, fault: str
) -> None:
    put_a_pipe_in_its_place(folder / name)
    assert faults_of(folders, folder.name) == [fault.format(why="it is no ordinary file")]


@pytest.mark.skipif(sys.platform != "linux", reason="names are Unicode there")
def test_an_unlisted_name_that_is_no_text_can_be_told(folders: RunFolders, folder: Path) -> None:
    (folder / os.fsdecode(b"output_\xe4.png")).write_bytes(b"x")
    assert faults_of(folders, folder.name) == [r"output_\xe4.png lies there but is not listed."]


def test_an_honest_folder_has_no_faults(folders: RunFolders, folder: Path) -> None:
    assert faults_of(folders, folder.name) == []


LIES: dict[str, Callable[[Path], Any]] = {
    "output_image.png is missing.": lambda f: (f / "output_image.png").unlink(),
    "output_image_2.png is empty.": lambda f: (f / "output_image_2.png").write_bytes(b""),
    "output_image_2.png has 1 bytes instead of": lambda f: (f / "output_image_2.png").write_bytes(
        b"1"
    ),
    "output_image.png has other content": lambda f: flip_last_byte(f / "output_image.png"),
    "'../stranger.png' is no name of a file in this folder.": list_a_stranger,
    "workflow.json is missing.": lambda f: (f / "workflow.json").unlink(),
    "input_text.txt is missing.": lambda f: (f / "input_text.txt").unlink(),
    "input_text.txt is not the text": lambda f: (f / "input_text.txt").write_text("x"),
    "transformed_text.txt is missing.": lambda f: (f / "transformed_text.txt").unlink(),
    "transformed_text.txt lies there, but": lambda f: change_metadata(f, transformed_text=None),
    "output_audio.flac lies there but is not listed.": lambda f: (f / "output_audio.flac").touch(),
    ".x.part lies there but is not listed.": lambda f: (f / ".x.part").touch(),
    "metadata.json is missing.": lambda f: (f / "metadata.json").unlink(),
    "metadata.json: The metadata of this run can't be understood.": lambda f: (
        f / "metadata.json"
    ).write_text("{"),
    "metadata.json: The metadata of this run holds half a character": lambda f: change_metadata(
        f, user_id="a\ud800"
    ),
    "metadata.json: The metadata of this run can't be read: Is a directory.": lambda f: (
        put_a_folder_in_its_place(f / "metadata.json")
    ),
    "metadata.json is that of run": lambda f: change_metadata(f, run_id=new_run_id()),
}


@pytest.mark.parametrize("said", LIES)
def test_a_lie_is_found_and_named(folders: RunFolders, folder: Path, said: str) -> None:
    LIES[said](folder)
    [fault] = faults_of(folders, folder.name)
    assert said in fault


def test_a_success_has_something_to_show(folders: RunFolders, storage: MediaStorageService) -> None:
    run_id = storage.create_run(schema="dada", input_text="x").run_id
    storage.finish_run(run_id, "failed")
    assert faults_of(folders, run_id) == []
    change_metadata(folders.path(run_id), status="success")
    assert faults_of(folders, run_id) == ["It says success and has nothing to show."]


def test_a_run_of_text_has_its_text_to_show(
    folders: RunFolders, storage: MediaStorageService
) -> None:
    request = RunRequest(output_type="text")
    run_id = storage.create_run(schema="dada", input_text="x", request=request).run_id
    storage.save_transformed_text(run_id, "y")
    storage.finish_run(run_id, "success")
    assert faults_of(folders, run_id) == []


def test_a_run_under_way_may_hold_what_is_not_listed_yet(
    folders: RunFolders, storage: MediaStorageService
) -> None:
    run_id = storage.create_run(schema="dada", input_text="x").run_id
    storage.add_media_from_data(run_id, png_bytes())
    (folders.path(run_id) / "output_image_2.png").touch()
    assert faults_of(folders, run_id) == []
    (folders.path(run_id) / "output_image.png").unlink()
    assert faults_of(folders, run_id) == ["output_image.png is missing."]


def test_the_first_servers_folders_are_checked_as_far_as_they_tell(folders: RunFolders) -> None:
    run_id = new_run_id()
    folder = folders.path(run_id)
    folder.mkdir()
    (folder / "output_image.png").write_bytes(png_bytes())
    output = {"type": "image", "filename": "output_image.png"}
    (folder / "metadata.json").write_text(json.dumps({"run_id": run_id, "outputs": [output]}))
    assert faults_of(folders, run_id) == []
    (folder / "output_image.png").unlink()
    assert faults_of(folders, run_id) == ["output_image.png is missing."]


def test_notes_by_hand_are_no_fault(folders: RunFolders, folder: Path) -> None:
    (folder / "my notes.txt").write_text("a fine picture")
    assert faults_of(folders, folder.name) == []


def test_there_has_to_be_such_a_run(folders: RunFolders) -> None:
    with pytest.raises(RunNotFound):
        faults_of(folders, new_run_id())


def test_a_link_is_no_run(folders: RunFolders, folder: Path, tmp_path: Path) -> None:
    folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere")
    fresh = RunFolders(StorageRoot(folder.parent.parent))  # which has kept nothing of it
    with pytest.raises(RunNotFound):
        faults_of(fresh, folder.name)


class DeletedMeanwhile(RunFolders):
    """The run is gone as soon as its metadata was read."""

    def read(self, run_id: str) -> RunMetadata:
        run = super().read(run_id)
        shutil.rmtree(self.path(run_id))
        return run


def test_a_run_that_is_deleted_meanwhile_does_not_lie(root: StorageRoot, folder: Path) -> None:
    with pytest.raises(RunNotFound):
        faults_of(DeletedMeanwhile(root), folder.name)
