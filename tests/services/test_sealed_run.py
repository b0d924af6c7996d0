from __future__ import annotations

import hashlib
import os
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devserver.my_app.services.run_folders import RunFolders
from devserver.my_app.services.run_id import new_run_id
from devserver.my_app.services.sealed_run import (
    MANIFEST,
    NotSealable,
    SealBroken,
    check,
    is_held_by,
    read_sealed_metadata,
    seal,
    unseal,
)
from tests.stored_run import contents, put_a_pipe_in_its_place, put_run

NAMES = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="/\\\0"),
    min_size=1,
    max_size=20,
).filter(lambda name: name not in (".", "..") and len(name.encode()) < 200)


@pytest.fixture
def folder(folders: RunFolders) -> Path:
    return folders.path(put_run(folders))


@settings(max_examples=60, deadline=None)
@given(files=st.dictionaries(NAMES, st.binary(max_size=300), min_size=1, max_size=6))
@pytest.mark.skipif(os.name == "nt", reason="Windows has names of its own that can't be")
def test_seal_and_unseal_is_the_identity_on_bytes(
    tmp_path_factory: pytest.TempPathFactory, files: dict[str, bytes]
) -> None:
    base = tmp_path_factory.mktemp("sealed")
    folder = base / new_run_id()
    (folder / "deeper" / "down").mkdir(parents=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
        (folder / "deeper" / "down" / name).write_bytes(data[::-1])
    before = contents(folder)
    for again in ("a.zip", "b.zip"):
        seal(folder, base / again)
    assert (base / "a.zip").read_bytes() == (base / "b.zip").read_bytes()
    assert is_held_by(base / "a.zip", folder)
    unseal(base / "a.zip", folder.name, base / "back")
    assert contents(base / "back") == before
    assert {name.partition("/")[2]: sha for name, sha in check(base / "a.zip", folder.name).items()}


def test_every_tool_can_open_and_check_it(folder: Path, tmp_path: Path) -> None:
    seal(folder, tmp_path / "x.zip")
    with zipfile.ZipFile(tmp_path / "x.zip") as archive:
        assert archive.testzip() is None
        assert all(info.compress_type == zipfile.ZIP_STORED for info in archive.infolist())
        archive.extractall(tmp_path / "out")
    for line in (tmp_path / "out" / MANIFEST).read_text().splitlines():
        sha256, name = line.split("  ")
        assert hashlib.sha256((tmp_path / "out" / name).read_bytes()).hexdigest() == sha256
    assert contents(tmp_path / "out" / folder.name) == contents(folder)


def test_metadata_are_read_from_it(folder: Path, tmp_path: Path) -> None:
    seal(folder, tmp_path / "x.zip")
    run = read_sealed_metadata(tmp_path / "x.zip", folder.name)
    assert (run.run_id, run.input_text, run.archived) == (folder.name, "Eine Blume", True)
    assert b"archived" not in run.to_json()
    with pytest.raises(SealBroken):
        read_sealed_metadata(tmp_path / "x.zip", new_run_id())


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_no_flipped_byte_goes_unnoticed_in_a_file(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    base = tmp_path_factory.mktemp("broken")
    folder = base / new_run_id()
    folder.mkdir()
    (folder / "metadata.json").write_bytes(b'{"status": "failed", "run_id": "x"}')
    (folder / "a.bin").write_bytes(bytes(range(256)))
    sealed = base / "x.zip"
    seal(folder, sealed)
    whole = bytearray(sealed.read_bytes())
    place = data.draw(st.integers(0, len(whole) - 1))
    whole[place] ^= data.draw(st.integers(1, 255))
    cut = data.draw(st.booleans())
    sealed.write_bytes(bytes(whole[: place + 1] if cut else whole))
    try:
        unseal(sealed, folder.name, base / "back")
    except SealBroken:
        return
    assert contents(base / "back") == contents(folder)  # it hit what means nothing, such as a date


def zip_of(path: Path, entries: dict[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in entries.items():
            archive.writestr(name, data)


@pytest.mark.parametrize(
    "name",
    [
        "../evil",
        "{id}/../../evil",
        "/evil",
        "{id}",
        "other/evil",
        "{id}//evil",
        "{id}/..",
        "{id}/\\e",
    ],
)
def test_no_name_leads_out(tmp_path: Path, name: str) -> None:
    run_id, evil = new_run_id(), b"evil"
    name = name.format(id=run_id)
    manifest = f"{hashlib.sha256(evil).hexdigest()}  {name}\n".encode()
    zip_of(tmp_path / "x.zip", {name: evil, MANIFEST: manifest})
    with pytest.raises(SealBroken):
        unseal(tmp_path / "x.zip", run_id, tmp_path / "deep" / "back")
    assert [path.name for path in tmp_path.rglob("*")] == ["x.zip"]


def test_more_or_less_than_the_list_says_is_refused(tmp_path: Path) -> None:
    run_id = new_run_id()
    line = f"{hashlib.sha256(b'a').hexdigest()}  {run_id}/a\n".encode()
    for entries in (
        {f"{run_id}/a": b"a"},
        {MANIFEST: line},
        {f"{run_id}/a": b"a", f"{run_id}/b": b"b", MANIFEST: line},
        {f"{run_id}/a": b"other", MANIFEST: line},
        {f"{run_id}/a": b"a", MANIFEST: b"\xff"},
        {f"{run_id}/a": b"a", MANIFEST: b"nonsense\n"},
    ):
        zip_of(tmp_path / "x.zip", entries)
        with pytest.raises(SealBroken):
            check(tmp_path / "x.zip", run_id)


def test_a_compressed_bomb_is_refused(tmp_path: Path) -> None:
    run_id, data = new_run_id(), bytes(1000)
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{run_id}/a", data)
        archive.writestr(MANIFEST, f"{hashlib.sha256(data).hexdigest()}  {run_id}/a\n")
    with pytest.raises(SealBroken):
        check(tmp_path / "x.zip", run_id)


def test_what_is_no_zip_is_refused(tmp_path: Path) -> None:
    for data in (b"", b"PK", b"PK\x05\x06" + bytes(18), b"\0" * 1000):
        (tmp_path / "x.zip").write_bytes(data)
        with pytest.raises(SealBroken):
            check(tmp_path / "x.zip", new_run_id())


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
@pytest.mark.skipif(os.name == "nt", reason="there are no named pipes in folders there")
def test_a_named_pipe_is_no_sealed_run(folder: Path, tmp_path: Path) -> None:
    sealed = tmp_path / "sealed.zip"
    seal(folder, sealed)
    put_a_pipe_in_its_place(folder / "input_text.txt")
    assert not is_held_by(sealed, folder)
    put_a_pipe_in_its_place(sealed)
    with pytest.raises(SealBroken):
        read_sealed_metadata(sealed, folder.name)


def test_links_are_not_sealed(folder: Path, tmp_path: Path) -> None:
    (folder / "link").symlink_to("/etc/hostname")
    with pytest.raises(NotSealable):
        seal(folder, tmp_path / "x.zip")


def test_a_folder_that_lacks_something_does_not_hold_it(folder: Path, tmp_path: Path) -> None:
    seal(folder, tmp_path / "x.zip")
    (folder / "my notes.txt").write_text("more is no loss")
    assert is_held_by(tmp_path / "x.zip", folder)
    (folder / "output_image.png").write_bytes(b"other")
    assert not is_held_by(tmp_path / "x.zip", folder)
    (folder / "output_image.png").unlink()
    assert not is_held_by(tmp_path / "x.zip", folder)
