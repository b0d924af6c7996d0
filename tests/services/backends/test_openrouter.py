from __future__ import annotations

import base64
import json
from typing import Any

import pytest
import responses

from devserver.my_app.services.backends.api_jobs import SentBefore
from devserver.my_app.services.backends.api_service import ApiKeyRefused
from devserver.my_app.services.backends.openrouter import DEFAULT_BASE_URL, OpenRouterBackend
from devserver.my_app.services.backends.port import (
    BackendFailed,
    BackendNotConfigured,
    MediaBackend,
    ModerationBlocked,
)
from devserver.my_app.services.errors import MediaRejected
from devserver.my_app.services.media_sources import MadeBy, MediaData, MediaUrl
from devserver.my_app.services.run_metadata import Job
from tests.media_samples import png_bytes
from tests.services.backends.api_rig import CONFIGS, PROMPT, FakeRun, changed, request, service

URL = f"{DEFAULT_BASE_URL}/chat/completions"
CONFIG = CONFIGS["openrouter_image"]
PNG = png_bytes()
PNG_URI = "data:image/png;base64," + base64.b64encode(PNG).decode()
ADDRESS = "https://images.example.org/1.png"
BY = MadeBy(backend="openrouter", config=CONFIG.id, model=CONFIG.model)
IMAGE = {"type": "image_url", "image_url": {"url": PNG_URI}}


def backend(**more: Any) -> OpenRouterBackend:
    return OpenRouterBackend(service(base=DEFAULT_BASE_URL, **more))


def answer(message: object, **choice: object) -> None:
    responses.post(URL, json={"choices": [{"message": message, **choice}]})


def test_it_is_a_backend() -> None:
    port: MediaBackend = backend()
    assert port.name == CONFIG.backend
    assert CONFIG.default_rank == {"fast": 20}


@pytest.mark.parametrize(
    "message",
    [
        {"content": "Here it is!", "images": [IMAGE]},
        {"content": "", "images": [{"image_url": {"url": PNG_URI}, "index": 0}]},
        {"content": [{"type": "text", "text": "Here"}, IMAGE]},
        {"content": [{"type": "image_url", "image_url": PNG_URI}], "images": []},
        {"content": None, "images": [IMAGE, None, "x"]},
    ],
)
@responses.activate
def test_images_are_found_wherever_models_put_them(message: object) -> None:
    answer(message)
    run = FakeRun()
    assert backend().make(request(CONFIG, run)) == [MediaData(PNG, BY, "image/png")]
    sent = json.loads(responses.calls[0].request.body or "")
    assert sent == run.sent[0]
    assert sent == {
        "model": CONFIG.model,
        "modalities": ["image", "text"],
        "messages": [{"role": "user", "content": PROMPT}],
        "stream": False,
    }
    assert run.states == [(run.jobs[0].job_id, "done")]


@responses.activate
def test_several_images_and_addresses_keep_their_order() -> None:
    answer({"images": [{"image_url": {"url": ADDRESS}}, IMAGE]})
    made = backend().make(request(CONFIG, FakeRun()))
    assert made == [MediaUrl(ADDRESS, BY), MediaData(PNG, BY, "image/png")]


@responses.activate
def test_a_seed_is_sent_where_the_model_takes_one() -> None:
    answer({"images": [IMAGE]})
    config = changed(CONFIG.id, takes_seed=True, image_config={"aspect_ratio": "1:1"})
    asked = request(config, FakeRun())
    [made] = backend().make(asked)
    sent = json.loads(responses.calls[0].request.body or "")
    assert sent["seed"] == made.made_by.seed == asked.seed
    assert sent["image_config"] == {"aspect_ratio": "1:1"}
    assert "takes_seed" not in sent


@pytest.mark.parametrize(
    "answered",
    [
        {"choices": []},
        {"choices": None},
        {},
        {"choices": [{"message": {"content": "I can only talk."}}]},
        {"choices": [{"message": {"content": [{"type": "text", "text": "No."}]}}]},
        {"choices": ["x", {"message": "x"}]},
    ],
)
@responses.activate
def test_a_model_that_only_talks_has_made_nothing(answered: object) -> None:
    responses.post(URL, json=answered)
    assert backend().make(request(CONFIG, FakeRun())) == []


@pytest.mark.parametrize(
    "choice",
    [
        {"finish_reason": "content_filter"},
        {"finish_reason": "stop", "native_finish_reason": "IMAGE_SAFETY"},
        {"error": {"code": 403, "metadata": {"reasons": ["x"]}}},
    ],
)
@responses.activate
def test_a_choice_that_was_stopped_by_a_filter_is_refused(choice: dict[str, object]) -> None:
    answer({"content": PROMPT}, **choice)
    run = FakeRun()
    with pytest.raises(ModerationBlocked):
        backend().make(request(CONFIG, run))
    assert run.states == [(run.jobs[0].job_id, "refused")]


@responses.activate
def test_a_model_that_says_no_is_a_refusal() -> None:
    answer({"content": None, "refusal": f"I can't draw {PROMPT}"})
    with pytest.raises(ModerationBlocked) as caught:
        backend().make(request(CONFIG, FakeRun()))
    assert PROMPT not in str(caught.value)


@pytest.mark.parametrize(
    ("answered", "expected"),
    [
        ({"error": {"code": 502, "message": PROMPT}}, BackendFailed),
        ({"error": {"code": 401, "message": PROMPT}}, ApiKeyRefused),
        ({"choices": [{"error": {"code": 500, "message": PROMPT}}]}, BackendFailed),
        ({"error": {"code": 403, "metadata": {"flagged_input": PROMPT}}}, ModerationBlocked),
    ],
)
@responses.activate
def test_an_error_inside_a_200_is_a_failure(answered: object, expected: type[Exception]) -> None:
    responses.post(URL, json=answered)
    with pytest.raises(expected) as caught:
        backend().make(request(CONFIG, FakeRun()))
    assert PROMPT not in str(caught.value)
    assert len(responses.calls) == 1


@responses.activate
def test_an_image_that_is_none_is_an_error() -> None:
    answer({"images": [{"image_url": {"url": "pending"}}]})
    with pytest.raises(MediaRejected, match="A text of 7 characters"):
        backend().make(request(CONFIG, FakeRun()))


@responses.activate
def test_nothing_is_sent_twice() -> None:
    with pytest.raises(SentBefore):
        backend().make(request(CONFIG, FakeRun([Job(backend="openrouter")])))
    assert len(responses.calls) == 0


def test_what_can_not_be_made_says_why() -> None:
    run = FakeRun()
    with pytest.raises(BackendNotConfigured):
        backend(key=None).make(request(CONFIG, run))
    assert run.jobs == []
    assert backend().unavailable_because(CONFIG) is None
    assert backend(key=None).unavailable_because(CONFIG) == "OPENROUTER_API_KEY is not set."
    assert "no model" in str(backend().unavailable_because(changed(CONFIG.id, model=None)))
    sound = CONFIG.model_copy(update={"media_type": "audio"})
    assert "not audio" in str(backend().unavailable_because(sound))
    assert DEFAULT_BASE_URL in backend().describe([CONFIG])[0]
