"""What only Ollama has: keep-alive, context length, its own way of thinking, models elsewhere."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from devserver.my_app.services.language.ollama import OllamaServer
from devserver.my_app.services.language.places import CallPlaces
from devserver.my_app.services.language.port import (
    LanguageModelFailed,
    LanguageModelUnreachable,
    NotOnOwnMachines,
)
from devserver.my_app.services.language.server import ROOM_TO_THINK
from tests.fake_language_servers import FakeOllama, Fault, OllamaModel, Says, answer, reset, status
from tests.services.language.rig import MODEL, PROMPT, REQUEST, asking, client_of, ollama_at


@pytest.fixture
def ollama() -> Iterator[FakeOllama]:
    with FakeOllama() as fake:
        yield fake


def test_the_request_has_all_that_has_to_be_repeatable(ollama: FakeOllama) -> None:
    schema = {"type": "object"}
    ollama.says = Says("{}")
    told = ollama_at(ollama.url).ask(asking(json_schema=schema))
    [sent] = ollama.chats
    assert sent["options"] == {
        "num_ctx": 8192,
        "temperature": 0.7,
        "seed": 7,
        "num_predict": 200,
    }
    assert sent["format"] == schema
    assert (sent["keep_alive"], sent["think"], sent["truncate"]) == ("24h", False, False)
    assert told.load_seconds == 0.5


def test_every_call_has_the_same_keep_alive_and_context_so_a_model_is_loaded_once(
    ollama: FakeOllama,
) -> None:
    model = ollama_at(ollama.url)
    model.warm_up(MODEL)
    model.ask(REQUEST)
    model.ask(asking(max_tokens=5, temperature=0.0, json_schema={"type": "object"}))
    assert ollama.state.loads == 1
    assert ollama.state.loaded == {MODEL: ("24h", 8192)}
    assert ollama.chats[0]["messages"] == []


@pytest.mark.parametrize(("setting", "sent"), [("-1", -1), ("300", 300), ("1h30m", "1h30m")])
def test_a_number_is_sent_as_a_number(ollama: FakeOllama, setting: str, sent: object) -> None:
    model = OllamaServer(
        client_of(ollama.url), CallPlaces(1), keep_alive=setting, context_tokens=4096
    )
    model.ask(REQUEST)
    assert ollama.chats[0]["keep_alive"] == sent


def test_a_model_that_obeys_does_not_think(ollama: FakeOllama) -> None:
    ollama.says = Says("Ein Seehund.", thinking="Hm " * 500)
    told = ollama_at(ollama.url).ask(REQUEST)
    assert (told.text, told.thinking_removed, told.calls) == ("Ein Seehund.", False, 1)


def test_a_model_that_thinks_nevertheless_gets_room_for_it(ollama: FakeOllama) -> None:
    ollama.state.models[MODEL].obeys = False
    ollama.says = Says("Ein Seehund.", thinking="Hm " * 500)
    told = ollama_at(ollama.url).ask(REQUEST)
    assert (told.text, told.thinking_removed, told.calls) == ("Ein Seehund.", True, 2)
    assert [sent["options"]["num_predict"] for sent in ollama.chats] == [200, 200 + ROOM_TO_THINK]


def test_a_model_that_is_not_there_is_a_failure(ollama: FakeOllama) -> None:
    with pytest.raises(LanguageModelFailed, match="does not know this model"):
        ollama_at(ollama.url).ask(asking(model="qwen3:8b"))


def test_an_older_ollama_tells_less(ollama: FakeOllama) -> None:
    ollama.fail(answer({"message": {"role": "assistant", "content": "Ein Seehund."}}))
    told = ollama_at(ollama.url).ask(REQUEST)
    assert (told.text, told.finish_reason, told.load_seconds) == ("Ein Seehund.", "stop", None)
    assert (told.prompt_tokens, told.answer_tokens) == (None, None)


@pytest.mark.parametrize("more", [{"done": False}, {"message": {"content": None}}])
def test_half_an_answer_is_none(ollama: FakeOllama, more: dict[str, object]) -> None:
    whole = {"message": {"role": "assistant", "content": "Ein"}, "done": True}
    ollama.fail(answer({**whole, **more}))
    with pytest.raises(LanguageModelFailed, match="not an answer"):
        ollama_at(ollama.url).ask(REQUEST)


# Models elsewhere


@pytest.mark.parametrize("model", ["gpt-oss:120b-cloud", "qwen3:cloud", "me/x:CLOUD", "a:b-Cloud "])
def test_cloud_models_are_refused_by_name(ollama: FakeOllama, model: str) -> None:
    own = ollama_at(ollama.url, own_machines_only=True)
    for call in (lambda: own.ask(asking(model=model)), lambda: own.warm_up(model)):
        with pytest.raises(NotOnOwnMachines, match="machines of others"):
            call()
    assert ollama.received == []


def test_a_model_with_another_name_that_runs_elsewhere_is_refused(ollama: FakeOllama) -> None:
    ollama.state.models["mine"] = OllamaModel(remote_host="https://ollama.com:443")
    with pytest.raises(NotOnOwnMachines):
        ollama_at(ollama.url, own_machines_only=True).ask(asking(model="mine"))
    assert [one.path for one in ollama.received] == ["/api/show"]
    assert PROMPT not in str(ollama.received)
    assert ollama_at(ollama.url).ask(asking(model="mine")).text


def test_a_model_is_looked_up_once(ollama: FakeOllama) -> None:
    own = ollama_at(ollama.url, own_machines_only=True)
    own.warm_up(MODEL)
    own.ask(REQUEST)
    own.ask(REQUEST)
    assert [one.path for one in ollama.received] == ["/api/show", *["/api/chat"] * 3]


def test_a_model_that_moved_elsewhere_later_is_noticed(ollama: FakeOllama) -> None:
    own = ollama_at(ollama.url, own_machines_only=True)
    own.ask(REQUEST)
    ollama.state.models[MODEL] = OllamaModel(remote_host="https://ollama.com:443")
    with pytest.raises(NotOnOwnMachines):
        own.ask(REQUEST)
    asked = len(ollama.chats)
    with pytest.raises(NotOnOwnMachines):
        own.ask(REQUEST)
    assert len(ollama.chats) == asked


@pytest.mark.parametrize(
    ("fault", "expected"), [(status(404), LanguageModelFailed), (reset, LanguageModelUnreachable)]
)
def test_a_model_that_can_not_be_looked_up_is_not_asked(
    ollama: FakeOllama, fault: Fault, expected: type[Exception]
) -> None:
    ollama.fail(*[fault] * 5, path="/api/show")
    with pytest.raises(expected):
        ollama_at(ollama.url, own_machines_only=True).ask(REQUEST)
    assert ollama.chats == []
