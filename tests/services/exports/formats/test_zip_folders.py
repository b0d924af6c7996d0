from __future__ import annotations

import hashlib
import io
import os
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest

from devserver.my_app.services.exports.formats.zip_folders import MANIFEST, README, ZipFolders
from devserver.my_app.services.exports.port import ExportedFile, ExportedRun, ExportOptions
from tests.exported_runs import HOSTILE_TEXTS, a_run
from tests.services.exports.format_rules import OneWay, written


def opened(*runs: ExportedRun, **options: object) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(written(ZipFolders(), iter(runs), **options)))


def test_every_file_is_in_it_bit_for_bit(tmp_path: Path) -> None:
    runs = [a_run(tmp_path, text) for text in HOSTILE_TEXTS.values()]
    with opened(*runs) as package:
        assert package.testzip() is None
        for run in runs:
            for file in run.files:
                assert package.read(f"{run.run_id}/{file.name}") == file.path.read_bytes()
        names = package.namelist()
    files = sum(len(run.files) for run in runs)
    assert len(names) == len(set(names)) == files + 2
    assert names[-2:] == [README, MANIFEST]


def test_media_are_stored_and_not_compressed_anew(tmp_path: Path) -> None:
    run = a_run(tmp_path, media=bytes(100_000))
    with opened(run) as package:
        entry = package.getinfo(f"{run.run_id}/output_image.png")
        assert entry.compress_type == zipfile.ZIP_STORED
        assert entry.date_time == (2026, 3, 4, 10, 15, 40)
        assert entry.external_attr >> 16 == 0o100644


def test_the_same_runs_give_the_same_bytes(tmp_path: Path) -> None:
    run = a_run(tmp_path)
    first = written(ZipFolders(), iter([run]))
    os.utime(run.files[0].path, (0, 0))  # also a file that is older than ZIP files can say
    assert written(ZipFolders(), iter([run])) == first


def test_the_manifest_names_every_file_with_its_checksum(tmp_path: Path) -> None:
    run = a_run(tmp_path)
    with opened(run) as package:
        lines = package.read(MANIFEST).decode().splitlines()
        package.extractall(tmp_path / "out")
    assert len(lines) == len(run.files)
    for line in lines:
        checksum, _, name = line.partition("  ")
        data = (tmp_path / "out" / name).read_bytes()
        assert hashlib.sha256(data).hexdigest() == checksum
    if shutil.which("sha256sum"):
        subprocess.run(["sha256sum", "-c", MANIFEST], cwd=tmp_path / "out", check=True)


def test_a_file_that_has_changed_on_the_disk_does_not_get_a_good_checksum(tmp_path: Path) -> None:
    run = a_run(tmp_path)
    picture = run.files[-1]
    stored = hashlib.sha256(picture.path.read_bytes()).hexdigest()
    data = bytearray(picture.path.read_bytes())
    data[-20] ^= 1
    picture.path.write_bytes(data)
    with opened(run) as package:
        assert f"{stored}  {run.run_id}/{picture.name}" in package.read(MANIFEST).decode()


def test_what_is_listed_and_not_there_is_said(tmp_path: Path) -> None:
    whole, broken = a_run(tmp_path), a_run(tmp_path)
    broken = ExportedRun(broken.metadata, broken.files[:-1])
    for language in ("de", "en"):
        with opened(whole, broken, language=language) as package:
            readme = package.read(README).decode()
        assert f"{broken.run_id}/'output_image.png'" in readme
        assert whole.run_id not in readme


@pytest.mark.parametrize(
    "name", ["a:b.txt", "../../evil", "CON", "aux.txt", "x" * 300 + ".png", "end.", "\u202egnp.exe"]
)
def test_names_are_safe_on_every_system(tmp_path: Path, name: str) -> None:
    run = a_run(tmp_path)
    by_hand = ExportedFile(name, run.files[0].path, run.files[0].size)
    twin = ExportedFile(name.upper(), run.files[0].path, run.files[0].size)
    with opened(replace(run, files=(*run.files, by_hand, twin))) as package:
        assert len({inner.casefold() for inner in package.namelist()}) == len(run.files) + 4
        for inner in package.namelist():
            path = PurePosixPath(inner)
            assert not path.is_absolute()
            assert ".." not in path.parts
            assert not set('<>:"\\|?*') & set(inner)
            assert not inner.endswith((".", " "))
            assert len(path.name) <= 125


def test_a_thousand_runs(tmp_path: Path) -> None:
    one = a_run(tmp_path)
    ids = [f"{number:08x}-0000-4000-8000-000000000000" for number in range(1000)]

    def runs() -> Iterator[ExportedRun]:
        for run_id in ids:
            yield ExportedRun(one.metadata.having(run_id=run_id), one.files)

    with zipfile.ZipFile(io.BytesIO(written(ZipFolders(), runs()))) as package:
        assert package.testzip() is None
        assert {name.partition("/")[0] for name in package.namelist()} == {*ids, README, MANIFEST}
        assert "1000" in package.read(README).decode()


def test_a_cut_off_one_is_no_zip_file(tmp_path: Path) -> None:
    def runs() -> Iterator[ExportedRun]:
        yield a_run(tmp_path)
        raise KeyboardInterrupt

    out = OneWay()
    with pytest.raises(KeyboardInterrupt):
        ZipFolders().write(runs(), out, ExportOptions())  # type: ignore[arg-type]
    assert out.data
    assert not zipfile.is_zipfile(io.BytesIO(out.data))
