"""What only OpenAI-compatible servers have: many manners, and answers in many forms."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from devserver.config import PROJECT_FOLDER
from devserver.my_app.services.language.openai_compatible import OpenAICompatibleServer
from devserver.my_app.services.language.places import CallPlaces
from devserver.my_app.services.language.port import (
    LanguageAnswer,
    LanguageModelFailed,
    LanguageModelRefused,
    still_wanted,
)
from tests.fake_language_servers import FakeOpenAICompatible, Says, answer, status
from tests.services.language.rig import REQUEST, asking, client_of, compatible_at

RECORDED = json.loads(
    (PROJECT_FOLDER / "tests" / "data" / "language" / "llama_cpp_python.json").read_text()
)["answers"]
SCHEMA = {"type": "object", "properties": {"safe": {"type": "boolean"}}, "required": ["safe"]}


@pytest.fixture
def fake() -> Iterator[FakeOpenAICompatible]:
    with FakeOpenAICompatible() as server:
        yield server


def recorded(name: str) -> Any:
    return status(RECORDED[name]["status"], RECORDED[name]["body"])


def ask_after(fake: FakeOpenAICompatible, value: object) -> LanguageAnswer:
    fake.fail(answer(value))
    return compatible_at(fake.url).ask(REQUEST)


def test_the_request_is_plain(fake: FakeOpenAICompatible) -> None:
    compatible_at(fake.url).ask(REQUEST)
    [sent] = fake.chats
    assert {key: value for key, value in sent.items() if key != "messages"} == {
        "model": REQUEST.model,
        "stream": False,
        "temperature": 0.7,
        "max_tokens": 200,
        "seed": 7,
    }


def test_what_is_always_sent_is_in_every_call(fake: FakeOpenAICompatible) -> None:
    always = {"provider": {"data_collection": "deny"}}
    model = OpenAICompatibleServer("openrouter", client_of(fake.url), CallPlaces(1), always=always)
    assert model.ask(REQUEST).backend == "openrouter"
    assert fake.chats[0]["provider"] == {"data_collection": "deny"}


def test_recorded_answers_are_understood(fake: FakeOpenAICompatible) -> None:
    fake.fail(recorded("chat"), recorded("chat_cut"))
    model = compatible_at(fake.url)
    told, cut = model.ask(REQUEST), model.ask(REQUEST)
    assert told.text.startswith("A walrus is a massive marine mammal")
    assert (told.prompt_tokens, told.answer_tokens, told.is_cut_off) == (26, 45, False)
    assert (cut.text, cut.answer_tokens, cut.is_cut_off) == ("A walrus is a", 5, True)


def test_the_fake_answers_in_the_form_of_the_recorded_server(fake: FakeOpenAICompatible) -> None:
    def form_of(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: form_of(part) for key, part in value.items()}
        return [form_of(part) for part in value] if isinstance(value, list) else type(value)

    client = client_of(fake.url)
    body = {"model": "smollm2", "messages": [{"role": "user", "content": "x"}], "max_tokens": 9}
    told = client.post(
        "/chat/completions", {**body, "stream": False}, deadline=10, check_wanted=still_wanted
    )
    assert form_of(told) == form_of(RECORDED["chat"]["body"])


def test_a_recorded_text_that_is_too_long_is_told(fake: FakeOpenAICompatible) -> None:
    fake.fail(recorded("too_long"))
    with pytest.raises(LanguageModelFailed, match=r"as long as this \(400, context_length_exc"):
        compatible_at(fake.url).ask(REQUEST)


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ({"content": "Ein Seehund."}, "Ein Seehund."),
        (
            {"content": [{"type": "text", "text": "Ein "}, {"type": "text", "text": "See."}]},
            "Ein See.",
        ),
        ({"content": "Ein Seehund.", "reasoning": "Hm", "refusal": None}, "Ein Seehund."),
    ],
)
def test_the_text_is_found(fake: FakeOpenAICompatible, message: object, text: str) -> None:
    assert ask_after(fake, {"choices": [{"message": message}]}).text == text


@pytest.mark.parametrize(
    "choice",
    [
        {"message": {"content": None, "refusal": "I can't help with that."}},
        {"message": {"content": "x"}, "finish_reason": "content_filter"},
        {"message": {"content": ""}, "native_finish_reason": "SAFETY"},
    ],
)
def test_a_refusal_is_a_block(fake: FakeOpenAICompatible, choice: object) -> None:
    with pytest.raises(LanguageModelRefused):
        ask_after(fake, {"choices": [choice]})


@pytest.mark.parametrize(
    "value",
    [
        {"choices": [{"message": {"content": "x"}, "finish_reason": "error"}]},
        {"choices": []},
        {"choices": [{"message": {"content": 7}}]},
        {"choices": [{"error": {"code": 400, "message": "x"}, "message": {"content": "x"}}]},
    ],
)
def test_half_an_answer_is_a_failure(fake: FakeOpenAICompatible, value: object) -> None:
    with pytest.raises(LanguageModelFailed):
        ask_after(fake, value)


# Manners


def formats(fake: FakeOpenAICompatible) -> list[str | None]:
    return [sent.get("response_format", {}).get("type") for sent in fake.chats]


def test_a_schema_is_sent_as_openai_has_it(fake: FakeOpenAICompatible) -> None:
    fake.says = Says('{"safe": true}')
    assert compatible_at(fake.url).ask(asking(json_schema=SCHEMA)).text == '{"safe": true}'
    assert fake.chats[0]["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "answer", "strict": True, "schema": SCHEMA},
    }


REJECTIONS = [
    recorded("json_schema"),
    status(400, {"error": {"message": "This response_format type is unavailable now"}}),
    status(400, {"error": "'response_format.type' must be 'text'"}),
    status(400, {"error": {"message": "x", "param": "response_format.type"}}),
    status(422, {"object": "error", "message": "The provided JSON schema is not supported"}),
]


@pytest.mark.parametrize("rejection", REJECTIONS)
def test_a_server_that_does_not_know_schemas_gets_less_and_is_remembered(
    fake: FakeOpenAICompatible, rejection: Any
) -> None:
    fake.says = Says('{"safe": true}')
    fake.rejects["json_schema"] = rejection
    model = compatible_at(fake.url)
    assert model.ask(asking(json_schema=SCHEMA)).text == '{"safe": true}'
    assert fake.chats[-1]["response_format"] == {"type": "json_object", "schema": SCHEMA}
    model.ask(asking(json_schema=SCHEMA))
    assert formats(fake) == ["json_schema", "json_object", "json_object"]
    fake.rejects["json_object"] = rejection
    model.ask(asking(json_schema=SCHEMA))
    model.ask(asking(json_schema=SCHEMA))
    assert formats(fake)[3:] == ["json_object", None, None]


def test_a_rejection_without_an_end_is_a_failure(fake: FakeOpenAICompatible) -> None:
    fake.fail(*[REJECTIONS[1]] * 9)
    with pytest.raises(LanguageModelFailed):
        compatible_at(fake.url).ask(asking(json_schema=SCHEMA))
    assert len(fake.chats) == 3
    with pytest.raises(LanguageModelFailed):
        compatible_at(fake.url).ask(REQUEST)
    assert len(fake.chats) == 4


def unsupported(parameter: str) -> Any:
    error = {"message": "x", "code": "unsupported_parameter", "param": parameter}
    return status(400, {"error": error})


def test_openais_reasoning_models_are_asked_in_their_manner(fake: FakeOpenAICompatible) -> None:
    for parameter in ("max_tokens", "temperature", "seed"):
        fake.rejects[parameter] = unsupported(parameter)
    model = compatible_at(fake.url)
    told = model.ask(REQUEST)
    assert (told.max_tokens, told.temperature, told.seed) == (200, None, None)
    assert len(fake.chats) == 4
    model.ask(REQUEST)
    assert len(fake.chats) == 5
    sent = fake.chats[-1]
    assert sent["max_completion_tokens"] == 200
    assert not {"max_tokens", "temperature", "seed"} & sent.keys()


def test_a_schema_of_a_failing_server_is_not_given_up(fake: FakeOpenAICompatible) -> None:
    fake.says = Says('{"safe": true}')
    fake.fail(status(500, {"error": {"message": "out of memory"}}), status(502))
    compatible_at(fake.url).ask(asking(json_schema=SCHEMA))
    assert formats(fake) == ["json_schema"] * 3
