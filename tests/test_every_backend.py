"""Every output config of an API service, through the real server, for every shape of answer.

All runs of a server go at once, each with a prompt of its own; a test looks at one of them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests

from devserver.my_app.services.run_metadata import RunMetadata
from tests import media_samples as samples
from tests.fake_api_services import KEYS, REPLICATE_TOKEN, Failure, FakeApiServices, Script
from tests.honest_folders import check_folder
from tests.running_server import RunningServer
from tests.test_server import wait_for

SEED = 2**40 + 7


@dataclass(frozen=True)
class Sample:
    """A file that a service serves, and what metadata.json has to say of it."""

    data: bytes
    facts: Mapping[str, Any]


def _image(data: bytes, format: str, width: int, height: int) -> Sample:
    mime_type = f"image/{format}"
    facts = {"type": "image", "format": format, "mime_type": mime_type}
    return Sample(data, {**facts, "width": width, "height": height, "duration_seconds": None})


def _sound(data: bytes, format: str, mime_type: str) -> Sample:
    facts = {"type": "audio", "format": format, "mime_type": mime_type}
    return Sample(data, {**facts, "duration_seconds": 0.5, "width": None})


PNG = _image(samples.noise_picture_bytes("PNG", 64, 48), "png", 64, 48)
OTHER_PNG = _image(samples.noise_picture_bytes("PNG", 30, 20), "png", 30, 20)
JPEG = _image(samples.noise_picture_bytes("JPEG", 40, 24), "jpeg", 40, 24)
WEBP = _image(samples.noise_picture_bytes("WEBP", 24, 40), "webp", 24, 40)
WAV = _sound(samples.wav_bytes(0.5), "wav", "audio/wav")
FLAC = _sound(samples.flac_bytes(0.5), "flac", "audio/flac")
MP3 = _sound(samples.mp3_bytes(0.5), "mp3", "audio/mpeg")
MP4 = Sample(
    samples.mp4_bytes(0.5, 32, 24),
    {
        **{"type": "video", "format": "mp4", "mime_type": "video/mp4", "width": 32, "height": 24},
        **{"duration_seconds": 0.5, "frame_rate": 10.0},
    },
)
WEBM = Sample(
    samples.webm_bytes(0.5),
    {"type": "video", "format": "webm", "mime_type": "video/webm", "width": 32, "height": 24},
)
GLB = Sample(
    samples.glb_bytes(),
    {
        **{"type": "3d", "format": "glb", "mime_type": "model/gltf-binary"},
        **{"vertices": 4, "faces": 4, "width": None},
    },
)
PLY = Sample(
    samples.ply_bytes(),
    {"type": "3d", "format": "ply", "mime_type": "model/ply", "vertices": 4, "faces": 4},
)
HTML = Sample(b"<!DOCTYPE html><html><body>out of stock</body></html>", {})
MADE_BY = {
    "gpt_image_1": ("openai", "gpt-image-1", None),
    "openrouter_image": ("openrouter", "google/gemini-2.5-flash-image", None),
    "replicate_image": ("replicate", "black-forest-labs/flux-schnell", SEED % 2**31),
    "replicate_video": ("replicate", "wan-video/wan-2.2-t2v-fast", SEED % 2**31),
    "replicate_audio": ("replicate", "stability-ai/stable-audio-2.5", SEED % 2**31),
    "replicate_3d": ("replicate", "tencent/hunyuan-3d-3.1", None),
}
"""By output config: the backend, the model and the seed that metadata.json has to name."""


@dataclass(frozen=True)
class Case:
    """One run: what is asked of whom, how it goes there, and what has to come of it.

    `stored` are the files that have to lie in the folder in the end; None for all that were made.
    `asked` is how often the service is asked to make them.
    """

    config: str
    made: tuple[Sample, ...] = ()
    script: Mapping[str, Any] = field(default_factory=dict)
    status: str = "success"
    code: str | None = None
    http: int = 200
    stored: tuple[Sample, ...] | None = None
    asked: int = 1


def _fails(
    config: str,
    code: str,
    *made: Sample,
    http: int = 502,
    stored: tuple[Sample, ...] = (),
    asked: int = 1,
    **script: Any,
) -> Case:
    return Case(config, made, script, "failed", code, http, stored, asked)


def _blocked(config: str, *made: Sample, **script: Any) -> Case:
    return Case(config, made, script, "blocked", "moderation_blocked", 403, ())


def _succeeds(config: str, *made: Sample, asked: int = 1, **script: Any) -> Case:
    return Case(config, made, script, asked=asked)


def _openai_failure(status: int, code: str | None, **headers: str) -> Failure:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    error = {"message": f"No: {KEYS[0]}", "type": "invalid_request_error", "code": code}
    return Failure(status, {"error": {**error, "param": None}}, names)


def _router_failure(status: int, inside: int | None = None, **metadata: object) -> Failure:
    error = {"code": inside or status, "message": f"No: {KEYS[1]}", "metadata": metadata}
    return Failure(status, {"error": error, "user_id": "user_2"})


def _replicate_failure(status: int, **headers: str) -> Failure:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Failure(status, {"title": "No", "detail": f"No: {KEYS[2]}", "status": status}, names)


_STEPS = ("starting", "processing", "succeeded")
_OPENAI = {
    "base64, PNG": _succeeds("gpt_image_1", PNG, shape="b64_json"),
    "base64, JPEG": _succeeds("gpt_image_1", JPEG, shape="b64_json"),
    "base64, WebP": _succeeds("gpt_image_1", WEBP, shape="b64_json"),
    "base64, two": _succeeds("gpt_image_1", PNG, WEBP, shape="b64_json"),
    "slowly": _succeeds("gpt_image_1", PNG, shape="b64_json", manner="slow"),
    "busy, then well": _succeeds(
        *("gpt_image_1", PNG),
        shape="b64_json",
        failures=[_openai_failure(429, "rate_limit_exceeded", Retry_After="0")],
        asked=2,
    ),
    "not there for a moment": _succeeds(
        *("gpt_image_1", PNG),
        shape="b64_json",
        failures=[_openai_failure(503, None, Retry_After="0")],
        asked=2,
    ),
    "moderation_blocked": _blocked(
        "gpt_image_1", failures=[_openai_failure(400, "moderation_blocked")]
    ),
    "content_policy_violation": _blocked(
        "gpt_image_1", failures=[_openai_failure(400, "content_policy_violation")]
    ),
    "no credit": _fails(
        "gpt_image_1", "backend_failed", failures=[_openai_failure(429, "insufficient_quota")]
    ),
    "wrong key": _fails(
        "gpt_image_1", "api_key_refused", failures=[_openai_failure(401, "invalid_api_key")]
    ),
    "key as its code": _fails(
        "gpt_image_1", "backend_failed", failures=[_openai_failure(400, KEYS[0])]
    ),
    "server error": _fails("gpt_image_1", "backend_failed", failures=[_openai_failure(500, None)]),
    "bad gateway": _fails("gpt_image_1", "backend_failed", failures=[_openai_failure(502, None)]),
    "an error under 200": _fails(
        "gpt_image_1", "backend_failed", failures=[_openai_failure(200, "server_error")]
    ),
    "broken off": _fails("gpt_image_1", "backend_unreachable", PNG, shape="b64_json", manner="cut"),
    "a page": _fails("gpt_image_1", "backend_failed", PNG, shape="b64_json", manner="page"),
    "a redirect": _fails("gpt_image_1", "backend_failed", PNG, shape="b64_json", manner="redirect"),
    "no data": _fails("gpt_image_1", "nothing_produced", shape="nothing"),
    "a page in base64": _fails("gpt_image_1", "not_media", HTML, shape="b64_json"),
    "half a picture": _fails(
        *("gpt_image_1", "media_rejected", Sample(PNG.data[:2000], {})), shape="b64_json"
    ),
    "a sound": _fails("gpt_image_1", "nothing_produced", WAV, shape="b64_json", stored=(WAV,)),
}
_OPENROUTER = {
    "data URI, PNG": _succeeds("openrouter_image", PNG, shape="data URI"),
    "data URI, WebP": _succeeds("openrouter_image", WEBP, shape="data URI", mime_type="image/webp"),
    "data URI, JPEG": _succeeds("openrouter_image", JPEG, shape="data URI", mime_type="image/jpeg"),
    "data URI that lies": _succeeds(
        "openrouter_image", PNG, shape="data URI", mime_type="text/html"
    ),
    "two images": _succeeds("openrouter_image", PNG, WEBP, shape="data URI"),
    "an address": _succeeds("openrouter_image", JPEG, shape="url"),
    "content parts": _succeeds("openrouter_image", PNG, shape="content parts"),
    "bare parts": _succeeds("openrouter_image", PNG, shape="bare parts"),
    "two choices": _succeeds("openrouter_image", PNG, OTHER_PNG, shape="choices"),
    "behind blank lines": _succeeds("openrouter_image", PNG, shape="data URI", manner="slow"),
    "busy, then well": _succeeds(
        *("openrouter_image", PNG),
        shape="data URI",
        failures=[
            Failure(429, {"error": {"code": 429, "message": "slow down"}}, {"Retry-After": "0"})
        ],
        asked=2,
    ),
    "text alone": _fails("openrouter_image", "nothing_produced", shape="text"),
    "refused in the end": _blocked("openrouter_image", shape="refused"),
    "flagged": _blocked(
        "openrouter_image",
        failures=[_router_failure(403, reasons=["violence"], flagged_input="Ein Baum …")],
    ),
    "an error under 200": _fails(
        "openrouter_image", "backend_failed", failures=[_router_failure(200, 502)]
    ),
    "a refused key under 200": _fails(
        "openrouter_image", "api_key_refused", failures=[_router_failure(200, 401)]
    ),
    "no credit": _fails("openrouter_image", "backend_failed", failures=[_router_failure(402)]),
    "time-out there": _fails("openrouter_image", "backend_failed", failures=[_router_failure(408)]),
    "no provider": _fails("openrouter_image", "backend_failed", failures=[_router_failure(503)]),
}
_REPLICATE = {
    "a list": _succeeds("replicate_image", PNG, shape="list"),
    "a list of two": _succeeds("replicate_image", PNG, WEBP, shape="list"),
    "an address": _succeeds("replicate_image", WEBP, shape="url"),
    "an object": _succeeds("replicate_image", JPEG, shape="object"),
    "an object in a list": _succeeds("replicate_image", PNG, OTHER_PNG, shape="nested"),
    "data URI": _succeeds("replicate_image", PNG, shape="data URI"),
    "data URI of anything": _succeeds(
        "replicate_image", WEBP, shape="data URI", mime_type="application/octet-stream"
    ),
    "looked at": _succeeds("replicate_image", PNG, shape="list", statuses=_STEPS),
    "looked at, with hiccups": _succeeds(
        *("replicate_image", PNG),
        shape="list",
        statuses=_STEPS,
        look_failures=[_replicate_failure(500), _replicate_failure(429, Retry_After="0")],
    ),
    "busy, then well": _succeeds(
        *("replicate_image", PNG),
        shape="list",
        failures=[_replicate_failure(429, Retry_After="0")],
        asked=2,
    ),
    "a transfer that breaks": _succeeds(
        "replicate_image", PNG, shape="url", delivery="broken once"
    ),
    "text": _fails("replicate_image", "media_rejected", shape="text"),
    "nothing": _fails("replicate_image", "nothing_produced", shape="nothing"),
    "failed": _fails(
        *("replicate_image", "backend_failed", PNG),
        shape="list",
        statuses=("starting", "failed"),
        error="CUDA out of memory",
    ),
    "not safe": _blocked(
        *("replicate_image", PNG),
        shape="list",
        statuses=("starting", "failed"),
        error="NSFW content detected. Try running it again.",
    ),
    "canceled": _fails(
        "replicate_image", "backend_failed", PNG, shape="list", statuses=("canceled",)
    ),
    "aborted": _fails(
        "replicate_image", "backend_failed", PNG, shape="list", statuses=("starting", "aborted")
    ),
    "refused input": _fails(
        "replicate_image", "backend_failed", failures=[_replicate_failure(422)]
    ),
    "no credit": _fails("replicate_image", "backend_failed", failures=[_replicate_failure(402)]),
    "the file is gone": _fails(
        "replicate_image", "fetch_failed", PNG, shape="url", delivery="gone"
    ),
    "one of two is a page": Case(
        *("replicate_image", (PNG, HTML), {"shape": "list"}, "partial", "not_media"),
        stored=(PNG,),
    ),
    "a stranger's address": _fails(
        "replicate_image", "fetch_refused", PNG, shape="url", delivery="at a stranger's"
    ),
    "sent on to a stranger": _fails(
        "replicate_image", "fetch_refused", PNG, shape="url", delivery="redirect"
    ),
    "video, MP4": _succeeds(
        "replicate_video", MP4, shape="url", statuses=_STEPS, mime_type="video/mp4"
    ),
    "video, WebM as MP4": _succeeds("replicate_video", WEBM, shape="list", mime_type="video/mp4"),
    "video, a picture": _fails(
        "replicate_video", "nothing_produced", PNG, shape="url", stored=(PNG,)
    ),
    "audio, MP3": _succeeds("replicate_audio", MP3, shape="url", mime_type="audio/mpeg"),
    "audio, WAV in a data URI": _succeeds(
        "replicate_audio", WAV, shape="data URI", mime_type="audio/x-wav"
    ),
    "audio, FLAC": _succeeds("replicate_audio", FLAC, shape="list", statuses=_STEPS),
    "3D, GLB": _succeeds("replicate_3d", GLB, shape="url", mime_type="model/gltf-binary"),
    "3D, GLB in an object": _succeeds("replicate_3d", GLB, shape="object"),
    "3D, with its preview": _succeeds("replicate_3d", PNG, GLB, shape="nested"),
    "3D, PLY": _succeeds("replicate_3d", PLY, shape="url", mime_type="text/plain"),
}
_PLAIN = {
    "base64": _succeeds("gpt_image_1", PNG, shape="b64_json"),
    "an address": _succeeds("gpt_image_1", JPEG, shape="url"),
    "an address and null": _succeeds("gpt_image_1", WEBP, shape="url and null"),
    "data URI": _succeeds("gpt_image_1", PNG, shape="data URI"),
    "a transfer that breaks": _succeeds("gpt_image_1", PNG, shape="url", delivery="broken once"),
    "the file is gone": _fails("gpt_image_1", "fetch_failed", PNG, shape="url", delivery="gone"),
    "a stranger's address": _fails(
        "gpt_image_1", "fetch_refused", PNG, shape="url", delivery="at a stranger's"
    ),
    "FastAPI's error": _fails(
        "gpt_image_1", "backend_failed", failures=[Failure(422, {"detail": [{"loc": ["n"]}]})]
    ),
}
CASES = {
    f"{service}: {name}": case
    for service, cases in (
        ("openai", _OPENAI),
        ("openrouter", _OPENROUTER),
        ("replicate", _REPLICATE),
        ("plain", _PLAIN),
    )
    for name, case in cases.items()
}
PROMPTS = {name: f"Ein Baum am See, Nummer {number}" for number, name in enumerate(CASES)}


@dataclass(frozen=True)
class Runs:
    """All cases under way: the services, the two servers in front of them, and the answers."""

    fake: FakeApiServices
    servers: tuple[RunningServer, RunningServer]
    answers: Mapping[str, Future[requests.Response]]
    checked: dict[str, RunMetadata] = field(default_factory=dict)

    def server_of(self, name: str) -> RunningServer:
        return self.servers[name.startswith("plain")]


@pytest.fixture(name="runs", scope="module")
def _runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    many = {"DEVSERVER_RUN_WORKERS": "40", "DEVSERVER_POOL_PROCESSES": "2"}
    with FakeApiServices() as fake, ThreadPoolExecutor(40) as threads:
        servers = (
            RunningServer(tmp_path_factory.mktemp("services"), **fake.environment(), **many),
            RunningServer(tmp_path_factory.mktemp("plain"), **fake.plain_environment(), **many),
        )
        for name, case in CASES.items():
            made = [sample.data for sample in case.made]
            fake.when(PROMPTS[name], Script(made, **case.script))
        list(threads.map(RunningServer.start, servers))
        runs = Runs(fake, servers, {})
        answers = {name: threads.submit(_post, runs, name) for name in CASES}
        yield Runs(fake, servers, answers)
        list(threads.map(RunningServer.stop, servers))


def _post(runs: Runs, name: str) -> requests.Response:
    return runs.server_of(name).post_text(
        schema="passthrough",
        input_text=PROMPTS[name],
        execution_mode="fast",
        output_config=CASES[name].config,
        seed=SEED,
    )


def _metadata(runs: Runs, name: str) -> RunMetadata:
    """What the run's folder says, which is checked against its files."""
    if name not in runs.checked:
        run_id = runs.answers[name].result().json()["run_id"]
        runs.checked[name] = check_folder(runs.server_of(name).runs / run_id)
    return runs.checked[name]


@pytest.mark.parametrize("name", CASES)
def test_the_run_ends_as_it_should(runs: Runs, name: str) -> None:
    case = CASES[name]
    answer = runs.answers[name].result()
    said = answer.json()
    run = _metadata(runs, name)
    code = run.error.code if run.error else None
    assert (run.status, code) == (case.status, case.code), run.error
    assert answer.status_code == case.http
    if case.status in ("success", "partial"):
        assert said["status"] == case.status
    else:
        assert said["error"]
        assert said["code"] == ("blocked" if case.status == "blocked" else case.code)
    assert len(runs.fake.asked_for(PROMPTS[name])) == case.asked


@pytest.mark.parametrize("name", CASES)
def test_the_files_are_what_the_service_served(runs: Runs, name: str) -> None:
    case, run = CASES[name], _metadata(runs, name)
    server = runs.server_of(name)
    expected = case.made if case.stored is None else case.stored
    assert len(run.outputs) == len(expected)
    backend, model, seed = MADE_BY[case.config]
    for output, sample in zip(run.outputs, expected, strict=True):
        assert (server.runs / run.run_id / output.filename).read_bytes() == sample.data
        entry = output.model_dump()
        for key, value in sample.facts.items():
            about = pytest.approx(value, abs=0.02) if isinstance(value, float) else value
            assert entry[key] == about, key
        assert output.file_size_bytes == len(sample.data)
        assert output.sha256 == hashlib.sha256(sample.data).hexdigest()
        assert (output.backend, output.config) == (backend, case.config)
        assert (output.model, output.seed) == (model, seed)


@pytest.mark.parametrize("name", [name for name in CASES if CASES[name].status == "success"])
def test_the_answer_leads_to_the_same_bytes(runs: Runs, name: str) -> None:
    outputs = runs.answers[name].result().json()["outputs"]
    for output, sample in zip(outputs, CASES[name].made, strict=True):
        file = requests.get(runs.server_of(name).url + output["url"], timeout=30)
        assert file.content == sample.data
        assert file.headers["Content-Type"] == sample.facts["mime_type"]


@pytest.mark.parametrize(
    ("name", "claimed"),
    [
        ("openrouter: data URI that lies", "text/html"),
        ("replicate: video, WebM as MP4", "video/mp4"),
        ("replicate: data URI of anything", None),
        ("replicate: audio, WAV in a data URI", None),
        ("openrouter: data URI, JPEG", None),
        ("openai: base64, JPEG", None),
    ],
)
def test_a_false_claim_of_a_type_is_overruled_with_a_warning(
    runs: Runs, name: str, claimed: str | None
) -> None:
    run = _metadata(runs, name)
    assert len(run.warnings) == (claimed is not None)
    assert all(str(claimed) in warning for warning in run.warnings)


@pytest.mark.parametrize("name", CASES)
def test_the_folder_holds_what_was_sent(runs: Runs, name: str) -> None:
    run = _metadata(runs, name)
    folder = runs.server_of(name).runs / run.run_id
    sent = [json.loads((folder / str(job.workflow)).read_bytes()) for job in run.jobs]
    assert sent == [runs.fake.asked_for(PROMPTS[name])[0].body]
    if run.status == "success":
        assert [job.state for job in run.jobs] == ["done"]


def test_no_key_is_told_to_anyone(runs: Runs) -> None:
    everything = b"".join(future.result().content for future in runs.answers.values())
    for server in runs.servers:
        files = (path for path in server.exports.rglob("*") if path.is_file())
        everything += b"".join(path.read_bytes() for path in files) + server.log.read_bytes()
    assert b"Geheim" not in everything
    for request in runs.fake.received_by("files"):
        assert "Authorization" not in request.headers
        assert b"Geheim" not in repr(request).encode()
    plain = [one for one in runs.fake.received_by("api") if one.path.startswith("/plain")]
    assert plain
    assert all("Authorization" not in request.headers for request in plain)


def test_nothing_arrives_at_a_stranger(runs: Runs) -> None:
    for future in runs.answers.values():
        future.result()
    assert runs.fake.received_by("stranger") == []


def test_a_cancelled_run_cancels_its_prediction(runs: Runs) -> None:
    fake, server = runs.fake, runs.servers[0]
    fake.when("Ein Fluss ohne Ende", Script(shape="list", statuses=("processing",) * 10_000))
    body = {
        "schema": "passthrough",
        "input_text": "Ein Fluss ohne Ende",
        "execution_mode": "fast",
        "output_config": "replicate_image",
    }
    begun = requests.post(
        f"{server.url}/api/schema/pipeline/execute",
        json=body,
        headers={"Prefer": "respond-async"},
        timeout=30,
    )
    run_id = begun.json()["run_id"]

    def paths(method: str) -> list[str]:
        return [one.path for one in fake.received_by("api") if one.method == method]

    def job_id() -> str | None:
        metadata = json.loads((server.runs / run_id / "metadata.json").read_bytes())
        return next((job["job_id"] for job in metadata["jobs"]), None)

    known = wait_for(job_id)
    wait_for(lambda: f"/replicate/v1/predictions/{known}" in paths("GET"))
    cancelled = requests.post(f"{server.url}/api/runs/{run_id}/cancel", timeout=30)
    assert cancelled.json()["status"] == "cancelled"
    wait_for(lambda: f"/replicate/v1/predictions/{known}/cancel" in paths("POST"))
    [cancel] = [one for one in fake.received_by("api") if one.path.endswith(f"{known}/cancel")]
    assert cancel.headers["Authorization"] == f"Bearer {REPLICATE_TOKEN}"
    assert check_folder(server.runs / run_id).status == "cancelled"
