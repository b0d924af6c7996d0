"""The fake services refuse what the real ones refuse, and answer in their forms."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.fake_api_services import (
    OPENAI_KEY,
    OPENROUTER_KEY,
    REPLICATE_TOKEN,
    Failure,
    FakeApiServices,
    Script,
)
from tests.media_samples import png_bytes

OPENAI = "/openai/v1/images/generations"
OPENROUTER = "/openrouter/api/v1/chat/completions"
FLUX = "/replicate/v1/models/black-forest-labs/flux-schnell/predictions"
PICTURE = png_bytes()
BASE64 = base64.b64encode(PICTURE).decode()
IMAGE = {"model": "gpt-image-1", "prompt": "Ein Baum"}
CHAT = {
    "model": "google/gemini-2.5-flash-image",
    "messages": [{"role": "user", "content": "Ein Baum"}],
    "modalities": ["image", "text"],
}
INPUT = {"input": {"prompt": "Ein Baum"}}


@pytest.fixture(name="fake", scope="module")
def _fake() -> Iterator[FakeApiServices]:
    with FakeApiServices() as fake:
        yield fake


def post(
    fake: FakeApiServices, path: str, body: Any, key: str, **headers: str
) -> requests.Response:
    return requests.post(
        fake.origin("api") + path,
        json=body,
        headers={"Authorization": f"Bearer {key}", **headers},
        timeout=30,
        allow_redirects=False,
    )


@pytest.mark.parametrize("path", [OPENAI, OPENROUTER, FLUX])
@pytest.mark.parametrize("key", ["wrong", ""])
def test_a_wrong_key_is_401(fake: FakeApiServices, path: str, key: str) -> None:
    assert post(fake, path, {}, key).status_code == 401


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"response_format": "b64_json"}, "unknown_parameter"),
        ({"seed": 1}, "unknown_parameter"),
        ({"n": "1"}, "invalid_value"),
        ({"n": True}, "invalid_value"),
        ({"n": 11}, "invalid_value"),
        ({"size": "512x512"}, "invalid_value"),
        ({"prompt": ""}, "invalid_value"),
        ({"prompt": "x" * 32_001}, "invalid_value"),
        ({"model": "dall-e-2"}, "invalid_value"),
    ],
)
def test_openai_refuses_what_it_does_not_take(
    fake: FakeApiServices, more: dict[str, Any], code: str
) -> None:
    answer = post(fake, OPENAI, {**IMAGE, **more}, OPENAI_KEY)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)


def test_openai_misses_a_prompt(fake: FakeApiServices) -> None:
    answer = post(fake, OPENAI, {"model": "gpt-image-1"}, OPENAI_KEY)
    assert answer.json()["error"]["code"] == "missing_required_parameter"


@pytest.mark.parametrize(
    "more",
    [
        {"messages": []},
        {"messages": "Ein Baum"},
        {"messages": [{"role": "child", "content": "Ein Baum"}]},
        {"modalities": "image"},
        {"modalities": ["smell"]},
        {"model": "gemini"},
        {"stream": "no"},
        {"n": 1},
    ],
)
def test_openrouter_refuses_what_it_does_not_take(
    fake: FakeApiServices, more: dict[str, Any]
) -> None:
    answer = post(fake, OPENROUTER, {**CHAT, **more}, OPENROUTER_KEY)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, 400)


@pytest.mark.parametrize(
    ("body", "prefer", "status"),
    [
        ({}, None, 422),
        ({"input": {}}, None, 422),
        ({"input": {"prompt": 1}}, None, 422),
        ({"input": {"prompt": "Ein Baum", "seed": 2**31}}, None, 422),
        ({"input": {"prompt": "Ein Baum", "width": 512}}, None, 422),
        ({**INPUT, "model": "x"}, None, 422),
        ({**INPUT, "version": "a" * 64}, None, 422),
        (INPUT, "wait=61", 400),
        (INPUT, "respond-async", 400),
    ],
)
def test_replicate_refuses_what_it_does_not_take(
    fake: FakeApiServices, body: Any, prefer: str | None, status: int
) -> None:
    headers = {"Prefer": prefer} if prefer else {}
    answer = post(fake, FLUX, body, REPLICATE_TOKEN, **headers)
    assert (answer.status_code, answer.json()["status"]) == (status, status)


def test_other_models_methods_and_paths_are_unknown(fake: FakeApiServices) -> None:
    unknown = post(fake, "/replicate/v1/models/a/b/predictions", INPUT, REPLICATE_TOKEN)
    assert unknown.status_code == 404
    assert requests.get(fake.origin("api") + OPENAI, timeout=30).status_code == 405
    assert requests.get(fake.origin("api") + "/v1/models", timeout=30).status_code == 404
    assert requests.get(fake.origin("files") + "/x/0/out-0", timeout=30).status_code == 404


def test_openai_gives_base64(fake: FakeApiServices) -> None:
    fake.when("Ein Baum", Script([PICTURE], shape="b64_json"))
    answer = post(fake, OPENAI, IMAGE, OPENAI_KEY).json()
    assert answer["data"] == [{"b64_json": BASE64}]


def test_openrouter_gives_images_only_when_they_are_asked_for(fake: FakeApiServices) -> None:
    fake.when("Ein Baum", Script([PICTURE], shape="data URI"))
    [choice] = post(fake, OPENROUTER, CHAT, OPENROUTER_KEY).json()["choices"]
    url = choice["message"]["images"][0]["image_url"]["url"]
    assert url == f"data:image/png;base64,{BASE64}"
    text = post(fake, OPENROUTER, {**CHAT, "modalities": ["text"]}, OPENROUTER_KEY).json()
    assert text["choices"][0]["message"]["images"] == []


def test_a_prediction_is_looked_at_until_it_ends_and_can_be_cancelled(
    fake: FakeApiServices,
) -> None:
    fake.when("Ein Baum", Script([PICTURE], shape="url", statuses=("processing", "succeeded")))
    created = post(fake, FLUX, INPUT, REPLICATE_TOKEN, Prefer="wait=5")
    assert (created.status_code, created.json()["status"]) == (202, "starting")
    path = f"/replicate/v1/predictions/{created.json()['id']}"
    token = {"Authorization": f"Bearer {REPLICATE_TOKEN}"}
    looks = [
        requests.get(fake.origin("api") + path, headers=token, timeout=30).json() for _ in "12"
    ]
    assert [look["status"] for look in looks] == ["processing", "succeeded"]
    assert looks[0]["output"] is None
    file = requests.get(looks[1]["output"], timeout=30)
    assert (file.content, file.headers["Content-Type"]) == (PICTURE, "image/png")
    assert requests.get(fake.origin("api") + path, timeout=30).status_code == 401
    cancelled = post(fake, f"{path}/cancel", None, REPLICATE_TOKEN).json()
    assert cancelled["status"] == "canceled"


def test_prefer_wait_holds_the_answer_back_until_the_end(fake: FakeApiServices) -> None:
    fake.when("Ein Baum", Script([PICTURE], shape="list"))
    waited = post(fake, FLUX, INPUT, REPLICATE_TOKEN, Prefer="wait")
    assert (waited.status_code, waited.json()["status"]) == (201, "succeeded")
    assert post(fake, FLUX, INPUT, REPLICATE_TOKEN).json()["status"] == "starting"


def test_failures_come_first_and_in_their_order(fake: FakeApiServices) -> None:
    busy = Failure(429, {"error": {"message": "slow down"}}, {"Retry-After": "1"})
    fake.when("Ein Haus", Script([PICTURE], shape="b64_json", failures=[busy]))
    body = {**IMAGE, "prompt": "Ein Haus"}
    first, second = (post(fake, OPENAI, body, OPENAI_KEY) for _ in "12")
    assert (first.status_code, first.headers["Retry-After"]) == (429, "1")
    assert second.status_code == 200
    assert len(fake.asked_for("Ein Haus")) == 2


def test_a_broken_transfer_can_be_taken_up_again(fake: FakeApiServices) -> None:
    fake.when("Ein Teich", Script([PICTURE], shape="url", delivery="broken once"))
    body = {"input": {"prompt": "Ein Teich"}}
    url = post(fake, FLUX, body, REPLICATE_TOKEN, Prefer="wait").json()["output"]
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        requests.get(url, timeout=30)
    rest = requests.get(url, headers={"Range": "bytes=20-"}, timeout=30)
    assert (rest.status_code, rest.content) == (206, PICTURE[20:])
