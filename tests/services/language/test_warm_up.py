from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from devserver.my_app.services.language.models import ChosenModel
from devserver.my_app.services.language.warm_up import WarmUp
from tests.fake_language_servers import Exchange, FakeOllama, OllamaModel, status
from tests.services.language.rig import MODEL, PROMPT, ollama_at


@pytest.fixture
def ollama() -> Iterator[FakeOllama]:
    with FakeOllama() as fake:
        fake.state.models["qwen3:8b"] = OllamaModel()
        yield fake


def chosen(ollama: FakeOllama, *names: str) -> list[ChosenModel]:
    server = ollama_at(ollama.url)
    return [ChosenModel(server, name) for name in names]


def test_every_model_is_loaded_and_the_log_says_so(
    ollama: FakeOllama, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with closing(WarmUp(chosen(ollama, MODEL, "qwen3:8b"))) as warm_up:
        warm_up.start()
        assert warm_up.wait(20)
    assert ollama.state.loaded == {MODEL: ("24h", 8192), "qwen3:8b": ("24h", 8192)}
    assert caplog.text.count("is ready") == 2
    assert PROMPT not in str(ollama.received)


def test_a_model_that_does_not_come_holds_up_no_other_and_is_tried_again(
    ollama: FakeOllama, caplog: pytest.LogCaptureFixture
) -> None:
    ollama.fail(status(404), status(400))
    models = chosen(ollama, MODEL, "qwen3:8b")
    with closing(WarmUp(models, again_seconds=0)) as warm_up:
        warm_up.start()
        assert warm_up.wait(20)
    assert ollama.state.loaded.keys() == {MODEL, "qwen3:8b"}
    assert [sent["model"] for sent in ollama.chats] == [MODEL, "qwen3:8b"] * 2
    assert caplog.text.count("is not ready") == 2


def test_closing_ends_a_load_that_takes_long(ollama: FakeOllama) -> None:
    loading = threading.Event()

    def load(exchange: Exchange) -> None:
        loading.set()
        exchange.wait_until_gone()

    ollama.fail(load)
    warm_up = WarmUp(chosen(ollama, MODEL))
    warm_up.start()
    assert loading.wait(20)
    warm_up.close()
    assert ollama.hung_up.wait(20)
    assert not warm_up.wait(0)


def test_one_that_never_started_can_be_closed(ollama: FakeOllama) -> None:
    WarmUp(chosen(ollama, MODEL)).close()
    assert ollama.received == []


def test_nothing_to_warm_is_warm() -> None:
    with closing(WarmUp([])) as warm_up:
        warm_up.start()
        assert warm_up.wait(20)
