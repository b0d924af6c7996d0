from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devserver.my_app.services import metadata_files
from devserver.my_app.services.durable_files import replace_file
from devserver.my_app.services.metadata_files import MetadataFiles
from devserver.my_app.services.run_metadata import (
    MetadataUnreadable,
    RunMetadata,
    parse_metadata,
)

LONG_AGO = 1_000_000_000_000_000_000


def metadata(revision: int = 1, text: str = "Eine Blume") -> RunMetadata:
    return RunMetadata.model_validate(
        {
            "run_id": "0c2f1a7e-6f0e-4c7c-9c55-1d1f6d2f9a10",
            "input_text": text,
            "revision": revision,
        }
    )


def write(path: Path, run: RunMetadata, when_ns: int = LONG_AGO) -> None:
    """As the storage does: beside, then replaced."""
    beside = path.with_name("beside")
    beside.write_bytes(run.to_json())
    os.utime(beside, ns=(when_ns, when_ns))
    beside.replace(path)


@pytest.fixture(name="parsed")
def _parsed(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What was parsed, in its order."""
    parsed: list[bytes] = []

    def parse(data: bytes) -> RunMetadata:
        parsed.append(data)
        return parse_metadata(data)

    monkeypatch.setattr(metadata_files, "parse_metadata", parse)
    return parsed


def test_what_nobody_wrote_to_is_parsed_once(tmp_path: Path, parsed: list[bytes]) -> None:
    files, path = MetadataFiles(), tmp_path / "metadata.json"
    write(path, metadata())
    assert files.read(path) == files.read(path) == metadata()
    assert len(parsed) == 1
    files.forget(path)
    files.read(path)
    assert len(parsed) == 2


def test_what_was_written_just_now_is_read_again(tmp_path: Path, parsed: list[bytes]) -> None:
    """Two changes within one step of the clock can leave the same time, size and number."""
    files, path = MetadataFiles(), tmp_path / "metadata.json"
    path.write_bytes(metadata().to_json())
    os.utime(path)
    for _ in range(2):
        files.read(path)
    assert len(parsed) == 2


def test_what_one_wrote_oneself_is_not_read(tmp_path: Path, parsed: list[bytes]) -> None:
    files, path = MetadataFiles(), tmp_path / "metadata.json"
    for revision in (1, 2, 3):
        run = metadata(revision)
        files.written(path, replace_file(path, run.to_json()), run)
        assert files.read(path) is run
    assert parsed == []
    replace_file(path, metadata(4).to_json())  # by somebody else, at once
    assert files.read(path).revision == 4


@given(texts=st.lists(st.text(max_size=5), min_size=1, max_size=6))
def test_every_change_is_seen(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    files = MetadataFiles()
    path = tmp_path_factory.mktemp("run") / "metadata.json"
    for number, text in enumerate(texts):
        write(path, metadata(number + 1, text), LONG_AGO + number * 4_000_000)
        assert files.read(path) == files.read(path) == metadata(number + 1, text)
    path.unlink()
    with pytest.raises(FileNotFoundError):
        files.read(path)


def test_no_more_are_kept_than_256(tmp_path: Path, parsed: list[bytes]) -> None:
    files = MetadataFiles()
    paths = [tmp_path / f"{number}.json" for number in range(257)]
    for path in paths:
        write(path, metadata())
        files.read(path)
    files.read(paths[-1])
    assert len(parsed) == 257
    files.read(paths[0])
    assert len(parsed) == 258


def test_a_link_to_a_folder_is_none(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    write(tmp_path / "elsewhere" / "metadata.json", metadata())
    (tmp_path / "run").symlink_to("elsewhere")
    with pytest.raises(NotADirectoryError):
        MetadataFiles().read(tmp_path / "run" / "metadata.json")


def test_what_is_no_metadata_is_not_kept(tmp_path: Path) -> None:
    files, path = MetadataFiles(), tmp_path / "metadata.json"
    path.write_bytes(b"{")
    os.utime(path, ns=(LONG_AGO, LONG_AGO))
    for _ in range(2):
        with pytest.raises(MetadataUnreadable):
            files.read(path)
