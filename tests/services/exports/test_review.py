from __future__ import annotations

import logging

import pytest

from devserver.my_app.services.exports import review as review_module
from devserver.my_app.services.exports.review import Reviewer, free_texts
from devserver.my_app.services.exports.source import ExportSource
from devserver.my_app.services.media_storage import MediaStorageService
from devserver.my_app.services.run_folders import RunFolders
from devserver.my_app.services.run_id import new_run_id
from devserver.my_app.services.run_metadata import Job, RunMetadata, StageRecord
from tests.exported_runs import a_stored_run

TEXT = "Ich heiße Lena Müller, meine Mail ist lena@example.org"


@pytest.fixture
def reviewer(folders: RunFolders) -> Reviewer:
    return Reviewer(ExportSource(folders), ["Yildiz"])


def test_finds_each_piece_where_it_stands(
    reviewer: Reviewer, storage: MediaStorageService, caplog: pytest.LogCaptureFixture
) -> None:
    run_id = a_stored_run(storage, TEXT)
    with caplog.at_level(logging.DEBUG):
        found = reviewer.review([run_id])
    assert [(one.field, one.kind, one.text) for one in found.findings] == [
        ("input_text", "introduced_name", "Lena Müller"),
        ("input_text", "email", "lena@example.org"),
        ("transformed_text", "introduced_name", "Lena Müller"),
        ("transformed_text", "email", "lena@example.org"),
    ]
    first = found.findings[0]
    assert first.run_id == run_id
    assert TEXT[first.start : first.end] == first.text
    assert (found.runs, found.is_complete) == (1, True)
    assert "Lena" not in caplog.text


def test_names_of_the_class_and_runs_that_no_export_can_hold(
    reviewer: Reviewer, storage: MediaStorageService
) -> None:
    named = a_stored_run(storage, "Das Haus von Yildiz ist rot")
    running = a_stored_run(storage, TEXT, is_over=False)
    missing = new_run_id()
    found = reviewer.review([named, running, missing])
    assert {one.kind for one in found.findings} == {"class_name"}
    assert found.unread == (running, missing)
    assert found.runs == 1


def test_every_text_is_gone_through_once() -> None:
    deep: list[object] = ["am Grund"]
    for _ in range(5000):
        deep = [deep]
    run = RunMetadata(
        run_id=new_run_id(),
        user_id="DOE_J",
        workshop="Klasse 4b",
        status="blocked",
        input_text="eins",
        stages=(
            StageRecord(stage=1, step="a", status="passed", input="eins", output="zwei"),
            StageRecord(stage=2, step="b", status="edited", details={"reason": ["drei", deep]}),
        ),
        warnings=("vier",),
    )
    fields = {text: field for field, text in free_texts(run)}
    assert fields.pop("am Grund").startswith("stages[1].details.reason[1]")
    assert fields == {
        "DOE_J": "user_id",
        "Klasse 4b": "workshop",
        "eins": "input_text",
        "zwei": "stages[0].output",
        "drei": "stages[1].details.reason[0]",
        "vier": "warnings[0]",
    }


def test_what_another_writer_noted_is_gone_through_too() -> None:
    run = RunMetadata.model_validate(
        {
            "run_id": new_run_id(),
            "status": "success",
            "teacher": {"name": "eins"},
            "request": {"pupil": "zwei"},
            "outputs": [{"type": "image", "filename": "x.png", "credit": "drei", "by": "vier"}],
            "stages": [{"stage": 1, "step": "a", "status": "passed", "note": "fünf"}],
            "jobs": [{"backend": "b", "server": "http://sechs", "state": "done", "for": "sieben"}],
            "error": {"code": "c", "message": "m", "seen_by": ["acht"]},
        }
    )
    fields = {text: field for field, text in free_texts(run)}
    assert {
        "eins": "teacher.name",
        "zwei": "request.pupil",
        "drei": "outputs[0].credit",
        "vier": "outputs[0].by",
        "fünf": "stages[0].note",
        "http://sechs": "jobs[0].server",
        "sieben": "jobs[0].for",
        "acht": "error.seen_by[0]",
    }.items() <= fields.items()


def test_the_id_of_a_job_is_taken_for_no_telephone_number(
    reviewer: Reviewer, storage: MediaStorageService
) -> None:
    run_id = a_stored_run(storage, "Eine Blume", is_over=False)
    job = Job(backend="comfyui", job_id="0172-1234567", workflow="workflow.json")
    storage.record_submission(run_id, job, {})
    storage.finish_run(run_id, "success")
    assert reviewer.review([run_id]).findings == ()


def test_the_label_of_a_person_is_found_in_their_texts(
    reviewer: Reviewer, storage: MediaStorageService
) -> None:
    run_id = a_stored_run(storage, "Ein Bild von DOE_J")
    bare = a_stored_run(storage, "DOE_J")
    nobody = a_stored_run(storage, "Ein Bild von DOE_J", user_id=None)
    found = reviewer.review([run_id, bare, nobody])
    assert {(one.run_id, one.field, one.kind, one.text) for one in found.findings} == {
        (run_id, "input_text", "user_id", "DOE_J"),
        (run_id, "transformed_text", "user_id", "DOE_J"),
        (bare, "input_text", "user_id", "DOE_J"),
        (bare, "transformed_text", "user_id", "DOE_J"),
    }


def test_what_is_too_much_is_said_to_be(
    reviewer: Reviewer, storage: MediaStorageService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(review_module, "MOST_FINDINGS", 3)
    ids = [a_stored_run(storage, TEXT, pictures=0) for _ in range(3)]
    found = reviewer.review(ids)
    assert (len(found.findings), found.is_complete) == (3, False)


def test_it_ends_when_its_time_is_over_and_says_so(
    folders: RunFolders, storage: MediaStorageService
) -> None:
    ids = [a_stored_run(storage, TEXT, pictures=0) for _ in range(4)]
    ticks = iter(range(100))  # a second goes by with each look at the clock
    reviewer = Reviewer(ExportSource(folders), clock=lambda: float(next(ticks)))
    found = reviewer.review(ids, most_seconds=3)
    assert (found.runs, found.is_complete) == (2, False)
    assert {one.run_id for one in found.findings} == {*ids[:2]}
    for enough in (5, None):
        found = reviewer.review(ids, most_seconds=enough)
        assert (found.runs, found.is_complete) == (4, True)
