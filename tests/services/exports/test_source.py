from __future__ import annotations

import json
import os
import tracemalloc
from pathlib import Path

import pytest

from devserver.my_app.services.archive import Archive
from devserver.my_app.services.durable_files import StorageFull
from devserver.my_app.services.exports.marking import mark_run
from devserver.my_app.services.exports.port import ExportedFile, ExportedRun
from devserver.my_app.services.exports.source import (
    ExportOptionNotOffered,
    ExportSource,
    RunMoved,
    RunNotOver,
    Wanted,
)
from devserver.my_app.services.media_storage import MediaStorageService
from devserver.my_app.services.run_folders import RunFolders, RunNotFound
from devserver.my_app.services.run_id import RunIdInvalid, new_run_id
from devserver.my_app.services.run_metadata import RunMetadata
from devserver.my_app.services.sealed_run import SealBroken
from tests.exported_runs import a_stored_run, contents


@pytest.fixture
def source(folders: RunFolders) -> ExportSource:
    return ExportSource(folders)


def hidden(run: RunMetadata) -> RunMetadata:
    return run.having(user_id="P-1" if run.user_id else None)


def test_gives_a_run_with_its_files_in_order(
    source: ExportSource, storage: MediaStorageService, folders: RunFolders
) -> None:
    run_id = a_stored_run(storage, pictures=2)
    (folders.path(run_id) / "a_note.txt").write_text("by hand")
    (folders.path(run_id) / ".x.part").write_text("unfinished")
    (folders.path(run_id) / "folder").mkdir()
    with source.run(run_id) as run:
        assert [file.name for file in run.files] == [
            "metadata.json",
            "input_text.txt",
            "transformed_text.txt",
            "output_image.png",
            "output_image_2.png",
            "a_note.txt",
            "ro-crate-metadata.json",
        ]
        assert [output.width for _, output in run.media] == [16, 17]
        assert {file.name: file.path.read_bytes() for file in run.files}.items() <= (
            contents_but(folders, run_id, "folder").items()
        )
        assert all(file.size == file.path.stat().st_size for file in run.files)


def contents_but(folders: RunFolders, run_id: str, *left_out: str) -> dict[str, bytes]:
    return {
        path.name: path.read_bytes()
        for path in folders.path(run_id).iterdir()
        if path.name not in left_out
    }


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_no_link_and_no_name_leads_out_of_the_folder(
    source: ExportSource, storage: MediaStorageService, folders: RunFolders, tmp_path: Path
) -> None:
    run_id = a_stored_run(storage)
    secret = tmp_path / "secret"
    secret.write_text("secret")
    (folders.path(run_id) / "link.txt").symlink_to(secret)
    path = folders.path(run_id) / "metadata.json"
    values = json.loads(path.read_bytes())
    values["outputs"][0]["filename"] = "../../../secret"
    path.write_text(json.dumps(values))
    with source.run(run_id) as run:
        assert b"secret" not in {file.path.read_bytes() for file in run.files}
        assert {file.path.parent for file in run.files} == {folders.path(run_id)}
        assert list(run.media) == []


def test_what_can_not_be_exported_is_named(
    source: ExportSource, storage: MediaStorageService
) -> None:
    running = a_stored_run(storage, is_over=False)
    for run_id, failure in (
        (new_run_id(), RunNotFound),
        (running, RunNotOver),
        ("../x", RunIdInvalid),
    ):
        with pytest.raises(failure), source.run(run_id):
            pass


def test_of_many_runs_those_that_can_not_be_exported_are_passed_over(
    source: ExportSource, storage: MediaStorageService, folders: RunFolders
) -> None:
    good, other = a_stored_run(storage), a_stored_run(storage)
    running, gone, torn = a_stored_run(storage, is_over=False), new_run_id(), a_stored_run(storage)
    (folders.path(torn) / "metadata.json").write_text("{")
    left_out: list[tuple[str, str]] = []
    runs = source.runs(
        [good, running, gone, torn, other], left_out=lambda *said: left_out.append(said)
    )
    assert [run.run_id for run in runs] == [good, other]
    assert left_out == [
        (running, "run_not_over"),
        (gone, "run_not_found"),
        (torn, "metadata_unreadable"),
    ]


def test_pseudonyms_are_in_a_copy_of_the_metadata(
    storage: MediaStorageService, folders: RunFolders, tmp_path: Path
) -> None:
    run_id = a_stored_run(storage, user_id="ANNA_M")
    (folders.path(run_id) / "notes_on_ANNA_M.txt").write_text("by hand")
    before = contents(folders, run_id)
    scratch = tmp_path / "scratch"
    source = ExportSource(folders, scratch=scratch, pseudonymise=hidden)
    with source.run(run_id, Wanted(pseudonyms=True)) as run:
        assert run.metadata.user_id == "P-1"
        first, *others = run.files
        assert json.loads(first.path.read_bytes())["user_id"] == "P-1"
        assert first.size == first.path.stat().st_size
        assert not any(b"ANNA_M" in file.path.read_bytes() for file in run.files)
        assert [file.name for file in others] == [
            "input_text.txt",
            "transformed_text.txt",
            "output_image.png",
            "ro-crate-metadata.json",
        ]
        assert [output.filename for _, output in run.media] == ["output_image.png"]
    assert list(scratch.iterdir()) == []
    assert contents(folders, run_id) == before
    with source.run(run_id) as run:
        assert run.metadata.user_id == "ANNA_M"


def test_marked_copies_take_the_place_of_media_until_the_next_run(
    storage: MediaStorageService, folders: RunFolders, tmp_path: Path
) -> None:
    def mark(run: ExportedRun, scratch: Path) -> ExportedRun:
        assert list(scratch.iterdir()) == []  # those of the last run are gone
        files = []
        for file in run.files:
            if file.output is None:
                files.append(file)
                continue
            copy = scratch / file.name
            copy.write_bytes(file.path.read_bytes() + b"marked")
            files.append(ExportedFile(file.name, copy, copy.stat().st_size, file.output))
        return ExportedRun(run.metadata, tuple(files))

    ids = [a_stored_run(storage), a_stored_run(storage)]
    source = ExportSource(folders, scratch=tmp_path / "scratch", mark=mark)
    for run in source.runs(ids, Wanted(marked=True)):
        [(file, _)] = run.media
        assert file.path.read_bytes().endswith(b"marked")
    assert list((tmp_path / "scratch").iterdir()) == []


def test_what_is_not_offered_is_said(source: ExportSource, storage: MediaStorageService) -> None:
    run_id = a_stored_run(storage)
    with pytest.raises(ExportOptionNotOffered), source.run(run_id, Wanted(pseudonyms=True)):
        pass
    with pytest.raises(ExportOptionNotOffered):
        list(source.runs([run_id], Wanted(marked=True)))


def test_the_stamp_of_a_run_changes_with_it(
    source: ExportSource, storage: MediaStorageService
) -> None:
    run_id = a_stored_run(storage, is_over=False)
    before = source.stamp(run_id)
    assert before == source.stamp(run_id) != ""
    storage.finish_run(run_id, "success")
    assert source.stamp(run_id) != before
    storage.delete_run(run_id)
    assert source.stamp(run_id) == ""
    assert source.size(run_id) == (0, 0)


def test_an_archived_run_comes_out_as_it_was(
    storage: MediaStorageService, folders: RunFolders, tmp_path: Path
) -> None:
    run_id, other = a_stored_run(storage, pictures=2), a_stored_run(storage)
    (folders.path(run_id) / "notes.txt").write_text("by hand")
    before = contents(folders, run_id)
    scratch = tmp_path / "scratch"
    source = ExportSource(folders, scratch=scratch, pseudonymise=hidden, mark=mark_run)
    with source.run(run_id) as run:
        as_folder = (run.metadata, [file.name for file in run.files])
    size = source.size(run_id)
    Archive(folders).archive(run_id)
    assert source.size(run_id) == size
    assert source.place_of(run_id) == "archive"
    with source.run(run_id) as run:
        assert {file.name: file.path.read_bytes() for file in run.files} == before
        assert (run.metadata, [file.name for file in run.files]) == as_folder
        assert [output.width for _, output in run.media] == [16, 17]
    for given in source.runs([run_id, other]):
        assert given.metadata.input_text == "Eine Blume"
        assert all(file.path.is_file() for file in given.files)
    with source.run(run_id, Wanted(pseudonyms=True, marked=True)) as run:
        assert run.metadata.user_id == "P-1"
        assert all(b"trainedAlgorithmicMedia" in file.path.read_bytes() for file, _ in run.media)
    assert list(scratch.iterdir()) == []
    assert folders.sealed_path(run_id).is_file()


def test_a_sealed_file_that_is_damaged_is_named(
    storage: MediaStorageService, folders: RunFolders, tmp_path: Path
) -> None:
    run_id, good = a_stored_run(storage), a_stored_run(storage)
    Archive(folders).archive(run_id)
    sealed = folders.sealed_path(run_id)
    data = bytearray(sealed.read_bytes())
    data[data.index(b"Eine Blume")] ^= 1
    sealed.write_bytes(data)
    source = ExportSource(folders, scratch=tmp_path / "scratch")
    with pytest.raises(SealBroken), source.run(run_id):
        pass
    left_out: list[tuple[str, str]] = []
    runs = source.runs([run_id, good], left_out=lambda *said: left_out.append(said))
    assert [run.run_id for run in runs] == [good]
    assert left_out == [(run_id, "seal_broken")]
    assert list((tmp_path / "scratch").iterdir()) == []


def test_a_full_disk_under_a_sealed_file_is_no_reason_to_leave_a_run_out(
    storage: MediaStorageService,
    folders: RunFolders,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run_id = a_stored_run(storage)
    Archive(folders).archive(run_id)
    source = ExportSource(folders, scratch=tmp_path / "scratch")

    def full(*_: object, **__: object) -> None:
        raise StorageFull("The disk is full.")

    monkeypatch.setattr("devserver.my_app.services.exports.source.unseal", full)
    with pytest.raises(StorageFull):
        list(source.runs([run_id]))
    assert list((tmp_path / "scratch").iterdir()) == []


def test_a_run_that_is_archived_under_its_export_is_not_called_deleted(
    storage: MediaStorageService, folders: RunFolders, tmp_path: Path
) -> None:
    def archived_first(run: ExportedRun, scratch: Path) -> ExportedRun:
        Archive(folders).archive(run.run_id)
        return mark_run(run, scratch)

    source = ExportSource(folders, scratch=tmp_path / "scratch", mark=archived_first)
    run_id = a_stored_run(storage)
    with pytest.raises(RunMoved), source.run(run_id, Wanted(marked=True)):
        pass
    with source.run(run_id) as run:
        assert [output.type for _, output in run.media] == ["image"]


def test_the_stamp_of_a_run_changes_when_it_is_archived(
    source: ExportSource, storage: MediaStorageService, folders: RunFolders
) -> None:
    run_id = a_stored_run(storage)
    before = source.stamp(run_id)
    Archive(folders).archive(run_id)
    assert source.stamp(run_id) not in ("", before)


def test_memory_does_not_grow_with_what_is_archived(
    storage: MediaStorageService, folders: RunFolders, tmp_path: Path
) -> None:
    run_id = a_stored_run(storage)
    with (folders.path(run_id) / "large.bin").open("wb") as file:
        file.truncate(48 * 1024**2)
    Archive(folders).archive(run_id)
    source = ExportSource(folders, scratch=tmp_path / "scratch")
    tracemalloc.start()
    try:
        for run in source.runs([run_id]):
            assert max(one.size for one in run.files) == 48 * 1024**2
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 * 1024**2
