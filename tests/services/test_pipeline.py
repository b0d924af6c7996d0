from __future__ import annotations

import errno
import itertools
import json
import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from devserver.config import PROJECT_FOLDER
from devserver.logs import JsonLines, about_run
from devserver.my_app.services.backends.port import (
    BackendUnreachable,
    MediaRequest,
    ModerationBlocked,
)
from devserver.my_app.services.catalogue import Catalogue
from devserver.my_app.services.durable_files import StorageFull
from devserver.my_app.services.last_words import LastWords
from devserver.my_app.services.media_sources import MadeBy, MediaData, MediaDescription
from devserver.my_app.services.media_storage import MediaStorageService
from devserver.my_app.services.metadata_files import MetadataFiles
from devserver.my_app.services.output_configs import OutputConfig
from devserver.my_app.services.pipeline import MAX_ATTEMPTS, Pipeline
from devserver.my_app.services.run_folders import RunNotFound
from devserver.my_app.services.run_metadata import Job, RunMetadata, RunRequest, StageRecord
from devserver.my_app.services.run_progress import RunProgress
from devserver.my_app.services.run_queue import LegEnd
from devserver.my_app.services.schemas import load_interception_schemas
from devserver.my_app.services.worker_pool import PoolClosed, WorkerDied
from devserver.my_app.wiring import build_pipeline
from tests.media_samples import png_bytes, wav_bytes

SCHEMAS = load_interception_schemas(PROJECT_FOLDER / "devserver/schemas/interception")
BOTH = {"de": "Probe", "en": "Sample"}


class ScriptedBackend:
    """Does what each test tells it to, config by config."""

    is_set_up = True

    def __init__(
        self, name: str = "scripted", **scripts: Callable[[MediaRequest], Sequence[bytes]]
    ) -> None:
        self.name = name
        self._scripts = scripts
        self.requests: list[MediaRequest] = []
        self.cancelled: list[str | None] = []

    def unavailable_because(self, config: OutputConfig) -> str | None:
        return None

    def describe(self, configs: Sequence[OutputConfig]) -> list[str]:
        return []

    def make(self, request: MediaRequest) -> list[MediaDescription]:
        self.requests.append(request)
        made_by = MadeBy(backend=self.name, config=request.config.id, seed=request.seed)
        return [MediaData(data, made_by) for data in self._scripts[request.config.id](request)]

    def cancel(self, job: Job) -> None:
        self.cancelled.append(job.job_id)

    def pipeline(
        self,
        storage: MediaStorageService,
        *others: ScriptedBackend,
        let_go: Callable[[str], None] = lambda _: None,
        last_words: LastWords | None = None,
    ) -> Pipeline:
        backends = [self, *others]
        configs = {
            config_id: OutputConfig.model_validate(
                {
                    "id": config_id,
                    "name": BOTH,
                    "description": BOTH,
                    "media_type": "image",
                    "backend": backend.name,
                }
            )
            for backend in backends
            for config_id in backend._scripts
        }
        catalogue = Catalogue(SCHEMAS, configs, backends)
        return build_pipeline(
            storage, catalogue, RunProgress(), let_go=let_go, last_words=last_words
        )


def picture(_: MediaRequest) -> Sequence[bytes]:
    return [png_bytes()]


def unreachable(_: MediaRequest) -> Sequence[bytes]:
    raise BackendUnreachable("It does not answer.")


def deadly(_: MediaRequest) -> Sequence[bytes]:
    raise WorkerDied("Gone.")


def new_run(storage: MediaStorageService, *configs: str, **fields: object) -> str:
    request = RunRequest(output_configs=configs, seed=7)
    values = {"schema": "dada", "input_text": "Eine Blume auf der Wiese", "request": request}
    return storage.create_run(**{**values, **fields}).run_id  # type: ignore[arg-type]


def worked(storage: MediaStorageService, backend: ScriptedBackend, run_id: str) -> RunMetadata:
    backend.pipeline(storage).work(run_id)
    return storage.get_metadata(run_id)


def test_takes_a_run_through_all_stages(storage: MediaStorageService) -> None:
    backend = ScriptedBackend(one=picture)
    run = worked(storage, backend, new_run(storage, "one"))
    assert (run.status, run.attempts, run.error) == ("success", 1, None)
    assert [record.stage for record in run.stages] == [1, 2, 2, 2, 3, 4]
    assert run.transformed_text not in (None, run.input_text)
    [request] = backend.requests
    assert (request.prompt, request.input_text) == (run.transformed_text, run.input_text)
    assert request.seed == run.outputs[0].seed == 7
    assert run.finished_at


def test_texts_and_media_are_two_steps_of_one_attempt(storage: MediaStorageService) -> None:
    backend = ScriptedBackend(one=picture)
    run_id = new_run(storage, "one")
    pipeline = backend.pipeline(storage)
    assert pipeline.write_texts(run_id) is LegEnd.GOES_ON
    run = storage.get_metadata(run_id)
    assert (run.status, run.attempts, backend.requests) == ("running", 1, [])
    assert run.transformed_text
    assert pipeline.make_media(run_id) is LegEnd.DONE
    run = storage.get_metadata(run_id)
    assert (run.status, run.attempts) == ("success", 1)
    assert pipeline.make_media(run_id) is LegEnd.FAILED  # it is over


def test_a_run_of_text_alone_has_no_second_step(storage: MediaStorageService) -> None:
    run_id = new_run(storage, request=RunRequest(output_type="text"))
    assert ScriptedBackend().pipeline(storage).write_texts(run_id) is LegEnd.DONE
    assert storage.get_metadata(run_id).status == "success"


def test_each_step_takes_up_where_the_one_before_ended(storage: MediaStorageService) -> None:
    run = worked(storage, ScriptedBackend(one=picture), new_run(storage, "one"))
    rewriting = [record for record in run.stages if record.stage == 2]
    assert rewriting[0].input == run.input_text
    assert rewriting[-1].output == run.transformed_text
    for before, after in itertools.pairwise(rewriting):
        assert after.input == before.output


@pytest.mark.parametrize(
    ("script", "code"),
    [
        (unreachable, "backend_unreachable"),
        (lambda _: [], "nothing_produced"),
        (lambda _: [wav_bytes()], "nothing_produced"),
        (lambda _: [b"no picture"], "not_media"),
        (lambda _: [png_bytes()[:-9]], "media_rejected"),
    ],
)
def test_a_failure_is_told_in_the_folder(
    storage: MediaStorageService, script: Callable[[MediaRequest], Sequence[bytes]], code: str
) -> None:
    run = worked(storage, ScriptedBackend(one=script), new_run(storage, "one"))
    assert run.status == "failed"
    assert run.error is not None
    assert (run.error.code, run.error.stage) == (code, 4)
    assert run.stages[-1].status == "failed"
    assert run.transformed_text is not None


def test_a_refusal_by_the_backends_moderation_is_a_block(storage: MediaStorageService) -> None:
    def refuse(_: MediaRequest) -> Sequence[bytes]:
        raise ModerationBlocked("The service did not want to draw this.")

    backend = ScriptedBackend(one=unreachable, two=refuse)
    run = worked(storage, backend, new_run(storage, "one", "two"))
    assert run.error is not None
    assert (run.status, run.error.code, run.error.stage) == ("blocked", "moderation_blocked", 4)


def test_one_of_two_is_partial(storage: MediaStorageService) -> None:
    backend = ScriptedBackend(one=picture, two=unreachable)
    run = worked(storage, backend, new_run(storage, "one", "two"))
    assert run.status == "partial"
    assert [output.config for output in run.outputs] == ["one"]
    assert run.error is not None
    assert run.error.code == "backend_unreachable"
    assert [record.status for record in run.stages if record.stage == 4] == ["done", "failed"]


def test_different_backends_work_side_by_side(storage: MediaStorageService) -> None:
    together = threading.Barrier(2)

    def meet(_: MediaRequest) -> Sequence[bytes]:
        together.wait(30)
        return [png_bytes()]

    first, second = ScriptedBackend("first", one=meet), ScriptedBackend("second", two=meet)
    run_id = new_run(storage, "one", "two")
    first.pipeline(storage, second).work(run_id)
    run = storage.get_metadata(run_id)
    assert run.status == "success"
    assert {output.config for output in run.outputs} == {"one", "two"}
    assert {output.filename for output in run.outputs} == {
        *("output_image.png", "output_image_2.png")
    }


def test_what_several_backends_log_is_about_their_run(storage: MediaStorageService) -> None:
    lines: list[str] = []

    def say(_: MediaRequest) -> Sequence[bytes]:
        record = logging.makeLogRecord({"msg": "trying again"})
        lines.append(json.loads(JsonLines().format(record))["run_id"])
        return [png_bytes()]

    first, second = ScriptedBackend("first", one=say), ScriptedBackend("second", two=say)
    run_id = new_run(storage, "one", "two")
    with about_run(run_id):
        first.pipeline(storage, second).work(run_id)
    assert lines == [run_id, run_id]


def test_a_run_cancelled_while_two_backends_work_stays_cancelled(
    storage: MediaStorageService,
) -> None:
    run_id = new_run(storage, "one", "two")

    def cancel(_: MediaRequest) -> Sequence[bytes]:
        storage.finish_run(run_id, "cancelled")
        return [png_bytes()]

    first, second = ScriptedBackend("first", one=cancel), ScriptedBackend("second", two=picture)
    first.pipeline(storage, second).work(run_id)
    assert storage.get_metadata(run_id).status == "cancelled"


def test_several_files_of_one_config_are_all_kept(storage: MediaStorageService) -> None:
    backend = ScriptedBackend(one=lambda _: [png_bytes()] * 3)
    run = worked(storage, backend, new_run(storage, "one"))
    assert [output.filename for output in run.outputs] == [
        *("output_image.png", "output_image_2.png", "output_image_3.png")
    ]


def test_a_failure_nobody_thought_of_is_a_failed_run(
    storage: MediaStorageService, caplog: pytest.LogCaptureFixture
) -> None:
    def bug(_: MediaRequest) -> Sequence[bytes]:
        raise ZeroDivisionError("a detail for the engineer")

    run = worked(storage, ScriptedBackend(one=bug), new_run(storage, "one"))
    assert run.error is not None
    assert (run.status, run.error.code) == ("failed", "internal_error")
    assert "engineer" not in run.error.message
    assert run.run_id in caplog.text
    assert "ZeroDivisionError: a detail for the engineer" in caplog.text


def test_a_run_that_brings_its_worker_down_is_given_up(storage: MediaStorageService) -> None:
    backend = ScriptedBackend(one=deadly)
    run = worked(storage, backend, new_run(storage, "one"))
    assert run.error is not None
    assert (run.status, run.error.code) == ("failed", "too_many_attempts")
    assert run.attempts == len(backend.requests) == MAX_ATTEMPTS


def test_attempts_are_counted_over_restarts(storage: MediaStorageService) -> None:
    run_id = new_run(storage, "one")
    for _ in range(MAX_ATTEMPTS):
        storage.begin_attempt(run_id)
    backend = ScriptedBackend(one=picture)
    run = worked(storage, backend, run_id)
    assert (run.status, run.attempts) == ("failed", MAX_ATTEMPTS)
    assert backend.requests == []


def test_a_run_that_only_waits_in_line_loses_no_attempt_to_restarts(
    storage: MediaStorageService,
) -> None:
    backend = ScriptedBackend(one=picture)
    pipeline = backend.pipeline(storage)
    run_id = new_run(storage, "one")
    assert pipeline.write_texts(run_id) is LegEnd.GOES_ON
    for _ in range(4):
        run = storage.settle(run_id)
        assert (run.status, run.attempts) == ("queued", 1)
        assert pipeline.has_texts(run)
    assert pipeline.make_media(run_id) is LegEnd.DONE
    run = storage.get_metadata(run_id)
    assert (run.status, run.attempts) == ("success", 2)


def test_a_server_that_ends_in_order_takes_no_attempt(storage: MediaStorageService) -> None:
    def close(_: MediaRequest) -> Sequence[bytes]:
        raise PoolClosed("The server is ending.")

    run_id = new_run(storage, "one")
    for _ in range(MAX_ATTEMPTS + 1):
        storage.settle(run_id)
        run = worked(storage, ScriptedBackend(one=close), run_id)
        assert (run.status, run.attempts) == ("running", 1)
        storage.set_down(run_id)
    assert worked(storage, ScriptedBackend(one=picture), run_id).attempts == 1


def test_a_run_that_brings_the_server_down_at_its_media_is_given_up_with_its_jobs(
    storage: MediaStorageService,
) -> None:
    def crash(request: MediaRequest) -> Sequence[bytes]:
        number = len(backend.requests)
        request.run.submitting(
            Job(backend="scripted", job_id=f"job {number}", config=request.config.id), {}
        )
        if number == 1:  # of which it is known what became
            record = StageRecord(stage=4, step="x", status="done")
            storage.record_stage(request.run_id, record, {"workflow.json": "lost"})
        raise KeyboardInterrupt  # as sudden as a kill

    backend = ScriptedBackend(one=crash)
    pipeline = backend.pipeline(storage)
    run_id = new_run(storage, "one")
    pipeline.write_texts(run_id)
    for number in range(MAX_ATTEMPTS):
        with pytest.raises(KeyboardInterrupt):
            pipeline.make_media(run_id)
        assert storage.settle(run_id).attempts == number + 1
    assert pipeline.make_media(run_id) is LegEnd.FAILED
    run = storage.get_metadata(run_id)
    assert (run.status, run.error and run.error.code) == ("failed", "too_many_attempts")
    assert len(backend.requests) == MAX_ATTEMPTS
    assert backend.cancelled == ["job 2", "job 3"]


def test_a_run_goes_on_where_it_stopped(storage: MediaStorageService) -> None:
    run_id = new_run(storage, "one", "two")

    def cut_off(_: MediaRequest) -> Sequence[bytes]:
        raise KeyboardInterrupt  # as sudden as a kill

    with pytest.raises(KeyboardInterrupt):
        worked(storage, ScriptedBackend(one=picture, two=cut_off), run_id)
    before = storage.get_metadata(run_id)
    assert before.status == "running"
    backend = ScriptedBackend(one=picture, two=picture)
    run = worked(storage, backend, run_id)
    assert (run.status, run.attempts) == ("success", 2)
    assert run.stages[: len(before.stages)] == before.stages
    assert [request.config.id for request in backend.requests] == ["two"]
    assert [output.config for output in run.outputs] == ["one", "two"]


def test_a_failure_before_the_cut_stays_a_failure(storage: MediaStorageService) -> None:
    run_id = new_run(storage, "one", "two")

    def cut_off(_: MediaRequest) -> Sequence[bytes]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        worked(storage, ScriptedBackend(one=unreachable, two=cut_off), run_id)
    backend = ScriptedBackend(one=picture, two=picture)
    run = worked(storage, backend, run_id)
    assert [request.config.id for request in backend.requests] == ["two"]
    assert run.error is not None
    assert (run.status, run.error.code) == ("partial", "backend_unreachable")


def test_media_that_were_stored_before_the_cut_are_not_stored_again(
    storage: MediaStorageService,
) -> None:
    run_id = new_run(storage, "one")
    made_by = MadeBy(backend="scripted", config="one")
    first = storage.add_media_from_data(run_id, png_bytes(), made_by)
    run = worked(storage, ScriptedBackend(one=lambda _: [png_bytes(), png_bytes()]), run_id)
    assert run.status == "success"
    assert len(run.outputs) == 2
    assert run.outputs[0] == first


def test_a_run_that_is_deleted_under_way_is_left(storage: MediaStorageService) -> None:
    run_id = new_run(storage, "one")

    def delete(_: MediaRequest) -> Sequence[bytes]:
        storage.delete_run(run_id)
        return [png_bytes()]

    ScriptedBackend(one=delete).pipeline(storage).work(run_id)
    with pytest.raises(RunNotFound):
        storage.get_metadata(run_id)


def test_a_run_that_is_cancelled_under_way_stays_cancelled(storage: MediaStorageService) -> None:
    run_id = new_run(storage, "one")

    def cancel(_: MediaRequest) -> Sequence[bytes]:
        storage.finish_run(run_id, "cancelled")
        return [png_bytes()]

    run = worked(storage, ScriptedBackend(one=cancel), run_id)
    assert (run.status, run.outputs) == ("cancelled", ())


def test_fifteen_runs_at_once_stay_fifteen_runs(storage: MediaStorageService) -> None:
    together = threading.Barrier(15)

    def wait_for_all(request: MediaRequest) -> Sequence[bytes]:
        together.wait(30)
        return [png_bytes(16, 12 + request.seed)]

    backend = ScriptedBackend(one=wait_for_all)
    pipeline = backend.pipeline(storage)
    schemas = list(SCHEMAS)
    run_ids = [
        new_run(
            storage,
            "one",
            schema=schemas[number % len(schemas)],
            input_text=f"Kind {number} malt Bild {number}",
            request=RunRequest(output_configs=("one",), seed=number),
        )
        for number in range(15)
    ]
    with ThreadPoolExecutor(15) as threads:
        list(threads.map(pipeline.work, run_ids))
    for number, run_id in enumerate(run_ids):
        run = storage.get_metadata(run_id)
        assert (run.status, run.schema_id) == ("success", schemas[number % len(schemas)])
        assert run.stages[0].input == f"Kind {number} malt Bild {number}"
        assert run.outputs[0].height == 12 + number
    assert len({request.run_id for request in backend.requests}) == 15


@pytest.mark.parametrize("status", ["passed", "blocked"])
def test_a_look_at_a_picture_does_not_settle_its_config(
    storage: MediaStorageService, status: str
) -> None:
    """A kill after the look and before the config's own record."""
    backend = ScriptedBackend(one=picture)
    run_id = new_run(storage, "one")
    look = {"stage": 4, "step": "image_check", "status": status, "config": "one"}
    record = StageRecord.model_validate({**look, "details": {"error": "no verdict"}})
    storage.record_stages(run_id, [record])
    run = worked(storage, backend, run_id)
    assert (run.status, len(run.outputs), len(backend.requests)) == ("success", 1, 1)


def test_a_disk_too_full_to_begin_an_attempt_is_a_failed_run(
    storage: MediaStorageService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else nobody works on the run, and nothing says so, until the server starts again."""

    def begin(_: str) -> RunMetadata:
        raise StorageFull("The server's disk is full.")

    run_id = new_run(storage, "one")
    monkeypatch.setattr(storage, "begin_attempt", begin)
    run = worked(storage, ScriptedBackend(one=picture), run_id)
    assert (run.status, run.error and run.error.code) == ("failed", "storage_full")


@pytest.mark.parametrize("failure", [StorageFull("It is full."), OSError(errno.EIO, "broken")])
@pytest.mark.parametrize("script", [picture, unreachable])
def test_an_end_that_can_not_be_written_is_kept_and_tried_again(
    storage: MediaStorageService,
    monkeypatch: pytest.MonkeyPatch,
    failure: Exception,
    script: Callable[[MediaRequest], Sequence[bytes]],
) -> None:
    def refuse(*_: object) -> RunMetadata:
        raise failure

    last_words = LastWords(storage.finish_run, pause_seconds=600)
    run_id = new_run(storage, "one")
    pipeline = ScriptedBackend(one=script).pipeline(storage, last_words=last_words)
    with closing(last_words):
        with monkeypatch.context() as failing:
            failing.setattr(storage.folders, "change_at_last", refuse)
            pipeline.work(run_id)
        assert storage.get_metadata(run_id).status == "running"
        last_words.say_again()
    run = storage.get_metadata(run_id)
    assert run.status == ("success" if script is picture else "failed")


def test_a_disk_that_can_not_even_be_read_is_a_failed_run_once_it_can(
    storage: MediaStorageService, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> RunMetadata:
        raise OSError(errno.EIO, "Input/output error")

    last_words = LastWords(storage.finish_run, pause_seconds=600)
    run_id = new_run(storage, "one")
    pipeline = ScriptedBackend(one=picture).pipeline(storage, last_words=last_words)
    with closing(last_words):
        with monkeypatch.context() as failing:
            failing.setattr(MetadataFiles, "read", refuse)
            assert pipeline.write_texts(run_id) is LegEnd.FAILED
        last_words.say_again()
    run = storage.get_metadata(run_id)
    assert (run.status, run.error and run.error.code) == ("failed", "internal_error")


def test_a_run_whose_folder_somebody_breaks_under_way_is_left(
    storage: MediaStorageService, caplog: pytest.LogCaptureFixture
) -> None:
    run_id = new_run(storage, "one")

    def break_it(_: MediaRequest) -> Sequence[bytes]:
        (storage.folders.path(run_id) / "metadata.json").write_text("{")
        return [png_bytes()]

    pipeline = ScriptedBackend(one=break_it).pipeline(storage)
    assert pipeline.write_texts(run_id) is LegEnd.GOES_ON
    assert pipeline.make_media(run_id) is LegEnd.FAILED
    assert "can't be understood" in caplog.text


def test_a_run_lets_go_of_its_backend_before_its_last_media_are_stored(
    storage: MediaStorageService,
) -> None:
    let_go: list[tuple[str, int]] = []

    def note(run_id: str) -> None:
        let_go.append((run_id, len(storage.get_metadata(run_id).outputs)))

    run_id = new_run(storage, "a", "b")
    ScriptedBackend(a=picture, b=picture).pipeline(storage, let_go=note).work(run_id)
    assert let_go == [(run_id, 1)]
    several = new_run(storage, "a", "c")  # needs two: it keeps its place to the end
    first, second = ScriptedBackend(a=picture), ScriptedBackend("other", c=picture)
    first.pipeline(storage, second, let_go=note).work(several)
    assert storage.get_metadata(several).status == "success"
    assert let_go == [(run_id, 1)]
