from __future__ import annotations

import hashlib
import io
import json
import tracemalloc
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, cast

import bagit
import pytest
from rocrate.rocrate import ROCrate

from devserver.my_app.services.crate_terms import CrateTerms
from devserver.my_app.services.exports.formats.rocrate import RoCrateExport
from devserver.my_app.services.exports.port import ExportOptions
from devserver.my_app.services.media_storage import MediaStorageService
from devserver.my_app.services.run_folders import RunFolders
from tests.research_runs import exported, make_runs
from tests.ro_crate import RO_CRATE, issues_of


class Pipe(io.RawIOBase):
    """Takes bytes, and can neither be read nor rewound."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        return self._file.write(data)  # type: ignore[arg-type]

    def close(self) -> None:
        self._file.close()
        super().close()


@pytest.fixture
def ids(storage: MediaStorageService, folders: RunFolders) -> list[str]:
    return make_runs(storage, folders)


def write(folders: RunFolders, ids: list[str], target: Path, **options: object) -> None:
    with Pipe(target) as pipe:
        RoCrateExport(CrateTerms("CC BY 4.0", "A school", "https://school.example")).write(
            exported(folders, ids),
            cast(BinaryIO, pipe),
            ExportOptions(**options),  # type: ignore[arg-type]
        )


@pytest.fixture
def bag(folders: RunFolders, ids: list[str], tmp_path: Path) -> Path:
    write(folders, ids, tmp_path / "runs.zip", title='Über "alles"')
    with zipfile.ZipFile(tmp_path / "runs.zip") as archive:
        assert archive.testzip() is None
        archive.extractall(tmp_path / "out")
    [folder] = (tmp_path / "out").iterdir()
    return folder


def test_it_is_a_valid_bag_and_a_crate_of_crates(
    folders: RunFolders, ids: list[str], bag: Path
) -> None:
    assert bagit.Bag(str(bag)).validate()
    assert issues_of(bag / "data", RO_CRATE) == []
    crate = ROCrate(bag / "data")
    assert {part.id for part in crate.root_dataset["hasPart"]} == {f"{run_id}/" for run_id in ids}
    assert (crate.name, crate.license.id) == (
        'Über "alles"',
        "https://creativecommons.org/licenses/by/4.0/",
    )
    for run_id in (ids[0], ids[5], ids[-1]):
        assert issues_of(bag / "data" / run_id) == []
    for run_id in ids:
        for path in folders.path(run_id).iterdir():
            if path.name != "ro-crate-metadata.json":
                assert (bag / "data" / run_id / path.name).read_bytes() == path.read_bytes()


def test_the_bag_tells_of_a_file_that_rotted_on_the_servers_disk(
    folders: RunFolders, ids: list[str], tmp_path: Path
) -> None:
    path = folders.path(ids[0]) / "output_image.png"
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    write(folders, ids[:1], tmp_path / "runs.zip")
    with zipfile.ZipFile(tmp_path / "runs.zip") as archive:
        archive.extractall(tmp_path / "out")
    with pytest.raises(bagit.BagValidationError, match=r"output_image\.png"):
        bagit.Bag(str(tmp_path / "out" / "ro-crate")).validate()


def test_the_crates_are_made_of_the_metadata_that_go_along(
    folders: RunFolders, ids: list[str], tmp_path: Path
) -> None:
    """A pseudonymised run's crate on disk might know more than it may tell."""
    [run] = exported(folders, ids[:1])
    told = replace(run, metadata=run.metadata.having(workshop="W-1"))
    out = io.BytesIO()
    RoCrateExport().write([told], out, ExportOptions(licence="CC0"))
    with zipfile.ZipFile(out) as archive:
        crate = archive.read(f"ro-crate/data/{run.run_id}/ro-crate-metadata.json").decode()
    assert '"W-1"' in crate
    assert '"7a"' not in crate
    assert "publicdomain/zero" in crate


def test_names_that_not_every_system_can_hold_are_changed_everywhere(
    folders: RunFolders, ids: list[str], tmp_path: Path
) -> None:
    [run] = exported(folders, ids[:1])
    [picture] = [file for file in run.files if file.name == "output_image.png"]
    odd = 'a:b % "c"\n.png'
    assert picture.output is not None
    output = picture.output.model_copy(update={"filename": odd})
    files = (*(f for f in run.files if f.output is None), replace(picture, name=odd, output=output))
    with (tmp_path / "runs.zip").open("wb") as out:
        told = replace(run, metadata=run.metadata.having(outputs=(output,)), files=files)
        RoCrateExport().write([told], out, ExportOptions())
    with zipfile.ZipFile(tmp_path / "runs.zip") as archive:
        archive.extractall(tmp_path)
    assert bagit.Bag(str(tmp_path / "ro-crate")).validate()
    assert issues_of(tmp_path / "ro-crate" / "data" / run.run_id) == []


def test_no_runs_are_a_bag_too(folders: RunFolders, tmp_path: Path) -> None:
    write(folders, [], tmp_path / "runs.zip")
    with zipfile.ZipFile(tmp_path / "runs.zip") as archive:
        archive.extractall(tmp_path)
    assert bagit.Bag(str(tmp_path / "ro-crate")).validate()
    assert issues_of(tmp_path / "ro-crate" / "data", RO_CRATE) == []


def test_half_an_export_is_no_archive(folders: RunFolders, ids: list[str], tmp_path: Path) -> None:
    def cancelled() -> object:
        yield from exported(folders, ids[:2])
        raise InterruptedError

    out = io.BytesIO()
    with pytest.raises(InterruptedError):
        RoCrateExport().write(cancelled(), out, ExportOptions())  # type: ignore[arg-type]
    assert not zipfile.is_zipfile(io.BytesIO(out.getvalue()))


def test_memory_does_not_grow_with_the_files(
    folders: RunFolders, ids: list[str], tmp_path: Path
) -> None:
    big = tmp_path / "big"
    with big.open("wb") as file:
        file.truncate(64 * 1024**2)
    [run] = exported(folders, ids[:1])
    files = tuple(
        replace(file, path=big, size=big.stat().st_size) if file.output else file
        for file in run.files
    )
    with (tmp_path / "out.zip").open("wb") as out:
        tracemalloc.start()
        try:
            RoCrateExport().write([replace(run, files=files)], out, ExportOptions())
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert (tmp_path / "out.zip").stat().st_size > 64 * 1024**2
    assert peak < 8 * 1024**2


def test_the_checksums_are_of_what_is_written(
    folders: RunFolders, ids: list[str], bag: Path
) -> None:
    lines = (bag / "manifest-sha256.txt").read_text().splitlines()
    said = {name: digest for digest, name in (line.split("  ", 1) for line in lines)}
    found = {
        path.relative_to(bag).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (bag / "data").rglob("*")
        if path.is_file()
    }
    assert said == found
    crate = json.loads((bag / "data" / ids[0] / "ro-crate-metadata.json").read_bytes())
    listed = {entity["@id"]: entity.get("sha256") for entity in crate["@graph"]}
    assert listed["output_image.png"] == said[f"data/{ids[0]}/output_image.png"]
