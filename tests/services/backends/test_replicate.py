from __future__ import annotations

import base64
import json
import traceback
from typing import Any

import pytest
import requests
import responses

from devserver.config import PROJECT_FOLDER
from devserver.my_app.services.backends.api_jobs import SentBefore
from devserver.my_app.services.backends.api_service import ApiKeyRefused
from devserver.my_app.services.backends.port import (
    BackendFailed,
    BackendNotConfigured,
    BackendTimedOut,
    BackendUnreachable,
    MediaBackend,
    ModerationBlocked,
    NotWanted,
)
from devserver.my_app.services.backends.replicate import DEFAULT_BASE_URL, ReplicateBackend
from devserver.my_app.services.catalogue import Catalogue
from devserver.my_app.services.errors import MediaRejected
from devserver.my_app.services.media_sources import MadeBy, MediaData, MediaUrl
from devserver.my_app.services.media_storage import MediaStorageService
from devserver.my_app.services.output_configs import OutputConfig
from devserver.my_app.services.run_metadata import Job, RunRequest
from devserver.my_app.services.run_progress import RunProgress
from devserver.my_app.services.schemas import load_interception_schemas
from devserver.my_app.wiring import build_pipeline
from tests.media_samples import png_bytes
from tests.services.backends.api_rig import (
    CONFIGS,
    PROMPT,
    Clock,
    FakeRun,
    changed,
    request,
    service,
)

CONFIG = CONFIGS["replicate_image"]
CREATE = f"{DEFAULT_BASE_URL}/models/black-forest-labs/flux-schnell/predictions"
LOOK = f"{DEFAULT_BASE_URL}/predictions/abc123"
CANCEL = f"{LOOK}/cancel"
FILE = "https://replicate.delivery/x/out-0.png"
SEED = (2**40 + 7) % 2**31
BY = MadeBy(backend="replicate", config=CONFIG.id, model=CONFIG.model, seed=SEED)
MINE = [config for config in CONFIGS.values() if config.backend == "replicate"]


def backend(clock: Clock | None = None, seconds: float = 600, **more: Any) -> ReplicateBackend:
    return ReplicateBackend(service(clock, base=DEFAULT_BASE_URL, **more), timeout_seconds=seconds)


def prediction(status: str, **more: object) -> dict[str, object]:
    elsewhere = "https://elsewhere.example.org/"
    urls = {"get": f"{elsewhere}get", "cancel": f"{elsewhere}cancel", "web": f"{elsewhere}p"}
    return {"id": "abc123", "status": status, "error": None, "output": None, "urls": urls, **more}


def created(status: str = "starting", **more: object) -> None:
    responses.post(CREATE, json=prediction(status, **more), status=201)


def looks(*statuses: str, **more: object) -> None:
    for status in statuses:
        responses.get(LOOK, json=prediction(status, **more))


def sent(number: int = 0) -> Any:
    return json.loads(responses.calls[number].request.body or "null")


def test_it_is_a_backend_for_every_kind_of_media() -> None:
    port: MediaBackend = backend()
    assert {config.media_type for config in MINE} == {"image", "video", "audio", "3d"}
    for config in MINE:
        assert config.default_rank == {"fast": 30}
        assert port.unavailable_because(config) is None


@responses.activate
def test_what_is_done_at_once_needs_no_second_look() -> None:
    created("succeeded", output=[FILE])
    run = FakeRun()
    assert backend().make(request(CONFIG, run)) == [MediaUrl(FILE, BY)]
    [call] = responses.calls
    assert call.request.headers["Prefer"] == "wait=5"
    assert sent() == {"input": {**CONFIG.parameters["input"], "prompt": PROMPT, "seed": SEED}}
    assert sent() == run.sent[0]
    assert run.states == [("abc123", "done")]


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        (FILE, [MediaUrl(FILE, BY)]),
        ([FILE, FILE], [MediaUrl(FILE, BY)] * 2),
        ({"mesh": FILE, "note": "fine"}, [MediaUrl(FILE, BY)]),
        ("data:image/png;base64,", [MediaData(b"", BY, "image/png")]),
        (None, []),
        ([], []),
    ],
)
@responses.activate
def test_every_form_of_output_is_read(output: object, expected: list[object]) -> None:
    created("succeeded", output=output)
    assert backend().make(request(CONFIG, FakeRun())) == expected


@responses.activate
def test_text_in_place_of_media_is_an_error() -> None:
    created("succeeded", output=["Once", " upon"])
    run = FakeRun()
    with pytest.raises(MediaRejected, match="A text of 4 characters"):
        backend().make(request(CONFIG, run))
    assert run.states == [("abc123", "done")]


@responses.activate
def test_it_looks_ever_more_rarely_until_the_end() -> None:
    created()
    looks(*["processing"] * 12)
    looks("succeeded", output=FILE)
    clock = Clock()
    times: list[float] = []
    clock.on_sleep = lambda: times.append(clock.seconds)
    assert backend(clock).make(request(CONFIG, FakeRun())) == [MediaUrl(FILE, BY)]
    assert times[0] == 0.5
    assert 30 < clock.seconds < 60
    # The addresses in the answers lead elsewhere, and are not called.
    assert {call.request.url for call in responses.calls} == {CREATE, LOOK}


@responses.activate
def test_a_hiccup_while_looking_changes_nothing() -> None:
    created()
    responses.get(LOOK, body=requests.ReadTimeout("slow"))
    responses.get(LOOK, status=502)
    responses.get(LOOK, status=429, headers={"Retry-After": "2"})
    looks("succeeded", output=FILE)
    assert len(backend().make(request(CONFIG, FakeRun()))) == 1


@responses.activate
def test_the_id_is_written_down_as_soon_as_it_is_known() -> None:
    created()
    run = FakeRun()

    def look(_: object) -> tuple[int, dict[str, str], str]:
        assert [job.job_id for job in run.jobs] == ["abc123"]
        return 200, {}, json.dumps(prediction("succeeded", output=FILE))

    responses.add_callback("GET", LOOK, look)
    backend().make(request(CONFIG, run))
    assert (run.jobs[0].server, run.jobs[0].backend) == (DEFAULT_BASE_URL, "replicate")


@responses.activate
def test_after_a_restart_the_prediction_is_found_again() -> None:
    looks("processing")
    looks("succeeded", output=FILE)
    run = FakeRun([Job(backend="replicate", job_id="abc123", config=CONFIG.id)])
    assert backend().make(request(CONFIG, run)) == [MediaUrl(FILE, BY)]
    assert {call.request.method for call in responses.calls} == {"GET"}


@responses.activate
def test_a_stored_run_that_is_cut_off_goes_on_with_its_prediction(
    storage: MediaStorageService,
) -> None:
    created()
    looks("processing")
    looks("succeeded", output="data:image/png;base64," + base64.b64encode(png_bytes()).decode())
    clock = Clock()
    schemas = load_interception_schemas(PROJECT_FOLDER / "devserver/schemas/interception")
    catalogue = Catalogue(schemas, CONFIGS, [backend(clock)])
    asked = RunRequest(output_configs=(CONFIG.id,), seed=7)
    run_id = storage.create_run(schema="dada", input_text="Ein Baum", request=asked).run_id

    def cut_off() -> None:
        raise KeyboardInterrupt  # as sudden as a kill

    clock.on_sleep = cut_off
    with pytest.raises(KeyboardInterrupt):
        build_pipeline(storage, catalogue, RunProgress()).work(run_id)
    clock.on_sleep = lambda: None
    build_pipeline(storage, catalogue, RunProgress()).work(run_id)
    run = storage.get_metadata(run_id)
    assert run.status == "success"
    assert [(job.job_id, job.state) for job in run.jobs] == [("abc123", "done")]
    assert [call.request.method for call in responses.calls] == ["POST", "GET", "GET"]
    assert run.outputs[0].seed == 7


@pytest.mark.parametrize("job_id", [None, "../account", ""])
@responses.activate
def test_what_can_not_be_found_again_is_not_sent_twice(job_id: str | None) -> None:
    run = FakeRun([Job(backend="replicate", job_id=job_id, config=CONFIG.id)])
    with pytest.raises(SentBefore, match="cost money are not sent twice"):
        backend().make(request(CONFIG, run))
    assert len(responses.calls) == 0


@responses.activate
def test_files_that_are_gone_after_a_restart_are_told() -> None:
    looks("succeeded", data_removed=True)
    run = FakeRun([Job(backend="replicate", job_id="abc123", config=CONFIG.id)])
    with pytest.raises(BackendFailed, match="removed"):
        backend().make(request(CONFIG, run))


@responses.activate
def test_a_run_nobody_wants_any_more_is_cancelled_there() -> None:
    created()
    looks("processing")
    responses.post(CANCEL, status=500)
    responses.post(CANCEL, json=prediction("canceled"))
    clock, run = Clock(), FakeRun()

    def cancel() -> None:
        run.wanted = clock.seconds < 5

    clock.on_sleep = cancel
    with pytest.raises(NotWanted):
        backend(clock).make(request(CONFIG, run))
    assert [call.request.url for call in responses.calls][-2:] == [CANCEL, CANCEL]
    assert run.states == [("abc123", "cancelled")]


@responses.activate
def test_a_run_that_ends_while_the_prediction_is_made_is_cancelled_there() -> None:
    class Ended(FakeRun):
        def job_known_as(self, job: Job, job_id: str) -> Job:
            raise NotWanted("The run is over already.")

    created()
    responses.post(CANCEL, json=prediction("canceled"))
    with pytest.raises(NotWanted):
        backend().make(request(CONFIG, Ended()))
    assert responses.calls[-1].request.url == CANCEL


@responses.activate
def test_a_job_of_a_run_that_was_given_up_is_cancelled_there() -> None:
    responses.post(CANCEL, status=500)
    responses.post(CANCEL, json=prediction("canceled"))
    job = Job(backend="replicate", server=DEFAULT_BASE_URL, job_id="abc123")
    for unknown in ({"job_id": None}, {"job_id": "../x"}, {"server": "https://before.example"}):
        backend().cancel(job.model_copy(update=unknown))
    assert not responses.calls
    backend().cancel(job)
    assert [call.request.url for call in responses.calls] == [CANCEL, CANCEL]


@responses.activate
def test_what_takes_too_long_is_cancelled_there() -> None:
    created()
    looks("processing")
    responses.post(CANCEL, body=requests.ConnectionError("gone"))
    clock, run = Clock(), FakeRun()
    with pytest.raises(BackendTimedOut):
        backend(clock, seconds=30).make(request(CONFIG, run))
    assert 25 < clock.seconds < 45
    assert CANCEL in {call.request.url for call in responses.calls}
    assert run.states == [("abc123", "timed_out")]


@responses.activate
def test_a_service_that_is_gone_for_long_is_unreachable() -> None:
    created()
    responses.get(LOOK, body=requests.ConnectionError("gone"))
    responses.post(CANCEL, body=requests.ConnectionError("gone"))
    run = FakeRun()
    with pytest.raises(BackendUnreachable):
        backend().make(request(CONFIG, run))
    assert run.states == [("abc123", "lost")]


@pytest.mark.parametrize(
    ("status", "error", "expected", "state"),
    [
        ("failed", f"CUDA out of memory: {PROMPT}", BackendFailed, "failed"),
        ("failed", None, BackendFailed, "failed"),
        ("failed", f"{PROMPT} was flagged as sensitive. (E005)", ModerationBlocked, "refused"),
        ("failed", "NSFW content detected.", ModerationBlocked, "refused"),
        ("canceled", None, BackendFailed, "failed"),
        ("aborted", None, BackendFailed, "failed"),
    ],
)
@responses.activate
def test_every_bad_end_is_told(
    status: str, error: str | None, expected: type[Exception], state: str
) -> None:
    created()
    looks(status, error=error)
    run = FakeRun()
    with pytest.raises(expected) as caught:
        backend().make(request(CONFIG, run))
    assert run.states == [("abc123", state)]
    assert PROMPT not in "".join(traceback.format_exception(caught.value))
    assert CANCEL not in {call.request.url for call in responses.calls}


@pytest.mark.parametrize(
    ("status", "answered", "expected"),
    [
        (401, {"title": "Unauthenticated", "detail": PROMPT}, ApiKeyRefused),
        (402, {"title": "Insufficient credit", "detail": PROMPT}, BackendFailed),
        (422, {"detail": PROMPT}, BackendFailed),
        (500, {}, BackendFailed),
        (201, {}, BackendFailed),
        (201, {"id": "../x", "status": "starting"}, BackendFailed),
        (201, {"id": 5, "status": "starting"}, BackendFailed),
    ],
)
@responses.activate
def test_a_prediction_that_does_not_come_about_is_told(
    status: int, answered: object, expected: type[Exception]
) -> None:
    responses.post(CREATE, json=answered, status=status)
    run = FakeRun()
    with pytest.raises(expected) as caught:
        backend().make(request(CONFIG, run))
    assert PROMPT not in str(caught.value)
    assert run.states == [(None, "refused" if expected is ApiKeyRefused else "failed")]
    assert len(responses.calls) == 1


@responses.activate
def test_a_lost_answer_to_what_costs_money_is_not_sent_again() -> None:
    responses.post(CREATE, body=requests.ReadTimeout("slow"))
    run = FakeRun()
    with pytest.raises(BackendTimedOut):
        backend().make(request(CONFIG, run))
    assert len(responses.calls) == 1
    assert run.states == [(None, "timed_out")]


@responses.activate
def test_a_version_goes_to_the_common_address() -> None:
    version = "0123456789abcdef" * 4
    responses.post(f"{DEFAULT_BASE_URL}/predictions", json=prediction("succeeded", output=FILE))
    config = changed(
        CONFIG.id, model=f"some/model:{version}", prompt_input="text", seed_input=None, input=None
    )
    [made] = backend().make(request(config, FakeRun()))
    assert sent() == {"version": version, "input": {"text": PROMPT}}
    assert made.made_by.seed is None


@responses.activate
def test_a_prompt_that_is_too_long_for_the_model_is_cut_and_the_run_told() -> None:
    config = changed(CONFIG.id, longest_prompt=12)
    created("succeeded", output=FILE)
    run = FakeRun()
    backend().make(request(config, run, prompt="eins zwei drei vier"))
    assert sent()["input"]["prompt"] == "eins zwei"
    assert len(run.warnings) == 1
    backend().make(request(config, FakeRun(), prompt="eins zwei dr"))
    assert sent(1)["input"]["prompt"] == "eins zwei dr"
    backend().make(request(config, FakeRun(), prompt="x" * 20))
    assert sent(2)["input"]["prompt"] == "x" * 12


def test_what_can_not_be_made_says_why() -> None:
    run = FakeRun()
    with pytest.raises(BackendNotConfigured):
        backend(key=None).make(request(CONFIG, run))
    assert run.jobs == []
    assert backend(key=None).unavailable_because(CONFIG) == "REPLICATE_API_TOKEN is not set."
    for model in (None, "flux", "a/b/c", "a/b:latest", "../x"):
        config: OutputConfig = changed(CONFIG.id, model=model)
        assert "no model" in str(backend().unavailable_because(config)), model
    assert len(backend(key=None).describe(MINE)) == 1 + len(MINE)
