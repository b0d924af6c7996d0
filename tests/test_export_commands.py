"""`python -m devserver export`, on roots with and without a server."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from devserver.commands import main
from devserver.my_app.services.archive import Archive
from devserver.my_app.services.exports.pseudonyms import Pseudonyms
from devserver.my_app.services.media_storage import MediaStorageService
from devserver.my_app.services.run_folders import RunFolders
from devserver.my_app.services.run_id import new_run_id
from devserver.my_app.services.storage_root import StorageRoot
from tests.exported_runs import a_stored_run, contents


def export(root: StorageRoot, *arguments: str) -> Result:
    environment = {"DEVSERVER_EXPORTS_DIR": str(root.path)}
    return CliRunner().invoke(main, ["export", *arguments], env=environment)


@pytest.mark.parametrize("is_owned", [False, True])
def test_exports_the_runs_that_are_named(
    root: StorageRoot,
    folders: RunFolders,
    storage: MediaStorageService,
    tmp_path: Path,
    is_owned: bool,
) -> None:
    ids = [a_stored_run(storage) for _ in range(2)]
    a_stored_run(storage)
    if is_owned:
        root.claim("http://127.0.0.1:9")
    try:
        path = tmp_path / "out.zip"
        result = export(root, *ids, ids[0], "--out", str(path))
    finally:
        root.release()
    assert result.exit_code == 0, result.output
    assert str(path) in result.output
    with zipfile.ZipFile(path) as package:
        assert {name.partition("/")[0] for name in package.namelist() if "/" in name} == set(ids)
        for name, data in contents(folders, ids[0]).items():
            assert package.read(f"{ids[0]}/{name}") == data


def test_exports_all_runs_that_are_over(
    root: StorageRoot, storage: MediaStorageService, tmp_path: Path
) -> None:
    over = [a_stored_run(storage) for _ in range(3)]
    running = a_stored_run(storage, is_over=False)
    path = tmp_path / "out.jsonl"
    result = export(root, "--all", "--format", "jsonl", "--out", str(path))
    assert result.exit_code == 0
    assert f"{running} was left out: run_not_over" in result.stderr
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["run_id"] for line in lines] == over


def test_what_is_there_is_not_replaced_unasked(
    root: StorageRoot, storage: MediaStorageService, tmp_path: Path
) -> None:
    run_id, path = a_stored_run(storage), tmp_path / "out.zip"
    path.write_text("mine")
    refused = export(root, run_id, "--out", str(path))
    assert (refused.exit_code, "--force" in refused.output) == (1, True)
    assert path.read_text() == "mine"
    assert export(root, run_id, "--out", str(path), "--force").exit_code == 0
    assert zipfile.is_zipfile(path)


def test_a_wrong_wish_writes_nothing(
    root: StorageRoot, storage: MediaStorageService, tmp_path: Path
) -> None:
    run_id, path = a_stored_run(storage), tmp_path / "out.zip"
    for arguments, said in (
        ([run_id, "--format", "zap"], "can be exported as zip"),
        ([new_run_id()], "no run with this id"),
        (["../x"], "UUID"),
        ([run_id, "--leave-out", "x"], "UUID"),
        ([], "Name runs"),
        ([run_id, "--all"], "Name runs"),
    ):
        result = export(root, *arguments, "--out", str(path))
        assert result.exit_code != 0
        assert said in result.output
    result = export(root, run_id, "--out", str(tmp_path / "nowhere" / "out.zip"))
    assert (result.exit_code, "no folder" in result.output) == (1, True)
    assert [entry.name for entry in tmp_path.iterdir()] == ["exports"]


def test_texts_are_looked_through_before(
    root: StorageRoot, storage: MediaStorageService, tmp_path: Path
) -> None:
    told = a_stored_run(storage, "Ich heiße Lena Müller")
    clean = a_stored_run(storage)
    result = export(root, "--all", "--review")
    assert result.exit_code == 0, result.output
    assert f"{told}  input_text 10-21  introduced_name  Lena Müller" in result.output
    assert clean not in result.output
    assert "in 2 runs" in result.output
    path = tmp_path / "out.zip"
    result = export(root, "--all", "--leave-out", told, "--out", str(path))
    assert result.exit_code == 0, result.output
    with zipfile.ZipFile(path) as package:
        assert {name.partition("/")[0] for name in package.namelist() if "/" in name} == {clean}
    assert export(root, told).exit_code == 2


def test_pseudonyms_and_marked_copies_go_without_a_server(
    root: StorageRoot, storage: MediaStorageService, tmp_path: Path
) -> None:
    run_id, path = a_stored_run(storage), tmp_path / "out.zip"
    result = export(root, run_id, "--pseudonyms", "--marked", "--out", str(path))
    assert result.exit_code == 0, result.output
    with zipfile.ZipFile(path) as package:
        run = json.loads(package.read(f"{run_id}/metadata.json"))
        assert b"trainedAlgorithmicMedia" in package.read(f"{run_id}/output_image.png")
    assert run["user_id"] == Pseudonyms(root.state).code("DOE_J")


def test_filters_find_the_runs_as_they_do_for_list(
    root: StorageRoot, storage: MediaStorageService, tmp_path: Path
) -> None:
    meant = [a_stored_run(storage, f"Ein Wal {number}") for number in range(3)]
    a_stored_run(storage, "Ein Hund")
    Archive(storage.folders).archive(meant[1])
    path = tmp_path / "out.jsonl"
    result = export(
        root, "--q", "Wal", "--schema", "dada", "--leave-out", meant[2],
        "--format", "jsonl", "--out", str(path),
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    lines = [json.loads(line)["run_id"] for line in path.read_text().splitlines()]
    assert lines == meant[:2]
    for arguments, said in (
        (["--q", "Wal", "--all"], "Name runs"),
        (["--q", "Wal", meant[0]], "Name runs"),
        (["--from", "gestern"], "from"),
    ):
        result = export(root, *arguments, "--out", str(tmp_path / "other"))
        assert result.exit_code != 0
        assert said in result.output
    assert not (tmp_path / "other").exists()


def test_archived_runs_and_a_licence_go_without_a_server(
    root: StorageRoot, folders: RunFolders, storage: MediaStorageService, tmp_path: Path
) -> None:
    run_id, other = a_stored_run(storage), a_stored_run(storage)
    before = contents(folders, run_id)
    Archive(folders).archive(run_id)
    for number, chosen in enumerate(([run_id], ["--all"])):
        path = tmp_path / f"{number}.zip"
        result = export(root, *chosen, "--licence", "CC BY 4.0", "--out", str(path))
        assert result.exit_code == 0, result.output
        with zipfile.ZipFile(path) as package:
            for name, data in before.items():
                assert package.read(f"{run_id}/{name}") == data
            assert "CC BY 4.0" in package.read("README.txt").decode()
            assert (f"{other}/metadata.json" in package.namelist()) is (chosen == ["--all"])


@pytest.mark.parametrize("name", ["html", "html_folder", "pdf", "docx"])
def test_reports_go_without_a_server(
    root: StorageRoot, storage: MediaStorageService, tmp_path: Path, name: str
) -> None:
    path = tmp_path / "out"
    before = {path for path in root.path.rglob("*") if path.is_file()}
    result = export(root, a_stored_run(storage), "--format", name, "--out", str(path))
    assert result.exit_code == 0, result.output
    assert path.stat().st_size > 5000
    added = {path.relative_to(root.path).parts[0] for path in root.path.rglob("*")} - {
        path.relative_to(root.path).parts[0] for path in before
    }
    assert added <= {"json", "state"}
