from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devserver.my_app.services import run_folders
from devserver.my_app.services.crate_check import crate_faults
from devserver.my_app.services.crate_terms import CrateTerms
from devserver.my_app.services.durable_files import StorageFull, replace_file
from devserver.my_app.services.media_sources import MadeBy
from devserver.my_app.services.media_storage import MediaStorageService
from devserver.my_app.services.run_crate import files_of, run_crate
from devserver.my_app.services.run_folders import RunFolders
from devserver.my_app.services.run_id import new_run_id
from devserver.my_app.services.run_metadata import (
    Job,
    Output,
    RunError,
    RunMetadata,
    RunRequest,
    RunStatus,
    StageRecord,
)
from devserver.my_app.services.storage_root import StorageRoot
from devserver.my_app.services.verification import faults_of
from tests.media_samples import png_bytes, wav_bytes
from tests.ro_crate import PROCESS_RUN_CRATE, issues_of

CRATE = "ro-crate-metadata.json"
HOSTILE = '"}],<script>alert(1)</script>\x07\u202e\U0001f338 ../../etc'


def entities(folder: Path) -> dict[str, dict[str, Any]]:
    crate = json.loads((folder / CRATE).read_bytes())
    return {entity["@id"]: entity for entity in crate["@graph"]}


def refs(value: Any) -> set[str]:
    """The ids that a property refers to."""
    return {one["@id"] for one in (value if isinstance(value, list) else [value])}


def finished(
    storage: MediaStorageService,
    status: RunStatus = "success",
    error: RunError | None = None,
    text: str = "Eine Blume",
) -> str:
    """A run with two media of ComfyUI, and a third output config that failed."""
    request = RunRequest(output_configs=("sd35_large", "sound"), seed=7)
    run_id = storage.create_run(
        schema="dada", input_text=text, user_id="DOE_J", request=request
    ).run_id
    rewriting = StageRecord(
        stage=2, step="rewriting", status="transformed", backend="ollama", model="qwen3:8b"
    )
    storage.save_transformed_text(run_id, text[::-1], [rewriting])
    storage.record_submission(run_id, Job(backend="comfyui", config="sd35_large"), {"1": {}})
    by = MadeBy(
        backend="comfyui",
        config="sd35_large",
        seed=7,
        model="sd3.5_large.safetensors",
        license="CC BY-SA 4.0",
        credit="Pictograms: OpenMoji",
    )
    storage.add_media_from_data(run_id, png_bytes(), by)
    storage.add_media_from_data(run_id, wav_bytes(), by)
    storage.record_stages(
        run_id,
        [
            StageRecord(
                stage=4, step="media", status="done", backend="comfyui", config="sd35_large"
            ),
            StageRecord(
                stage=4,
                step="media",
                status="failed",
                backend="replicate",
                config="sound",
                details={"error": {"code": "backend_failed", "message": "It broke."}},
            ),
        ],
    )
    storage.finish_run(run_id, status, error)
    return run_id


ENDS: list[tuple[RunStatus, RunError | None]] = [
    ("success", None),
    ("partial", RunError(code="backend_failed", message="It broke.", stage=4)),
    ("failed", RunError(code="backend_failed", message="It broke.", stage=4)),
    ("blocked", RunError(code="blocked", message="Try another idea.", stage=3)),
    ("cancelled", None),
]


@pytest.mark.parametrize(("status", "error"), ENDS, ids=[status for status, _ in ENDS])
def test_a_run_that_is_over_is_a_valid_crate(
    storage: MediaStorageService, folders: RunFolders, status: RunStatus, error: RunError | None
) -> None:
    folder = folders.path(finished(storage, status, error, HOSTILE))
    assert issues_of(folder, PROCESS_RUN_CRATE, "REQUIRED") == []
    run = entities(folder)["#run"]
    went_well = status in ("success", "partial")
    assert run["actionStatus"].endswith("/CompletedActionStatus") is went_well
    assert ("error" in run) is not went_well
    assert faults_of(folders, folder.name) == []


def test_a_run_that_stopped_before_it_made_anything_is_a_valid_crate(
    storage: MediaStorageService, folders: RunFolders
) -> None:
    run_id = storage.create_run(schema="dada", input_text="x").run_id
    storage.finish_run(run_id, "blocked", RunError(code="blocked", message="No.", stage=1))
    folder = folders.path(run_id)
    assert issues_of(folder) == []
    assert refs(entities(folder)["./"]["mentions"]) == {"#run"}
    assert entities(folder)["#run"]["error"] == "blocked: No."


def test_what_the_validator_would_like_besides_is_what_we_cannot_know(root: StorageRoot) -> None:
    terms = CrateTerms("CC BY 4.0", "A school", "https://school.example")
    folders = RunFolders(root, terms)
    run = RunMetadata(
        run_id=new_run_id(), status="running", schema_id="dada", server_version="1.0.0",
        timestamp="2026-01-01T10:00:00.123456+00:00", finished_at="2026-01-01T10:00:01+00:00",
    )  # fmt: skip
    folders.create(run)
    folders.change(run.run_id, lambda run: run.having(status="cancelled"))
    said = {
        issue.partition(" (")[0]
        for issue in issues_of(folders.path(run.run_id), severity="RECOMMENDED")
    }
    assert said == {
        "The Application SHOULD have a url",
        "The SoftwareApplication id SHOULD be an absolute URI",
    }


def test_the_validator_finds_what_is_wrong(
    storage: MediaStorageService, folders: RunFolders
) -> None:
    folder = folders.path(finished(storage))
    crate = json.loads((folder / CRATE).read_bytes())
    for entity in crate["@graph"]:
        entity.pop("instrument", None)
        entity.pop("license", None)
    (folder / CRATE).write_text(json.dumps(crate))
    said = " ".join(issues_of(folder))
    assert "MUST have an instrument" in said
    assert "MUST have a `license`" in said
    (folder / "output_image.png").unlink()
    assert "output_image.png" in " ".join(issues_of(folder))


def test_it_says_who_with_what_from_what_and_when(
    storage: MediaStorageService, folders: RunFolders
) -> None:
    run_id = finished(storage, "partial", RunError(code="x", message="y"))
    folder, run = folders.path(run_id), storage.get_metadata(run_id)
    said = entities(folder)
    assert refs(said["./"]["hasPart"]) == {path.name for path in folder.iterdir()} - {CRATE}
    assert refs(said["./"]["mentions"]) == {"#run", "#rewriting", "#media-1", "#media-2"}
    for output in run.outputs:
        assert said[output.filename]["sha256"] == output.sha256
        assert said[output.filename]["contentSize"] == str(output.file_size_bytes)
        assert said[output.filename]["encodingFormat"] == output.mime_type
        assert said[output.filename]["creditText"] == "Pictograms: OpenMoji"
        assert refs(said[output.filename]["license"]) == {
            "https://creativecommons.org/licenses/by-sa/4.0/"
        }
    rewriting, made, failed = said["#rewriting"], said["#media-1"], said["#media-2"]
    assert refs(rewriting["instrument"]) == {"#server", "#backend-ollama", "#model-qwen3%3A8b"}
    assert refs(rewriting["result"]) == {"transformed_text.txt"}
    assert {"input_text.txt", "#seed=7"} <= refs(rewriting["object"])
    assert "#backend-comfyui" in refs(made["instrument"])
    assert "#model-sd3.5_large.safetensors" in refs(made["instrument"])
    assert {"transformed_text.txt", "workflow.json", "#seed=7"} <= refs(made["object"])
    assert refs(made["result"]) == {"output_image.png", "output_audio.wav"}
    assert failed["actionStatus"].endswith("/FailedActionStatus")
    assert failed["error"] == "backend_failed: It broke."
    assert "result" not in failed
    assert (said["#server"]["version"], said["#seed=7"]["value"]) == (run.server_version, 7)
    assert said["#run"]["endTime"] >= said["#run"]["startTime"] > "2020"


def test_no_text_and_no_name_is_in_it(storage: MediaStorageService, folders: RunFolders) -> None:
    folder = folders.path(finished(storage, text="Ganz geheim"))
    said = (folder / CRATE).read_text()
    assert not any(word in said for word in ("DOE_J", "Ganz geheim", "miehe"))


@pytest.mark.parametrize(
    ("licence", "entity_id"),
    [
        (None, "#no-licence"),
        ("CC BY 4.0", "https://creativecommons.org/licenses/by/4.0/"),
        ("cc-by-nc-sa-4.0", "https://creativecommons.org/licenses/by-nc-sa/4.0/"),
        ("CC0", "https://creativecommons.org/publicdomain/zero/1.0/"),
        ("https://licence.example/1", "https://licence.example/1"),
        ("Only within the project", "#licence"),
        ("https://not an address", "#licence"),
    ],
)
def test_the_licence_is_the_one_that_was_chosen(licence: str | None, entity_id: str) -> None:
    run = RunMetadata(run_id=new_run_id(), status="cancelled")
    crate = json.loads(run_crate(run, files_of(run, []), CrateTerms(licence)))
    said = {entity["@id"]: entity for entity in crate["@graph"]}
    assert said["./"]["license"] == {"@id": entity_id}
    assert said[entity_id]["name"] == (licence or "No licence has been chosen")


ANYTHING = st.text(max_size=20) | st.none()


@given(
    st.builds(
        RunMetadata,
        run_id=st.uuids(version=4).map(str),
        timestamp=ANYTHING,
        schema_id=ANYTHING,
        workshop=ANYTHING,
        status=st.sampled_from(["success", "failed", "blocked"]),
        transformed_text=ANYTHING,
        finished_at=ANYTHING | st.datetimes().map(str),
        outputs=st.lists(
            st.builds(
                Output,
                type=st.just("image"),
                filename=st.text(min_size=1, max_size=9),
                license=ANYTHING,
                model=ANYTHING,
                config=ANYTHING,
                created_at=ANYTHING,
                duration_seconds=st.floats(),
            ),
            max_size=2,
        ).map(tuple),
        stages=st.lists(
            st.builds(
                StageRecord,
                stage=st.sampled_from([2, 4]),
                step=st.just("media"),
                status=st.sampled_from(["done", "failed"]),
                config=ANYTHING,
                model=ANYTHING,
                started_at=ANYTHING.map(str) | st.datetimes().map(str),
                duration_seconds=st.floats(),
            ),
            max_size=2,
        ).map(tuple),
    )
)
def test_whatever_metadata_say_there_is_a_crate_and_always_the_same(run: RunMetadata) -> None:
    crate = run_crate(run, files_of(run, []), CrateTerms())
    assert crate == run_crate(run, files_of(run, []), CrateTerms())
    said = json.loads(crate)["@graph"]
    ids = {entity["@id"] for entity in said}
    assert len(ids) == len(said)
    for entity in said:
        for value in entity.values():
            for one in value if isinstance(value, list) else [value]:
                if isinstance(one, dict):
                    assert one["@id"] in ids or one["@id"].startswith("https://w3id.org/ro/crate/")


# In the folder


def test_only_a_run_that_is_over_has_a_crate(
    storage: MediaStorageService, folders: RunFolders
) -> None:
    run_id = storage.create_run(schema="dada", input_text="x").run_id
    storage.begin_attempt(run_id)
    path = folders.path(run_id) / CRATE
    assert not path.exists()
    path.write_text("left by a kill between the crate and the last metadata.json")
    storage.settle(run_id)
    assert not path.exists()
    storage.finish_run(run_id, "cancelled")
    assert path.exists()


def test_whoever_sees_a_run_over_finds_its_crate(
    storage: MediaStorageService, folders: RunFolders, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = storage.create_run(schema="dada", input_text="x").run_id
    written: list[str] = []

    def note(path: Path, data: bytes, *, durable: bool = True) -> os.stat_result:
        written.append(path.name)
        return replace_file(path, data, durable=durable)

    monkeypatch.setattr(run_folders, "replace_file", note)
    storage.finish_run(run_id, "cancelled")
    assert written == [CRATE, "metadata.json"]


@pytest.mark.parametrize("failure", [StorageFull("full"), OSError(errno.EIO, "broken")])
def test_a_run_has_its_last_word_without_room_for_its_crate(
    storage: MediaStorageService,
    folders: RunFolders,
    monkeypatch: pytest.MonkeyPatch,
    failure: Exception,
) -> None:
    run_id = storage.create_run(schema="dada", input_text="x").run_id

    def full(path: Path, data: bytes, *, durable: bool = True) -> os.stat_result:
        if path.name == CRATE:
            raise failure
        return replace_file(path, data, durable=durable)

    with monkeypatch.context() as broken:
        broken.setattr(run_folders, "replace_file", full)
        storage.finish_run(run_id, "cancelled")
    assert storage.get_metadata(run_id).status == "cancelled"
    assert faults_of(folders, run_id) == [f"{CRATE} is missing."]
    assert folders.repair_crate(run_id)
    assert faults_of(folders, run_id) == []
    assert not folders.repair_crate(run_id)


BROKEN = {
    "torn": lambda path: path.write_bytes(path.read_bytes()[:100]),
    "empty": lambda path: path.write_bytes(b""),
    "no object": lambda path: path.write_bytes(b"[1]"),
    "no entities": lambda path: path.write_bytes(b'{"@graph": [1]}'),
    "missing": lambda path: path.unlink(),
    "another's": lambda path: path.write_bytes(
        path.read_bytes().replace(path.parent.name.encode(), new_run_id().encode())
    ),
    "another end": lambda path: path.write_bytes(
        path.read_bytes().replace(b'"name": "Run', b'"error": "x", "name": "Run')
    ),
    "another checksum": lambda path: path.write_bytes(
        path.read_bytes().replace(b'"sha256": "', b'"sha256": "0')
    ),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_crate_is_found_and_made_anew(
    storage: MediaStorageService, folders: RunFolders, how: str
) -> None:
    run_id = finished(storage)
    path = folders.path(run_id) / CRATE
    before = path.read_bytes()
    BROKEN[how](path)
    assert faults_of(folders, run_id)
    assert folders.repair_crate(run_id)
    assert path.read_bytes() == before


def test_new_terms_make_no_crate_a_liar(
    root: StorageRoot, storage: MediaStorageService, folders: RunFolders
) -> None:
    run_id = finished(storage)
    later = RunFolders(root, CrateTerms("CC0"))
    assert faults_of(later, run_id) == []
    assert not later.repair_crate(run_id)


def test_a_run_from_before_there_were_crates_needs_none(folders: RunFolders) -> None:
    run_id = new_run_id()
    folders.path(run_id).mkdir()
    old = RunMetadata(run_id=run_id, status="failed").to_dict()
    del old["server_version"]
    (folders.path(run_id) / "metadata.json").write_text(json.dumps(old))
    (folders.path(run_id) / "input_text.txt").touch()
    assert faults_of(folders, run_id) == []
    assert not folders.repair_crate(run_id)
    assert crate_faults(folders.read(run_id), folders.path(run_id)) == []
