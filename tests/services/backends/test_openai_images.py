from __future__ import annotations

import base64
import json
import logging
from typing import Any

import pytest
import responses

from devserver.config import PROJECT_FOLDER
from devserver.my_app.services.backends.api_jobs import SentBefore
from devserver.my_app.services.backends.api_service import ApiKeyRefused
from devserver.my_app.services.backends.openai_images import DEFAULT_BASE_URL, OpenAIImagesBackend
from devserver.my_app.services.backends.port import (
    BackendFailed,
    BackendNotConfigured,
    MediaBackend,
    ModerationBlocked,
    NotWanted,
)
from devserver.my_app.services.catalogue import Catalogue
from devserver.my_app.services.errors import MediaRejected
from devserver.my_app.services.media_sources import MadeBy, MediaData, MediaUrl
from devserver.my_app.services.media_storage import MediaStorageService
from devserver.my_app.services.pipeline import Pipeline
from devserver.my_app.services.run_folders import RunFolders
from devserver.my_app.services.run_metadata import Job, RunRequest
from devserver.my_app.services.run_progress import RunProgress
from devserver.my_app.services.schemas import load_interception_schemas
from devserver.my_app.wiring import build_pipeline
from tests.media_samples import png_bytes
from tests.services.backends.api_rig import (
    CONFIGS,
    KEY,
    PROMPT,
    Clock,
    FakeRun,
    changed,
    request,
    service,
)

URL = f"{DEFAULT_BASE_URL}/images/generations"
CONFIG = CONFIGS["gpt_image_1"]
PNG = png_bytes()
PNG_64 = base64.b64encode(PNG).decode()
BY = MadeBy(backend="openai", config="gpt_image_1", model="gpt-image-1")


def backend(clock: Clock | None = None, **more: Any) -> OpenAIImagesBackend:
    return OpenAIImagesBackend(service(clock, base=DEFAULT_BASE_URL, **more))


def answer(data: object, status: int = 200, **headers: str) -> None:
    responses.post(URL, json=data, status=status, headers=headers)


def test_it_is_a_backend() -> None:
    port: MediaBackend = backend()
    assert port.name == CONFIG.backend == "openai"
    assert CONFIG.default_rank == {"fast": 10}


@responses.activate
def test_the_images_come_back_in_their_order() -> None:
    image = {"b64_json": PNG_64, "revised_prompt": PROMPT}
    answer({"created": 1, "data": [image, image], "output_format": "png", "usage": {"n": 1}})
    run = FakeRun()
    assert backend().make(request(CONFIG, run)) == [MediaData(PNG, BY)] * 2
    assert run.made == [2]
    [call] = responses.calls
    sent = json.loads(call.request.body or "")
    assert sent == {**CONFIG.parameters, "prompt": PROMPT} == run.sent[0]
    assert "seed" not in sent


@responses.activate
def test_the_job_is_on_record_before_it_is_sent() -> None:
    run = FakeRun()

    def look(_: object) -> tuple[int, dict[str, str], str]:
        assert len(run.jobs) == 1
        assert run.states == []
        return 200, {}, json.dumps({"data": [{"b64_json": PNG_64}]})

    responses.add_callback("POST", URL, look)
    backend().make(request(CONFIG, run))
    [job] = run.jobs
    assert (job.backend, job.server, job.config) == ("openai", DEFAULT_BASE_URL, "gpt_image_1")
    assert run.states == [(job.job_id, "done")]


@responses.activate
def test_a_compatible_server_may_answer_with_addresses_and_take_a_seed() -> None:
    address = "https://images.example.org/1.png"
    responses.post("http://here:8080/v1/images/generations", json={"data": [{"url": address}]})
    near = OpenAIImagesBackend(
        service(base="http://here:8080/v1/", key=None), name="near", key_setting=None
    )
    config = changed("gpt_image_1", takes_seed=True)
    asked = request(config, FakeRun())
    [made] = near.make(asked)
    by = MadeBy(backend="near", config=config.id, model="gpt-image-1", seed=asked.seed)
    assert made == MediaUrl(address, by)
    sent = json.loads(responses.calls[0].request.body or "")
    assert sent["seed"] == asked.seed
    assert "takes_seed" not in sent
    assert near.unavailable_because(config) is None


@responses.activate
def test_too_many_requests_wait_and_go_on() -> None:
    answer({"error": {"code": "rate_limit_exceeded"}}, 429, **{"Retry-After": "4"})
    answer({"data": [{"b64_json": PNG_64}]})
    clock, run = Clock(), FakeRun()
    assert len(backend(clock).make(request(CONFIG, run))) == 1
    assert clock.seconds == pytest.approx(4.5)
    assert len(run.jobs) == 1


@pytest.mark.parametrize(
    ("status", "data", "expected", "state"),
    [
        (400, {"error": {"code": "moderation_blocked"}}, ModerationBlocked, "refused"),
        (401, {"error": {"code": "invalid_api_key"}}, ApiKeyRefused, "refused"),
        (200, {"error": {"code": "server_error"}}, BackendFailed, "failed"),
        (500, {}, BackendFailed, "failed"),
    ],
)
@responses.activate
def test_what_became_of_the_job_is_told(
    status: int, data: object, expected: type[Exception], state: str
) -> None:
    answer(data, status)
    run = FakeRun()
    with pytest.raises(expected):
        backend().make(request(CONFIG, run))
    assert run.states == [(run.jobs[0].job_id, state)]
    assert len(responses.calls) == 1


@responses.activate
def test_a_text_in_place_of_an_image_is_an_error() -> None:
    answer({"data": [{"b64_json": "succeeded"}]})
    with pytest.raises(MediaRejected, match="A text of 9 characters"):
        backend().make(request(CONFIG, FakeRun()))


@pytest.mark.parametrize("data", [{}, {"data": []}, {"data": None}, {"data": [{}]}])
@responses.activate
def test_an_answer_without_images_is_empty(data: object) -> None:
    answer(data)
    assert backend().make(request(CONFIG, FakeRun())) == []


@pytest.mark.parametrize("state", ["submitted", "done", "failed"])
@responses.activate
def test_nothing_is_sent_twice(state: str) -> None:
    run = FakeRun([Job(backend="openai", config="gpt_image_1", state=state)])
    with pytest.raises(SentBefore, match="not sent twice"):
        backend().make(request(CONFIG, run))
    assert len(responses.calls) == 0


@responses.activate
def test_a_run_that_is_over_is_not_sent() -> None:
    run = FakeRun()
    run.wanted = False
    with pytest.raises(NotWanted):
        backend().make(request(CONFIG, run))
    assert len(responses.calls) == 0


def test_what_can_not_be_made_says_why() -> None:
    run = FakeRun()
    with pytest.raises(BackendNotConfigured):
        backend(key=None).make(request(CONFIG, run))
    assert run.jobs == []
    assert backend().unavailable_because(CONFIG) is None
    assert backend(key=None).unavailable_because(CONFIG) == "OPENAI_API_KEY is not set."
    video = CONFIG.model_copy(update={"media_type": "video"})
    assert "not video" in str(backend().unavailable_because(video))
    lines = "\n".join(backend(key=None).describe([CONFIG]))
    assert DEFAULT_BASE_URL in lines
    assert "gpt_image_1 can't be made. OPENAI_API_KEY is not set." in lines
    assert KEY not in "\n".join(backend().describe([CONFIG]))


def pipeline(storage: MediaStorageService) -> Pipeline:
    schemas = load_interception_schemas(PROJECT_FOLDER / "devserver/schemas/interception")
    catalogue = Catalogue(schemas, CONFIGS, [backend()])
    return build_pipeline(storage, catalogue, RunProgress())


def new_run(storage: MediaStorageService) -> str:
    asked = RunRequest(output_configs=("gpt_image_1",), seed=7)
    return storage.create_run(schema="passthrough", input_text=PROMPT, request=asked).run_id


@responses.activate
def test_a_run_that_moderation_stops_is_blocked_at_stage_4(storage: MediaStorageService) -> None:
    answer({"error": {"code": "moderation_blocked", "message": PROMPT}}, 400)
    run_id = new_run(storage)
    pipeline(storage).work(run_id)
    run = storage.get_metadata(run_id)
    assert run.error is not None
    assert (run.status, run.error.code, run.error.stage) == ("blocked", "moderation_blocked", 4)
    assert PROMPT not in run.error.message


class Killed(BaseException):
    """As sudden as a kill: nothing of the pipeline catches it."""


def cut_off_after(
    monkeypatch: pytest.MonkeyPatch, storage: MediaStorageService, stored: int
) -> str:
    """A run that two pictures were answered for, cut off when so many of them were stored."""
    answer({"data": [{"b64_json": PNG_64}, {"b64_json": PNG_64}]})
    run_id = new_run(storage)
    add_media = storage.add_media

    def add_and_die(*given: Any) -> Any:
        if len(storage.get_metadata(run_id).outputs) == stored:
            raise Killed
        return add_media(*given)

    def die(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as killing:
        killing.setattr(storage, "add_media", add_and_die)
        killing.setattr(storage, "record_stage", die)
        with pytest.raises(Killed):
            pipeline(storage).work(run_id)
    storage.settle(run_id)
    return run_id


@responses.activate
def test_pictures_that_are_all_stored_are_a_success_also_when_the_record_was_cut_off(
    storage: MediaStorageService, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = cut_off_after(monkeypatch, storage, 2)
    pipeline(storage).work(run_id)
    run = storage.get_metadata(run_id)
    assert (run.status, run.error, len(run.outputs)) == ("success", None, 2)
    assert [(job.state, job.made) for job in run.jobs] == [("done", 2)]
    assert run.stages[-1].details == {"outputs": ["output_image.png", "output_image_2.png"]}
    assert len(responses.calls) == 1


@pytest.mark.parametrize(("stored", "status"), [(0, "failed"), (1, "partial")])
@responses.activate
def test_what_was_lost_of_an_answer_is_told_and_not_paid_for_again(
    storage: MediaStorageService, monkeypatch: pytest.MonkeyPatch, stored: int, status: str
) -> None:
    run_id = cut_off_after(monkeypatch, storage, stored)
    pipeline(storage).work(run_id)
    run = storage.get_metadata(run_id)
    assert (run.status, run.error and run.error.code) == (status, "sent_before")
    assert len(run.outputs) == stored
    assert len(responses.calls) == 1


@responses.activate
def test_an_answer_without_pictures_stays_that_after_a_restart(
    storage: MediaStorageService, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object) -> None:
        raise Killed

    answer({"data": []})
    run_id = new_run(storage)
    with monkeypatch.context() as killing:
        killing.setattr(storage, "record_stage", die)
        with pytest.raises(Killed):
            pipeline(storage).work(run_id)
    pipeline(storage).work(run_id)
    run = storage.get_metadata(run_id)
    assert (run.status, run.error and run.error.code) == ("failed", "nothing_produced")


@pytest.mark.parametrize("goes_well", [True, False])
@responses.activate
def test_the_key_is_nowhere_in_the_folder_or_the_log(
    storage: MediaStorageService,
    folders: RunFolders,
    goes_well: bool,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    if goes_well:
        answer({"data": [{"b64_json": PNG_64}]})
    else:
        answer({"error": {"code": KEY, "message": f"Incorrect API key: {KEY}"}}, 401)
    run_id = new_run(storage)
    pipeline(storage).work(run_id)
    run = storage.get_metadata(run_id)
    assert run.status == ("success" if goes_well else "failed")
    assert run.jobs[0].state == ("done" if goes_well else "refused")
    files = {path.name: path.read_bytes() for path in folders.path(run_id).iterdir()}
    assert {"metadata.json", "workflow.json"} <= files.keys()
    assert not any(KEY.encode() in content for content in files.values())
    assert KEY not in caplog.text
